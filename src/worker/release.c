/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch, secret by secret: each is loaded, unsealed and decrypted once, given to everyone in the
 * batch whom its header names, and wiped before the next. One TPM transaction for all of them.
 */
#include "worker/release.h"

#include "base/clock.h"
#include "base/wipe.h"
#include "secret/secret-cipher.h"
#include "secret/store.h"
#include "secret/unlock.h"
#include "worker/delivery.h"
#include "worker/request-secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REASON_SIZE 256

enum { RELEASE_OK, RELEASE_E_REFUSED /* the batch's reason says why */ };

/* Why the secret at hand is not given out. */
typedef struct Reason {
    const char *finding; /* of the catalogue; static */
    char text[REASON_SIZE];
} Reason;

typedef struct Batch {
    const ReleaseRequest *request;
    WorkerAnswer *answer;
    SecretStore *store;
    Approval approvals[RELEASE_APPROVALS_MAX]; /* gate NULL: could not be read */
    TpmContext *tpm;                           /* NULL until needed */
    Reason no_tpm;                             /* finding NULL: not tried, or open */
    TpmKey *parent;                            /* of the secret before */
    Reason reason;
    bool decided[RELEASE_ASKERS_MAX];
} Batch;

static void batch_done(Batch *batch)
{
    for (size_t i = 0; i < ELEMENTSOF(batch->approvals); i++)
        approval_done(&batch->approvals[i]);
    (void)tpm_key_free(batch->parent);
    (void)tpm_context_free(batch->tpm);
    (void)secret_store_free(batch->store);
}

static Reason reason_of(const char *finding, const char *text)
{
    Reason reason = { .finding = finding };

    (void)snprintf(reason.text, sizeof(reason.text), "%s", text);
    return reason;
}

static int refuse(Batch *batch, const char *finding, const char *text)
{
    batch->reason = reason_of(finding, text);
    return RELEASE_E_REFUSED;
}

/* At most SIZE bytes from the start, wherever who passed it left the offset. */
static ssize_t read_start(int fd, uint8_t *out, size_t size)
{
    size_t total = 0;
    ssize_t n;

    do {
        n = pread(fd, out + total, size - total, (off_t)total);
        total += n > 0 ? (size_t)n : 0;
    } while (n > 0 || (n < 0 && errno == EINTR));
    return n < 0 ? -errno : (ssize_t)total;
}

/* An approval that cannot be read is missed when its gate is needed. */
static int read_approval(const ReleaseApproval *given, Approval *ret)
{
    _cleanup_approval_ Approval approval = { 0 };
    uint8_t json[APPROVAL_SIZE_MAX + 1];

    ssize_t size = read_start(given->fd, json, sizeof(json));
    int r = size < 0 ? (int)size : approval_parse((ByteView){ json, (size_t)size }, &approval);
    wipe(json, sizeof(json));
    if (r == -ENOMEM)
        return r;
    if (r == APPROVAL_OK && strcmp(approval.gate, given->gate) == 0)
        *ret = TAKE_STRUCT(approval);
    return 0;
}

static int find_approval(Batch *batch, const char *gate, const Approval **ret)
{
    const ReleaseRequest *request = batch->request;

    for (size_t i = 0; i < request->n_approvals; i++) {
        if (strcmp(request->approvals[i].gate, gate) != 0)
            continue;
        if (!batch->approvals[i].gate)
            return refuse(batch, "secret-approval-malformed", gate);
        *ret = &batch->approvals[i];
        return RELEASE_OK;
    }
    return refuse(batch, "secret-no-approval", gate);
}

static int load(Batch *batch, const char *name, SecretFile *ret)
{
    static const char *const findings[] = {
        [SECRET_STORE_E_ABSENT] = "secret-missing",
        [SECRET_STORE_E_UNSAFE] = "secret-file-unsafe",
        [SECRET_STORE_E_TOO_LARGE] = "secret-file-malformed",
        [SECRET_STORE_E_MALFORMED] = "secret-file-malformed",
        [SECRET_STORE_E_GATE_KIND] = "secret-gate-unknown",
        [SECRET_STORE_E_NAME] = "secret-name-mismatch",
        [SECRET_STORE_E_VERSION] = "secret-version-lower",
    };

    int r = secret_store_load(batch->store, name, ret);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return refuse(batch, "secret-store-failed", strerror(-r));
    return r == SECRET_STORE_OK ? RELEASE_OK : refuse(batch, findings[r], secret_store_reason(r));
}

/* Opens the TPM once. Where it cannot be had, nobody waits for it a second time. */
static int need_tpm(Batch *batch)
{
    const TpmContextOptions options = {
        .tcti = batch->request->evidence.tcti,
        .lock_directory = batch->request->lock_directory,
    };
    TpmFailure failure = { 0 };

    if (batch->tpm)
        return RELEASE_OK;
    if (!batch->no_tpm.finding) {
        int r = tpm_context_open(&options, &failure, &batch->tpm);
        if (r == TPM_CONTEXT_OK || r == -ENOMEM)
            return r;
        batch->no_tpm =
            reason_of(failure.finding ? failure.finding : "tpm-unreachable", failure.text);
    }
    batch->reason = batch->no_tpm;
    return RELEASE_E_REFUSED;
}

static int unlock(Batch *batch, const SecretFile *file, const Approval *approval, Secret **ret)
{
    int r = unlock_check(file, approval, clock_boottime_usec(&clock_system));
    if (r > 0)
        return refuse(batch, unlock_finding(r), file->header.gate);
    if (r == UNLOCK_OK)
        r = need_tpm(batch);
    if (r)
        return r;
    batch->tpm->failure = (TpmFailure){ 0 };
    r = unlock_key(batch->tpm, file, approval, &batch->parent, ret);
    if (r == UNLOCK_OK || r == -ENOMEM)
        return r;
    const TpmFailure *failure = &batch->tpm->failure;
    if (failure->finding)
        return refuse(batch, failure->finding, failure->text);
    return refuse(batch, "internal-error", r < 0 ? strerror(-r) : "unlocking");
}

/* Nothing in the file is believed before this has said yes. */
static int decrypt(Batch *batch, const char *name, SecretFile *file, const Secret *data_key,
                   OpenedSecret *ret)
{
    int r = secret_decrypt(file, data_key, ret);

    if (r == SECRET_CIPHER_E_TAMPERED)
        return refuse(batch, "secret-tampered", "header, data key or ciphertext");
    if (r < 0)
        return r == -ENOMEM ? r : refuse(batch, "internal-error", strerror(-r));
    return strcmp(ret->header.name, name) == 0
               ? RELEASE_OK
               : refuse(batch, "secret-name-mismatch", ret->header.name);
}

static int open_secret(Batch *batch, const char *name, OpenedSecret *ret)
{
    _cleanup_(secret_freep) Secret *data_key = NULL;
    _cleanup_secret_file_ SecretFile file = { 0 };
    const Approval *approval = NULL;

    int r = load(batch, name, &file);
    if (r == RELEASE_OK)
        r = find_approval(batch, file.header.gate, &approval);
    if (r == RELEASE_OK)
        r = unlock(batch, &file, approval, &data_key);
    return r == RELEASE_OK ? decrypt(batch, name, &file, data_key, ret) : r;
}

/* A no for one asker is no failure of the batch: a warning, by name. */
static int decide_no(Batch *batch, size_t index)
{
    const ReleaseAsker *asker = &batch->request->askers[index];
    const Reason *reason = &batch->reason;
    char found[REASON_SIZE * 2];

    (void)snprintf(found, sizeof(found), "%s: %s", asker->asker, reason->text);
    int r = findings_add(&batch->answer->findings, reason->finding, asker->name, FINDING_WARNING,
                         found, NULL);
    if (r < 0)
        return r;
    batch->answer->released[index].finding = strdup(reason->finding);
    batch->decided[index] = true;
    return batch->answer->released[index].finding ? RELEASE_OK : -ENOMEM;
}

static int serve_asker(Batch *batch, const OpenedSecret *secret, size_t index)
{
    const ReleaseAsker *asker = &batch->request->askers[index];

    if (!opened_secret_is_for(secret, asker->asker))
        return refuse(batch, "secret-asker-refused", "not named by the secret");
    switch (delivery_send(asker->fd, VIEW(secret->bytes))) {
    case DELIVERY_OK:
        batch->answer->released[index].ok = true;
        batch->decided[index] = true;
        return RELEASE_OK;
    case DELIVERY_E_TOO_LARGE:
        return refuse(batch, "secret-too-large", "the socket's buffer does not take it");
    }
    return refuse(batch, "secret-asker-gone", "the connection");
}

/* Everyone who asks for the secret that asker FIRST asks for. */
static int release_secret(Batch *batch, size_t first)
{
    const ReleaseRequest *request = batch->request;
    const char *name = request->askers[first].name;
    _cleanup_opened_secret_ OpenedSecret secret = { 0 };

    int opened = open_secret(batch, name, &secret);
    if (opened < 0)
        return opened;
    for (size_t i = first; i < request->n_askers; i++) {
        if (batch->decided[i] || strcmp(request->askers[i].name, name) != 0)
            continue;
        int r = opened == RELEASE_OK ? serve_asker(batch, &secret, i) : opened;
        if (r == RELEASE_E_REFUSED)
            r = decide_no(batch, i);
        if (r < 0)
            return r;
    }
    return RELEASE_OK;
}

static int begin(Batch *batch)
{
    const ReleaseRequest *request = batch->request;
    WorkerAnswer *answer = batch->answer;

    int r = secret_store_open(request->secrets_directory, &batch->store);
    if (r == -ENOMEM)
        return r;
    if (r) {
        const char *found = r < 0 ? strerror(-r) : secret_store_reason(r);
        r = findings_add(&answer->findings, "secret-store-unusable", request->secrets_directory,
                         FINDING_FAILURE, found, NULL);
        return r < 0 ? r : RELEASE_E_REFUSED;
    }
    for (size_t i = 0; i < request->n_approvals; i++) {
        r = read_approval(&request->approvals[i], &batch->approvals[i]);
        if (r < 0)
            return r;
    }
    answer->released = calloc(request->n_askers, sizeof(*answer->released));
    if (!answer->released)
        return -ENOMEM;
    answer->n_released = request->n_askers;
    return RELEASE_OK;
}

static int release(Batch *batch)
{
    int r = begin(batch);

    if (r)
        return r;
    uint64_t start = clock_boottime_usec(&clock_system);
    for (size_t i = 0; i < batch->request->n_askers; i++) {
        r = batch->decided[i] ? 0 : release_secret(batch, i);
        if (r < 0)
            return r;
    }
    batch->answer->timings_usec[TIMING_UNSEAL] = clock_boottime_usec(&clock_system) - start;
    return RELEASE_OK;
}

int release_run(ByteView line, const FdList *given, WorkerAnswer *answer, FdList *fds)
{
    _cleanup_(release_request_freep) ReleaseRequest *request = NULL;
    uint64_t start = clock_boottime_usec(&clock_system);
    const char *member = NULL;

    (void)fds;
    int r = release_request_parse(line, given, &request, &member);
    if (r < 0)
        return r;
    if (r != REQUEST_OK)
        return verb_refuse_request(answer, r, member);

    _cleanup_(batch_done) Batch batch = { .request = request, .answer = answer };
    r = release(&batch);
    if (r < 0)
        return r;
    answer->timings_usec[TIMING_TOTAL] = clock_boottime_usec(&clock_system) - start;
    return worker_answer_decide(answer, ANSWER_FAILED);
}
