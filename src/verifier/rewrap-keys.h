/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys that data keys of gates of kind rewrap are wrapped to: the present one, which agents
 * have in their trust file, and older ones, which still open what was wrapped to them.
 */
#pragma once

#include "crypto/key.h"
#include "format/finding.h"

#define REWRAP_KEYS_MAX 16 /* the present one and fifteen before it */

/* Beside the present key's file; "*" is the older key's kid. */
#define REWRAP_OLD_PREFIX "rewrap-"
#define REWRAP_OLD_SUFFIX ".pem"

typedef struct RewrapKey {
    Key *key;
    char *kid; /* thumbprint (RFC 7638) */
} RewrapKey;

/* Owned: rewrap_keys_done(). Zeroed is empty. */
typedef struct RewrapKeys {
    RewrapKey items[REWRAP_KEYS_MAX]; /* the present one first */
    size_t n_items;
} RewrapKeys;

void rewrap_keys_done(RewrapKeys *keys);
#define _cleanup_rewrap_keys_ _cleanup_(rewrap_keys_done)

enum { REWRAP_KEYS_OK, REWRAP_KEYS_E_INVALID };

/*
 * The key at PATH and those kept beside it. REWRAP_KEYS_E_INVALID: FINDINGS has
 * "verifier-key-unusable" with the file. -ENOMEM, -EIO.
 */
_must_check_ int rewrap_keys_load(const char *path, Findings *findings, RewrapKeys *ret);
/* NULL: not, or no longer, ours. Borrowed. */
const Key *rewrap_keys_find(const RewrapKeys *keys, const char *kid);
/*
 * Puts a fresh key at PATH, 0600, and keeps the present one beside it under its kid. At no moment
 * is either missing. REWRAP_KEYS_E_INVALID as above; negative errno.
 */
_must_check_ int rewrap_keys_rotate(const char *path, Findings *findings);
