/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first half of a round: a nonce, and for those who show an AK and an EK a credential that only
 * the TPM with both can open. Its secret is derived, not remembered.
 */
#pragma once

#include "verifier/nonce.h"

#include "crypto/digest.h"

#define CHALLENGE_BODY_MAX        ((size_t)16 << 10) /* bytes; two keys and a certificate need 4 KiB */
#define CHALLENGE_CERTIFICATE_MAX ((size_t)8 << 10) /* bytes of DER */

enum {
    CHALLENGE_OK,
    CHALLENGE_E_MALFORMED, /* not the JSON asked for */
    CHALLENGE_E_KEYS,      /* public areas that cannot be read or take no credential */
};

/*
 * Answers the body of POST /challenge: {} or {"ak_public", "ek_public"[, "ek_certificate"]}. RET is
 * JSON. CHALLENGE_OK or a named no, then with static text in RETERR_CAUSE; -ENOMEM, -EIO.
 */
_must_check_ int challenge_answer(const NonceKeys *keys, const char *verifier_id, uint64_t now_sec,
                                  ByteView body, const char **reterr_cause, Bytes *ret);

/*
 * The secret in the credential that went with NONCE for this AK and EK (TPMT_PUBLIC each), which
 * must come back in the claims. FACTS are those of nonce_verify(). CHALLENGE_OK or CHALLENGE_E_KEYS
 * with RETERR_CAUSE; -ENOMEM, -EIO. Wipe RET after use.
 */
_must_check_ int challenge_secret(const NonceFacts *facts, ByteView nonce, ByteView ak_public,
                                  ByteView ek_public, const char **reterr_cause, Digest *ret);
