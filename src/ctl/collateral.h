/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificates that evidence lacks: from the cache, and when that was asked for from AMD's key
 * distribution service (spec SNP 5.4). What comes is a hint like any other certificate.
 */
#pragma once

#include "base/bytes.h"
#include "ctl/verb.h"
#include "format/finding.h"

#include <attest/input.h>

#define COLLATERAL_KDS_URL "https://kdsintf.amd.com"

/* May --fetch, --cache and the options that go with them stand together? 0, else an exit class. */
_must_check_ int collateral_check_options(const Options *options);

/*
 * Judges INPUT as it is, and adds what is missing as far as it can be had; FINDINGS are the
 * warnings that tell why not. EVIDENCE is what was given as evidence; empty for the raw forms. 0,
 * else an exit class.
 */
_must_check_ int collateral_complete(const Options *options, ByteView evidence, attest_input *input,
                                     Findings *findings);
