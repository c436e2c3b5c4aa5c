/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the two moments the key is nowhere: the same template and registers make it again.
 */
#include "worker/proof-token-key.h"

#include "base/clock.h"
#include "crypto/aead.h"
#include "tpm/tpm-ephemeral.h"
#include "worker/proof-tpm.h"

#include <errno.h>
#include <string.h>

static int fail(Proof *proof, const char *name, const char *found)
{
    int r = findings_add(&proof->answer->findings, name, "vtpm", FINDING_FAILURE, found, NULL);

    return r < 0 ? r : PROOF_E_FAILED;
}

/* What a TPM's failure left behind. */
static int fail_tpm(Proof *proof, const TpmContext *tpm, int r)
{
    if (r == -ENOMEM || !tpm->failure.finding)
        return r;
    return fail(proof, tpm->failure.finding, tpm->failure.text);
}

bool proof_token_key_registers(const Proof *proof, GatePcrs *ret)
{
    const EvidencePcrs *quoted = &proof->evidence.vtpm.pcrs;

    *ret = (GatePcrs){ .mask = quoted->mask };
    if (quoted->bank != TPM_ALG_SHA256 || quoted->mask >> GATE_PCR_COUNT)
        return false;
    for (unsigned pcr = 0; pcr < GATE_PCR_COUNT; pcr++)
        memcpy(ret->values[pcr], quoted->values[pcr], sizeof(ret->values[pcr]));
    return true;
}

static int make(Proof *proof, TpmContext *tpm, TpmKey **ret)
{
    GatePcrs pcrs;

    if (!proof_token_key_registers(proof, &pcrs))
        return fail(proof, "maa-key-registers", NULL);
    int r = tpm_ephemeral_make(tpm, &pcrs, ret);
    if (r == TPM_EPHEMERAL_E_PCRS)
        return fail(proof, "maa-key-registers", NULL);
    return r < 0 ? fail_tpm(proof, tpm, r) : PROOF_OK;
}

int proof_make_token_key(Proof *proof, Vtpm *vtpm)
{
    _cleanup_(tpm_key_freep) TpmKey *key = NULL;
    ProofTokenKey *made = &proof->token_key;

    int r = make(proof, vtpm_context(vtpm), &key);
    if (r != PROOF_OK)
        return r;
    r = tpm_ephemeral_certify(vtpm_attestation_key(vtpm), key, &made->attest, &made->signature);
    if (r < 0)
        return fail_tpm(proof, vtpm_context(vtpm), r);
    return bytes_copy(VIEW(key->public_area), &made->public_area);
}

static int decrypt(Proof *proof, Vtpm *vtpm, ByteView ciphertext, Bytes *ret)
{
    _cleanup_(tpm_key_freep) TpmKey *key = NULL;
    GatePcrs pcrs;

    int r = make(proof, vtpm_context(vtpm), &key);
    if (r != PROOF_OK)
        return r;
    (void)proof_token_key_registers(proof, &pcrs);
    r = tpm_ephemeral_decrypt(key, &pcrs, TPM_PADDING_RSAES, ciphertext, ret);
    if (r == TPM_EPHEMERAL_E_PCRS)
        return fail(proof, "maa-token-unreadable", "a register was extended since the quote");
    if (r < 0)
        return fail_tpm(proof, vtpm_context(vtpm), r);
    if (r == TPM_EPHEMERAL_OK && ret->size == AEAD_KEY_SIZE)
        return PROOF_OK;
    return fail(proof, "maa-token-unreadable", "its key is not encrypted to ours");
}

static int open_key(Proof *proof, ByteView ciphertext, Bytes *ret)
{
    _cleanup_(vtpm_freep) Vtpm *vtpm = NULL;

    int r = proof_open_vtpm(proof, &vtpm);
    if (r != VTPM_OK)
        return r < 0 ? r : PROOF_E_FAILED;
    return decrypt(proof, vtpm, ciphertext, ret);
}

int proof_open_token(Proof *proof, const SealedToken *sealed, Bytes *ret)
{
    _cleanup_wiped_bytes_ Bytes key = { 0 };
    uint64_t start = clock_boottime_usec(&clock_system);

    int r = open_key(proof, VIEW(sealed->key), &key);
    proof_count_tpm_time(proof, start);
    if (r != PROOF_OK)
        return r;
    const Aead aead = { .key = VIEW(key),
                        .nonce = VIEW(sealed->nonce),
                        .associated = view_of_string(SEALED_TOKEN_ASSOCIATED) };
    r = aead_decrypt(&aead, VIEW(sealed->ciphertext), ret);
    if (r == AEAD_E_REFUSED)
        return fail(proof, "maa-token-unreadable", "it was changed on its way");
    return r;
}
