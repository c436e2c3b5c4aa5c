/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers: which banks are active, reading more than eight, extending one.
 */
#include "tpm/tpm-pcr.h"

#include <string.h>

#define SELECT_SIZE 3 /* octets for 24 registers, PC Client profile */
#define ALL_PCRS    0xffffffu
#define CAP_EVENT   "attestd cap 1"

TPML_PCR_SELECTION tpm_pcr_selection_list(TpmSelection selection)
{
    TPML_PCR_SELECTION list = { .count = 1 };
    TPMS_PCR_SELECTION *only = &list.pcrSelections[0];

    only->hash = selection.bank;
    only->sizeofSelect = SELECT_SIZE;
    for (unsigned i = 0; i < SELECT_SIZE; i++)
        only->pcrSelect[i] = (uint8_t)(selection.pcrs >> (8 * i));
    return list;
}

static uint32_t mask_of(const TPMS_PCR_SELECTION *selection)
{
    uint32_t mask = 0;

    for (unsigned i = 0; i < MIN(selection->sizeofSelect, SELECT_SIZE); i++)
        mask |= (uint32_t)selection->pcrSelect[i] << (8 * i);
    return mask;
}

int tpm_pcr_check_bank(TpmContext *tpm, TpmSelection selection)
{
    _cleanup_esys_ TPMS_CAPABILITY_DATA *data = NULL;
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    if (selection.pcrs == 0 || (selection.pcrs & ~ALL_PCRS))
        return TPM_PCR_E_SELECTION;
    if (tpm_alg_digest_size(selection.bank) == 0)
        return TPM_PCR_E_BANK_UNKNOWN;
    do
        rc = Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_PCRS,
                                0, 1, NULL, &data);
    while (tpm_retry(&patience, rc));

    int r = tpm_result(tpm, "TPM2_GetCapability", rc);
    if (r < 0)
        return r;

    const TPML_PCR_SELECTION *assigned = &data->data.assignedPCR;
    for (size_t i = 0; i < MIN(assigned->count, TPM2_NUM_PCR_BANKS); i++)
        if (assigned->pcrSelections[i].hash == selection.bank)
            return (selection.pcrs & ~mask_of(&assigned->pcrSelections[i]))
                       ? TPM_PCR_E_BANK_INACTIVE
                       : TPM_PCR_OK;
    return TPM_PCR_E_BANK_UNKNOWN;
}

/* Stores what one call returned: digests stand in ascending order of their register. */
static int store(EvidencePcrs *pcrs, uint32_t returned, const TPML_DIGEST *digests)
{
    size_t used = 0;

    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
        if (!(returned & (1u << pcr)))
            continue;
        if (used >= digests->count)
            return TPM_PCR_E_INCOMPLETE;

        const TPM2B_DIGEST *value = &digests->digests[used++];
        if (!evidence_pcrs_set(pcrs, pcr, (ByteView){ .data = value->buffer, .size = value->size }))
            return TPM_PCR_E_INCOMPLETE;
    }
    return used == digests->count ? TPM_PCR_OK : TPM_PCR_E_INCOMPLETE;
}

/* Reads some of the LEFT registers and clears them there. */
static int read_some(TpmContext *tpm, EvidencePcrs *pcrs, uint32_t *left)
{
    _cleanup_esys_ TPML_PCR_SELECTION *read = NULL;
    _cleanup_esys_ TPML_DIGEST *digests = NULL;
    TPML_PCR_SELECTION wanted = tpm_pcr_selection_list((TpmSelection){ pcrs->bank, *left });
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    do
        rc = Esys_PCR_Read(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &wanted, NULL,
                           &read, &digests);
    while (tpm_retry(&patience, rc));

    int r = tpm_result(tpm, "TPM2_PCR_Read", rc);
    if (r < 0)
        return r;
    if (read->count != 1 || read->pcrSelections[0].hash != pcrs->bank)
        return TPM_PCR_E_INCOMPLETE;

    uint32_t returned = mask_of(&read->pcrSelections[0]);
    if (returned == 0 || (returned & ~*left))
        return TPM_PCR_E_INCOMPLETE;
    *left &= ~returned;
    return store(pcrs, returned, digests);
}

int tpm_pcr_read(TpmContext *tpm, TpmSelection selection, EvidencePcrs *ret)
{
    EvidencePcrs pcrs = {
        .bank = selection.bank,
        .digest_size = tpm_alg_digest_size(selection.bank),
    };
    uint32_t left = selection.pcrs;

    if (left == 0 || (left & ~ALL_PCRS))
        return TPM_PCR_E_SELECTION;
    if (pcrs.digest_size == 0)
        return TPM_PCR_E_BANK_UNKNOWN;
    while (left != 0) {
        int r = read_some(tpm, &pcrs, &left);
        if (r != TPM_PCR_OK)
            return r;
    }
    *ret = pcrs;
    return TPM_PCR_OK;
}

ByteView tpm_pcr_cap_event(void)
{
    return view_of_string(CAP_EVENT);
}

int tpm_pcr_extend(TpmContext *tpm, unsigned pcr, ByteView event)
{
    TPM2B_EVENT data = { .size = (uint16_t)event.size };
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    if (pcr >= TPM_PCR_COUNT || event.size == 0 || event.size > sizeof(data.buffer))
        return TPM_PCR_E_SELECTION;
    memcpy(data.buffer, event.data, event.size);
    do
        rc = Esys_PCR_Event(tpm->esys, ESYS_TR_PCR0 + pcr, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                            ESYS_TR_NONE, &data, NULL);
    while (tpm_retry(&patience, rc));
    return tpm_result(tpm, "TPM2_PCR_Event", rc);
}
