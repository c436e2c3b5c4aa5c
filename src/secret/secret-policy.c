/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the names in a header to a policy digest.
 */
#include "secret/secret-policy.h"

/* The arithmetic of crypto/gate says no only to names that are none, and to no registers. */
static int named(int r)
{
    if (r == GATE_E_PCRS)
        return SECRET_POLICY_E_KIND;
    return r > 0 ? SECRET_POLICY_E_NAME : r;
}

/* Either of two release keys will do. */
static int add_next(const SecretHeader *header, SecretPolicy *policy)
{
    int r = gate_policy_signed(VIEW_OF_ARRAY(header->next_release_key_name),
                               digest_view(&policy->policy_ref), &policy->next);

    return r == GATE_OK ? gate_policy_or(&policy->current, &policy->next, &policy->digest) : r;
}

static int add_signature(const SecretHeader *header, SecretPolicy *policy)
{
    int r = gate_policy_ref(header->gate, VIEW_OF_ARRAY(header->ak_name), &policy->policy_ref);

    if (r == GATE_OK)
        r = gate_policy_signed(VIEW_OF_ARRAY(header->release_key_name),
                               digest_view(&policy->policy_ref), &policy->current);
    if (r != GATE_OK)
        return r;
    policy->digest = policy->current;
    policy->has_next = header->has_next_release_key;
    return policy->has_next ? add_next(header, policy) : GATE_OK;
}

/* From what the session has come to: NULL is its start. */
static int add_state(const SecretHeader *header, const Digest *from, SecretPolicy *policy)
{
    const SecretCounter *counter = &header->counter;
    int r = GATE_OK;

    if (header->has_counter) {
        r = gate_policy_nv(from, VIEW_OF_ARRAY(counter->name), counter->value, &policy->digest);
        from = &policy->digest;
    }
    if (r == GATE_OK && (header->pcrs.mask || header->gate_kind == GATE_KIND_PCR))
        r = gate_policy_pcr(from, &header->pcrs, &policy->digest);
    return r;
}

int secret_policy_of(const SecretHeader *header, SecretPolicy *ret)
{
    SecretPolicy policy = { 0 };
    const Digest *from = NULL;
    int r = GATE_OK;

    if (gate_kind_is_wrapped(header->gate_kind))
        return SECRET_POLICY_E_KIND;
    if (header->gate_kind == GATE_KIND_VERIFIER) {
        r = add_signature(header, &policy);
        from = &policy.digest;
    }
    if (r == GATE_OK)
        r = add_state(header, from, &policy);
    if (r != GATE_OK)
        return named(r);
    *ret = policy;
    return SECRET_POLICY_OK;
}
