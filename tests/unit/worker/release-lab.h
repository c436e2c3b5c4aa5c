/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One secret sealed on a real swtpm, one asker, one approval: all in order but what a test changes.
 */
#pragma once

#include "secret-lab.h"

#define SECRET "correct horse battery staple"
#define ASKER  "unit:db.service"

static inline SecretLab lab_with_secret(void)
{
    SecretLab lab = secret_lab_start();

    secret_lab_seal(&lab, "db-password", ASKER, SECRET);
    return lab;
}

static inline SecretBatch approved_batch(const SecretLab *lab)
{
    SecretBatch batch = secret_batch_new(lab);

    secret_batch_take_approval(&batch, secret_lab_approve(lab, "db", lab->release_key, -60));
    return batch;
}

/* One asker, approved, who must be refused as FINDING. */
static inline void check_refusal(const SecretLab *lab, const char *finding)
{
    _cleanup_secret_batch_ SecretBatch batch = approved_batch(lab);

    (void)secret_batch_ask(&batch, "db-password", ASKER);
    secret_batch_run(&batch);
    check_int(batch.answer.result, ANSWER_OK);
    secret_batch_check_refused(&batch, 0, finding);
}

static inline void check_served(const SecretLab *lab)
{
    _cleanup_secret_batch_ SecretBatch batch = approved_batch(lab);

    (void)secret_batch_ask(&batch, "db-password", ASKER);
    secret_batch_run(&batch);
    check_int(batch.answer.result, ANSWER_OK);
    secret_batch_check_served(&batch, 0, SECRET);
}

typedef struct LabPath {
    char text[128];
} LabPath;

static inline LabPath path_of(const SecretLab *lab, const char *name)
{
    LabPath path;

    (void)snprintf(path.text, sizeof(path.text), "%s/%s", lab->secrets, name);
    return path;
}

static inline Bytes read_secret_file(const SecretLab *lab)
{
    LabPath path = path_of(lab, "db-password.secret");
    Bytes bytes = { 0 };

    check_int(file_read(path.text, SECRET_FILE_SIZE_MAX, &bytes), 0);
    return bytes;
}

static inline void plant(const SecretLab *lab, const char *name, ByteView bytes)
{
    LabPath path = path_of(lab, name);

    check_int(file_write_atomic(path.text, bytes, 0600), 0);
}
