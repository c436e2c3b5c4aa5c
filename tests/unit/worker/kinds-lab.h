/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gates of every kind on the machine of secret-lab.h, what has been sealed to them, and a verifier
 * that opens what is wrapped.
 */
#pragma once

#include "secret-lab.h"

#include "crypto/jwe.h"
#include "secret/data-keys.h"
#include "tpm/tpm-counter.h"
#include "tpm/tpm-pcr.h"
#include "worker/wrapped.h"

static inline json_t *kinds_gate_pcr(const char *name, int pcr, int other)
{
    json_t *gate = json_pack("{si ss ss ss s[ii]}", "attestd_gate", 1, "name", name, "kind", "pcr",
                             "pcr_bank", "sha256", "pcrs", pcr, other);

    check(gate);
    return gate;
}

static inline json_t *kinds_gate_capped(const SecretLab *lab, const char *name, int pcr)
{
    json_t *gate = secret_lab_gate(name, lab->release_key, NULL);

    check(json_object_set_new(gate, "cap_pcr", json_integer(pcr)) == 0);
    return gate;
}

/* Bound to BIND; wrapped to KEY. */
static inline json_t *kinds_gate_rewrap(const char *name, const Key *key, const char *bind)
{
    json_t *jwk = secret_lab_jwk(key);

    check(json_object_set_new(jwk, "kid", json_string("rewrap-1")) == 0);
    json_t *gate =
        json_pack("{si ss ss ss so s[s]}", "attestd_gate", 1, "name", name, "kind", "rewrap",
                  "verifier", "https://verifier.example", "rewrap_key", jwk, "bind", bind);
    check(gate);
    return gate;
}

/* Of the vault's key, a JWK that is taken. */
static inline json_t *kinds_gate_key_release(const char *name, json_t *jwk)
{
    json_t *gate = json_pack("{si ss ss ss ss so}", "attestd_gate", 1, "name", name, "kind",
                             "key-release", "verifier", "https://maa.example", "key_url",
                             "https://v.vault.azure.net/keys/k", "key", jwk);

    check(gate);
    return gate;
}

static inline void kinds_set(json_t *request, const char *name, json_t *value)
{
    check(json_object_set_new(request, name, value) == 0);
}

/* Takes REQUEST, which must be sealed. */
static inline void kinds_seal(json_t *request, const char *secret)
{
    _cleanup_worker_answer_ WorkerAnswer answer =
        secret_lab_run_seal(request, view_of_string(secret));

    if (answer.error)
        (void)printf("  %s\n", answer.error);
    check_int(answer.result, ANSWER_OK);
    check_int(answer.findings.n_items, 0);
}

static inline SecretFile kinds_load(const SecretLab *lab, const char *name)
{
    _cleanup_(secret_store_freep) SecretStore *store = NULL;
    SecretFile file = { 0 };

    check_int(secret_store_open(lab->secrets, &store), SECRET_STORE_OK);
    check_int(secret_store_load(store, name, &file), SECRET_STORE_OK);
    return file;
}

static inline void kinds_extend(const SecretLab *lab, unsigned pcr, const char *event)
{
    TpmContext *tpm = swtpm_open(&lab->swtpm);

    check_int(tpm_pcr_extend(tpm, pcr, view_of_string(event)), TPM_PCR_OK);
    tpm_context_free(tpm);
}

static inline EvidencePcrs kinds_pcrs(const SecretLab *lab)
{
    TpmContext *tpm = swtpm_open(&lab->swtpm);
    EvidencePcrs pcrs = { 0 };

    check_int(tpm_pcr_read(tpm, (TpmSelection){ TPM_ALG_SHA256, 0xffff }, &pcrs), TPM_PCR_OK);
    tpm_context_free(tpm);
    return pcrs;
}

/* TPM_COUNTER_OK, with where SECRET's is, or a no. */
static inline int kinds_count(const SecretLab *lab, const char *secret, uint32_t index,
                              uint64_t *ret)
{
    TpmContext *tpm = swtpm_open(&lab->swtpm);
    TpmCounter counter;

    int r = tpm_counter_read(tpm, secret, index, &counter);
    if (r == TPM_COUNTER_OK)
        *ret = counter.value;
    tpm_context_free(tpm);
    return r;
}

/* What the verb "wrapped" says of GATE. */
static inline WorkerAnswer kinds_wrapped(const SecretLab *lab, const char *gate)
{
    json_auto_t *request = json_pack("{ss ss s[s]}", "verb", "wrapped", "secrets_directory",
                                     lab->secrets, "gates", gate);
    _cleanup_free_ char *line = json_text(request), *sent = NULL;
    WorkerAnswer answer = WORKER_ANSWER_INIT, read = WORKER_ANSWER_INIT;
    _cleanup_fd_list_ FdList given = { 0 }, fds = { 0 };

    check_int(wrapped_run(view_of_string(line), &given, &answer, &fds), 0);
    check_int(worker_answer_encode(&answer, &sent), 0);
    worker_answer_done(&answer);
    check_int(worker_answer_decode(view_of_string(sent), &read), WORKER_ANSWER_OK);
    return read;
}

/* As a verifier that has KEY, and asks nothing else. */
static inline Secret *kinds_unwrap(const Key *key, const char *jwe)
{
    _cleanup_jwe_parts_ JweParts parts = { 0 };
    Secret *data_key = NULL;

    check_int(jwe_parse(jwe, &parts), JWE_OK);
    check_int(jwe_open(key, &parts, (ByteView){ 0 }, &data_key), JWE_OK);
    check_int(secret_view(data_key).size, DATA_KEY_SIZE);
    return data_key;
}

/* A descriptor with the data keys of all that is behind GATE, as after a round. */
static inline int kinds_data_keys(const SecretLab *lab, const Key *key, const char *gate)
{
    _cleanup_worker_answer_ WorkerAnswer wrapped = kinds_wrapped(lab, gate);
    _cleanup_(data_keys_freep) DataKeys *keys = NULL;
    int fd = -EBADF;

    check_int(data_keys_new(&keys), 0);
    for (size_t i = 0; i < wrapped.n_wrapped; i++) {
        _cleanup_(secret_freep) Secret *data_key = kinds_unwrap(key, wrapped.wrapped[i].jwe);
        SecretFile file = kinds_load(lab, wrapped.wrapped[i].name);
        check_int(data_keys_add(keys, file.header.id, secret_view(data_key)), 0);
        secret_file_done(&file);
    }
    check_int(data_keys_store(keys, &fd), 0);
    return fd;
}
