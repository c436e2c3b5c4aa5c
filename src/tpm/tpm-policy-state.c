/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PolicyNV and PolicyPCR: what must be the state of the TPM itself (TPM 2.0 Part 3, 23.7, 23.9).
 */
#include "tpm/tpm-answer.h"
#include "tpm/tpm-pcr.h"
#include "tpm/tpm-policy.h"

#include <string.h>

/* An index that is gone, was never counted, or is further. */
static const TpmNo nv_rows[] = {
    { TPM2_RC_POLICY, TPM_POLICY_E_COUNTER },
    { TPM2_RC_NV_UNINITIALIZED, TPM_POLICY_E_COUNTER },
    { TPM2_RC_NV_AUTHORIZATION, TPM_POLICY_E_COUNTER },
    { TPM2_RC_AUTH_FAIL, TPM_POLICY_E_COUNTER },
    { TPM2_RC_BAD_AUTH, TPM_POLICY_E_COUNTER },
    TPM_NO_GONE(TPM_POLICY_E_SESSION),
};

static const TpmNo pcr_rows[] = {
    { TPM2_RC_VALUE, TPM_POLICY_E_PCRS },
    { TPM2_RC_PCR_CHANGED, TPM_POLICY_E_PCRS },
    TPM_NO_GONE(TPM_POLICY_E_SESSION),
};

static const TpmNoTable nv_noes = { nv_rows, ELEMENTSOF(nv_rows), tpm_policy_finding };
static const TpmNoTable pcr_noes = { pcr_rows, ELEMENTSOF(pcr_rows), tpm_policy_finding };

static int open_counter(TpmContext *tpm, uint32_t index, ESYS_TR *ret)
{
    int r = tpm_handle_exists(tpm, index);

    if (r < 0)
        return r;
    if (r != TPM_HANDLE_OK)
        return tpm_say_no(tpm, &nv_noes, TPM_POLICY_E_COUNTER, "the counter is not there");
    TSS2_RC rc =
        Esys_TR_FromTPMPublic(tpm->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ret);
    return tpm_answer(tpm, &nv_noes, "TPM2_NV_ReadPublic", rc);
}

/* The TPM takes any index that satisfies the comparison; the digest would then be another. */
static int check_name(TpmContext *tpm, ESYS_TR counter, ByteView name)
{
    _cleanup_esys_ TPM2B_NAME *found = NULL;

    int r = tpm_result(tpm, "Esys_TR_GetName", Esys_TR_GetName(tpm->esys, counter, &found));
    if (r < 0)
        return r;
    return view_equal((ByteView){ found->name, found->size }, name)
               ? TPM_POLICY_OK
               : tpm_say_no(tpm, &nv_noes, TPM_POLICY_E_COUNTER, "the counter was defined anew");
}

static int compare(TpmPolicy *policy, ESYS_TR counter, uint64_t most)
{
    TPM2B_OPERAND operand = { .size = GATE_COUNTER_SIZE };
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    for (size_t i = 0; i < GATE_COUNTER_SIZE; i++)
        operand.buffer[i] = (uint8_t)(most >> (56 - 8 * i));
    do
        rc = Esys_PolicyNV(policy->tpm->esys, counter, counter, policy->session, ESYS_TR_PASSWORD,
                           ESYS_TR_NONE, ESYS_TR_NONE, &operand, 0, TPM2_EO_UNSIGNED_LE);
    while (tpm_retry(&patience, rc));
    return tpm_answer(policy->tpm, &nv_noes, "TPM2_PolicyNV", rc);
}

int tpm_policy_nv(TpmPolicy *policy, uint32_t index, ByteView name, uint64_t most)
{
    ESYS_TR counter = ESYS_TR_NONE;

    int r = open_counter(policy->tpm, index, &counter);
    if (r != TPM_POLICY_OK)
        return r;
    r = check_name(policy->tpm, counter, name);
    if (r == TPM_POLICY_OK)
        r = compare(policy, counter, most);
    tpm_close_handle(policy->tpm, &counter);
    return r;
}

int tpm_policy_pcr(TpmPolicy *policy, const GatePcrs *pcrs)
{
    const TPML_PCR_SELECTION selection =
        tpm_pcr_selection_list((TpmSelection){ TPM2_ALG_SHA256, pcrs->mask });
    TPM2B_DIGEST wanted = { .size = TPM2_SHA256_DIGEST_SIZE };
    TpmPatience patience = { 0 };
    Digest values;
    TSS2_RC rc;

    int r = gate_pcrs_digest(pcrs, &values);
    if (r < 0)
        return r;
    if (r != GATE_OK)
        return tpm_say_no(policy->tpm, &pcr_noes, TPM_POLICY_E_MALFORMED, gate_reason(r));
    memcpy(wanted.buffer, values.data, wanted.size);
    do
        rc = Esys_PolicyPCR(policy->tpm->esys, policy->session, ESYS_TR_NONE, ESYS_TR_NONE,
                            ESYS_TR_NONE, &wanted, &selection);
    while (tpm_retry(&patience, rc));
    return tpm_answer(policy->tpm, &pcr_noes, "TPM2_PolicyPCR", rc);
}
