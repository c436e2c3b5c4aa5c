/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PolicyTicket, PolicyOR when there are two release keys, Unseal.
 */
#include "secret/unlock.h"

#include "secret/secret-policy.h"
#include "tpm/tpm-seal.h"
#include "tpm/tpm-storage-key.h"

#include <errno.h>

const char *unlock_finding(int no)
{
    switch (no) {
    case UNLOCK_E_GATE:
        return "secret-no-approval";
    case UNLOCK_E_AK:
        return "secret-key-changed";
    case UNLOCK_E_RELEASE_KEY:
        return "secret-release-key-changed";
    case UNLOCK_E_APPROVAL:
        return "secret-approval-malformed";
    case UNLOCK_E_EXPIRED:
        return "tpm-approval-expired";
    case UNLOCK_E_MALFORMED:
        return tpm_seal_finding(TPM_SEAL_E_MALFORMED);
    case UNLOCK_E_SHAPE:
        return tpm_seal_finding(TPM_SEAL_E_SHAPE);
    case UNLOCK_E_POLICY:
        return tpm_seal_finding(TPM_SEAL_E_POLICY);
    }
    return NULL;
}

static int policy_of(const SecretHeader *header, SecretPolicy *ret)
{
    int r = secret_policy_of(header, ret);

    /* The reader of files lets no such header through. */
    return r > 0 ? -EINVAL : r;
}

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

static int check_sealed(const SecretFile *file, const Digest *policy)
{
    switch (tpm_seal_check(VIEW(file->sealed_public), policy)) {
    case TPM_SEAL_OK:
        return UNLOCK_OK;
    case TPM_SEAL_E_MALFORMED:
        return UNLOCK_E_MALFORMED;
    case TPM_SEAL_E_POLICY:
        return UNLOCK_E_POLICY;
    }
    return UNLOCK_E_SHAPE;
}

int unlock_check(const SecretFile *file, const Approval *approval, uint64_t boottime_usec)
{
    SecretPolicy policy;

    int r = check_names(&file->header, approval);
    if (r != UNLOCK_OK)
        return r;
    r = policy_of(&file->header, &policy);
    if (r < 0)
        return r;
    if (!view_equal(VIEW_OF_ARRAY(approval->policy_ref), digest_view(&policy.policy_ref)))
        return UNLOCK_E_APPROVAL;
    if (boottime_usec >= approval->expires_boottime_usec)
        return UNLOCK_E_EXPIRED;
    return check_sealed(file, &policy.digest);
}

/* A named no of the storeys below: tpm->failure has its name. */
static int by_tpm(int r)
{
    return r > 0 ? UNLOCK_E_TPM : r;
}

/* The storage key of this Name, which may be the one of the secret before. */
static int find_parent(TpmContext *tpm, ByteView name, TpmKey **parent)
{
    if (*parent && view_equal(VIEW((*parent)->name), name))
        return UNLOCK_OK;
    *parent = tpm_key_free(*parent);
    return by_tpm(tpm_storage_key_find(tpm, name, parent));
}

/* The policy session has come to what the key is sealed with. */
static int satisfy(TpmPolicy *session, const SecretPolicy *policy, const Approval *approval)
{
    int r = tpm_policy_present(session, &approval->ticket, digest_view(&policy->policy_ref),
                               tpm_name_view(&approval->key_name));

    if (r == TPM_POLICY_OK && policy->has_next)
        r = tpm_policy_or(session, &policy->current, &policy->next);
    return by_tpm(r);
}

int unlock_key(TpmContext *tpm, const SecretFile *file, const Approval *approval, TpmKey **parent,
               Secret **ret)
{
    _cleanup_(tpm_policy_freep) TpmPolicy *session = NULL;
    /* Borrowed parts. */
    const TpmSealed sealed = { .public_area = file->sealed_public,
                               .private_area = file->sealed_private };
    SecretPolicy policy;

    int r = policy_of(&file->header, &policy);
    if (r == 0)
        r = find_parent(tpm, VIEW_OF_ARRAY(file->header.parent_name), parent);
    if (r == UNLOCK_OK)
        r = by_tpm(tpm_policy_start(tpm, &session));
    if (r == UNLOCK_OK)
        r = satisfy(session, &policy, approval);
    if (r != UNLOCK_OK)
        return r;
    const TpmUnseal wanted = {
        .parent = *parent,
        .parent_name = VIEW_OF_ARRAY(file->header.parent_name),
        .sealed = &sealed,
        .policy = &policy.digest,
    };
    return by_tpm(tpm_unseal(session, &wanted, ret));
}
