/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drafts from machines under a paravisor that nobody named before.
 */
#include "verify/baseline.h"

#include "lab-hcl.h"

static Lab *milan;

static Policy *draft(const LabHclOrder *order, const Policy *given, json_t **ret)
{
    _cleanup_evidence_ Evidence evidence = lab_hcl_evidence(milan, order);
    const VerifyInput input = lab_input(milan, &evidence, given);
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    json_auto_t *notes = NULL;

    int r = baseline_draft(&input, "drafted", &findings, ret, &notes);
    if (r != BASELINE_OK)
        lab_print(&findings);
    check_int(r, BASELINE_OK);
    _cleanup_free_ char *text = json_text(*ret);
    PolicyError error;
    Policy *policy = NULL;
    check_int(policy_parse(view_of_string(text), &policy, &error), POLICY_OK);
    return policy;
}

static VtpmRoot check_judged(const LabHclOrder *order, const Policy *policy, bool accepted)
{
    _cleanup_evidence_ Evidence evidence = lab_hcl_evidence(milan, order);
    _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &evidence, policy);

    if ((findings_first_failure(&appraisal->findings) == NULL) != accepted)
        lab_print(&appraisal->findings);
    check_int(findings_first_failure(&appraisal->findings) == NULL, accepted);
    return appraisal->vtpm_root;
}

static void test_a_paravisor_is_taken_from_the_machine_with_a_warning(void)
{
    const LabHclOrder good = { 0 };
    json_auto_t *json = NULL;
    _cleanup_(policy_freep) Policy *policy = draft(&good, NULL, &json);
    const json_t *paravisor =
        json_array_get(json_object_get(json_object_get(json, "tpm"), "paravisors"), 0);

    check_int(policy->tpm.roots, 1U << VTPM_ROOT_PARAVISOR);
    check_str(lab_text(paravisor, "measurement"), LAB_PARAVISOR);
    check_str(lab_text(paravisor, "id_key_digest"), LAB_ID_KEY);
    check(strstr(lab_text(paravisor, "comment"), "WARNING") != NULL);
    check(policy->tpm.n_rules > 0 && policy->tpm.secure_boot);
    check_int(check_judged(&good, policy, true), VTPM_ROOT_PARAVISOR);
}

static void test_twins_under_the_paravisor_are_refused(void)
{
    static const LabField fields[] = {
        { "guest_svn", "7" },
        { "host_data", "7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e"
                       "7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e" },
        { "vmpl", "1" },
        { "mask_chip_id", "yes" },
        { "debug", "yes" },
    };
    const LabHclOrder good = { 0 };
    json_auto_t *json = NULL;
    _cleanup_(policy_freep) Policy *policy = draft(&good, NULL, &json);
    _cleanup_(lab_log_done) LabLog log;

    for (size_t i = 0; i < ELEMENTSOF(fields); i++)
        (void)check_judged(&(LabHclOrder){ .fields = { fields[i] } }, policy, false);
    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, &(LabBoot){ .command_line = "/vmlinuz init=/bin/sh" });
    (void)check_judged(&(LabHclOrder){ .log = &log }, policy, false);
    (void)check_judged(&(LabHclOrder){ .no_vtpm = true }, policy, false);
}

/* Who named a paravisor is not told that any will do. */
static void test_another_paravisor_than_the_named_one_is_not_taken(void)
{
    static const char other[] =
        "{'attestd_policy':1,'id':'given','tpm':{'paravisors':[{'measurement':'"
        "11111111111111111111111111111111111111111111111111111111111111111111111111111111"
        "1111111111111111'}]}}";
    const LabHclOrder good = { 0 };
    json_auto_t *json = NULL;
    _cleanup_(policy_freep) Policy *given = lab_policy(other);
    _cleanup_(policy_freep) Policy *policy = draft(&good, given, &json);

    check_int(policy->tpm.roots, 1U << VTPM_ROOT_HOST);
}

static const Test tests[] = {
    { "a paravisor is taken from the machine with a warning",
      test_a_paravisor_is_taken_from_the_machine_with_a_warning },
    { "twins under the paravisor are refused", test_twins_under_the_paravisor_are_refused },
    { "another paravisor than the named one is not taken",
      test_another_paravisor_than_the_named_one_is_not_taken },
};

int main(int argc, char **argv)
{
    milan = lab_new(SIM_MILAN, false);
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    lab_hcl_done();
    lab_free(milan);
    return r;
}
