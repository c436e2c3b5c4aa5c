/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why the signed message is as it is: each looser form, signed on purpose and used against itself.
 */
#include "crypto/signature.h"
#include "gate-lab.h"

/* What gate_sign() would not do. */
static void sign_raw(const GateLab *lab, ByteView message, Bytes *ret)
{
    check_int(signature_sign(lab->release_key, SIGNATURE_ECDSA_RAW, DIGEST_SHA256, message, ret),
              SIGNATURE_OK);
}

/* PolicySigned as root may send it, with any parse of what the verifier signed. */
typedef struct Parse {
    size_t nonce_size;
    size_t command_size; /* cpHash */
} Parse;

static TSS2_RC send_parse(TpmContext *tpm, ESYS_TR session, const Key *key, ByteView message,
                          ByteView signature, const Parse *parse)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    TPM2B_NONCE nonce = { .size = (uint16_t)parse->nonce_size };
    TPM2B_DIGEST command = { .size = (uint16_t)parse->command_size };
    size_t head = parse->nonce_size + 4 + parse->command_size;
    TPM2B_NONCE reference = { .size = (uint16_t)(message.size - head) };
    const uint8_t *at = message.data + parse->nonce_size;
    TPM2B_PUBLIC area = { 0 };
    TPMT_SIGNATURE proof = {
        .sigAlg = TPM2_ALG_ECDSA,
        .signature.ecdsa = { TPM2_ALG_SHA256, { .size = 32 }, { .size = 32 } },
    };
    ESYS_TR handle = ESYS_TR_NONE;

    memcpy(nonce.buffer, message.data, nonce.size);
    memcpy(command.buffer, at + 4, command.size);
    memcpy(reference.buffer, message.data + head, reference.size);
    memcpy(proof.signature.ecdsa.signatureR.buffer, signature.data, 32);
    memcpy(proof.signature.ecdsa.signatureS.buffer, signature.data + 32, 32);
    uint32_t expiration =
        (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    check_int(gate_key_public(key, &bytes), GATE_OK);
    check_int(tpm_key_parse(VIEW(bytes), &area.publicArea), TPM_KEY_OK);
    check_int(Esys_LoadExternal(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, &area,
                                ESYS_TR_RH_OWNER, &handle),
              TSS2_RC_SUCCESS);
    TSS2_RC rc =
        Esys_PolicySigned(tpm->esys, handle, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                          &nonce, &command, &reference, (INT32)expiration, &proof, NULL, NULL);
    tpm_flush(tpm, &handle);
    return rc;
}

/* Does any session but the one it was signed for come to WANTED by some parse of MESSAGE? */
static bool has_second_reading(const GateLab *lab, ByteView message, const Digest *wanted)
{
    static const Parse parses[] = { { 0, 0 }, { 0, 32 }, { 24, 0 }, { 24, 32 }, { 32, 0 } };
    _cleanup_bytes_ Bytes signature = { 0 };
    bool found = false;

    check_int(
        signature_sign(lab->release_key, SIGNATURE_ECDSA_RAW, DIGEST_SHA256, message, &signature),
        SIGNATURE_OK);
    TpmContext *tpm = swtpm_open(&lab->swtpm);
    for (size_t i = 0; i < ELEMENTSOF(parses); i++) {
        if (message.size < parses[i].nonce_size + 4 + parses[i].command_size)
            continue;
        TpmPolicy *session = gate_lab_session(tpm);
        Digest digest;
        TSS2_RC rc = send_parse(tpm, session->session, lab->release_key, message, VIEW(signature),
                                &parses[i]);
        check_int(tpm_policy_digest(session, &digest), TPM_POLICY_OK);
        found = found || (rc == TSS2_RC_SUCCESS && digest_equal(&digest, wanted));
        tpm_policy_free(session);
    }
    tpm_context_free(tpm);
    return found;
}

static void the_signed_message_has_one_reading(void)
{
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    const GateApproval approval = { VIEW_OF_ARRAY(session->nonce), -600,
                                    digest_view(&lab.policy_ref) };
    uint8_t message[GATE_MESSAGE_SIZE];

    /* As the start of a shifted reading it would be a time far away. */
    check_int(gate_message(&approval, message), GATE_OK);
    message[0] = 0x7f;
    check(!has_second_reading(&lab, VIEW_OF_ARRAY(message), &lab.policy));
    tpm_policy_free(session);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

/* Why 24 bytes: with 32, the same signature serves a session that has nothing to do with it. */
static void a_message_with_a_nonce_of_32_bytes_would_have_two(void)
{
    GateLab lab = gate_lab_start();
    uint8_t message[32 + 4 + 32] = { 0x7f, 1, 2, 3, 4, 5, 6, 7 };

    message[32] = message[33] = 0xff;
    message[34] = 0xfd;
    message[35] = 0xa8; /* -600 */
    memcpy(message + 36, lab.policy_ref.data, lab.policy_ref.size);
    check(has_second_reading(&lab, VIEW_OF_ARRAY(message), &lab.policy));
    gate_lab_stop(&lab);
}

/* Why never 0: the session is approved for good, and saved it outlives a start of the TPM. */
static void an_approval_without_end_would_outlive_the_boot(void)
{
    static const Parse as_meant = { GATE_NONCE_SIZE, 0 };
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    _cleanup_esys_ TPMS_CONTEXT *saved = NULL;
    _cleanup_bytes_ Bytes signature = { 0 };
    uint8_t message[GATE_MESSAGE_SIZE] = { 0 };

    memcpy(message, session->nonce, GATE_NONCE_SIZE);
    memcpy(message + GATE_NONCE_SIZE + 4, lab.policy_ref.data, GATE_POLICY_SIZE);
    sign_raw(&lab, VIEW_OF_ARRAY(message), &signature);
    check_int(send_parse(tpm, session->session, lab.release_key, VIEW_OF_ARRAY(message),
                         VIEW(signature), &as_meant),
              TSS2_RC_SUCCESS);
    check_int(Esys_ContextSave(tpm->esys, session->session, &saved), TSS2_RC_SUCCESS);
    tpm_context_free(tpm);
    gate_lab_reset(&lab, TPM2_SU_STATE, TPM2_SU_CLEAR);
    session->tpm = tpm = swtpm_open(&lab.swtpm);
    check_int(Esys_ContextLoad(tpm->esys, saved, &session->session), TSS2_RC_SUCCESS);
    check_int(gate_lab_unseal(&lab, session, &lab.policy), TPM_SEAL_OK);
    tpm_policy_free(session);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

static const Test tests[] = {
    { "the signed message has one reading", the_signed_message_has_one_reading },
    { "a message with a nonce of 32 bytes would have two",
      a_message_with_a_nonce_of_32_bytes_would_have_two },
    { "an approval without end would outlive the boot",
      an_approval_without_end_would_outlive_the_boot },
};

TEST_MAIN(tests)
