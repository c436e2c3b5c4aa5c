/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a register holds before the first event of a log (PC Client Platform TPM Profile, 4.6.2).
 * How PCR 0 may start otherwise is for the log to say: event-log.h, .starts_pcr0.
 */
#pragma once

#include "crypto/digest.h"
#include "format/tpm-alg.h"

/* Zeros, or ones for the registers of a late launch, 17 to 22. */
Digest pcr_start(unsigned pcr, DigestAlgorithm algorithm);
