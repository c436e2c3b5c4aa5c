/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The "tdx" object of a policy against a genuine quote: one judge a wish, all of them in a table.
 */
#include "verify/appraise.h"

#include "verify/difference.h"
#include "verify/refuse.h"

#include <string.h>

static bool judge_tee_tcb(const PolicyTdx *p, const TdxQuote *q, Difference *difference)
{
    char found[HEX_TEXT_MAX], wanted[HEX_TEXT_MAX];
    bool is_enough = true;

    for (size_t i = 0; i < sizeof(p->minimum_tee_tcb_svn); i++)
        is_enough &= q->tee_tcb_svn[i] >= p->minimum_tee_tcb_svn[i];
    hex_text(VIEW_OF_ARRAY(q->tee_tcb_svn), found);
    hex_text(VIEW_OF_ARRAY(p->minimum_tee_tcb_svn), wanted);
    difference_say(difference->found, "TEE_TCB_SVN %s", found);
    difference_say(difference->wanted, "%s, or more of each byte", wanted);
    return is_enough;
}

static bool judge_qe(const PolicyTdx *p, const TdxQuote *q, Difference *difference)
{
    difference_say(difference->found, "quoting enclave SVN %u", q->qe.isv_svn);
    difference_say(difference->wanted, "%u or more", p->minimum_qe_svn);
    return q->qe.isv_svn >= p->minimum_qe_svn;
}

static bool judge_module(const PolicyTdx *p, const TdxQuote *q, Difference *difference)
{
    return difference_in_list(&p->mr_seams, VIEW_OF_ARRAY(q->mr_seam), difference);
}

static bool judge_debug(const PolicyTdx *p, const TdxQuote *q, Difference *difference)
{
    difference_say(difference->found, "ATTRIBUTES allow the host to debug or profile the guest");
    difference_say(difference->wanted, "bits 0 to 7 zero");
    return p->debug || !(q->td.attributes & TDX_ATTRIBUTES_UNDER_DEBUG);
}

static bool judge_migration(const PolicyTdx *p, const TdxQuote *q, Difference *difference)
{
    difference_say(difference->found, "ATTRIBUTES allow a migration TD to move the guest");
    difference_say(difference->wanted, "MIGRATABLE 0");
    return p->migratable || !(q->td.attributes & TDX_ATTRIBUTE_MIGRATABLE);
}

static bool judge_attributes(const PolicyTdx *p, const TdxQuote *q, Difference *difference)
{
    return difference_mask(&p->attributes, q->td.attributes, difference);
}

static bool judge_xfam(const PolicyTdx *p, const TdxQuote *q, Difference *difference)
{
    return difference_mask(&p->xfam, q->td.xfam, difference);
}

static bool judge_config_id(const PolicyTdx *p, const TdxQuote *q, Difference *difference)
{
    return difference_in_list(&p->mr_config_ids, VIEW_OF_ARRAY(q->td.mr_config_id), difference);
}

static bool judge_owner(const PolicyTdx *p, const TdxQuote *q, Difference *difference)
{
    return difference_in_list(&p->mr_owners, VIEW_OF_ARRAY(q->td.mr_owner), difference);
}

static bool judge_owner_config(const PolicyTdx *p, const TdxQuote *q, Difference *difference)
{
    return difference_in_list(&p->mr_owner_configs, VIEW_OF_ARRAY(q->td.mr_owner_config),
                              difference);
}

static bool judge_measurement(const PolicyTdx *p, const TdxQuote *q, Difference *difference)
{
    difference_digest(difference, VIEW_OF_ARRAY(q->td.mr_td), p->n_measurements);
    return !p->measurements_present ||
           policy_measurement_find(p->measurements, p->n_measurements, q->td.mr_td);
}

#define CLAIM(member) offsetof(TrustVector, member)

static const struct {
    const char *name; /* of the finding */
    bool (*judge)(const PolicyTdx *p, const TdxQuote *q, Difference *difference);
    size_t claim;  /* what of the vector it speaks about */
    int otherwise; /* its value when the wish is not met */
} wishes[] = {
    { "tdx-tee-tcb-too-low", judge_tee_tcb, CLAIM(hardware), TRUST_CONTRAINDICATED },
    { "tdx-qe-svn-too-low", judge_qe, CLAIM(hardware), TRUST_CONTRAINDICATED },
    { "tdx-module-not-accepted", judge_module, CLAIM(hardware), TRUST_UNRECOGNISED },
    { "tdx-debug-enabled", judge_debug, CLAIM(runtime_opaque), TRUST_CONTRAINDICATED },
    { "tdx-migratable", judge_migration, CLAIM(runtime_opaque), TRUST_CONTRAINDICATED },
    { "tdx-attributes", judge_attributes, CLAIM(configuration), TRUST_CONTRAINDICATED },
    { "tdx-xfam", judge_xfam, CLAIM(configuration), TRUST_CONTRAINDICATED },
    { "tdx-mr-config-id-unknown", judge_config_id, CLAIM(configuration), TRUST_CONTRAINDICATED },
    { "tdx-mr-owner-unknown", judge_owner, CLAIM(executables), TRUST_UNRECOGNISED_PROGRAMS },
    { "tdx-mr-owner-config-unknown", judge_owner_config, CLAIM(configuration),
      TRUST_CONTRAINDICATED },
    { "tdx-measurement-unknown", judge_measurement, CLAIM(executables),
      TRUST_UNRECOGNISED_PROGRAMS },
};

int appraise_tdx(const PolicyTdx *policy, const GenuineTdx *tdx, Findings *findings,
                 TrustVector *vector)
{
    const TdxQuote *quote = &tdx->quote;

    *vector = (TrustVector){
        .hardware = TRUST_APPROVED,
        .configuration = TRUST_APPROVED,
        /* A policy that allows debugging gets no promise about memory, good or bad. */
        .runtime_opaque = quote->td.attributes & TDX_ATTRIBUTES_UNDER_DEBUG ? 0 : TRUST_APPROVED,
        .executables = policy->measurements_present ? TRUST_APPROVED_BOOT : 0,
    };
    for (size_t i = 0; i < ELEMENTSOF(wishes); i++) {
        Difference difference = { 0 };
        int *claim = (int *)(void *)((uint8_t *)vector + wishes[i].claim);
        if (wishes[i].judge(policy, quote, &difference))
            continue;
        *claim = MAX(*claim, wishes[i].otherwise);
        int r = findings_add(findings, wishes[i].name, "cpu", FINDING_FAILURE, difference.found,
                             difference.wanted);
        if (r < 0)
            return r;
    }
    return 0;
}
