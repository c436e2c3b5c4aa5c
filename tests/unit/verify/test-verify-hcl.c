/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of a machine under a paravisor: complete and good, then with one thing wrong at a time.
 */
#include "verify/verify.h"

#include "lab-hcl.h"

#include <stdio.h>

static Lab *milan;

#define ROOTS      "'roots':['host','paravisor']"
#define BY_MEASURE "'paravisors':[{'measurement':'" LAB_PARAVISOR "'}]"
#define BY_ID_KEY  "'paravisors':[{'id_key_digest':'" LAB_ID_KEY "'}]"
#define ANOTHER                                                                                    \
    "11111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111" \
    "1"                                                                                            \
    "111"
#define NONE                                                                                       \
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" \
    "0"                                                                                            \
    "000"

static Policy *policy_of(const char *tpm)
{
    char text[2048];

    (void)snprintf(text, sizeof(text), "{'attestd_policy':1,'id':'hcl','tpm':{%s}}", tpm);
    return lab_policy(text);
}

/* TPM: the members of the policy's object, or NULL for none at all. */
static Appraisal *judge(const LabHclOrder *order, const char *tpm)
{
    _cleanup_evidence_ Evidence evidence = lab_hcl_evidence(milan, order);
    _cleanup_(policy_freep) Policy *policy = tpm ? policy_of(tpm) : NULL;

    return lab_verify(milan, &evidence, policy);
}

/* Refused by NAME, and what stands behind the vTPM is nobody's word. */
static void check_refused(const LabHclOrder *order, const char *name)
{
    _cleanup_(appraisal_freep) Appraisal *appraisal = judge(order, ROOTS "," BY_MEASURE);

    (void)printf("  %s\n", name);
    lab_check_failure(&appraisal->findings, name);
    check_int(appraisal->status, TIER_CONTRAINDICATED);
    check_int(appraisal->vtpm_root, VTPM_ROOT_HOST);
    check(!json_object_get(appraisal->identity, "vm_id"));
}

static void check_root(const LabHclOrder *order, const char *tpm, VtpmRoot wanted)
{
    _cleanup_(appraisal_freep) Appraisal *appraisal = judge(order, tpm);

    lab_check_no_failure(&appraisal->findings);
    check_int(appraisal->vtpm_root, wanted);
    check_int(appraisal->status, wanted == VTPM_ROOT_PARAVISOR && appraisal->vtpm.present
                                     ? TIER_AFFIRMING
                                     : TIER_NONE);
}

static void test_good_evidence_under_a_listed_paravisor_affirms(void)
{
    const LabHclOrder order = { 0 };
    _cleanup_(appraisal_freep) Appraisal *appraisal =
        judge(&order, ROOTS "," BY_MEASURE ",'secure_boot':true");

    lab_check_no_failure(&appraisal->findings);
    check_int(appraisal->findings.n_items, 1); /* simulated */
    check_int(appraisal->status, TIER_AFFIRMING);
    check_int(appraisal->cpu.status, TIER_AFFIRMING);
    check_int(appraisal->vtpm.status, TIER_AFFIRMING);
    check_int(appraisal->vtpm_root, VTPM_ROOT_PARAVISOR);
    check(appraisal->simulated);
    check_int(appraisal->ak_name.size, 34);
    check_str(json_string_value(json_object_get(appraisal->cpu.facts, "measurement")),
              LAB_PARAVISOR);
    check_str(json_string_value(json_object_get(appraisal->vtpm.facts, "root")), "paravisor");
    check(json_object_get(appraisal->vtpm.facts, "pcr7") != NULL);
    check_str(json_string_value(json_object_get(appraisal->identity, "vm_id")), LAB_VM_ID);
    check(!json_object_get(appraisal->cpu.facts, "vm_id"));
}

static void test_user_data_may_be_of_either_case(void)
{
    check_root(&(LabHclOrder){ .lower_case = true }, ROOTS "," BY_MEASURE, VTPM_ROOT_PARAVISOR);
}

static void test_a_paravisor_is_one_that_the_policy_lists(void)
{
    static const struct {
        const char *tpm;
        VtpmRoot root;
    } cases[] = {
        { ROOTS "," BY_MEASURE, VTPM_ROOT_PARAVISOR },
        { ROOTS "," BY_ID_KEY, VTPM_ROOT_PARAVISOR },
        { ROOTS ",'paravisors':[{'measurement':'" ANOTHER "'},{'measurement':'" LAB_PARAVISOR "'}]",
          VTPM_ROOT_PARAVISOR },
        { ROOTS ",'paravisors':[{'measurement':'" LAB_PARAVISOR "','id_key_digest':'" LAB_ID_KEY
                "'}]",
          VTPM_ROOT_PARAVISOR },
        { ROOTS ",'paravisors':[{'measurement':'" LAB_PARAVISOR "','id_key_digest':'" ANOTHER "'}]",
          VTPM_ROOT_HOST },
        { ROOTS ",'paravisors':[{'measurement':'" ANOTHER "','id_key_digest':'" LAB_ID_KEY "'}]",
          VTPM_ROOT_HOST },
        { ROOTS ",'paravisors':[{'measurement':'" ANOTHER "'}]", VTPM_ROOT_HOST },
        { ROOTS ",'paravisors':[{'id_key_digest':'" ANOTHER "'}]", VTPM_ROOT_HOST },
        { ROOTS ",'paravisors':[{'measurement':'" LAB_ID_KEY "'}]", VTPM_ROOT_HOST },
        { ROOTS ",'paravisors':[]", VTPM_ROOT_HOST },
        { ROOTS, VTPM_ROOT_HOST },
        { NULL, VTPM_ROOT_HOST },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        check_root(&(LabHclOrder){ 0 }, cases[i].tpm, cases[i].root);
}

/* A guest that was started without an ID block has zeros there, whoever started it. */
static void test_zeros_are_no_id_key(void)
{
    const LabHclOrder order = { .fields = { { "id_key_digest", NONE } } };

    check_root(&order, ROOTS ",'paravisors':[{'id_key_digest':'" NONE "'}]", VTPM_ROOT_HOST);
}

/* Root of a bare guest, which can have any claims reported. */
static void test_a_bare_guests_forged_claims_leave_the_vtpm_to_the_host(void)
{
    const LabHclOrder order = { .fields = { { "measurement", ANOTHER } } };
    _cleanup_(appraisal_freep) Appraisal *appraisal =
        judge(&order, "'roots':['paravisor']," BY_MEASURE);
    _cleanup_(appraisal_freep) Appraisal *ruled =
        judge(&order, ROOTS "," BY_MEASURE ",'secure_boot':true");

    lab_check_failure(&appraisal->findings, "vtpm-root-not-accepted");
    check_int(appraisal->vtpm_root, VTPM_ROOT_HOST);
    check(!json_object_get(appraisal->identity, "vm_id"));
    lab_check_failure(&ruled->findings, "vtpm-unendorsed");
    check_int(json_object_size(ruled->vtpm.facts), 1);
}

static void test_each_broken_link_is_refused_by_name(void)
{
    static const struct {
        LabHclOrder order;
        const char *finding;
    } cases[] = {
        { { .stale_user_data = true }, "hcl-user-data-mismatch" },
        { { .no_user_data = true }, "hcl-user-data-missing" },
        { { .other_claims = true }, "hcl-claims-hash-mismatch" },
        { { .other_ak_in_claims = true }, "hcl-ak-mismatch" },
        { { .other_name = true }, "hcl-ak-name-mismatch" },
        { { .ak_attributes = LAB_AK_ATTRIBUTES | TPM_OBJECT_X509_SIGN }, "hcl-ak-unfit" },
        { { .ak_attributes = LAB_AK_ATTRIBUTES & ~(uint32_t)TPM_OBJECT_RESTRICTED },
          "tpm-ak-unrestricted" },
        { { .with_cpu = true }, "hcl-beside-cpu" },
        { { .is_tdx = true }, "hcl-tdreport-malformed" },
        { { .no_certificates = true }, "snp-vek-missing" },
        { { .fields = { { "vmpl", "1" } } }, "hcl-vmpl-not-zero" },
        { { .fields = { { "vmpl", "2" } } }, "hcl-vmpl-not-zero" },
        { { .fields = { { "vmpl", "4" } } }, "snp-report-from-host" },
        { { .fields = { { "reported_tcb", "1.0.0.1" } } }, "snp-tcb-mismatch" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        check_refused(&cases[i].order, cases[i].finding);
}

static void test_members_other_than_announced_are_refused(void)
{
    const LabHclOrder order = { .members = EVIDENCE_MEMBER_CPU | EVIDENCE_MEMBER_VTPM |
                                           EVIDENCE_MEMBER_EVENTLOG };
    _cleanup_(appraisal_freep) Appraisal *appraisal = judge(&order, NULL);

    lab_check_failure(&appraisal->findings, "claims-members-mismatch");
}

/* Whatever levels the policy accepts: below VMPL 0 there is no paravisor. */
static void test_no_policy_makes_a_paravisor_of_a_lower_level(void)
{
    const LabHclOrder order = { .fields = { { "vmpl", "2" } } };
    _cleanup_evidence_ Evidence evidence = lab_hcl_evidence(milan, &order);
    _cleanup_(policy_freep) Policy *policy = lab_policy(
        "{'attestd_policy':1,'id':'x','snp':{'vmpl':[0,1,2,3]},'tpm':{" ROOTS "," BY_MEASURE "}}");
    _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &evidence, policy);

    lab_check_failure(&appraisal->findings, "hcl-vmpl-not-zero");
    check_int(appraisal->vtpm_root, VTPM_ROOT_HOST);
}

static void test_no_byte_of_the_claims_can_be_changed(void)
{
    const LabHclOrder order = { 0 };
    _cleanup_evidence_ Evidence evidence = lab_hcl_evidence(milan, &order);

    for (size_t i = 0; i < evidence.claims.size; i += 41) {
        evidence.claims.data[i] ^= 1;
        _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &evidence, NULL);
        lab_check_failure(&appraisal->findings, "hcl-user-data-mismatch");
        lab_check_failure(&appraisal->findings, "tpm-qualifying-data-mismatch");
        evidence.claims.data[i] ^= 1;
    }
}

static void test_a_damaged_report_is_refused(void)
{
    const LabHclOrder order = { 0 };
    _cleanup_evidence_ Evidence evidence = lab_hcl_evidence(milan, &order);

    for (size_t size = 1; size < evidence.hcl.size - 64; size += 97) {
        Evidence cut = evidence;
        cut.hcl.size = size;
        _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &cut, NULL);
        lab_check_failure(&appraisal->findings, "hcl-report-malformed");
        check_int(appraisal->cpu.vector.hardware, TRUST_UNRECOGNISED);
        check(!appraisal->cpu.facts);
    }
}

static void test_a_tdreport_without_a_quote_convinces_nobody(void)
{
    const LabHclOrder order = { .is_tdx = true };
    _cleanup_(appraisal_freep) Appraisal *appraisal = judge(&order, NULL);

    check_int(appraisal->status, TIER_CONTRAINDICATED);
    check_int(appraisal->cpu.vector.hardware, TRUST_UNRECOGNISED);
}

/* The report binds the claims by itself; what the registers say is then not known. */
/* Real evidence of a trust domain; its user data is another round's, which is all that is wrong. */
static void test_a_tdreport_with_its_quote_convinces(void)
{
    const LabHclOrder order = { .is_tdx = true };

    for (int with_quote = 0; with_quote <= 1; with_quote++) {
        _cleanup_evidence_ Evidence evidence = lab_hcl_evidence(milan, &order);
        _cleanup_bytes_ Bytes quote = test_vector("azure-tdx/tdx-a/td_quote.bin");
        _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;
        bytes_done(&evidence.hcl);
        evidence.hcl = test_vector("azure-tdx/tdx-a/hcl_report.bin");
        if (with_quote)
            evidence.td_quote = TAKE_STRUCT(quote);
        const VerifyInput input = { .evidence = &evidence,
                                    .caller_allowed = true,
                                    .now_sec = CERTIFICATE_TIME_ANY,
                                    .source = "worker" };
        check_int(verify_evidence(&input, &appraisal), VERIFY_E_REFUSED);
        check(findings_has(&appraisal->findings, "hcl-user-data-mismatch"));
        check(findings_has(&appraisal->findings, "hcl-hardware-unverified") == !with_quote);
        check(!findings_has(&appraisal->findings, "hcl-quote-mismatch"));
    }
}

static void test_a_report_without_a_quote_is_judged_by_itself(void)
{
    const LabHclOrder order = { .no_vtpm = true };
    _cleanup_(appraisal_freep) Appraisal *appraisal = judge(&order, ROOTS "," BY_MEASURE);
    _cleanup_(appraisal_freep) Appraisal *required = judge(&order, ROOTS ",'required':true");

    lab_check_no_failure(&appraisal->findings);
    check_int(appraisal->status, TIER_AFFIRMING);
    check_int(appraisal->vtpm_root, VTPM_ROOT_HOST);
    lab_check_failure(&required->findings, "vtpm-missing");
}

static void test_evidence_travels(void)
{
    const LabHclOrder order = { 0 };
    _cleanup_evidence_ Evidence evidence = lab_hcl_evidence(milan, &order), again = { 0 };
    _cleanup_(policy_freep) Policy *policy = policy_of(ROOTS "," BY_MEASURE);
    _cleanup_bytes_ Bytes json = { 0 };

    check_int(evidence_emit(&evidence, &json), 0);
    check_int(evidence_parse(VIEW(json), NULL, &again), EVIDENCE_OK);
    check(view_equal(VIEW(again.hcl), VIEW(evidence.hcl)));
    _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &again, policy);
    lab_check_no_failure(&appraisal->findings);
    check_int(appraisal->vtpm_root, VTPM_ROOT_PARAVISOR);
}

static const Test tests[] = {
    { "good evidence under a listed paravisor affirms",
      test_good_evidence_under_a_listed_paravisor_affirms },
    { "user data may be of either case", test_user_data_may_be_of_either_case },
    { "a paravisor is one that the policy lists", test_a_paravisor_is_one_that_the_policy_lists },
    { "zeros are no ID key", test_zeros_are_no_id_key },
    { "a bare guest's forged claims leave the vTPM to the host",
      test_a_bare_guests_forged_claims_leave_the_vtpm_to_the_host },
    { "each broken link is refused by name", test_each_broken_link_is_refused_by_name },
    { "members other than announced are refused", test_members_other_than_announced_are_refused },
    { "no policy makes a paravisor of a lower level",
      test_no_policy_makes_a_paravisor_of_a_lower_level },
    { "no byte of the claims can be changed", test_no_byte_of_the_claims_can_be_changed },
    { "a damaged report is refused", test_a_damaged_report_is_refused },
    { "a TDREPORT without a quote convinces nobody",
      test_a_tdreport_without_a_quote_convinces_nobody },
    { "a TDREPORT with its quote convinces", test_a_tdreport_with_its_quote_convinces },
    { "a report without a quote is judged by itself",
      test_a_report_without_a_quote_is_judged_by_itself },
    { "evidence travels", test_evidence_travels },
};

int main(int argc, char **argv)
{
    milan = lab_new(SIM_MILAN, false);
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    lab_hcl_done();
    lab_free(milan);
    return r;
}
