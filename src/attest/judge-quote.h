/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A quote in the input, judged by a key from wherever: the caller's, or an HCL report's.
 */
#pragma once

#include "attest/judge.h"
#include "verify/genuine-quote.h"

/*
 * Judges quote, signature, PCR values, nonce and logs of the input with the key in AK; adds
 * "quote", "pcr_values" and "boot". RET is set, and owned, when RET_GENUINE is; it borrows from the
 * input. 0; -ENOMEM, -EIO.
 */
_must_check_ int judge_quote_by(const Judgement *judgement, ByteView ak, GenuineQuote *ret,
                                bool *ret_genuine);

/* The certificate of an attestation key. */
typedef struct JudgeAkCertificate {
    const Key *ak;
    const Certificate *leaf; /* NULL: the one among the hints that is for this key */
    const char *same_key;    /* name of the claim that it is: "ak_cert_key_is_HCLAkPub" */
} JudgeAkCertificate;

/*
 * Judges it where roots of such certificates were given: then a chain that does not lead there is a
 * failure, and so is none. Adds "ak_cert", "ak_cert_chain", "ak_cert_chain_valid". 0; -ENOMEM,
 * -EIO.
 */
_must_check_ int judge_ak_certificate(const Judgement *judgement, const JudgeAkCertificate *ask);
