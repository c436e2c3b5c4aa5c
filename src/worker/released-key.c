/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA in the TPM, AES-KWP, PKCS #8. Every key on the way is wiped.
 */
#include "worker/released-key.h"

#include "base/clock.h"
#include "crypto/key-wrap.h"
#include "tpm/tpm-ephemeral.h"
#include "worker/proof-token-key.h"
#include "worker/proof-tpm.h"

#include <errno.h>

static int say_tpm(const TpmFailure *failure, int r, GateNo *no)
{
    if (r == -ENOMEM)
        return r;
    return gate_no(no, failure->finding ? failure->finding : "tpm-command-refused", failure->text);
}

static int open_tpm(const Proof *proof, GateNo *no, TpmContext **ret)
{
    const TpmContextOptions options = {
        .tcti = proof->request->evidence.tcti,
        .lock_directory = proof->request->lock_directory,
    };
    TpmFailure failure = { 0 };

    int r = tpm_context_open(&options, &failure, ret);
    return r == 0 ? GATE_STEP_OK : say_tpm(&failure, r, no);
}

static int decrypt(const Proof *proof, ByteView ciphertext, GateNo *no, Bytes *ret)
{
    _cleanup_(tpm_context_freep) TpmContext *tpm = NULL;
    _cleanup_(tpm_key_freep) TpmKey *key = NULL;
    GatePcrs pcrs;

    if (!proof_token_key_registers(proof, &pcrs))
        return gate_no(no, "maa-key-registers", NULL);
    int r = open_tpm(proof, no, &tpm);
    if (r != GATE_STEP_OK)
        return r;
    r = tpm_ephemeral_make(tpm, &pcrs, &key);
    if (r == TPM_EPHEMERAL_OK)
        r = tpm_ephemeral_decrypt(key, &pcrs, TPM_PADDING_OAEP_SHA1, ciphertext, ret);
    if (r < 0)
        return say_tpm(&tpm->failure, r, no);
    if (r == TPM_EPHEMERAL_E_PCRS)
        return gate_no(no, "vault-key-unreadable", "a register was extended since the quote");
    return r == TPM_EPHEMERAL_OK && ret->size == KEY_WRAP_KEY_SIZE
               ? GATE_STEP_OK
               : gate_no(no, "vault-key-unreadable", "wrapped to another key than this machine's");
}

static int unwrap(ByteView key, ByteView wrapped, GateNo *no, Key **ret)
{
    _cleanup_wiped_bytes_ Bytes der = { 0 };

    int r = key_unwrap(key, wrapped, &der);
    if (r > 0)
        return gate_no(no, "vault-key-unreadable", "changed on its way");
    if (r < 0)
        return r;
    r = key_from_private_der(VIEW(der), ret);
    return r > 0 ? gate_no(no, "vault-key-kind", key_reason(r)) : r;
}

int released_key_open(Proof *proof, const KeyReleaseAnswer *answer, const Key *wanted, GateNo *no,
                      Key **ret)
{
    _cleanup_wiped_bytes_ Bytes wrapping = { 0 };
    _cleanup_(key_freep) Key *key = NULL;
    uint64_t start = clock_boottime_usec(&clock_system);

    int r = decrypt(proof, VIEW(answer->encrypted_key), no, &wrapping);
    proof_count_tpm_time(proof, start);
    if (r == GATE_STEP_OK)
        r = unwrap(VIEW(wrapping), VIEW(answer->wrapped), no, &key);
    if (r != GATE_STEP_OK)
        return r;
    if (!key_equal(key, wanted))
        return gate_no(no, "vault-key-foreign", NULL);
    *ret = TAKE_PTR(key);
    return GATE_STEP_OK;
}
