/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libattest: judges evidence of confidential VMs (SEV-SNP, TPM quotes, event logs, Azure HCL, TDX)
 * and tokens. No I/O, no log, no clock, no global state: bytes in, verdict and findings out.
 *
 * Functions that can fail return an int: below 0 our own failure, a negative errno; 0 yes; above 0
 * a named no of that function. So "if (r)" fails closed. Outputs come last, are called ret and stay
 * untouched unless said otherwise.
 */
#pragma once

#include <attest/input.h>
#include <attest/policy.h>
#include <attest/result.h>
#include <attest/verify.h>

ATTEST_BEGIN_DECLS

#define ATTEST_VERSION "0.1.0"

/* The version of the library that is loaded, "0.1.0". Static. */
ATTEST_API const char *attest_version(void);

ATTEST_END_DECLS
