/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data key of a gate of kind rewrap, wrapped to the verifier's key: what the secret's file has
 * in the place of a sealed key (docs/gates.md).
 */
#pragma once

#include "base/json.h"
#include "base/wipe.h"
#include "crypto/key.h"
#include "secret/secret-file.h"

#define REWRAP_TYPE "attestd-rewrap+jwe" /* "typ" of its protected header */

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
