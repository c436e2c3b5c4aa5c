/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCR_Extend and PCR_Read by ESYS.
 */
#include "sim-extend.h"

#include <stdio.h>
#include <string.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

static int complain(const char *what, TSS2_RC rc)
{
    (void)fprintf(stderr, "sim-boot: %s: %s\n", what, Tss2_RC_Decode(rc));
    return SIM_EXTEND_E_TPM;
}

static int extend(ESYS_CONTEXT *esys, const SimLog *log, const SimExtension *extension)
{
    TPML_DIGEST_VALUES values = { .count = (UINT32)log->n_banks };

    for (size_t i = 0; i < log->n_banks; i++) {
        values.digests[i].hashAlg = log->banks[i].algorithm;
        memcpy(&values.digests[i].digest, extension->digests[i], log->banks[i].size);
    }
    TSS2_RC rc = Esys_PCR_Extend(esys, ESYS_TR_PCR0 + extension->pcr, ESYS_TR_PASSWORD,
                                 ESYS_TR_NONE, ESYS_TR_NONE, &values);
    return rc == TSS2_RC_SUCCESS ? SIM_EXTEND_OK : complain("PCR_Extend", rc);
}

/* Reads one PCR: a read of many may return fewer than were asked for. */
static int compare(ESYS_CONTEXT *esys, const SimLog *log, size_t bank, uint32_t pcr)
{
    TPML_PCR_SELECTION selection = {
        .count = 1,
        .pcrSelections[0] = { .hash = log->banks[bank].algorithm, .sizeofSelect = 3 },
    };
    TPML_DIGEST *values = NULL;

    selection.pcrSelections[0].pcrSelect[pcr / 8] = (BYTE)(1u << pcr % 8);
    TSS2_RC rc = Esys_PCR_Read(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &selection, NULL,
                               NULL, &values);
    if (rc != TSS2_RC_SUCCESS)
        return complain("PCR_Read", rc);
    const bool equal =
        values->count == 1 && values->digests[0].size == log->banks[bank].size &&
        memcmp(values->digests[0].buffer, log->pcrs[bank][pcr], log->banks[bank].size) == 0;
    Esys_Free(values);
    if (equal)
        return SIM_EXTEND_OK;
    (void)fprintf(stderr, "sim-boot: PCR %u of %s is not what the log says: not a fresh TPM?\n",
                  pcr, log->banks[bank].name);
    return SIM_EXTEND_E_VALUE;
}

static int extend_all(ESYS_CONTEXT *esys, const SimLog *log)
{
    int r = SIM_EXTEND_OK;

    for (size_t i = 0; r == SIM_EXTEND_OK && i < log->n_extensions; i++)
        r = extend(esys, log, &log->extensions[i]);
    for (size_t bank = 0; r == SIM_EXTEND_OK && bank < log->n_banks; bank++)
        for (uint32_t pcr = 0; r == SIM_EXTEND_OK && pcr < SIM_N_PCRS; pcr++)
            r = compare(esys, log, bank, pcr);
    return r;
}

int sim_extend(const SimLog *log, const char *tcti)
{
    TSS2_TCTI_CONTEXT *transport = NULL;
    ESYS_CONTEXT *esys = NULL;

    TSS2_RC rc = Tss2_TctiLdr_Initialize(tcti, &transport);
    if (rc != TSS2_RC_SUCCESS)
        return complain(tcti, rc);
    rc = Esys_Initialize(&esys, transport, NULL);
    int r = rc == TSS2_RC_SUCCESS ? extend_all(esys, log) : complain(tcti, rc);
    Esys_Finalize(&esys);
    Tss2_TctiLdr_Finalize(&transport);
    return r;
}
