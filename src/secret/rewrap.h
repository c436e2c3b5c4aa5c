/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data key of a gate of kind rewrap, wrapped to the verifier's key, or of kind key-release, to
 * the key in the vault: what the secret's file has in the place of a sealed key (docs/gates.md).
 */
#pragma once

#include "base/json.h"
#include "base/wipe.h"
#include "crypto/key.h"
#include "secret/secret-file.h"

/* "typ" of the protected header of each. */
#define REWRAP_TYPE      "attestd-rewrap+jwe"
#define KEY_RELEASE_TYPE "attestd-key-release+jwe"

/* For whom, and bound to what. Borrowed. */
typedef struct RewrapTarget {
    const Key *key;     /* the verifier's, P-256 */
    const char *kid;    /* of it; NULL: its thumbprint */
    const json_t *bind; /* {"ak-name":B64U,…} or "fleet"; as it is to stand in the header */
} RewrapTarget;

/*
 * A compact JWE of DATA_KEY, its protected header: alg, enc, epk, kid, typ, gate, name, id
 * (base64url as in the secret's header), version, bind. RET is owned. -EINVAL: a key that is not
 * P-256, or more than JWE_TEXT_MAX characters; -ENOMEM, -EIO.
 */
_must_check_ int rewrap_wrap(const RewrapTarget *target, const SecretHeader *header,
                             const Secret *data_key, char **ret);
/*
 * The same for KEY, the public half of the vault's: P-256, P-384, or RSA of 2048 to 4096 bits,
 * which has no epk. kid is its thumbprint; what it is released to, its own policy says, so that
 * there is no bind. -EINVAL: another key; -ENOMEM, -EIO.
 */
_must_check_ int key_release_wrap(const Key *key, const SecretHeader *header,
                                  const Secret *data_key, char **ret);
