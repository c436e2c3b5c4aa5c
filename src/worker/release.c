/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch, secret by secret: each is loaded, unsealed and decrypted once, given to everyone in the
 * batch whom its header names, and wiped before the next. One TPM transaction for all of them.
 */
#include "worker/release.h"

#include "base/clock.h"
#include "secret/secret-cipher.h"
#include "secret/store.h"
#include "tpm/tpm-counter.h"
#include "worker/delivery.h"
#include "worker/release-approvals.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REASON_SIZE 256

_Static_assert(SECRET_HEADER_SHA256_SIZE == ANSWER_HEADER_SHA256_SIZE, "one goes into the other");

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
    ReleaseApprovals approvals;
    TpmContext *tpm; /* NULL until needed */
    Reason no_tpm;   /* finding NULL: not tried, or open */
    TpmKey *parent;  /* of the secret before */
    Reason reason;
    bool decided[RELEASE_ASKERS_MAX];
} Batch;

static void batch_done(Batch *batch)
{
    release_approvals_done(&batch->approvals);
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

static int load(Batch *batch, const char *name, SecretFile *ret)
{
    int r = secret_store_load(batch->store, name, ret);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return refuse(batch, "secret-store-failed", strerror(-r));
    return r == SECRET_STORE_OK ? RELEASE_OK
                                : refuse(batch, secret_store_finding(r), secret_store_reason(r));
}

/* Opens the TPM once. Where it cannot be had, nobody waits for it a second time. */
static int need_tpm(Batch *batch)
{
    const TpmContextOptions options = {
        .tcti = batch->request->evidence.tcti,
        .lock_directory = batch->request->lock_directory,
        .owner = batch->request->evidence.owner,
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

/* What is held for the gate that FILE names, and says the verdict. */
static int find_approval(Batch *batch, const SecretFile *file, UnlockWith *ret)
{
    *ret = (UnlockWith){
        .vtpm_root = batch->request->vtpm_root,
        .boottime_usec = clock_boottime_usec(&clock_system),
    };
    int r = release_approvals_find(&batch->approvals, file->header.gate, ret);
    return r == RELEASE_APPROVALS_OK
               ? RELEASE_OK
               : refuse(batch, "secret-approval-malformed", file->header.gate);
}

/* A no or an errno of unlock_key(): in the TPM's words, where it was asked. */
static int refuse_unlock(Batch *batch, const SecretFile *file, int r)
{
    const TpmFailure *failure = batch->tpm ? &batch->tpm->failure : NULL;

    if (failure && failure->finding)
        return refuse(batch, failure->finding, failure->text);
    if (r > 0 && unlock_finding(r))
        return refuse(batch, unlock_finding(r), file->header.gate);
    return refuse(batch, "internal-error", r < 0 ? strerror(-r) : "unlocking");
}

static int unlock(Batch *batch, const SecretFile *file, Secret **ret)
{
    UnlockWith with;

    int r = find_approval(batch, file, &with);
    if (r != RELEASE_OK)
        return r;
    r = unlock_check(file, &with);
    if (r > 0)
        return refuse(batch, unlock_finding(r), file->header.gate);
    if (r == UNLOCK_OK && unlock_needs_tpm(file))
        r = need_tpm(batch);
    if (r)
        return r;
    if (batch->tpm)
        batch->tpm->failure = (TpmFailure){ 0 };
    r = unlock_key(batch->tpm, file, &with, &batch->parent, ret);
    return r == UNLOCK_OK || r == -ENOMEM ? r : refuse_unlock(batch, file, r);
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

/*
 * A file is sealed to one count more than there is, and counted for when it is stored. Where that
 * was cut short it is done here, so that older files open no more. It keeps nobody waiting who may
 * have the secret.
 */
static int heal_counter(Batch *batch, const SecretHeader *header)
{
    if (!header->has_counter)
        return RELEASE_OK;
    batch->tpm->failure = (TpmFailure){ 0 };
    int r =
        tpm_counter_advance(batch->tpm, header->name, header->counter.index, header->counter.value);
    if (r == TPM_COUNTER_OK || r == -ENOMEM)
        return r;
    const TpmFailure *failure = &batch->tpm->failure;
    const char *finding = r > 0 ? tpm_counter_finding(r) : "tpm-command-refused";
    return findings_add(&batch->answer->findings, failure->finding ? failure->finding : finding,
                        header->name, FINDING_WARNING, failure->text, NULL);
}

static int open_secret(Batch *batch, const char *name, OpenedSecret *ret)
{
    _cleanup_(secret_freep) Secret *data_key = NULL;
    _cleanup_secret_file_ SecretFile file = { 0 };

    int r = load(batch, name, &file);
    if (r == RELEASE_OK)
        r = unlock(batch, &file, &data_key);
    if (r == RELEASE_OK)
        r = decrypt(batch, name, &file, data_key, ret);
    return r == RELEASE_OK ? heal_counter(batch, &ret->header) : r;
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

static int deliver(const ReleaseAsker *asker, ByteView secret)
{
    return asker->as_memfd ? delivery_fill(asker->fd, secret) : delivery_send(asker->fd, secret);
}

static int serve_asker(Batch *batch, const OpenedSecret *secret, size_t index)
{
    const ReleaseAsker *asker = &batch->request->askers[index];
    AnswerReleased *released = &batch->answer->released[index];

    if (!opened_secret_is_for(secret, asker->asker))
        return refuse(batch, "secret-asker-refused", "not named by the secret");
    switch (deliver(asker, VIEW(secret->bytes))) {
    case DELIVERY_OK:
        released->ok = true;
        released->on_loss = secret->header.on_loss;
        released->gate = strdup(secret->header.gate);
        released->version = secret->header.version;
        memcpy(released->header_sha256, secret->header_sha256, sizeof(released->header_sha256));
        batch->decided[index] = true;
        return RELEASE_OK;
    case DELIVERY_E_TOO_LARGE:
        return refuse(batch, "secret-too-large", "the socket's buffer does not take it");
    }
    return refuse(batch, "secret-asker-gone", asker->as_memfd ? "the memory" : "the connection");
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
    r = release_approvals_read(request, &batch->approvals);
    if (r < 0)
        return r;
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
    return verb_conclude(answer, start);
}
