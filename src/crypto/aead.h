/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authenticated encryption: AES-256-GCM with a 96-bit nonce and a 128-bit tag (NIST SP 800-38D).
 */
#pragma once

#include "base/wipe.h"

#define AEAD_KEY_SIZE   32 /* bytes */
#define AEAD_NONCE_SIZE 12
#define AEAD_TAG_SIZE   16

enum {
    AEAD_OK,
    AEAD_E_REFUSED, /* key, nonce, associated data, ciphertext or tag is not the one of before */
};

/* Views borrow. A key never sees the same nonce twice. */
typedef struct Aead {
    ByteView key;        /* AEAD_KEY_SIZE */
    ByteView nonce;      /* AEAD_NONCE_SIZE */
    ByteView associated; /* authenticated, not encrypted */
} Aead;

/* RET is ciphertext ‖ tag. -EINVAL (sizes), -ENOMEM, -EIO. */
_must_check_ int aead_encrypt(const Aead *aead, ByteView plaintext, Bytes *ret);
/*
 * CIPHERTEXT is ciphertext ‖ tag. RET, to be wiped, is there only when all of it is authentic.
 * AEAD_OK, AEAD_E_REFUSED; -EINVAL, -ENOMEM, -EIO.
 */
_must_check_ int aead_decrypt(const Aead *aead, ByteView ciphertext, Bytes *ret);
