/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A public key that a person gives in a file, into a JWK; and what a person is shown of one.
 */
#pragma once

#include "base/json.h"

/* The kinds of keys that are wanted somewhere. */
typedef enum PublicKeyUse {
    PUBLIC_KEY_RELEASE,  /* P-256 */
    PUBLIC_KEY_RECOVERY, /* P-256 or P-384 */
    PUBLIC_KEY_VAULT,    /* P-256, P-384, RSA of 2048 to 4096 bits; a JWK will do for PEM */
} PublicKeyUse;

/*
 * Reads the PEM of a public key for USE, which --OPTION names, as the JWK that a gate's file has, a
 * new reference. A private one is refused. 0, else an exit class with its complaint.
 */
_must_check_ int public_key_read(const char *path, const char *option, PublicKeyUse use,
                                 json_t **ret);

/*
 * What tells this key from others: the thumbprint of a JWK (RFC 7638), or the Name that a TPM gives
 * a release key, as hex. Owned; NULL: JWK is no key, or no memory. JWK may be NULL.
 */
char *public_key_thumbprint(const json_t *jwk);
char *public_key_tpm_name(const json_t *jwk);
