/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the claims become report data and qualifying data: the critical formula, alone in a file.
 * REPORT_DATA = SHA-512(claims bytes); qualifyingData = SHA-256(claims bytes).
 */
#pragma once

#include "base/bytes.h"

#define BINDING_REPORT_DATA_SIZE     64 /* bytes of REPORT_DATA, SNP ABI 7.3 */
#define BINDING_QUALIFYING_DATA_SIZE 32 /* bytes every TPM accepts as qualifyingData */

/* CLAIMS are the exact bytes that travel in the evidence. 0 or negative errno. */
_must_check_ int binding_report_data(ByteView claims, uint8_t ret[static BINDING_REPORT_DATA_SIZE]);
_must_check_ int binding_qualifying_data(ByteView claims,
                                         uint8_t ret[static BINDING_QUALIFYING_DATA_SIZE]);
