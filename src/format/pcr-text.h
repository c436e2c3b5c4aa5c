/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text form of a PCR file, and how any form adds to one. For pcr-file.c alone.
 */
#pragma once

#include "format/pcr-file.h"

/*
 * What tpm2_pcrread prints: a bank's name and a colon on a line, then lines "  0 : 0x…" in hex of
 * either case. PCR_FILE_OK or a named no; -ENOMEM.
 */
_must_check_ int pcr_text_read(ByteView bytes, PcrFile *file);

/* PCR_FILE_OK, PCR_FILE_E_BANK. RET is borrowed from FILE. */
_must_check_ int pcr_file_add_bank(PcrFile *file, uint16_t bank, EvidencePcrs **ret);
/* PCR_FILE_OK, PCR_FILE_E_PCR, PCR_FILE_E_VALUE; -ENOMEM. */
_must_check_ int pcr_file_add_hex(EvidencePcrs *pcrs, unsigned pcr, const char *hex);
/* A decimal number of up to three digits and nothing else. */
_must_check_ bool pcr_file_number(const char *text, unsigned *ret);
