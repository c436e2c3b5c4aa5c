/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pin of the storage key, and the session behind it.
 */
#include "tpm/tpm-salt.h"

#include "crypto/gate.h"
#include "tpm/tpm-answer.h"

#define AES_BITS 128

static const char *finding_of(int no)
{
    return no == TPM_SALT_E_OTHER_KEY ? "tpm-storage-key-changed" : "tpm-session-lost";
}

static const TpmNo rows[] = { TPM_NO_GONE(TPM_SALT_E_GONE) };
static const TpmNoTable noes = { rows, ELEMENTSOF(rows), finding_of };

/*
 * key->name is what the library computes from the public area that it will encrypt the salt to
 * (tpm2-tss 3.2.1: Esys_TR_GetName()), never a Name that came over the bus. The area beside it is a
 * reading of its own.
 */
static int check_pin(const TpmKey *key, ByteView pinned)
{
    TpmName name;

    int r = tpm_name_of(VIEW(key->public_area), &name);
    if (r < 0)
        return r;
    return r == GATE_OK && view_equal(tpm_name_view(&name), pinned) &&
                   view_equal(VIEW(key->name), pinned)
               ? TPM_SALT_OK
               : TPM_SALT_E_OTHER_KEY;
}

int tpm_salted_session(const TpmKey *key, ByteView pinned, TPMA_SESSION direction, ESYS_TR *ret)
{
    const TPMT_SYM_DEF symmetric = {
        .algorithm = TPM2_ALG_AES,
        .keyBits.aes = AES_BITS,
        .mode.aes = TPM2_ALG_CFB,
    };
    TpmContext *tpm = key->tpm;
    ESYS_TR session = ESYS_TR_NONE;
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    int r = check_pin(key, pinned);
    if (r > 0)
        return tpm_say_no(tpm, &noes, r, "the storage key has another Name");
    if (r < 0)
        return r;
    do
        rc = Esys_StartAuthSession(tpm->esys, key->handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                   ESYS_TR_NONE, NULL, TPM2_SE_HMAC, &symmetric, TPM2_ALG_SHA256,
                                   &session);
    while (tpm_retry(&patience, rc));
    r = tpm_answer(tpm, &noes, "TPM2_StartAuthSession", rc);
    if (r != TPM_SALT_OK)
        return r;
    r = tpm_result(tpm, "Esys_TRSess_SetAttributes",
                   Esys_TRSess_SetAttributes(tpm->esys, session, direction, direction));
    if (r < 0) {
        tpm_flush(tpm, &session);
        return r;
    }
    *ret = session;
    return TPM_SALT_OK;
}
