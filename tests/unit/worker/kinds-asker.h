/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One secret, "db-password", sealed for one unit, which then asks for it.
 */
#pragma once

#include "kinds-lab.h"

#define ASKER  "unit:db.service"
#define SECRET "correct horse battery staple"

static inline json_t *request_for(const SecretLab *lab, json_t *gate)
{
    return secret_lab_seal_request(lab, "db-password", gate, ASKER);
}

/* One asker, with what BATCH holds. FINDING NULL: is served. */
static inline void check_batch(SecretBatch *batch, const char *finding)
{
    (void)secret_batch_ask(batch, "db-password", ASKER);
    secret_batch_run(batch);
    check_int(batch->answer.result, ANSWER_OK);
    if (finding)
        secret_batch_check_refused(batch, 0, finding);
    else
        secret_batch_check_served(batch, 0, SECRET);
}

/* With a live approval of gate "db". */
static inline void check_approved(const SecretLab *lab, const char *finding)
{
    _cleanup_secret_batch_ SecretBatch batch = secret_batch_new(lab);

    secret_batch_take_approval(&batch, secret_lab_approve(lab, "db", lab->release_key, -60));
    check_batch(&batch, finding);
}
