/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine that seals and releases: a swtpm, a store, a verifier's release keys, and askers at the
 * other ends of socket pairs.
 */
#pragma once

#include "crypto/jwk.h"
#include "request-sample.h"
#include "secret/approval.h"
#include "secret/store.h"
#include "tpm/tpm-attestation-key.h"
#include "unit/tpm/swtpm.h"
#include "worker/release.h"
#include "worker/request-seal.h"
#include "worker/request-secret.h"
#include "worker/seal.h"

#include <sys/socket.h>
#include <sys/stat.h>

typedef struct SecretLab {
    Swtpm swtpm;
    char secrets[64], locks[64];
    Key *release_key, *next_key;
} SecretLab;

static inline Key *secret_lab_key(void)
{
    Key *key = NULL;

    check_int(key_generate(KEY_P256, &key), KEY_OK);
    return key;
}

static inline SecretLab secret_lab_start(void)
{
    SecretLab lab = { .swtpm = swtpm_start(),
                      .release_key = secret_lab_key(),
                      .next_key = secret_lab_key() };

    (void)snprintf(lab.secrets, sizeof(lab.secrets), "%s/secrets", lab.swtpm.directory);
    (void)snprintf(lab.locks, sizeof(lab.locks), "%s/locks", lab.swtpm.directory);
    check(mkdir(lab.secrets, 0700) == 0 && mkdir(lab.locks, 0700) == 0);
    return lab;
}

/* Nothing of ours may stay loaded, whatever was refused. */
static inline void secret_lab_stop(SecretLab *lab)
{
    swtpm_check_slots_free(&lab->swtpm);
    swtpm_stop(&lab->swtpm);
    key_free(lab->release_key);
    key_free(lab->next_key);
}

static inline json_t *secret_lab_evidence(const SecretLab *lab)
{
    json_t *evidence = sample_evidence();

    check(json_object_set_new(evidence, "tcti", json_string(lab->swtpm.tcti)) == 0);
    return evidence;
}

static inline json_t *secret_lab_jwk(const Key *key)
{
    json_t *jwk = NULL;

    check_int(jwk_emit(key, NULL, NULL, NULL, &jwk), JWK_OK);
    return jwk;
}

/* A gate file. NEXT may be NULL. */
static inline json_t *secret_lab_gate(const char *name, const Key *key, const Key *next)
{
    json_t *gate =
        json_pack("{si ss ss ss so}", "attestd_gate", 1, "name", name, "kind", "verifier",
                  "verifier", "https://verifier.example", "release_key", secret_lab_jwk(key));

    check(gate);
    if (next)
        check(json_object_set_new(gate, "next_release_key", secret_lab_jwk(next)) == 0);
    return gate;
}

/* Takes GATE. WHO may be NULL: nobody. */
static inline json_t *secret_lab_seal_request(const SecretLab *lab, const char *name, json_t *gate,
                                              const char *who)
{
    json_t *request =
        json_pack("{ss ss so s[s*] sb sb sb so ss ss s[s]}", "verb", "seal", "name", name, "gate",
                  gate, "who", who, "rollback_counter", 0, "accept_host_tpm", 1,
                  "accept_unchecked_vtpm", 0, "evidence", secret_lab_evidence(lab),
                  "secrets_directory", lab->secrets, "lock_directory", lab->locks, "fds", "secret");

    check(request);
    return request;
}

/* Takes REQUEST. The secret travels as the caller's descriptor does. */
static inline WorkerAnswer secret_lab_run_seal(json_t *request, ByteView secret)
{
    _cleanup_free_ char *line = json_text(request);
    WorkerAnswer answer = WORKER_ANSWER_INIT;
    _cleanup_fd_list_ FdList given = { 0 }, fds = { 0 };

    check(line);
    check_int(fd_list_take(&given, memfd_sealed("secret", secret)), 0);
    check_int(seal_run(view_of_string(line), &given, &answer, &fds), 0);
    check_int(fds.n_fds, 0);
    json_decref(request);
    return answer;
}

/* Seals SECRET as the next version of NAME behind gate "db". */
static inline void secret_lab_seal(const SecretLab *lab, const char *name, const char *who,
                                   const char *secret)
{
    json_t *gate = secret_lab_gate("db", lab->release_key, NULL);
    _cleanup_worker_answer_ WorkerAnswer answer =
        secret_lab_run_seal(secret_lab_seal_request(lab, name, gate, who), view_of_string(secret));

    check_int(answer.result, ANSWER_OK);
    check_str(answer.secret_name, name);
}

/* What the round worker makes of a verifier's signature by KEY. */
static inline Approval secret_lab_approve(const SecretLab *lab, const char *gate, const Key *key,
                                          int64_t expiration_sec)
{
    TpmContext *tpm = swtpm_open(&lab->swtpm);
    uint64_t start = clock_boottime_usec(&clock_system);
    _cleanup_bytes_ Bytes signature = { 0 };
    TpmPolicy *session = NULL;
    TpmKey *ak = NULL;
    Approval approval = { .gate = strdup(gate) };
    Digest policy_ref;

    check(approval.gate);
    check_int(tpm_attestation_key_find(tpm, "auto", &ak), TPM_ATTESTATION_KEY_OK);
    check_int(ak->name.size, TPM_NAME_SIZE);
    memcpy(approval.ak_name.data, ak->name.data, TPM_NAME_SIZE);
    tpm_key_free(ak);
    check_int(gate_key_name(key, &approval.key_name), GATE_OK);
    check_int(gate_policy_ref(gate, tpm_name_view(&approval.ak_name), &policy_ref), GATE_OK);
    memcpy(approval.policy_ref, policy_ref.data, GATE_POLICY_SIZE);

    check_int(tpm_policy_start(tpm, &session), TPM_POLICY_OK);
    const GateApproval wanted = { VIEW_OF_ARRAY(session->nonce), expiration_sec,
                                  digest_view(&policy_ref) };
    check_int(gate_sign(key, &wanted, &signature), GATE_OK);
    const TpmApproval given = { key, digest_view(&policy_ref), expiration_sec, VIEW(signature) };
    check_int(tpm_policy_sign(session, &given, &approval.ticket), TPM_POLICY_OK);
    approval.expires_boottime_usec = start + (uint64_t)-expiration_sec * USEC_PER_SEC;
    tpm_policy_free(session);
    tpm_context_free(tpm);
    return approval;
}

/* One batch: who asks for what, in order; the ends that the askers hold. */
typedef struct SecretBatch {
    json_t *request;
    FdList given;
    int ends[RELEASE_ASKERS_MAX];
    size_t n_ends;
    WorkerAnswer answer;
} SecretBatch;

static inline SecretBatch secret_batch_new(const SecretLab *lab)
{
    SecretBatch batch = { .answer = WORKER_ANSWER_INIT };

    batch.request =
        json_pack("{ss so ss ss ss s[] s[] s[]}", "verb", "release", "evidence",
                  secret_lab_evidence(lab), "secrets_directory", lab->secrets, "lock_directory",
                  lab->locks, "vtpm_root", "host", "approvals", "askers", "fds");
    check(batch.request);
    return batch;
}

static inline void secret_batch_done(SecretBatch *batch)
{
    fd_list_done(&batch->given);
    for (size_t i = 0; i < batch->n_ends; i++)
        (void)close(batch->ends[i]);
    worker_answer_done(&batch->answer);
    json_decref(batch->request);
}
#define _cleanup_secret_batch_ _cleanup_(secret_batch_done)

/* Before the first asker. Takes FD. */
static inline void secret_batch_hold(SecretBatch *batch, const char *gate, GateKind kind, int fd)
{
    char name[GATE_NAME_LIMIT + 16];

    (void)snprintf(name, sizeof(name), "approval-%s", gate);
    check_int(fd_list_take(&batch->given, fd), 0);
    check(json_array_append_new(json_object_get(batch->request, "fds"), json_string(name)) == 0);
    check(json_array_append_new(json_object_get(batch->request, "approvals"),
                                json_pack("{ss ss}", "gate", gate, "kind", gate_kind_name(kind))) ==
          0);
}

static inline void secret_batch_approve(SecretBatch *batch, const char *gate, ByteView json)
{
    secret_batch_hold(batch, gate, GATE_KIND_VERIFIER, memfd_sealed("approval", json));
}

/* Wipes APPROVAL. */
static inline void secret_batch_take_approval(SecretBatch *batch, Approval approval)
{
    _cleanup_bytes_ Bytes json = { 0 };

    check_int(approval_emit(&approval, &json), 0);
    secret_batch_approve(batch, approval.gate, VIEW(json));
    approval_done(&approval);
}

/* Who asks by FD, which is taken; END is the asker's, closed with the batch. */
static inline int secret_batch_ask_as(SecretBatch *batch, json_t *asker, int fd, int end)
{
    char name[32];

    (void)snprintf(name, sizeof(name), "asker-%zu", batch->n_ends);
    check_int(fd_list_take(&batch->given, fd), 0);
    check(json_array_append_new(json_object_get(batch->request, "fds"), json_string(name)) == 0);
    check(json_array_append_new(json_object_get(batch->request, "askers"), asker) == 0);
    batch->ends[batch->n_ends++] = end;
    return end;
}

/* The asker's end, to be read from; closed with the batch. */
static inline int secret_batch_ask(SecretBatch *batch, const char *secret, const char *asker)
{
    int pair[2];

    check_int(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    return secret_batch_ask_as(
        batch, json_pack("{ss ss ss}", "name", secret, "asker", asker, "as", "stream"), pair[1],
        pair[0]);
}

static inline void secret_batch_run(SecretBatch *batch)
{
    _cleanup_free_ char *line = json_text(batch->request);
    _cleanup_fd_list_ FdList fds = { 0 };

    check(line);
    check_int(release_run(view_of_string(line), &batch->given, &batch->answer, &fds), 0);
    check_int(fds.n_fds, 0);
}

/* Everything that the asker at END has got; the worker's end stays open. */
static inline Bytes secret_end_read(int end)
{
    Bytes got = { 0 };
    uint8_t chunk[65536];

    for (;;) {
        ssize_t n = recv(end, chunk, sizeof(chunk), MSG_DONTWAIT);
        if (n <= 0)
            return got;
        check_int(bytes_append(&got, (ByteView){ chunk, (size_t)n }), 0);
    }
}

static inline void secret_batch_check_served(SecretBatch *batch, size_t index, const char *secret)
{
    _cleanup_bytes_ Bytes got = secret_end_read(batch->ends[index]);

    if (!batch->answer.released[index].ok)
        (void)printf("  asker %zu: %s\n", index, batch->answer.released[index].finding);
    check(batch->answer.released[index].ok);
    check(!batch->answer.released[index].finding);
    check(view_equal(VIEW(got), view_of_string(secret)));
}

/* Named, warned of, and not a byte. */
static inline void secret_batch_check_refused(SecretBatch *batch, size_t index, const char *finding)
{
    _cleanup_bytes_ Bytes got = secret_end_read(batch->ends[index]);

    check(!batch->answer.released[index].ok);
    check_str(batch->answer.released[index].finding, finding);
    check(findings_has(&batch->answer.findings, finding));
    check_int(got.size, 0);
}
