/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the names in a header to a policy digest.
 */
#include "secret/secret-policy.h"

/* The arithmetic of crypto/gate says no only to names that are none. */
static int named(int r)
{
    return r > 0 ? SECRET_POLICY_E_NAME : r;
}

int secret_policy_of(const SecretHeader *header, SecretPolicy *ret)
{
    SecretPolicy policy = { .has_next = header->has_next_release_key };

    int r = gate_policy_ref(header->gate, VIEW_OF_ARRAY(header->ak_name), &policy.policy_ref);
    if (r == GATE_OK)
        r = gate_policy_signed(VIEW_OF_ARRAY(header->release_key_name),
                               digest_view(&policy.policy_ref), &policy.current);
    if (r != GATE_OK)
        return named(r);
    policy.digest = policy.current;
    if (policy.has_next) {
        r = gate_policy_signed(VIEW_OF_ARRAY(header->next_release_key_name),
                               digest_view(&policy.policy_ref), &policy.next);
        if (r == GATE_OK)
            r = gate_policy_or(&policy.current, &policy.next, &policy.digest);
        if (r != GATE_OK)
            return named(r);
    }
    *ret = policy;
    return SECRET_POLICY_OK;
}
