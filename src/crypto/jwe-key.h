/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside this folder, and for its tests: from two elliptic keys to the key that wraps a JWE's
 * content key (RFC 7518 4.6), and that wrapping (RFC 3394); and its encryption to an RSA key (RFC
 * 7518 4.3).
 */
#pragma once

#include "crypto/key.h"

#define JWE_KEY_SIZE         32 /* bytes: of the wrapping key and of the content key */
#define JWE_WRAPPED_KEY_SIZE 40

/* The names that go into the key, RFC 7518 4.6.2. Views borrow. */
typedef struct JweContext {
    const char *algorithm; /* "ECDH-ES+A256KW" */
    ByteView apu, apv;
} JweContext;

/* A key of JWE_KEY_SIZE bytes. To be wiped: jwe_key_wipe(). */
typedef struct JweKey {
    uint8_t data[JWE_KEY_SIZE];
} JweKey;

void jwe_key_wipe(JweKey *key);
#define _cleanup_jwe_key_ _cleanup_(jwe_key_wipe)

/*
 * Concat KDF with SHA-256 over the agreed SECRET (NIST SP 800-56A 5.8.1): the first SIZE bytes, at
 * most JWE_KEY_SIZE, of RET, which SIZE is hashed into. -EINVAL, -ENOMEM, -EIO.
 */
_must_check_ int jwe_derive(ByteView secret, const JweContext *context, size_t size, JweKey *ret);
/*
 * The wrapping key of KEY, which has a private half, and PEER, of the same curve. KEY_OK,
 * KEY_E_INVALID: they do not go together; -ENOMEM, -EIO.
 */
_must_check_ int jwe_agree(const Key *key, const Key *peer, const JweContext *context, JweKey *ret);

/* -ENOMEM, -EIO. */
_must_check_ int jwe_wrap_key(const JweKey *wrapping, const JweKey *content,
                              uint8_t ret[static JWE_WRAPPED_KEY_SIZE]);
/* WRAPPED has JWE_WRAPPED_KEY_SIZE bytes. KEY_OK, KEY_E_INVALID: not by this key; -ENOMEM, -EIO. */
_must_check_ int jwe_unwrap_key(const JweKey *wrapping, ByteView wrapped, JweKey *ret);

/* RSA-OAEP with SHA-256 and MGF1 of the same, to the public half of KEY. -ENOMEM, -EIO. */
_must_check_ int jwe_encrypt_key(const Key *key, const JweKey *content, Bytes *ret);
/*
 * Back by the private half of KEY. What is not to this key becomes a random key, which opens
 * nothing: who sent it learns no more than that (RFC 7516 11.5). 0; -ENOMEM, -EIO.
 */
_must_check_ int jwe_decrypt_key(const Key *key, ByteView encrypted, JweKey *ret);
