/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON Web Token and a key set as JSON; nothing is believed here.
 */
#pragma once

#include "base/json.h"

enum {
    DESCRIBE_TOKEN_OK,
    DESCRIBE_TOKEN_E_FORM, /* not three parts, or they are not base64url of JSON objects */
};

/* White space around a token, as files have it, is none of it. */
ByteView token_trim(ByteView text);
/*
 * {"header", "claims", "signature_size"}. DESCRIBE_TOKEN_OK sets RET, a new reference;
 * DESCRIBE_TOKEN_E_FORM; -ENOMEM.
 */
_must_check_ int describe_token(ByteView text, json_t **ret);
/*
 * [{"kid", "alg", "certs"}…] of a JWK set that was parsed, as it says; null where it says
 * nothing. A new reference. -ENOMEM, -EIO.
 */
_must_check_ int describe_jwks(const json_t *set, json_t **ret);
