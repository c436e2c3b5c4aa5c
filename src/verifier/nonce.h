/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nonces that need no memory: time ‖ random ‖ MAC. A nonce is ours, for this verifier and fresh, or
 * it is not; nothing is stored between the two requests of a round (docs/protocols.md, Nonce).
 */
#pragma once

#include "base/bytes.h"
#include "base/wipe.h"

#define NONCE_RANDOM_SIZE 16
#define NONCE_MAC_SIZE    32 /* HMAC-SHA-256 */
#define NONCE_SIZE        (8 + NONCE_RANDOM_SIZE + NONCE_MAC_SIZE)
#define NONCE_LIFE_SEC    120 /* a hardware report may take 90 s when the firmware is throttled */
#define NONCE_SKEW_SEC    5   /* clocks of several instances, and small steps of one */
#define NONCE_KEY_SIZE    32

/* The file: the current key, then, after a rotation, the one before it. Owned; zeroed is empty. */
typedef struct NonceKeys {
    Secret *current;
    Secret *previous; /* NULL: never rotated */
} NonceKeys;

void nonce_keys_done(NonceKeys *keys);
#define _cleanup_nonce_keys_ _cleanup_(nonce_keys_done)

enum {
    NONCE_OK,
    NONCE_E_UNKNOWN, /* not made with our keys, or for another verifier */
    NONCE_E_EXPIRED,
    NONCE_E_EARLY, /* from the future: our clock stepped back */
    NONCE_E_KEYS,  /* the key file does not have 32 or 64 bytes */
};

/* NONCE_OK or NONCE_E_KEYS; negative errno. */
_must_check_ int nonce_keys_load(const char *path, NonceKeys *ret);
/* Writes a fresh current key to PATH, 0600; OLD (may be NULL) becomes the previous one. */
_must_check_ int nonce_keys_write(const char *path, const NonceKeys *old);

/* A nonce of NONCE_SIZE bytes under the current key. -ENOMEM, -EIO. */
_must_check_ int nonce_make(const NonceKeys *keys, const char *verifier_id, uint64_t now_sec,
                            Bytes *ret);

typedef struct NonceFacts {
    uint64_t issued_sec; /* since 1970, our wall clock */
    const Secret *key;   /* the one that made it; borrowed */
} NonceFacts;

/*
 * The MAC is compared in constant time, before the time inside is looked at. NONCE_OK or a named
 * no; -ENOMEM, -EIO.
 */
_must_check_ int nonce_verify(const NonceKeys *keys, const char *verifier_id, ByteView nonce,
                              uint64_t now_sec, NonceFacts *ret);
