/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy that a data key is sealed with, computed from the header, in the order in which a
 * session comes to it (docs/gates.md): kind verifier PolicySigned by the release key over the
 * gate's policyRef, or PolicyOR of that and the next release key's; PolicyNV when there is a
 * counter; PolicyPCR, last, of the cap or of kind pcr.
 */
#pragma once

#include "crypto/gate-policy.h"
#include "secret/secret-file.h"

typedef struct SecretPolicy {
    Digest policy_ref; /* of the header's gate and AK Name; kind verifier */
    bool has_next;
    Digest current; /* PolicySigned by the present release key; kind verifier */
    Digest next;    /* by the next one; valid when has_next */
    Digest digest;  /* of the sealed object */
} SecretPolicy;

enum {
    SECRET_POLICY_OK,
    SECRET_POLICY_E_NAME, /* the header holds a Name that is none */
    SECRET_POLICY_E_KIND, /* of a kind that seals nothing, or kind pcr without registers */
};

/* Named no; -ENOMEM, -EIO. */
_must_check_ int secret_policy_of(const SecretHeader *header, SecretPolicy *ret);
