/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an Outcome to the result that is handed out: its JSON is written once, so that reading a
 * result cannot fail.
 */
#include "attest/outcome.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

struct attest_result {
    const char *kind;
    int verdict;
    Findings findings;
    char *json;
};

int outcome_init(Outcome *outcome, const char *kind)
{
    *outcome = (Outcome){
        .kind = kind,
        .findings = { .source = OUTCOME_SOURCE },
        .claims = json_object(),
    };
    return outcome->claims ? 0 : -ENOMEM;
}

void outcome_done(Outcome *outcome)
{
    findings_done(&outcome->findings);
    json_decref(outcome->claims);
    *outcome = (Outcome){ 0 };
}

int outcome_unreadable(Outcome *outcome, const char *name, const char *subject, const char *wanted,
                       const char *found, ...)
{
    char text[FINDING_TEXT_MAX];
    va_list arguments;

    va_start(arguments, found);
    (void)vsnprintf(text, sizeof(text), found, arguments);
    va_end(arguments);
    outcome->unreadable = true;
    return findings_add(&outcome->findings, name, subject, FINDING_FAILURE, text, wanted);
}

int outcome_claim(Outcome *outcome, const char *name, json_t *value)
{
    return json_object_set_new(outcome->claims, name, value) == 0 ? 0 : -ENOMEM;
}

int outcome_verdict(const Outcome *outcome)
{
    if (outcome->unreadable)
        return ATTEST_E_UNREADABLE;
    return findings_first_failure(&outcome->findings) ? ATTEST_E_FAIL : ATTEST_PASS;
}

/* Takes over the reference of JSON (NULL: out of memory) and the findings. */
static int finish(Outcome *outcome, json_t *json, attest_result **ret)
{
    _cleanup_free_ char *text = json ? json_text(json) : NULL;
    attest_result *result = text ? calloc(1, sizeof(*result)) : NULL;

    json_decref(json);
    if (!result)
        return -ENOMEM;
    *result = (attest_result){
        .kind = outcome->kind,
        .verdict = outcome_verdict(outcome),
        .findings = TAKE_STRUCT(outcome->findings),
        .json = TAKE_PTR(text),
    };
    *ret = result;
    return result->verdict;
}

int outcome_to_verdict(Outcome *outcome, attest_result **ret)
{
    return finish(outcome,
                  json_pack("{s:s, s:o, s:O}", "verdict",
                            outcome_verdict(outcome) == ATTEST_PASS ? "pass" : "fail", "checks",
                            findings_to_json(&outcome->findings), "claims", outcome->claims),
                  ret);
}

int outcome_to_content(Outcome *outcome, attest_result **ret)
{
    return finish(outcome,
                  json_pack("{s:s, s:O, s:o}", "kind", outcome->kind, "content", outcome->claims,
                            "checks", findings_to_json(&outcome->findings)),
                  ret);
}

int outcome_to_object(Outcome *outcome, attest_result **ret)
{
    if (outcome->findings.n_items > 0) {
        int r = outcome_claim(outcome, "checks", findings_to_json(&outcome->findings));
        if (r < 0)
            return r;
    }
    return finish(outcome, json_incref(outcome->claims), ret);
}

attest_result *attest_result_free(attest_result *result)
{
    if (!result)
        return NULL;
    findings_done(&result->findings);
    free(result->json);
    free(result);
    return NULL;
}

const char *attest_result_kind_name(const attest_result *result)
{
    return result->kind;
}

int attest_result_verdict(const attest_result *result)
{
    return result->verdict;
}

const char *attest_result_json(const attest_result *result)
{
    return result->json;
}

size_t attest_result_n_findings(const attest_result *result)
{
    return result->findings.n_items;
}

const attest_finding *attest_result_finding(const attest_result *result, size_t i)
{
    return i < result->findings.n_items
               ? (const attest_finding *)(const void *)&result->findings.items[i]
               : NULL;
}

/* An attest_finding is a Finding, seen from outside. */
static const Finding *inside(const attest_finding *finding)
{
    return (const Finding *)(const void *)finding;
}

const char *attest_finding_name(const attest_finding *finding)
{
    return inside(finding)->name;
}

const char *attest_finding_subject(const attest_finding *finding)
{
    return inside(finding)->subject;
}

bool attest_finding_decides(const attest_finding *finding)
{
    return inside(finding)->result == FINDING_FAILURE;
}

const char *attest_finding_found(const attest_finding *finding)
{
    return inside(finding)->found;
}

const char *attest_finding_wanted(const attest_finding *finding)
{
    return inside(finding)->wanted;
}

const char *attest_finding_remedy(const attest_finding *finding)
{
    return inside(finding)->remedy;
}

const char *attest_finding_source(const attest_finding *finding)
{
    return inside(finding)->source;
}
