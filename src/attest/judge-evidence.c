/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of attestd: verify_evidence() judges; what it found becomes claims.
 */
#include "attest/judge-evidence.h"

#include "attest/describe-log.h"
#include "attest/describe-snp.h"
#include "attest/describe-tdx.h"
#include "base/encode.h"

#include <errno.h>

/* Report and boot are shown in full while they are at hand; the facts say what counts. */
static int on_believed(const Believed *believed, void *userdata)
{
    const Judgement *j = userdata;
    json_t *described = NULL;
    int r = 0;

    if (believed->snp) {
        r = describe_snp_report(&believed->snp->report, believed->snp->product, &described);
        if (r >= 0)
            r = outcome_claim(j->outcome, "report", described);
    }
    if (r >= 0 && believed->tdx) {
        r = describe_tdx_quote(&believed->tdx->quote, NULL, &described);
        if (r >= 0)
            r = outcome_claim(j->outcome, "td_quote", described);
    }
    if (r >= 0 && believed->log && believed->boot) {
        r = describe_boot(believed->log, believed->boot, &described);
        if (r >= 0)
            r = outcome_claim(j->outcome, "boot", described);
    }
    return r;
}

/* What the sender said of itself; the hardware report vouches for it, if it is genuine. */
static json_t *said(const EvidenceClaims *claims)
{
    _cleanup_free_ char *nonce = hex_encode(VIEW(claims->nonce));
    json_auto_t *gates = json_array();
    bool is_round = claims->purpose == EVIDENCE_PURPOSE_ROUND;

    for (size_t i = 0; i < claims->n_gates; i++)
        if (json_array_append_new(gates, json_string(claims->gates[i])))
            return NULL;
    return json_pack("{s:s, s:s*, s:s, s:O, s:s*, s:s*}", "purpose", is_round ? "round" : "caller",
                     "audience", claims->audience, "nonce", nonce, "gates", gates, "swname",
                     claims->swname, "swversion", claims->swversion);
}

static int add_submodule(const Judgement *j, const char *name, const SubmoduleAppraisal *submodule)
{
    if (!submodule->present)
        return 0;
    return outcome_claim(j->outcome, name,
                         json_pack("{s:s, s:O*}", "status", trust_tier_name(submodule->status),
                                   "facts", submodule->facts));
}

static int add_appraisal(const Judgement *j, const Appraisal *appraisal)
{
    int r = outcome_claim(j->outcome, "status", json_string(trust_tier_name(appraisal->status)));

    if (r >= 0)
        r = add_submodule(j, "cpu", &appraisal->cpu);
    if (r >= 0)
        r = add_submodule(j, "vtpm", &appraisal->vtpm);
    if (r >= 0 && appraisal->vtpm.present)
        r = outcome_claim(j->outcome, "vtpm_root",
                          json_string(vtpm_root_name(appraisal->vtpm_root)));
    if (r >= 0)
        r = outcome_claim(j->outcome, "hardware", json_string(hardware_name(appraisal->hardware)));
    if (r >= 0)
        r = outcome_claim(j->outcome, "simulated", json_boolean(appraisal->simulated));
    if (r >= 0 && appraisal->identity)
        r = outcome_claim(j->outcome, "identity", json_incref(appraisal->identity));
    if (r >= 0 && appraisal->has_claims)
        r = outcome_claim(j->outcome, "said", said(&appraisal->claims));
    return r;
}

int judge_read_evidence(const Judgement *j, Evidence *ret)
{
    EvidenceDetail detail = { 0 };

    int r = evidence_parse(items_get(j->input, ATTEST_ITEM_EVIDENCE), &detail, ret);
    if (r <= 0)
        return r;
    return outcome_unreadable(j->outcome, "item-unreadable", "evidence",
                              "evidence of docs/evidence.md", "%s%s%s", detail.member,
                              detail.member[0] ? ": " : "", evidence_reason(r));
}

VerifyInput judge_evidence_input(const Judgement *j, const Evidence *evidence)
{
    const Trust *trust = j->trust;

    return (VerifyInput){
        .evidence = evidence,
        .policy = trust->policy,
        .nonce = items_get(j->input, ATTEST_ITEM_NONCE),
        .caller_allowed = true,
        .now_sec = trust->now_sec,
        .roots = trust->amd_roots,
        .certificates = trust->hints,
        .n_certificates = trust->n_hints,
        .crls = trust->crls,
        .n_crls = trust->n_crls,
        .vtpm_roots = &trust->vtpm_roots,
        .source = OUTCOME_SOURCE,
    };
}

int judge_evidence(const Judgement *j)
{
    _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;
    _cleanup_evidence_ Evidence evidence = { 0 };

    int r = judge_read_evidence(j, &evidence);
    if (r < 0 || j->outcome->unreadable)
        return r;
    VerifyInput input = judge_evidence_input(j, &evidence);
    Judgement userdata = *j;
    input.on_believed = on_believed;
    input.userdata = &userdata;
    r = verify_evidence(&input, &appraisal);
    if (r < 0)
        return r;
    r = add_appraisal(j, appraisal);
    return r < 0 ? r : findings_move(&j->outcome->findings, &appraisal->findings);
}
