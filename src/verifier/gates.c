/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gate by gate: may this machine, for how long, and the signature.
 */
#include "verifier/gates.h"

#include "crypto/gate.h"
#include "verify/policy-gates.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SUBJECT_MAX (sizeof("gate ") + GATE_NAME_LIMIT)

/*
 * Everything that was sent affirms; a vTPM of the host may be silent, since it is a gate's list of
 * roots that says whether it is good enough.
 */
static bool is_affirmed(const Appraisal *appraisal)
{
    const SubmoduleAppraisal *cpu = &appraisal->cpu, *vtpm = &appraisal->vtpm;
    bool is_silent_host =
        appraisal->vtpm_root == VTPM_ROOT_HOST && vtpm->present && vtpm->status == TIER_NONE;

    return !findings_first_failure(&appraisal->findings) && appraisal->status <= TIER_AFFIRMING &&
           cpu->present && cpu->status == TIER_AFFIRMING &&
           ((vtpm->present && vtpm->status == TIER_AFFIRMING) || is_silent_host);
}

/* Why nothing can be opened to this machine, whichever gate it asks for; NULL: no such reason. */
static const char *refusal_of_all(const GatesInput *input, const Appraisal *appraisal)
{
    const EvidenceClaims *claims = &appraisal->claims;

    if (!appraisal->has_claims || claims->purpose != EVIDENCE_PURPOSE_ROUND)
        return "the evidence is not for this verifier";
    if (!is_affirmed(appraisal))
        return "the verdict does not affirm";
    if (appraisal->ak_name.size != TPM_NAME_SIZE)
        return "there is no quote by a key whose Name is of SHA-256";
    if (claims->nonce_tpm.size != GATE_NONCE_SIZE)
        return "the TPM's nonce has not 24 bytes";
    if (input->now_sec >= input->expires_sec)
        return "the token's time is over";
    return NULL;
}

/* The same for one gate, which the policy may not have. */
static const char *refusal_of_gate(const PolicyGate *gate, const Appraisal *appraisal)
{
    if (!gate)
        return "the policy has no such gate";
    if (!policy_gate_has_machine(gate, VIEW(appraisal->ak_name)))
        return "the policy does not list this machine for it";
    if (!(gate->vtpm_roots & 1U << appraisal->vtpm_root))
        return "nothing that the policy takes for it vouches for this vTPM";
    return NULL;
}

static int refuse(Appraisal *appraisal, const char *name, const char *reason)
{
    char subject[SUBJECT_MAX], found[FINDING_TEXT_MAX];

    (void)snprintf(subject, sizeof(subject), "gate %s", name);
    (void)snprintf(found, sizeof(found), "%s (vtpm_root %s)", reason,
                   vtpm_root_name(appraisal->vtpm_root));
    return findings_add(&appraisal->findings, "gate-not-granted", subject, FINDING_WARNING, found,
                        NULL);
}

/* Negative: with a ticket, so that one approval serves until its time is over. */
static int64_t choose_expiration(const GatesInput *input, const PolicyGate *gate)
{
    uint64_t life_sec = gate->expiration_sec > 0 ? gate->expiration_sec : GATES_EXPIRATION_SEC;

    return -(int64_t)MIN(life_sec, input->expires_sec - input->now_sec);
}

/* Signs for the policyRef of GATE and the key that made the quote, and for nothing that was sent.
 */
static int sign(const GatesInput *input, const PolicyGate *gate, const Appraisal *appraisal,
                int64_t expiration_sec, Bytes *ret)
{
    Digest policy_ref;

    int r = gate_policy_ref(gate->name, VIEW(appraisal->ak_name), &policy_ref);
    if (r != GATE_OK)
        return r;
    const GateApproval approval = {
        .nonce_tpm = VIEW(appraisal->claims.nonce_tpm),
        .expiration_sec = expiration_sec,
        .policy_ref = digest_view(&policy_ref),
    };
    return gate_sign(input->release_key, &approval, ret);
}

static int note_name(Bytes *names, const char *name)
{
    int r = names->size > 0 ? bytes_append_u8(names, ' ') : 0;

    return r < 0 ? r : bytes_append(names, view_of_string(name));
}

static int open_gate(const GatesInput *input, const PolicyGate *gate, Appraisal *appraisal,
                     json_t *gates, Bytes *names)
{
    _cleanup_bytes_ Bytes signature = { 0 };
    int64_t expiration_sec = choose_expiration(input, gate);

    int r = sign(input, gate, appraisal, expiration_sec, &signature);
    if (r < 0)
        return r;
    if (r != GATE_OK)
        return refuse(appraisal, gate->name, gate_reason(r));
    json_t *entry =
        json_pack("{s:s, s:I}", "kind", "verifier", "expiration", (json_int_t)expiration_sec);
    if (!entry || json_object_set_new(gates, gate->name, entry) < 0)
        return -ENOMEM;
    r = json_set_base64url(entry, "signature", VIEW(signature));
    return r < 0 ? r : note_name(names, gate->name);
}

void gates_grant_done(GatesGrant *grant)
{
    bytes_done(&grant->object);
    bytes_done(&grant->names);
}

int gates_grant(const GatesInput *input, Appraisal *appraisal, GatesGrant *ret)
{
    _cleanup_gates_grant_ GatesGrant grant = { 0 };
    const char *refusal = refusal_of_all(input, appraisal);
    json_auto_t *gates = json_object();
    int r = gates ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < appraisal->claims.n_gates; i++) {
        const char *name = appraisal->claims.gates[i];
        const PolicyGate *gate = policy_gate_find(input->policy, name);
        const char *reason = refusal ? refusal : refusal_of_gate(gate, appraisal);
        r = reason ? refuse(appraisal, name, reason)
                   : open_gate(input, gate, appraisal, gates, &grant.names);
    }
    _cleanup_free_ char *text = r == 0 ? json_text(gates) : NULL;
    if (r == 0)
        r = text ? bytes_copy(view_of_string(text), &grant.object) : -ENOMEM;
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(grant);
    return 0;
}
