/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine with a gate: a swtpm, its attestation key's Name, a verifier's release key, and a data
 * key sealed to them.
 */
#pragma once

#include "crypto/gate.h"
#include "swtpm.h"
#include "tpm/tpm-attestation-key.h"
#include "tpm/tpm-seal.h"
#include "tpm/tpm-storage-key.h"

#define GATE_LAB_GATE "db"

typedef struct GateLab {
    Swtpm swtpm;
    Key *release_key;
    TpmName key_name;
    Bytes ak_name;
    Digest policy_ref;
    Digest policy; /* PolicySigned alone */
    Bytes parent_name;
    TpmSealed sealed;
} GateLab;

static const uint8_t gate_lab_data_key[TPM_SEAL_KEY_SIZE] = "thirty-two bytes of a data key..";

static inline Key *gate_lab_key(void)
{
    Key *key = NULL;

    check_int(key_generate(KEY_P256, &key), KEY_OK);
    return key;
}

static inline Digest gate_lab_policy(const Key *release_key, const Digest *policy_ref)
{
    Digest policy;
    TpmName name;

    check_int(gate_key_name(release_key, &name), GATE_OK);
    check_int(gate_policy_signed(tpm_name_view(&name), digest_view(policy_ref), &policy), GATE_OK);
    return policy;
}

static inline void gate_lab_seal(GateLab *lab, const Digest *policy)
{
    TpmContext *tpm = swtpm_open(&lab->swtpm);
    TpmKey *parent = NULL;
    Secret *key = NULL;

    bytes_done(&lab->parent_name);
    tpm_sealed_done(&lab->sealed);
    check_int(secret_new(VIEW_OF_ARRAY(gate_lab_data_key), &key), 0);
    check_int(tpm_storage_key_find(tpm, (ByteView){ 0 }, &parent), TPM_STORAGE_KEY_OK);
    check_int(bytes_copy(VIEW(parent->name), &lab->parent_name), 0);
    check_int(tpm_seal(parent, VIEW(lab->parent_name), policy, key, &lab->sealed), TPM_SEAL_OK);
    secret_free(key);
    tpm_key_free(parent);
    tpm_context_free(tpm);
}

static inline GateLab gate_lab_start(void)
{
    GateLab lab = { .swtpm = swtpm_start(), .release_key = gate_lab_key() };
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmKey *ak = NULL;

    check_int(tpm_attestation_key_find(tpm, "template", &ak), TPM_ATTESTATION_KEY_OK);
    check_int(bytes_copy(VIEW(ak->name), &lab.ak_name), 0);
    tpm_key_free(ak);
    tpm_context_free(tpm);
    check_int(gate_key_name(lab.release_key, &lab.key_name), GATE_OK);
    check_int(gate_policy_ref(GATE_LAB_GATE, VIEW(lab.ak_name), &lab.policy_ref), GATE_OK);
    lab.policy = gate_lab_policy(lab.release_key, &lab.policy_ref);
    gate_lab_seal(&lab, &lab.policy);
    return lab;
}

/* Nothing of ours may stay loaded, whatever happened in the test. */
static inline void gate_lab_stop(GateLab *lab)
{
    swtpm_check_slots_free(&lab->swtpm);
    swtpm_stop(&lab->swtpm);
    key_free(lab->release_key);
    bytes_done(&lab->ak_name);
    bytes_done(&lab->parent_name);
    tpm_sealed_done(&lab->sealed);
}

static inline TpmPolicy *gate_lab_session(TpmContext *tpm)
{
    TpmPolicy *policy = NULL;

    check_int(tpm_policy_start(tpm, &policy), TPM_POLICY_OK);
    return policy;
}

/* As the verifier signs. */
static inline Bytes gate_lab_sign(const Key *key, ByteView nonce, int64_t expiration_sec,
                                  const Digest *policy_ref)
{
    const GateApproval approval = { nonce, expiration_sec, digest_view(policy_ref) };
    Bytes signature = { 0 };

    check_int(gate_sign(key, &approval, &signature), GATE_OK);
    return signature;
}

/* Signs for SESSION, and has the TPM take it. */
static inline int gate_lab_approve(const GateLab *lab, TpmPolicy *session, int64_t expiration_sec,
                                   TpmTicket *ret)
{
    _cleanup_bytes_ Bytes signature = gate_lab_sign(lab->release_key, VIEW_OF_ARRAY(session->nonce),
                                                    expiration_sec, &lab->policy_ref);
    const TpmApproval approval = {
        .release_key = lab->release_key,
        .policy_ref = digest_view(&lab->policy_ref),
        .expiration_sec = expiration_sec,
        .signature = VIEW(signature),
    };

    return tpm_policy_sign(session, &approval, ret);
}

/* A round of its own: session, signature, ticket. */
static inline TpmTicket gate_lab_ticket(const GateLab *lab, int64_t expiration_sec)
{
    TpmContext *tpm = swtpm_open(&lab->swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    TpmTicket ticket = { 0 };

    check_int(gate_lab_approve(lab, session, expiration_sec, &ticket), TPM_POLICY_OK);
    tpm_policy_free(session);
    tpm_context_free(tpm);
    return ticket;
}

static inline int gate_lab_present(const GateLab *lab, TpmPolicy *session, const TpmTicket *ticket)
{
    return tpm_policy_present(session, ticket, digest_view(&lab->policy_ref),
                              tpm_name_view(&lab->key_name));
}

/* Unseals in SESSION and compares; the answer of tpm_storage_key_find() may not be a no. */
static inline int gate_lab_unseal(const GateLab *lab, TpmPolicy *session, const Digest *policy)
{
    TpmKey *parent = NULL;
    Secret *key = NULL;

    check_int(tpm_storage_key_find(session->tpm, VIEW(lab->parent_name), &parent),
              TPM_STORAGE_KEY_OK);
    const TpmUnseal wanted = { parent, VIEW(lab->parent_name), &lab->sealed, policy };
    int r = tpm_unseal(session, &wanted, &key);
    check((r == TPM_SEAL_OK) == (key != NULL));
    if (key)
        check(view_equal(secret_view(key), VIEW_OF_ARRAY(gate_lab_data_key)));
    secret_free(key);
    tpm_key_free(parent);
    return r;
}

/* All of a release: its own transaction, ticket, unseal. */
static inline int gate_lab_release(const GateLab *lab, const TpmTicket *ticket)
{
    TpmContext *tpm = swtpm_open(&lab->swtpm);
    TpmPolicy *session = gate_lab_session(tpm);

    check_int(gate_lab_present(lab, session, ticket), TPM_POLICY_OK);
    int r = gate_lab_unseal(lab, session, &lab->policy);
    tpm_policy_free(session);
    tpm_context_free(tpm);
    return r;
}

/* Power off and on, by the control channel: the process, and its connections, stay. */
static inline void gate_lab_reset(const GateLab *lab, TPM2_SU shutdown, TPM2_SU startup)
{
    char command[96];

    if (system("command -v swtpm_ioctl >/dev/null 2>&1") != 0) {
        (void)printf("skipped: no swtpm_ioctl\n");
        exit(TEST_SKIP);
    }
    TpmContext *tpm = swtpm_open(&lab->swtpm);

    check_int(Esys_Shutdown(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, shutdown),
              TSS2_RC_SUCCESS);
    tpm_context_free(tpm);
    (void)snprintf(command, sizeof(command), "swtpm_ioctl --unix %s/s.ctrl -i",
                   lab->swtpm.directory);
    check_int(system(command), 0);
    tpm = swtpm_open(&lab->swtpm);
    TSS2_RC rc = Esys_Startup(tpm->esys, startup);
    check(rc == TSS2_RC_SUCCESS || rc == TPM2_RC_INITIALIZE);
    tpm_context_free(tpm);
}
