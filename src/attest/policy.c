/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies put into words, and drafted.
 */
#include "attest/judge-evidence.h"

#include "verify/baseline.h"
#include "verify/policy-explain.h"

#include <attest/policy.h>

#include <errno.h>

static int explain(ByteView text, Outcome *outcome)
{
    _cleanup_(policy_freep) Policy *policy = NULL;
    PolicyError error = { 0 };
    json_auto_t *explained = NULL;

    int r = policy_parse(text, &policy, &error);
    if (r < 0)
        return r;
    if (r > 0)
        return outcome_unreadable(outcome, "item-unreadable", "policy",
                                  "a policy of docs/policy.md", "%s: %s", error.path, error.cause);
    r = policy_explain(policy, &explained);
    if (r < 0)
        return r;
    return json_object_update(outcome->claims, explained) ? -ENOMEM : 0;
}

int attest_policy_explain(const void *data, size_t size, attest_result **ret)
{
    _cleanup_outcome_ Outcome outcome = { 0 };

    if (!data && size > 0)
        return -EINVAL;
    int r = outcome_init(&outcome, "policy-explanation");
    if (r >= 0)
        r = explain((ByteView){ .data = data, .size = size }, &outcome);
    return r < 0 ? r : outcome_to_object(&outcome, ret);
}

static int draft(const Judgement *j)
{
    _cleanup_evidence_ Evidence evidence = { 0 };
    json_t *policy = NULL, *notes = NULL;

    int r = judge_read_evidence(j, &evidence);
    if (r < 0 || j->outcome->unreadable)
        return r;
    const VerifyInput input = judge_evidence_input(j, &evidence);
    r = baseline_draft(&input, NULL, &j->outcome->findings, &policy, &notes);
    if (r < 0)
        return r;
    if (r != BASELINE_OK)
        return 0; /* the findings say why */
    r = outcome_claim(j->outcome, "policy", policy);
    if (r < 0) {
        json_decref(notes);
        return r;
    }
    return outcome_claim(j->outcome, "notes", notes);
}

/* An answer has all its members, whatever became of it. */
static int complete(Outcome *outcome)
{
    static const char *const members[] = { "policy", "notes" };

    for (size_t i = 0; i < ELEMENTSOF(members); i++)
        if (!json_object_get(outcome->claims, members[i])) {
            int r = outcome_claim(outcome, members[i], i == 0 ? json_null() : json_array());
            if (r < 0)
                return r;
        }
    return 0;
}

int attest_baseline(const attest_input *input, attest_result **ret)
{
    _cleanup_outcome_ Outcome outcome = { 0 };
    _cleanup_trust_ Trust trust = { 0 };

    int r = outcome_init(&outcome, "policy-baseline");
    if (r >= 0 && !items_get(input, ATTEST_ITEM_EVIDENCE).data)
        r = outcome_unreadable(&outcome, "item-missing", "evidence", NULL,
                               "a policy is drafted from evidence");
    if (r >= 0)
        r = trust_read(input, TRUST_SCOPE_ALL, &outcome, &trust);
    if (r < 0)
        return r;
    const Judgement judgement = { .input = input, .trust = &trust, .outcome = &outcome };
    if (!outcome.unreadable)
        r = draft(&judgement);
    if (r >= 0)
        r = complete(&outcome);
    return r < 0 ? r : outcome_to_object(&outcome, ret);
}
