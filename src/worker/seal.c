/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From plaintext to file, in one TPM transaction. Everything that can be refused without the TPM is
 * refused before it is opened.
 */
#include "worker/seal.h"

#include "base/clock.h"
#include "base/wipe.h"
#include "crypto/random.h"
#include "evidence/source-tpm.h"
#include "secret/secret-cipher.h"
#include "secret/secret-policy.h"
#include "secret/store.h"
#include "tpm/tpm-seal.h"
#include "worker/request-secret.h"
#include "worker/seal-root.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define GATE_KIND "verifier"

enum { SEAL_OK, SEAL_E_FAILED /* the answer's findings say why */ };

typedef struct Sealing {
    const SealRequest *request;
    WorkerAnswer *answer;
    Bytes buffer; /* one byte more than the largest secret; wiped */
    ByteView secret;
    SecretStore *store;
    Vtpm *vtpm;
    TpmKey *parent; /* of vtpm */
    SecretHeader header;
} Sealing;

static void sealing_done(Sealing *sealing)
{
    bytes_wipe_done(&sealing->buffer);
    (void)secret_store_free(sealing->store);
    (void)tpm_key_free(sealing->parent);
    (void)vtpm_free(sealing->vtpm);
    secret_header_done(&sealing->header);
}

static int fail(Sealing *sealing, const char *name, const char *found)
{
    int r = findings_add(&sealing->answer->findings, name, sealing->request->name, FINDING_FAILURE,
                         found, NULL);

    return r < 0 ? r : SEAL_E_FAILED;
}

/* Into memory that never moves, so that there is one place to wipe. */
static int read_secret(Sealing *sealing)
{
    size_t size = 0;

    int r = bytes_new(SECRET_SIZE_MAX + 1, &sealing->buffer);
    if (r < 0)
        return r;
    /* Where the limit allows it; the page of the data key is locked for certain. */
    (void)mlock(sealing->buffer.data, sealing->buffer.size);
    for (;;) {
        ssize_t n = read(sealing->request->secret_fd, sealing->buffer.data + size,
                         sealing->buffer.size - size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(sealing, "secret-unreadable", strerror(errno));
        size += (size_t)n;
        if (size > SECRET_SIZE_MAX)
            return fail(sealing, "secret-too-large", NULL);
        if (n == 0)
            break;
    }
    sealing->secret = (ByteView){ .data = sealing->buffer.data, .size = size };
    return size > 0 ? SEAL_OK : fail(sealing, "secret-empty", NULL);
}

static int judge_gate(Sealing *sealing)
{
    const SealRequest *request = sealing->request;

    if (strcmp(request->gate.kind, GATE_KIND) != 0)
        return fail(sealing, "secret-gate-unknown", request->gate.kind);
    int r = seal_root_judge(request, &sealing->answer->findings);
    if (r != SEAL_ROOT_OK)
        return r < 0 ? r : SEAL_E_FAILED;
    sealing->header.vtpm_root_minimum = strdup(seal_root_stated(request));
    return sealing->header.vtpm_root_minimum ? SEAL_OK : -ENOMEM;
}

static int fail_store(Sealing *sealing, const char *finding, int r)
{
    if (r == -ENOMEM)
        return r;
    return fail(sealing, finding, r < 0 ? strerror(-r) : secret_store_reason(r));
}

/* The version after the one that is there. */
static int open_store(Sealing *sealing)
{
    int r = secret_store_open(sealing->request->secrets_directory, &sealing->store);
    if (r)
        return fail_store(sealing, "secret-store-unusable", r);
    r = secret_store_version(sealing->store, sealing->request->name, &sealing->header.version);
    if (r)
        return fail_store(sealing, r > 0 ? "secret-file-unsafe" : "secret-store-failed", r);
    sealing->header.version++;
    return SEAL_OK;
}

/* A no or an errno of the TPM storey. */
static int fail_tpm(Sealing *sealing, int r)
{
    const TpmFailure *failure = &vtpm_context(sealing->vtpm)->failure;

    if (r == -ENOMEM)
        return r;
    if (failure->finding)
        return fail(sealing, failure->finding, failure->text);
    return r < 0 ? r : -EPROTO;
}

static int copy_name(ByteView name, uint8_t out[static SECRET_TPM_NAME_SIZE])
{
    if (name.size != SECRET_TPM_NAME_SIZE)
        return -EPROTO;
    memcpy(out, name.data, SECRET_TPM_NAME_SIZE);
    return 0;
}

static int name_release_keys(Sealing *sealing)
{
    const GateSettings *gate = &sealing->request->gate;
    SecretHeader *header = &sealing->header;
    TpmName name;

    int r = gate_key_name(gate->release_key, &name);
    if (r == GATE_OK)
        r = copy_name(tpm_name_view(&name), header->release_key_name);
    if (r == GATE_OK && gate->next_release_key) {
        header->has_next_release_key = true;
        r = gate_key_name(gate->next_release_key, &name);
        if (r == GATE_OK)
            r = copy_name(tpm_name_view(&name), header->next_release_key_name);
    }
    return r > 0 ? -EPROTO : r;
}

/* The rest of what the header says, from the request alone. */
static int fill_header(Sealing *sealing)
{
    const SealRequest *request = sealing->request;
    SecretHeader *header = &sealing->header;

    header->name = strdup(request->name);
    header->gate = strdup(request->gate.name);
    if (!header->name || !header->gate)
        return -ENOMEM;
    for (; header->n_who < request->n_who; header->n_who++) {
        header->who[header->n_who] = strdup(request->who[header->n_who]);
        if (!header->who[header->n_who])
            return -ENOMEM;
    }
    header->created_sec = clock_realtime_usec(&clock_system) / USEC_PER_SEC;
    int r = random_fill(header->id, sizeof(header->id));
    return r < 0 ? r : name_release_keys(sealing);
}

/* The AK is found and its attributes proven; then what stands behind it; then it has to make room.
 */
static int open_tpm(Sealing *sealing)
{
    const EvidenceSettings *evidence = &sealing->request->evidence;
    const VtpmSettings settings = {
        .tcti = evidence->tcti,
        .lock_directory = sealing->request->lock_directory,
        .attestation_key = evidence->attestation_key,
        .pcr_bank = evidence->pcr_bank,
        .pcr_mask = evidence->pcrs,
    };

    int r = vtpm_open(&settings, &sealing->answer->findings, &sealing->vtpm);
    if (r != VTPM_OK)
        return r < 0 ? r : SEAL_E_FAILED;
    r = copy_name(vtpm_ak_name(sealing->vtpm), sealing->header.ak_name);
    if (r < 0)
        return r;
    r = seal_root_prove(sealing->request, sealing->vtpm, &sealing->answer->findings,
                        &sealing->parent);
    if (r != SEAL_ROOT_OK)
        return r < 0 ? r : SEAL_E_FAILED;
    return copy_name(VIEW(sealing->parent->name), sealing->header.parent_name);
}

static int make_data_key(Secret **ret)
{
    uint8_t key[TPM_SEAL_KEY_SIZE];

    int r = random_fill(key, sizeof(key));
    if (r == 0)
        r = secret_new(VIEW_OF_ARRAY(key), ret);
    wipe(key, sizeof(key));
    return r;
}

/* Seals the data key under the storage key of which the header tells the Name. */
static int seal_data_key(Sealing *sealing, const Secret *data_key, TpmSealed *ret)
{
    const TpmKey *parent = sealing->parent;
    SecretPolicy policy;

    int r = secret_policy_of(&sealing->header, &policy);
    if (r)
        return r < 0 ? r : -EPROTO;
    r = tpm_seal(parent, VIEW(parent->name), &policy.digest, data_key, ret);
    return r ? fail_tpm(sealing, r) : SEAL_OK;
}

static int encrypt(Sealing *sealing, SecretFile *ret)
{
    _cleanup_(secret_freep) Secret *data_key = NULL;
    _cleanup_tpm_sealed_ TpmSealed sealed = { 0 };

    int r = make_data_key(&data_key);
    if (r == SEAL_OK)
        r = seal_data_key(sealing, data_key, &sealed);
    if (r != SEAL_OK)
        return r;
    r = secret_encrypt(&sealing->header, data_key, sealing->secret, ret);
    if (r)
        return r < 0 ? r : fail(sealing, "secret-too-large", NULL);
    ret->sealed_public = TAKE_STRUCT(sealed.public_area);
    ret->sealed_private = TAKE_STRUCT(sealed.private_area);
    return SEAL_OK;
}

static int store(Sealing *sealing, const SecretFile *file)
{
    WorkerAnswer *answer = sealing->answer;

    int r = secret_store_write(sealing->store, file);
    if (r == SECRET_STORE_E_VERSION)
        return fail_store(sealing, "secret-version-lower", r);
    if (r)
        return fail_store(sealing, "secret-store-failed", r);
    answer->secret_name = strdup(file->header.name);
    answer->secret_version = file->header.version;
    return answer->secret_name ? SEAL_OK : -ENOMEM;
}

static int seal(Sealing *sealing)
{
    _cleanup_secret_file_ SecretFile file = { 0 };

    int r = judge_gate(sealing);
    if (r == SEAL_OK)
        r = read_secret(sealing);
    if (r == SEAL_OK)
        r = open_store(sealing);
    if (r == SEAL_OK)
        r = fill_header(sealing);
    if (r == SEAL_OK) {
        uint64_t start = clock_boottime_usec(&clock_system);
        r = open_tpm(sealing);
        if (r == SEAL_OK)
            r = encrypt(sealing, &file);
        sealing->answer->timings_usec[TIMING_UNSEAL] = clock_boottime_usec(&clock_system) - start;
    }
    return r == SEAL_OK ? store(sealing, &file) : r;
}

int seal_run(ByteView line, const FdList *given, WorkerAnswer *answer, FdList *fds)
{
    _cleanup_(seal_request_freep) SealRequest *request = NULL;
    uint64_t start = clock_boottime_usec(&clock_system);
    const char *member = NULL;

    (void)fds;
    int r = seal_request_parse(line, given, &request, &member);
    if (r < 0)
        return r;
    if (r != REQUEST_OK)
        return verb_refuse_request(answer, r, member);

    _cleanup_(sealing_done) Sealing sealing = { .request = request, .answer = answer };
    r = seal(&sealing);
    if (r < 0)
        return r;
    answer->timings_usec[TIMING_TOTAL] = clock_boottime_usec(&clock_system) - start;
    return worker_answer_decide(answer, ANSWER_FAILED);
}
