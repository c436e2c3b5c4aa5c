/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From plaintext to file, in one TPM transaction. Everything that can be refused without the TPM is
 * refused before it is opened.
 */
#include "worker/seal.h"

#include "base/clock.h"
#include "base/wipe.h"
#include "crypto/random.h"
#include "secret/secret-cipher.h"
#include "tpm/tpm-seal.h"
#include "worker/seal-root.h"
#include "worker/sealing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static void sealing_done(Sealing *sealing)
{
    sealing_drop_counter(sealing);
    bytes_wipe_done(&sealing->buffer);
    (void)secret_store_free(sealing->store);
    (void)tpm_key_free(sealing->parent);
    (void)vtpm_free(sealing->vtpm);
    secret_header_done(&sealing->header);
}

int sealing_fail(Sealing *sealing, const char *name, const char *found)
{
    int r = findings_add(&sealing->answer->findings, name, sealing->request->name, FINDING_FAILURE,
                         found, NULL);

    return r < 0 ? r : SEAL_E_FAILED;
}

int sealing_fail_tpm(Sealing *sealing, int r)
{
    const TpmFailure *failure = &vtpm_context(sealing->vtpm)->failure;

    if (r == -ENOMEM)
        return r;
    if (failure->finding)
        return sealing_fail(sealing, failure->finding, failure->text);
    return r < 0 ? r : -EPROTO;
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
            return sealing_fail(sealing, "secret-unreadable", strerror(errno));
        size += (size_t)n;
        if (size > SECRET_SIZE_MAX)
            return sealing_fail(sealing, "secret-too-large", NULL);
        if (n == 0)
            break;
    }
    sealing->secret = (ByteView){ .data = sealing->buffer.data, .size = size };
    return size > 0 ? SEAL_OK : sealing_fail(sealing, "secret-empty", NULL);
}

/* What was given to prove is judged only where a TPM gets the data key, or says who it is. */
static int judge_gate(Sealing *sealing)
{
    const SealRequest *request = sealing->request;

    if (request->gate.is_unknown)
        return sealing_fail(sealing, "secret-gate-unknown", NULL);
    int r = sealing_needs_tpm(request) ? seal_root_judge(request, &sealing->answer->findings)
                                       : SEAL_ROOT_OK;
    if (r != SEAL_ROOT_OK)
        return r < 0 ? r : SEAL_E_FAILED;
    sealing->header.vtpm_root_minimum = strdup(seal_root_stated(request));
    return sealing->header.vtpm_root_minimum ? SEAL_OK : -ENOMEM;
}

static int fail_store(Sealing *sealing, const char *finding, int r)
{
    if (r == -ENOMEM)
        return r;
    return sealing_fail(sealing, finding, r < 0 ? strerror(-r) : secret_store_reason(r));
}

/* The old file only says which count may never have been made. Nothing follows where it is away. */
static int note_old_counter(Sealing *sealing)
{
    _cleanup_secret_file_ SecretFile old = { 0 };

    int r = secret_store_load(sealing->store, sealing->request->name, &old);
    if (r == -ENOMEM)
        return r;
    if (r == SECRET_STORE_OK && old.header.has_counter) {
        sealing->counter.has_old = true;
        sealing->counter.old_index = old.header.counter.index;
        sealing->counter.old_value = old.header.counter.value;
    }
    return SEAL_OK;
}

/* No seal comes so far. */
static int fail_version(Sealing *sealing)
{
    const SealRequest *request = sealing->request;
    _cleanup_free_ char *files = NULL;

    if (asprintf(&files, "%s/%s.secret or %s.version", request->secrets_directory, request->name,
                 request->name) < 0)
        return -ENOMEM;
    return sealing_fail(sealing, "secret-version-exhausted", files);
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
    if (sealing->header.version >= SECRET_VERSION_MAX)
        return fail_version(sealing);
    sealing->header.version++;
    return note_old_counter(sealing);
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

    if (header->gate_kind != GATE_KIND_VERIFIER)
        return 0;
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
    header->gate = strdup(request->gate.file.name);
    header->gate_kind = request->gate.file.kind;
    header->on_loss = request->on_loss;
    header->on_change = request->on_change;
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

/* The AK is found and its attributes proven; then what stands behind it; then it makes room. */
static int open_tpm(Sealing *sealing)
{
    const EvidenceSettings *evidence = &sealing->request->evidence;
    const VtpmSettings settings = {
        .tcti = evidence->tcti,
        .lock_directory = sealing->request->lock_directory,
        .attestation_key = evidence->attestation_key,
        .pcr_bank = evidence->pcr_bank,
        .pcr_mask = evidence->pcrs,
        .azure = &evidence->azure,
        .owner = evidence->owner,
    };

    int r = vtpm_open(&settings, &sealing->answer->findings, &sealing->vtpm);
    if (r != VTPM_OK)
        return r < 0 ? r : SEAL_E_FAILED;
    if (sealing->header.gate_kind != GATE_KIND_PCR)
        r = copy_name(vtpm_ak_name(sealing->vtpm), sealing->header.ak_name);
    if (r < 0)
        return r;
    r = seal_root_prove(sealing->request, sealing->vtpm, &sealing->answer->findings,
                        &sealing->parent);
    if (r != SEAL_ROOT_OK)
        return r < 0 ? r : SEAL_E_FAILED;
    return SEAL_OK;
}

/* What a gate of the TPM is sealed with beside its key. */
static int ask_tpm(Sealing *sealing)
{
    if (gate_kind_is_wrapped(sealing->header.gate_kind))
        return SEAL_OK;
    int r = copy_name(VIEW(sealing->parent->name), sealing->header.parent_name);
    if (r == SEAL_OK)
        r = sealing_read_pcrs(sealing);
    return r == SEAL_OK ? sealing_take_counter(sealing) : r;
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

static int encrypt(Sealing *sealing, SecretFile *ret)
{
    _cleanup_(secret_freep) Secret *data_key = NULL;
    _cleanup_secret_file_ SecretFile sealed = { 0 }; /* the parts of the TPM */

    int r = make_data_key(&data_key);
    if (r == SEAL_OK)
        r = sealing_protect_key(sealing, data_key, &sealed);
    if (r != SEAL_OK)
        return r;
    r = secret_encrypt(&sealing->header, data_key, sealing->secret, ret);
    if (r)
        return r < 0 ? r : sealing_fail(sealing, "secret-too-large", NULL);
    ret->sealed_public = TAKE_STRUCT(sealed.sealed_public);
    ret->sealed_private = TAKE_STRUCT(sealed.sealed_private);
    return SEAL_OK;
}

/* Is FILE there, or may it be, whatever writing it has said? Then its counter must stay. */
static bool may_be_stored(const Sealing *sealing, const SecretFile *file)
{
    _cleanup_secret_file_ SecretFile stored = { 0 };

    int r = secret_store_load(sealing->store, file->header.name, &stored);
    if (r != SECRET_STORE_OK)
        return r < 0;
    return memcmp(stored.header.id, file->header.id, sizeof(stored.header.id)) == 0;
}

static int store(Sealing *sealing, const SecretFile *file)
{
    WorkerAnswer *answer = sealing->answer;

    int r = secret_store_write(sealing->store, file);
    if (r == SECRET_STORE_OK || may_be_stored(sealing, file))
        sealing->counter.is_new = false;
    if (r == SECRET_STORE_E_VERSION)
        return fail_store(sealing, "secret-version-lower", r);
    if (r)
        return fail_store(sealing, "secret-store-failed", r);
    answer->secret_name = strdup(file->header.name);
    answer->secret_version = file->header.version;
    return answer->secret_name ? SEAL_OK : -ENOMEM;
}

/* In one TPM transaction, which ends when the counter is where the stored file needs it. */
static int seal_and_store(Sealing *sealing)
{
    _cleanup_secret_file_ SecretFile file = { 0 };
    uint64_t start = clock_boottime_usec(&clock_system);
    int r = SEAL_OK;

    if (sealing_needs_tpm(sealing->request)) {
        r = open_tpm(sealing);
        if (r == SEAL_OK)
            r = ask_tpm(sealing);
    }
    if (r == SEAL_OK)
        r = encrypt(sealing, &file);
    sealing->answer->timings_usec[TIMING_UNSEAL] = clock_boottime_usec(&clock_system) - start;
    if (r == SEAL_OK)
        r = store(sealing, &file);
    return r == SEAL_OK ? sealing_settle_counter(sealing) : r;
}

static int seal(Sealing *sealing)
{
    int r = judge_gate(sealing);

    if (r == SEAL_OK)
        r = read_secret(sealing);
    if (r == SEAL_OK)
        r = open_store(sealing);
    if (r == SEAL_OK)
        r = fill_header(sealing);
    return r == SEAL_OK ? seal_and_store(sealing) : r;
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
    return verb_conclude(answer, start);
}
