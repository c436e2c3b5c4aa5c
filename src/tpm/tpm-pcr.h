/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of platform configuration registers, and which banks have any. A bank and its registers
 * are a TpmSelection, values are EvidencePcrs, as everywhere.
 */
#pragma once

#include "format/bundle.h"
#include "format/tpm-attest.h"
#include "tpm/tpm-context.h"

enum {
    TPM_PCR_OK,
    TPM_PCR_E_BANK_UNKNOWN,  /* this TPM does not implement the bank, or we do not */
    TPM_PCR_E_BANK_INACTIVE, /* implemented, and not allocated to all registers wanted */
    TPM_PCR_E_SELECTION,     /* empty, or beyond PCR 23 */
    TPM_PCR_E_INCOMPLETE,    /* the TPM did not return every register */
};

/* To be asked before quoting: a quote of an inactive bank succeeds and says nothing. */
_must_check_ int tpm_pcr_check_bank(TpmContext *tpm, TpmSelection selection);
/* Reads every selected register, eight a call. A named no or negative errno. */
_must_check_ int tpm_pcr_read(TpmContext *tpm, TpmSelection selection, EvidencePcrs *ret);
/*
 * Extends PCR in every allocated bank with that bank's digest of EVENT, 1 to 1024 bytes.
 * _OK, _E_SELECTION; negative errno.
 */
_must_check_ int tpm_pcr_extend(TpmContext *tpm, unsigned pcr, ByteView event);
/* The event that closes gates until the TPM is reset (docs/gates.md). */
ByteView tpm_pcr_cap_event(void);
/* The one bank as TPML_PCR_SELECTION, with three octets. */
TPML_PCR_SELECTION tpm_pcr_selection_list(TpmSelection selection);
