/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Web Encryption to one key, compact (RFC 7516, RFC 7518 4.3, 4.6 and 5.3): A256GCM, with
 * ECDH-ES+A256KW over P-256 or P-384 or with RSA-OAEP-256 of 2048 to 4096 bits, and nothing else.
 */
#pragma once

#include "base/json.h"
#include "base/wipe.h"
#include "crypto/key.h"
#include "format/jwe-text.h"

#define JWE_PARTY_INFO_MAX 64   /* bytes of apu and of apv */
#define JWE_RSA_BITS_MAX   4096 /* what fits JWE_TEXT_MAX with every header there is */

/* How the content key is encrypted: the type of the key that opens it decides. */
typedef enum JweAlgorithm {
    JWE_ECDH_ES_A256KW,
    JWE_RSA_OAEP_256,
} JweAlgorithm;

enum {
    JWE_OK,
    JWE_E_MALFORMED, /* not five parts of strict base64url with sizes and members as they must be */
    JWE_E_ALGORITHM, /* another alg or enc; or crit, or zip */
    JWE_E_KEY,       /* our own key: of no usable type or size, or without its private half */
    JWE_E_OPEN,      /* not for this key, not for this apv, or changed: nothing says which */
};

/* A word for each of the above, for error texts. */
const char *jwe_reason(int reason);

/*
 * Seals PLAINTEXT to RECIPIENT with a key pair made for it alone. MEMBERS, which may be NULL, go
 * into the protected header as they are ("kid", "typ", …); those of this format (alg, enc, epk,
 * apu, apv, crit, zip) are not theirs to set. APV may be empty, and is so for an RSA key. RET is
 * owned text of at most JWE_TEXT_MAX characters. JWE_OK, JWE_E_KEY; -EINVAL: such a member, no
 * plaintext, an apv too long or for an RSA key; -E2BIG: the text would be; -ENOMEM, -EIO.
 */
_must_check_ int jwe_seal(const Key *recipient, const json_t *members, ByteView apv,
                          ByteView plaintext, char **ret);

/* As read: believed by nobody until jwe_open() says so. Owned: jwe_parts_done(). Zeroed is empty.
 */
typedef struct JweParts {
    json_t *header; /* the protected header */
    JweAlgorithm algorithm;
    Bytes associated;    /* its base64url, as it stands in the text: authenticated */
    Bytes apu;           /* size 0: absent */
    Bytes apv;           /* the same */
    Bytes encrypted_key; /* 40 bytes; with RSA as many as the modulus has, 256 to 512 */
    Bytes nonce;         /* 12 bytes */
    Bytes ciphertext;    /* and its 16 bytes of tag */
} JweParts;

void jwe_parts_done(JweParts *parts);
#define _cleanup_jwe_parts_ _cleanup_(jwe_parts_done)

/* JWE_OK, JWE_E_MALFORMED, JWE_E_ALGORITHM; -ENOMEM. */
_must_check_ int jwe_parse(const char *compact, JweParts *ret);
/*
 * Opens with KEY, when apv is EXPECTED_APV (empty: when there is none). After JWE_OK the header is
 * that of whoever sealed, too. JWE_E_KEY, JWE_E_OPEN; -ENOMEM, -EIO, and those of secret_new().
 */
_must_check_ int jwe_open(const Key *key, const JweParts *parts, ByteView expected_apv,
                          Secret **ret);
