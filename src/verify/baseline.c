/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Believes first, with a policy that wishes for nothing; then drafts, and tries the draft.
 */
#include "verify/baseline.h"

#include "base/encode.h"
#include "verify/baseline-draft.h"
#include "verify/refuse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ID_DEFAULT "baseline-1"

/* One attempt at a draft. */
typedef struct Baseline {
    const char *id;
    const Policy *trust;
    const SpkiDigest *simulated_root; /* the one that counts; NULL: none was needed */
    json_t *policy;                   /* NULL: the hardware is of a kind that no policy describes */
    json_t *notes;
} Baseline;

static void baseline_done(Baseline *baseline)
{
    json_decref(baseline->policy);
    json_decref(baseline->notes);
}

/* A policy without wishes: only what GIVEN believes in. Borrows from it. */
static Policy trust_only(const Policy *given, const Evidence *evidence)
{
    static const char name[] = "baseline";
    Policy policy = {
        .id = (char *)(uintptr_t)name, /* owned as a rule, never here */
        .hardware = ~0U,
        .snp = { .report_versions = ~0U,
                 .debug = true,
                 .migration_agent = true,
                 .smt = true,
                 .masked_chip_id = true,
                 .vmpls = ~0U,
                 .maximum_guest_svn = UINT32_MAX,
                 .maximum_firmware = { UINT8_MAX, UINT8_MAX, UINT8_MAX } },
        .tdx = { .debug = true, .migratable = true },
        .tpm = { .roots = ~0U, .bank = evidence->vtpm.pcrs.bank },
    };

    if (!given)
        return policy;
    policy.tpm.certificate_roots = given->tpm.certificate_roots;
    policy.tpm.ak_certificate_roots = given->tpm.ak_certificate_roots;
    policy.tpm.ek_certificate_roots = given->tpm.ek_certificate_roots;
    policy.tpm.paravisors = given->tpm.paravisors;
    policy.tpm.n_paravisors = given->tpm.n_paravisors;
    policy.simulated_roots = given->simulated_roots;
    policy.n_simulated_roots = given->n_simulated_roots;
    return policy;
}

static void put_simulated_root(Draft *draft, const SpkiDigest *root, json_t *policy)
{
    if (!root)
        return;
    draft_put_digest(draft, policy, "simulated_roots", VIEW_OF_ARRAY(root->bytes));
    draft_note(draft, "/simulated_roots", "machine",
               "WARNING: the hardware is simulated: whoever holds the key of this root can make up "
               "any machine. Never in production");
}

/* What vouches for the machine, and what it says; SEV-SNP goes without saying. */
static void put_hardware(Draft *draft, json_t *policy)
{
    const Believed *believed = draft->believed;

    if (believed->snp) {
        draft_put(draft, policy, "snp", draft_snp(draft));
        return;
    }
    draft_put(draft, policy, "hardware", json_pack("[s]", believed->tdx ? "tdx" : "none"));
    if (believed->tdx)
        draft_put(draft, policy, "tdx", draft_tdx(draft));
    else
        draft_note(draft, "/hardware", "machine",
                   "WARNING: no hardware vouches for this machine: its host can read and change "
                   "its memory, and whatever it shows");
}

static int draft_policy(const Believed *believed, void *userdata)
{
    Baseline *baseline = userdata;
    Draft draft = { .believed = believed, .trust = baseline->trust };

    if (!believed->snp && !believed->tdx && !believed->tpm)
        return 0;
    json_auto_t *policy = json_object();
    json_auto_t *notes = json_array();
    draft.notes = notes;
    draft_put_number(&draft, policy, "attestd_policy", 1);
    draft_put_text(&draft, policy, "id", baseline->id);
    draft_put_text(
        &draft, policy, "comment",
        baseline->simulated_root
            ? "WARNING: drafted from a SIMULATED machine, whose root simulated_roots "
              "lists. Accepts exactly that machine as it was; never in production."
            : "Drafted from one machine. Accepts exactly that machine as it was; read it "
              "before you trust it, since it says what was there and not what should "
              "be.");
    put_simulated_root(&draft, baseline->simulated_root, policy);
    put_hardware(&draft, policy);
    if (believed->tpm)
        draft_put(&draft, policy, "tpm", draft_tpm(&draft));
    if (draft.r < 0)
        return draft.r;
    json_decref(baseline->policy);
    json_decref(baseline->notes);
    baseline->policy = json_incref(policy);
    baseline->notes = json_incref(notes);
    return 0;
}

/* BASELINE_OK: the evidence is believed, and there is a draft unless no policy could describe it.
 */
static int believe(const VerifyInput *input, Baseline *baseline, Appraisal **ret)
{
    VerifyInput own = *input;

    own.policy = baseline->trust;
    own.on_believed = draft_policy;
    own.userdata = baseline;
    if (baseline->simulated_root) {
        own.simulated_roots = baseline->simulated_root;
        own.n_simulated_roots = 1;
    }
    int r = verify_evidence(&own, ret);
    return r == VERIFY_E_REFUSED ? BASELINE_E_REFUSED : r;
}

/* Does the draft, as the text it will be, accept what it was drafted from? */
static int try_draft(const VerifyInput *input, const json_t *policy, Findings *findings)
{
    _cleanup_free_ char *text = json_text(policy);
    _cleanup_(policy_freep) Policy *parsed = NULL;
    _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;
    PolicyError error = { 0 };
    VerifyInput own = *input;

    if (!text)
        return -ENOMEM;
    int r = policy_parse(view_of_string(text), &parsed, &error);
    if (r < 0)
        return r;
    if (r != POLICY_OK) {
        r = refuse(findings, "baseline-impossible", error.path, "a policy that can be read", "%s",
                   error.cause);
        return r < 0 ? r : BASELINE_E_REFUSED;
    }
    own.policy = parsed;
    own.simulated_roots = NULL;
    own.n_simulated_roots = 0;
    own.on_believed = NULL;
    r = verify_evidence(&own, &appraisal);
    if (r != VERIFY_E_REFUSED)
        return r;
    r = findings_move(findings, &appraisal->findings);
    return r < 0 ? r : BASELINE_E_REFUSED;
}

/* Which of the listed roots does the simulated chain end in? Each alone, until one does. */
static int find_simulated_root(const VerifyInput *input, Policy *trust, Baseline *baseline)
{
    SpkiDigest *of_policy = trust->simulated_roots;
    size_t n_of_policy = trust->n_simulated_roots;
    int r = BASELINE_E_REFUSED;

    trust->simulated_roots = NULL;
    trust->n_simulated_roots = 0;
    for (size_t i = 0; i < input->n_simulated_roots + n_of_policy && r == BASELINE_E_REFUSED; i++) {
        _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;
        baseline->simulated_root = i < input->n_simulated_roots
                                       ? &input->simulated_roots[i]
                                       : &of_policy[i - input->n_simulated_roots];
        r = believe(input, baseline, &appraisal);
    }
    trust->simulated_roots = of_policy;
    trust->n_simulated_roots = n_of_policy;
    return r;
}

static bool names_paravisor(const VerifyInput *input, const Policy *trust,
                            const Appraisal *appraisal)
{
    return input->evidence->hcl.size > 0 && appraisal->vtpm_root == VTPM_ROOT_HOST &&
           appraisal->vtpm.present && trust->tpm.n_paravisors == 0;
}

/* The measurement in the draft as the one of a paravisor: the machine says that it has one. */
static int read_measurement(const json_t *policy, const char *hardware, Bytes *ret)
{
    const json_t *list = json_object_get(json_object_get(policy, hardware), "measurements");
    const char *hex = json_string_value(json_object_get(json_array_get(list, 0), "value"));

    int r = hex_decode(hex ? hex : "", ret);
    return r > 0 ? -EIO : r;
}

static int draft_once(const VerifyInput *input, Policy *trust, Baseline *baseline, Appraisal **ret)
{
    _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;

    int r = believe(input, baseline, &appraisal);
    if (r == BASELINE_OK && appraisal->simulated)
        r = find_simulated_root(input, trust, baseline);
    if (r >= 0)
        *ret = TAKE_PTR(appraisal);
    return r;
}

/* Again, believing in the paravisor that the evidence shows, when nobody named one. */
static int draft_with_paravisor(const VerifyInput *input, Policy *trust, Baseline *baseline)
{
    _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;
    PolicyParavisor paravisor = { 0 };
    bool is_tdx = json_object_get(baseline->policy, "tdx") != NULL;

    int r = is_tdx ? read_measurement(baseline->policy, "tdx", &paravisor.mrtd)
                   : read_measurement(baseline->policy, "snp", &paravisor.measurement);
    if (r < 0)
        return r;
    trust->tpm.paravisors = &paravisor;
    trust->tpm.n_paravisors = 1;
    r = believe(input, baseline, &appraisal);
    trust->tpm.paravisors = NULL;
    trust->tpm.n_paravisors = 0;
    bytes_done(&paravisor.measurement);
    bytes_done(&paravisor.mrtd);
    return r;
}

int baseline_draft(const VerifyInput *input, const char *id, Findings *findings,
                   json_t **ret_policy, json_t **ret_notes)
{
    Policy trust = trust_only(input->policy, input->evidence);
    _cleanup_(baseline_done) Baseline baseline = { .id = id ? id : ID_DEFAULT, .trust = &trust };
    _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;

    int r = draft_once(input, &trust, &baseline, &appraisal);
    if (r == BASELINE_OK && baseline.policy && names_paravisor(input, &trust, appraisal))
        r = draft_with_paravisor(input, &trust, &baseline);
    if (r == BASELINE_E_REFUSED) {
        r = findings_move(findings, &appraisal->findings);
        return r < 0 ? r : BASELINE_E_REFUSED;
    }
    if (r < 0)
        return r;
    if (!baseline.policy) {
        r = refuse(findings, "baseline-impossible", "cpu", "a hardware report or a quote",
                   "neither was made for these claims");
        return r < 0 ? r : BASELINE_E_REFUSED;
    }
    r = try_draft(input, baseline.policy, findings);
    if (r != BASELINE_OK)
        return r;
    *ret_policy = TAKE_PTR(baseline.policy);
    *ret_notes = TAKE_PTR(baseline.notes);
    return BASELINE_OK;
}
