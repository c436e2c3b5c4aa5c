/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind verifier: PolicyTicket, and PolicyOR when there are two release keys.
 */
#include "secret/gate-table.h"

static int check_names(const SecretHeader *header, const Approval *approval)
{
    ByteView key_name = tpm_name_view(&approval->key_name);

    if (!view_equal(view_of_string(header->gate), view_of_string(approval->gate)))
        return UNLOCK_E_GATE;
    if (!view_equal(VIEW_OF_ARRAY(header->ak_name), tpm_name_view(&approval->ak_name)))
        return UNLOCK_E_AK;
    if (!view_equal(VIEW_OF_ARRAY(header->release_key_name), key_name) &&
        !(header->has_next_release_key &&
          view_equal(VIEW_OF_ARRAY(header->next_release_key_name), key_name)))
        return UNLOCK_E_RELEASE_KEY;
    return UNLOCK_OK;
}

static int check(const SecretFile *file, const UnlockWith *with)
{
    const Approval *approval = with->approval;
    SecretPolicy policy;

    if (!approval)
        return with->data_keys ? UNLOCK_E_KIND : UNLOCK_E_GATE;
    int r = check_names(&file->header, approval);
    if (r != UNLOCK_OK)
        return r;
    r = gate_policy_of(&file->header, &policy);
    if (r < 0)
        return r;
    if (!view_equal(VIEW_OF_ARRAY(approval->policy_ref), digest_view(&policy.policy_ref)))
        return UNLOCK_E_APPROVAL;
    if (with->boottime_usec >= approval->expires_boottime_usec)
        return UNLOCK_E_EXPIRED;
    return gate_check_sealed(file, &policy);
}

static int begin(TpmPolicy *session, const GateOpening *opening, const SecretPolicy *policy)
{
    const Approval *approval = opening->with->approval;

    int r = tpm_policy_present(session, &approval->ticket, digest_view(&policy->policy_ref),
                               tpm_name_view(&approval->key_name));
    if (r == TPM_POLICY_OK && policy->has_next)
        r = tpm_policy_or(session, &policy->current, &policy->next);
    return r > 0 ? UNLOCK_E_TPM : r;
}

static int open_key(const GateOpening *opening, Secret **ret)
{
    return gate_unseal(opening, begin, ret);
}

const SecretGate gate_verifier = {
    .kind = GATE_KIND_VERIFIER,
    .needs_approval = true,
    .needs_tpm = true,
    .check = check,
    .open = open_key,
};
