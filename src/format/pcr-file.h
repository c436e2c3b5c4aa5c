/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCR values as tools leave them in files: a JSON object of banks, the binary file of tpm2_quote
 * and tpm2_pcrread (tpm2-tools 4 and 5), or the text that tpm2_pcrread prints. Whose word the
 * values are is another question.
 */
#pragma once

#include "format/bundle.h"

#define PCR_FILE_SIZE_MAX  (64U << 10) /* bytes; all PCRs of four banks have 26 KiB as JSON */
#define PCR_FILE_BANKS_MAX 8

typedef struct PcrFile {
    EvidencePcrs banks[PCR_FILE_BANKS_MAX]; /* in the order of the file; none empty */
    size_t n_banks;
} PcrFile;

enum {
    PCR_FILE_OK,
    PCR_FILE_E_SIZE,   /* more than PCR_FILE_SIZE_MAX bytes */
    PCR_FILE_E_SYNTAX, /* none of the three forms, cut short, or bytes left over */
    PCR_FILE_E_BANK,   /* a bank that is unknown, there twice or empty, or too many of them */
    PCR_FILE_E_PCR,    /* a PCR above 23, or one twice */
    PCR_FILE_E_VALUE,  /* a value that is not a digest of its bank */
};

/*
 * Told apart by the first bytes. The JSON: {"sha256": {"0": hex, …}} or {"sha256": [hex of PCR 0,
 * …]}. PCR_FILE_OK or a named no; -ENOMEM.
 */
_must_check_ int pcr_file_parse(ByteView bytes, PcrFile *ret);
/* A word for each of the above, for error texts. */
const char *pcr_file_reason(int reason);
/* NULL when it is not there. Borrowed. */
const EvidencePcrs *pcr_file_bank(const PcrFile *file, uint16_t bank);
