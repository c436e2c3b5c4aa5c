/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The release key, and the one that is to follow it: machines seal to both before the second one
 * signs, so that nothing stays shut when it does. Files beside the release key's own.
 */
#pragma once

#include "verifier/config.h"

#include "crypto/key.h"

/* Beside the release key's file; "*" is the kid of a key that was replaced. */
#define RELEASE_NEXT_NAME  "release-next.pem"
#define RELEASE_OLD_PREFIX "release-"
#define RELEASE_OLD_SUFFIX ".pem"

enum {
    RELEASE_KEYS_OK,
    RELEASE_KEYS_E_ABSENT,  /* there is no next one */
    RELEASE_KEYS_E_INVALID, /* FINDINGS has "verifier-key-unusable" with the file */
};

/*
 * The next release key: a P-256 key pair that is neither the present one nor the token key. _OK,
 * _E_ABSENT, _E_INVALID; -ENOMEM, -EIO.
 */
_must_check_ int release_key_next_load(const VerifierConfig *config, Findings *findings, Key **ret);
/*
 * Makes the next release key, 0600, unless it is there, which then is as good: secrets may be
 * sealed to it. RET: it was made. _OK, _E_INVALID; negative errno.
 */
_must_check_ int release_key_next_make(const VerifierConfig *config, Findings *findings, bool *ret);
/*
 * Puts the next key in the place of the present one, which is kept beside it under its kid. One
 * rename: whenever this is cut off, a release key is there and none is lost, and it can be called
 * again. _OK, _E_ABSENT, _E_INVALID; negative errno.
 */
_must_check_ int release_key_rotate(const VerifierConfig *config, Findings *findings);
