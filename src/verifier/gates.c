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
 * Everything that was sent affirms; a vTPM of the host may be silent, and there may be no hardware,
 * since it is a gate's lists that say whether that is good enough.
 */
static bool is_affirmed(const Appraisal *appraisal)
{
    const SubmoduleAppraisal *cpu = &appraisal->cpu, *vtpm = &appraisal->vtpm;
    bool is_silent_host = appraisal->vtpm_root == VTPM_ROOT_HOST && vtpm->status == TIER_NONE;

    return !findings_first_failure(&appraisal->findings) && appraisal->status <= TIER_AFFIRMING &&
           (cpu->present ? cpu->status == TIER_AFFIRMING : appraisal->hardware == HARDWARE_NONE) &&
           (!vtpm->present || vtpm->status == TIER_AFFIRMING || is_silent_host);
}

/* Why nothing can be opened to this machine, whichever gate it asks for; NULL: no such reason. */
static const char *refusal_of_all(const GatesInput *input, const Appraisal *appraisal)
{
    const EvidenceClaims *claims = &appraisal->claims;

    if (!appraisal->has_claims || claims->purpose != EVIDENCE_PURPOSE_ROUND)
        return "the evidence is not for this verifier";
    if (!is_affirmed(appraisal))
        return "the verdict does not affirm";
    if (input->now_sec >= input->expires_sec)
        return "the token's time is over";
    return NULL;
}

/* A machine with a quote: is it listed, and is its vTPM good enough? */
static const char *refusal_of_machine(const PolicyGate *gate, const Appraisal *appraisal)
{
    if (!appraisal->vtpm.present || appraisal->ak_name.size != TPM_NAME_SIZE)
        return "there is no quote by a key whose Name is of SHA-256";
    if (!policy_gate_has_machine(gate, VIEW(appraisal->ak_name)))
        return "the policy does not list this machine for it";
    if (!(gate->vtpm_roots & 1U << appraisal->vtpm_root))
        return "nothing that the policy takes for it vouches for this vTPM";
    return NULL;
}

static const char *refusal_of_approval(const PolicyGate *gate, const Appraisal *appraisal)
{
    const char *refusal = refusal_of_machine(gate, appraisal);

    if (!refusal && appraisal->claims.nonce_tpm.size != GATE_NONCE_SIZE)
        refusal = "the TPM's nonce has not 24 bytes";
    return refusal;
}

/* Is all that booted in the launch measurement, so that no vTPM is needed to know it? */
static bool covers_boot_chain(const Appraisal *appraisal)
{
    const char *covers;

    return json_get_string(appraisal->cpu.facts, "measurement_covers", &covers) == JSON_OK &&
           strcmp(covers, "boot-chain") == 0;
}

static const char *refusal_of_rewrap(const PolicyGate *gate, const Appraisal *appraisal)
{
    if (appraisal->vtpm.present)
        return refusal_of_machine(gate, appraisal);
    if (!gate->every_machine)
        return "the policy does not list this machine for it";
    return covers_boot_chain(appraisal)
               ? NULL
               : "there is no quote, and the launch measurement does not cover the boot chain";
}

/* The same for one gate, which the policy may not have. */
static const char *refusal_of_gate(const PolicyGate *gate, const Appraisal *appraisal)
{
    if (!gate)
        return "the policy has no such gate";
    if (!(gate->hardware & 1U << appraisal->hardware))
        return "the policy does not open it to machines of this kind";
    return gate->kind == GATE_KIND_REWRAP ? refusal_of_rewrap(gate, appraisal)
                                          : refusal_of_approval(gate, appraisal);
}

static int warn(Appraisal *appraisal, const char *subject, const char *found)
{
    return findings_add(&appraisal->findings, "gate-not-granted", subject, FINDING_WARNING, found,
                        NULL);
}

static int refuse(Appraisal *appraisal, const char *name, const char *reason)
{
    char subject[SUBJECT_MAX], found[FINDING_TEXT_MAX];

    (void)snprintf(subject, sizeof(subject), "gate %s", name);
    (void)snprintf(found, sizeof(found), "%s (vtpm_root %s)", reason,
                   appraisal->vtpm.present ? vtpm_root_name(appraisal->vtpm_root) : "none");
    return warn(appraisal, subject, found);
}

/* Negative: with a ticket, so that one approval serves until its time is over. */
static int64_t choose_expiration(const GatesInput *input, const PolicyGate *gate)
{
    uint64_t life_sec = gate->expiration_sec > 0 ? gate->expiration_sec : GATES_EXPIRATION_SEC;

    if (!gate->ticket) /* it may still reach the TPM, and is not worth keeping */
        life_sec = MIN(life_sec, (uint64_t)POLICY_GATE_ONCE_SEC);
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

static int approve(const GatesInput *input, const PolicyGate *gate, Appraisal *appraisal,
                   json_t *gates, Bytes *names)
{
    _cleanup_bytes_ Bytes signature = { 0 };
    int64_t expiration_sec = choose_expiration(input, gate);

    int r = sign(input, gate, appraisal, expiration_sec, &signature);
    if (r < 0)
        return r;
    if (r != GATE_OK)
        return refuse(appraisal, gate->name, gate_reason(r));
    json_t *entry = json_pack("{s:s, s:I}", "kind", gate_kind_name(GATE_KIND_VERIFIER),
                              "expiration", (json_int_t)expiration_sec);
    if (!entry || json_object_set_new(gates, gate->name, entry) < 0)
        return -ENOMEM;
    r = json_set_base64url(entry, "signature", VIEW(signature));
    return r < 0 ? r : note_name(names, gate->name);
}

/* Open to this machine; which data keys that means follows when all gates are judged. */
static int admit(const PolicyGate *gate, json_t *gates, Bytes *names)
{
    json_t *entry = json_pack("{s:s, s:[]}", "kind", gate_kind_name(GATE_KIND_REWRAP), "keys");

    if (!entry || json_object_set_new(gates, gate->name, entry) < 0)
        return -ENOMEM;
    return note_name(names, gate->name);
}

static int open_gate(const GatesInput *input, const PolicyGate *gate, Appraisal *appraisal,
                     json_t *gates, Bytes *names)
{
    return gate->kind == GATE_KIND_REWRAP ? admit(gate, gates, names)
                                          : approve(input, gate, appraisal, gates, names);
}

/* One text, whatever the reason: nothing on the wire tells one blob's failure from another's. */
static int warn_of_rewrap(const RewrapResult *result, const json_t *gates, Appraisal *appraisal)
{
    int r = result->stray ? warn(appraisal, "rewrap", GATES_REWRAP_REFUSED) : 0;

    for (size_t i = 0; r == 0 && i < appraisal->claims.n_gates; i++) {
        char subject[SUBJECT_MAX];
        const char *name = appraisal->claims.gates[i];
        /* A gate that stays shut has its warning already. */
        if (!(result->refused & 1U << i) || !json_object_get(gates, name))
            continue;
        (void)snprintf(subject, sizeof(subject), "gate %s", name);
        r = warn(appraisal, subject, GATES_REWRAP_REFUSED);
    }
    return r;
}

static int rewrap(const GatesInput *input, Appraisal *appraisal, json_t *gates, RewrapResult *ret)
{
    const RewrapInput blobs = {
        .keys = input->rewrap_keys,
        .facts = input->facts,
        .policy = input->policy,
        .claims = &appraisal->claims,
        .blobs = input->blobs,
    };

    int r = rewrap_blobs(&blobs, gates, ret);
    return r < 0 ? r : warn_of_rewrap(ret, gates, appraisal);
}

void gates_grant_done(GatesGrant *grant)
{
    bytes_done(&grant->object);
    bytes_done(&grant->names);
    rewrap_result_done(&grant->rewrap);
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
    if (r == 0 && !refusal && input->blobs.size > 0)
        r = rewrap(input, appraisal, gates, &grant.rewrap);
    _cleanup_free_ char *text = r == 0 ? json_text(gates) : NULL;
    if (r == 0)
        r = text ? bytes_copy(view_of_string(text), &grant.object) : -ENOMEM;
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(grant);
    return 0;
}
