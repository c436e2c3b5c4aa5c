/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vTPM that is shown alone, as a Trusted Launch VM has it: judged only where that was asked for.
 */
#include "vtpm-bench.h"

#include "verify/baseline.h"

#include <stdio.h>

#define NONE "'hardware':['none'],"

/* HARDWARE: the policy's member with a comma, or "". TPM: members of its object. */
static Policy *policy_of(const char *hardware, const char *tpm)
{
    char text[8192];

    (void)snprintf(text, sizeof(text), "{'attestd_policy':1,'id':'alone',%s'tpm':{%s}}", hardware,
                   tpm);
    return lab_policy(text);
}

static Policy *certified_policy(const char *hardware, const char *more)
{
    char text[4096];

    (void)snprintf(text, sizeof(text), "'ak_certificate_roots':['%s']%s%s", (char *)root_pem.data,
                   more[0] ? "," : "", more);
    return policy_of(hardware, text);
}

static LabOrder alone(void)
{
    LabOrder order = endorsed();

    order.no_cpu = true;
    return order;
}

static Appraisal *judge(const LabOrder *order, const Policy *policy)
{
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, order);

    return lab_verify(milan, &evidence, policy);
}

static void test_it_is_refused_unless_the_policy_lists_none(void)
{
    static const char *const others[] = { "", "'hardware':['snp'],", "'hardware':['snp','tdx'],",
                                          "'hardware':[]," };
    const LabOrder order = alone();

    for (size_t i = 0; i < ELEMENTSOF(others); i++) {
        _cleanup_(policy_freep) Policy *policy = certified_policy(others[i], "");
        _cleanup_(appraisal_freep) Appraisal *appraisal = judge(&order, policy);
        lab_check_failure(&appraisal->findings, "cpu-missing");
        check_int(appraisal->status, TIER_CONTRAINDICATED);
    }
}

static void test_a_certificate_makes_its_registers_count(void)
{
    const LabOrder order = alone();
    _cleanup_(policy_freep) Policy *policy = certified_policy(NONE, "'secure_boot':true");
    _cleanup_(appraisal_freep) Appraisal *appraisal = judge(&order, policy);

    lab_check_no_failure(&appraisal->findings);
    check_int(appraisal->hardware, HARDWARE_NONE);
    check(!appraisal->cpu.present && !appraisal->cpu.facts);
    check_int(appraisal->vtpm_root, VTPM_ROOT_CERTIFICATE);
    check_int(appraisal->vtpm.status, TIER_AFFIRMING);
    check_int(appraisal->status, TIER_AFFIRMING);
    check(!appraisal->simulated);
    check(json_object_get(appraisal->identity, "ak_name") != NULL);
    check(!json_object_get(appraisal->identity, "chip_id"));
}

static void test_without_a_certificate_it_is_the_hosts_word(void)
{
    LabOrder order = alone();
    _cleanup_(policy_freep) Policy *listed = policy_of(NONE, "'roots':['host']");
    _cleanup_(policy_freep) Policy *ruled = policy_of(NONE, "'roots':['host'],'secure_boot':true");
    _cleanup_(policy_freep) Policy *strict = certified_policy(NONE, "");

    order.ak_certificate = (ByteView){ 0 };
    _cleanup_(appraisal_freep) Appraisal *accepted = judge(&order, listed);
    _cleanup_(appraisal_freep) Appraisal *unendorsed = judge(&order, ruled);
    _cleanup_(appraisal_freep) Appraisal *refused = judge(&order, strict);
    lab_check_no_failure(&accepted->findings);
    check_int(accepted->vtpm_root, VTPM_ROOT_HOST);
    check_int(accepted->status, TIER_NONE);
    check_int(json_object_size(accepted->vtpm.facts), 1);
    lab_check_failure(&unendorsed->findings, "vtpm-unendorsed");
    lab_check_failure(&refused->findings, "vtpm-root-not-accepted");
}

/* Genuineness is never a matter of policy. */
static void test_the_quote_must_be_genuine(void)
{
    const LabOrder good = alone();
    _cleanup_(policy_freep) Policy *policy = certified_policy(NONE, "");

    for (int i = 0; i < 4; i++) {
        _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &good);
        static const char *const names[] = { "tpm-signature-invalid", "tpm-pcr-digest-mismatch",
                                             "tpm-ak-not-bound", "eventlog-replay-mismatch" };
        evidence.vtpm.signature.data[10] ^= i == 0;
        evidence.vtpm.pcrs.values[4][0] ^= i == 1;
        evidence.vtpm.ak_public.data[evidence.vtpm.ak_public.size - 1] ^= i == 2;
        evidence.eventlog.data[evidence.eventlog.size / 2] ^= i == 3;
        _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &evidence, policy);
        check_int(appraisal->status, TIER_CONTRAINDICATED);
        if (i < 3)
            lab_check_failure(&appraisal->findings, names[i]);
    }
}

static void test_nothing_at_all_is_refused(void)
{
    LabOrder order = alone();
    _cleanup_(policy_freep) Policy *policy = policy_of(NONE, "'roots':['host']");

    order.no_vtpm = true;
    order.members = EVIDENCE_MEMBER_EVENTLOG;
    _cleanup_(appraisal_freep) Appraisal *appraisal = judge(&order, policy);
    lab_check_failure(&appraisal->findings, "cpu-missing");
    lab_check_failure(&appraisal->findings, "claims-members-mismatch");
}

/* Where no policy speaks, whoever judges has to say it. */
static void test_without_a_policy_it_takes_a_word(void)
{
    const LabOrder order = alone();
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    VerifyInput input = lab_input(milan, &evidence, NULL);
    _cleanup_(appraisal_freep) Appraisal *refused = NULL, *accepted = NULL;

    check_int(verify_evidence(&input, &refused), VERIFY_E_REFUSED);
    lab_check_failure(&refused->findings, "cpu-missing");
    input.hardware_unneeded = true;
    check_int(verify_evidence(&input, &accepted), VERIFY_OK);
    check_int(accepted->vtpm_root, VTPM_ROOT_HOST);
}

/* A policy that takes both takes a confidential machine as before. */
static void test_none_beside_others_takes_nothing_away(void)
{
    const LabOrder order = endorsed();
    _cleanup_(policy_freep) Policy *policy =
        certified_policy("'hardware':['snp','none'],", "'secure_boot':true");
    _cleanup_(appraisal_freep) Appraisal *appraisal = judge(&order, policy);

    lab_check_no_failure(&appraisal->findings);
    check_int(appraisal->hardware, HARDWARE_SNP);
    check_int(appraisal->status, TIER_AFFIRMING);
    check(appraisal->cpu.present);
}

static void test_a_baseline_says_that_no_hardware_vouches(void)
{
    const LabOrder order = alone();
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    _cleanup_(policy_freep) Policy *trust = certified_policy(NONE, "");
    const VerifyInput input = lab_input(milan, &evidence, trust);
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    json_auto_t *json = NULL, *notes = NULL;
    PolicyError error;
    _cleanup_(policy_freep) Policy *policy = NULL;
    bool is_warned = false;
    const json_t *note;
    size_t i;

    check_int(baseline_draft(&input, NULL, &findings, &json, &notes), BASELINE_OK);
    _cleanup_free_ char *text = json_text(json);
    check_int(policy_parse(view_of_string(text), &policy, &error), POLICY_OK);
    check_int(policy->hardware, 1U << HARDWARE_NONE);
    check(!json_object_get(json, "snp") && !json_object_get(json, "tdx"));
    check(policy->tpm.secure_boot && policy->tpm.n_rules > 0);
    json_array_foreach (notes, i, note)
        is_warned |= strcmp(lab_text(note, "member"), "/hardware") == 0 &&
                     strstr(lab_text(note, "text"), "WARNING");
    check(is_warned);
}

static const Test tests[] = {
    { "it is refused unless the policy lists none",
      test_it_is_refused_unless_the_policy_lists_none },
    { "a certificate makes its registers count", test_a_certificate_makes_its_registers_count },
    { "without a certificate it is the host's word",
      test_without_a_certificate_it_is_the_hosts_word },
    { "the quote must be genuine", test_the_quote_must_be_genuine },
    { "nothing at all is refused", test_nothing_at_all_is_refused },
    { "without a policy it takes a word", test_without_a_policy_it_takes_a_word },
    { "none beside others takes nothing away", test_none_beside_others_takes_nothing_away },
    { "a baseline says that no hardware vouches", test_a_baseline_says_that_no_hardware_vouches },
};

int main(int argc, char **argv)
{
    return vtpm_bench_run(tests, ELEMENTSOF(tests), argc, argv);
}
