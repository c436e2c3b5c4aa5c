/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy that a data key is sealed with, computed from the header: PolicySigned by the release
 * key over the gate's policyRef, or PolicyOR of that and the next release key's (docs/gates.md).
 */
#pragma once

#include "crypto/gate.h"
#include "secret/secret-file.h"

typedef struct SecretPolicy {
    Digest policy_ref; /* of the header's gate and AK Name */
    bool has_next;
    Digest current; /* PolicySigned by the present release key */
    Digest next;    /* by the next one; valid when has_next */
    Digest digest;  /* of the sealed object: current, or PolicyOR(current, next) */
} SecretPolicy;

enum { SECRET_POLICY_OK, SECRET_POLICY_E_NAME /* the header holds a Name that is none */ };

/* Named no; -ENOMEM, -EIO. */
_must_check_ int secret_policy_of(const SecretHeader *header, SecretPolicy *ret);
