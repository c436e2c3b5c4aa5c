/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of a TD under a paravisor: complete and good, then with one thing wrong at a time, then
 * before policies that want something else.
 */
#include "verify/verify.h"

#include "lab-hcl.h"

#include "verify/baseline.h"

#include <stdio.h>

static Lab *milan;
static TdxLab *enclave;

#define PARAVISORS "'roots':['paravisor'],'paravisors':[{'mrtd':'" LAB_MRTD "'}]"
#define ANOTHER                                                                                    \
    "11111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111" \
    "1111"

/* TDX: members of the object; TPM: likewise. */
static Policy *policy_of(const char *tdx, const char *tpm)
{
    char text[2048];

    (void)snprintf(text, sizeof(text),
                   "{'attestd_policy':1,'id':'td','hardware':['tdx'],'tdx':{%s},'tpm':{%s}}", tdx,
                   tpm);
    return lab_policy(text);
}

static Appraisal *judge_evidence(const Evidence *evidence, const Policy *policy)
{
    const SpkiDigest root = tdx_lab_root(enclave);
    VerifyInput input = lab_input(milan, evidence, policy);
    Appraisal *appraisal = NULL;

    input.simulated_roots = &root;
    check(verify_evidence(&input, &appraisal) >= 0);
    return appraisal;
}

static Appraisal *judge(const LabHclOrder *given, const Policy *policy)
{
    LabHclOrder order = *given;

    order.td.lab = enclave;
    _cleanup_evidence_ Evidence evidence = lab_hcl_evidence(milan, &order);
    return judge_evidence(&evidence, policy);
}

static void check_refused(const LabHclOrder *order, const char *tdx, const char *finding)
{
    _cleanup_(policy_freep) Policy *policy = policy_of(tdx, PARAVISORS);
    _cleanup_(appraisal_freep) Appraisal *appraisal = judge(order, policy);

    (void)printf("  %s\n", finding);
    lab_check_failure(&appraisal->findings, finding);
    check_int(appraisal->status, TIER_CONTRAINDICATED);
    check_int(appraisal->hardware, HARDWARE_TDX);
}

static const char *fact(const Appraisal *appraisal, const char *name)
{
    return json_string_value(json_object_get(appraisal->cpu.facts, name));
}

static void test_good_evidence_under_a_listed_paravisor_affirms(void)
{
    _cleanup_(policy_freep) Policy *policy =
        policy_of("'measurements':[{'value':'" LAB_MRTD "','covers':'firmware','name':'p'}]",
                  PARAVISORS ",'secure_boot':true");
    _cleanup_(appraisal_freep) Appraisal *appraisal = judge(&(LabHclOrder){ 0 }, policy);

    lab_check_no_failure(&appraisal->findings);
    lab_check_warning(&appraisal->findings, "tdx-tcb-not-evaluated");
    lab_check_warning(&appraisal->findings, "tdx-root-simulated");
    check_int(appraisal->hardware, HARDWARE_TDX);
    check_int(appraisal->status, TIER_AFFIRMING);
    check_int(appraisal->cpu.status, TIER_AFFIRMING);
    check_int(appraisal->cpu.vector.executables, TRUST_APPROVED_BOOT);
    check_int(appraisal->vtpm_root, VTPM_ROOT_PARAVISOR);
    check(appraisal->simulated);
    check_str(fact(appraisal, "measurement"), LAB_MRTD);
    check_str(fact(appraisal, "measurement_name"), "p");
    check_str(fact(appraisal, "measurement_covers"), "firmware");
    check_str(fact(appraisal, "mr_seam"), LAB_MR_SEAM);
    check_str(fact(appraisal, "tee_tcb_svn"), "05010000000000000000000000000000");
    check_str(fact(appraisal, "attributes"), "0x10000000");
    check(json_is_false(json_object_get(appraisal->cpu.facts, "debug")));
    check_str(json_string_value(json_object_get(appraisal->identity, "vm_id")), LAB_VM_ID);
    check(!json_object_get(appraisal->identity, "chip_id"));
}

static void test_a_root_may_be_simulated_by_policy(void)
{
    const LabHclOrder order = { .td = { .lab = enclave } };
    const SpkiDigest root = tdx_lab_root(enclave);
    _cleanup_evidence_ Evidence evidence = lab_hcl_evidence(milan, &order);
    _cleanup_free_ char *hex = hex_encode(VIEW_OF_ARRAY(root.bytes));
    char text[512];

    (void)snprintf(text, sizeof(text),
                   "{'attestd_policy':1,'id':'x','hardware':['tdx'],'simulated_roots':['%s'],"
                   "'tpm':{'roots':['host']}}",
                   hex);
    _cleanup_(policy_freep) Policy *policy = lab_policy(text);
    VerifyInput input = lab_input(milan, &evidence, policy);
    _cleanup_(appraisal_freep) Appraisal *listed = NULL, *unlisted = NULL;
    input.n_simulated_roots = 0;
    check_int(verify_evidence(&input, &listed), VERIFY_OK);
    check(listed->simulated);
    check_int(listed->vtpm_root, VTPM_ROOT_HOST);
    check_int(listed->status, TIER_NONE);
    input.policy = NULL;
    check_int(verify_evidence(&input, &unlisted), VERIFY_E_REFUSED);
    lab_check_failure(&unlisted->findings, "tdx-root-untrusted");
    lab_check_failure(&unlisted->findings, "hcl-hardware-unverified");
}

static void test_a_paravisor_is_one_whose_mrtd_is_listed(void)
{
    static const char *const none[] = {
        "'roots':['host','paravisor']",
        "'roots':['host','paravisor'],'paravisors':[]",
        "'roots':['host','paravisor'],'paravisors':[{'mrtd':'" ANOTHER "'}]",
        "'roots':['host','paravisor'],'paravisors':[{'measurement':'" LAB_MRTD "'}]",
        "'roots':['host','paravisor'],'paravisors':[{'id_key_digest':'" LAB_MRTD "'}]",
    };

    for (size_t i = 0; i < ELEMENTSOF(none); i++) {
        _cleanup_(policy_freep) Policy *policy = policy_of("", none[i]);
        _cleanup_(appraisal_freep) Appraisal *appraisal = judge(&(LabHclOrder){ 0 }, policy);
        lab_check_no_failure(&appraisal->findings);
        check_int(appraisal->vtpm_root, VTPM_ROOT_HOST);
        check_int(appraisal->status, TIER_NONE);
        check(!json_object_get(appraisal->identity, "vm_id"));
    }
    /* And an MRTD is no measurement of SEV-SNP. */
    _cleanup_evidence_ Evidence snp = lab_hcl_evidence(milan, &(LabHclOrder){ 0 });
    _cleanup_(policy_freep) Policy *policy = lab_policy(
        "{'attestd_policy':1,'id':'x','tpm':{'roots':['host','paravisor'],'paravisors':[{'mrtd':"
        "'" LAB_PARAVISOR "'}]}}");
    _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &snp, policy);
    lab_check_no_failure(&appraisal->findings);
    check_int(appraisal->vtpm_root, VTPM_ROOT_HOST);
}

static void test_each_broken_link_is_refused_by_name(void)
{
    static const struct {
        LabHclOrder order;
        const char *finding;
    } cases[] = {
        { { .td = { .no_quote = true } }, "hcl-hardware-unverified" },
        { { .td = { .quote_of_another = true } }, "hcl-quote-mismatch" },
        { { .td = { .other_report_data = true } }, "hcl-quote-mismatch" },
        { { .td = { .damaged_quote = true } }, "tdx-quote-signature-invalid" },
        { { .td = { .damaged_quote = true } }, "hcl-hardware-unverified" },
        { { .td = { .damaged_report_hash = true } }, "hcl-tdreport-malformed" },
        { { .stale_user_data = true }, "hcl-user-data-mismatch" },
        { { .no_user_data = true }, "hcl-user-data-missing" },
        { { .other_ak_in_claims = true }, "hcl-ak-mismatch" },
        { { .other_name = true }, "hcl-ak-name-mismatch" },
        { { .with_cpu = true }, "hcl-beside-cpu" },
        { { .td = { .attributes = TDX_ATTRIBUTE_DEBUG } }, "tdx-debug-enabled" },
        { { .td = { .attributes = UINT64_C(1) << 5 } }, "tdx-debug-enabled" }, /* PERF_PROF */
        { { .td = { .attributes = TDX_ATTRIBUTE_MIGRATABLE } }, "tdx-migratable" },
        { { .td = { .mrtd = 9 } }, "vtpm-root-not-accepted" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        check_refused(&cases[i].order, "", cases[i].finding);
}

/* What is genuine and not wanted: each wish met, then not. */
static void test_each_wish_of_the_policy_is_judged(void)
{
    static const struct {
        const char *met, *unmet, *finding;
    } wishes[] = {
        { "'minimum_tee_tcb_svn':'05010000000000000000000000000000'",
          "'minimum_tee_tcb_svn':'04020000000000000000000000000000'", "tdx-tee-tcb-too-low" },
        { "'minimum_tee_tcb_svn':'04000000000000000000000000000000'",
          "'minimum_tee_tcb_svn':'00000000000000000000000000000001'", "tdx-tee-tcb-too-low" },
        { "'minimum_qe_svn':7", "'minimum_qe_svn':8", "tdx-qe-svn-too-low" },
        { "'mr_seams':['" ANOTHER "','" LAB_MR_SEAM "']", "'mr_seams':['" ANOTHER "']",
          "tdx-module-not-accepted" },
        { "'attributes':{'required':'0x10000000'}", "'attributes':{'forbidden':'0x10000000'}",
          "tdx-attributes" },
        { "'xfam':{'required':'0x61'}", "'xfam':{'required':'0x8'}", "tdx-xfam" },
        { "'measurements':[{'value':'" LAB_MRTD "','covers':'boot-chain'}]",
          "'measurements':[{'value':'" ANOTHER "','covers':'firmware'}]",
          "tdx-measurement-unknown" },
        { "'debug':false", "'measurements':[]", "tdx-measurement-unknown" },
    };
    static const struct {
        const char *name, *finding;
    } owners[] = {
        { "mr_config_ids", "tdx-mr-config-id-unknown" },
        { "mr_owners", "tdx-mr-owner-unknown" },
        { "mr_owner_configs", "tdx-mr-owner-config-unknown" },
    };

    for (size_t i = 0; i < ELEMENTSOF(wishes); i++) {
        _cleanup_(policy_freep) Policy *met = policy_of(wishes[i].met, PARAVISORS);
        _cleanup_(appraisal_freep) Appraisal *appraisal = judge(&(LabHclOrder){ 0 }, met);
        lab_check_no_failure(&appraisal->findings);
        check_refused(&(LabHclOrder){ 0 }, wishes[i].unmet, wishes[i].finding);
    }
    for (size_t i = 0; i < ELEMENTSOF(owners); i++) {
        char wish[160];
        (void)snprintf(wish, sizeof(wish), "'%s':['" ANOTHER "']", owners[i].name);
        _cleanup_(policy_freep) Policy *policy = policy_of(wish, PARAVISORS);
        const LabHclOrder owned = { .td = { .owner = 0x11 } };
        _cleanup_(appraisal_freep) Appraisal *appraisal = judge(&owned, policy);
        lab_check_no_failure(&appraisal->findings);
        check_refused(&(LabHclOrder){ 0 }, wish, owners[i].finding);
    }
}

static void test_what_a_policy_allows_passes(void)
{
    const LabHclOrder order = { .td = { .attributes =
                                            TDX_ATTRIBUTE_DEBUG | TDX_ATTRIBUTE_MIGRATABLE } };
    _cleanup_(policy_freep) Policy *policy =
        policy_of("'debug':true,'migratable':true", PARAVISORS);
    _cleanup_(appraisal_freep) Appraisal *appraisal = judge(&order, policy);

    lab_check_no_failure(&appraisal->findings);
    check_int(appraisal->cpu.vector.runtime_opaque, 0);
    check(json_is_true(json_object_get(appraisal->cpu.facts, "debug")));
}

/* A policy that was written for SEV-SNP accepts no TD, and the other way round. */
static void test_hardware_that_is_not_listed_is_refused(void)
{
    static const char for_snp[] =
        "{'attestd_policy':1,'id':'x','tpm':{'roots':['host','paravisor']}}";
    static const char for_tdx[] = "{'attestd_policy':1,'id':'x','hardware':['tdx'],'tpm':{'roots':"
                                  "['host','paravisor']}}";
    static const char for_none[] = "{'attestd_policy':1,'id':'x','hardware':[],'tpm':{'roots':"
                                   "['host','paravisor']}}";
    _cleanup_(policy_freep) Policy *snp = lab_policy(for_snp), *tdx = lab_policy(for_tdx);
    _cleanup_(policy_freep) Policy *none = lab_policy(for_none);
    _cleanup_evidence_ Evidence guest = lab_hcl_evidence(milan, &(LabHclOrder){ 0 });
    _cleanup_(appraisal_freep) Appraisal *td_for_snp = judge(&(LabHclOrder){ 0 }, snp);
    _cleanup_(appraisal_freep) Appraisal *td_for_tdx = judge(&(LabHclOrder){ 0 }, tdx);
    _cleanup_(appraisal_freep) Appraisal *snp_for_tdx = lab_verify(milan, &guest, tdx);
    _cleanup_(appraisal_freep) Appraisal *snp_for_none = lab_verify(milan, &guest, none);

    lab_check_failure(&td_for_snp->findings, "hardware-not-accepted");
    check_int(td_for_snp->cpu.vector.hardware, TRUST_UNRECOGNISED);
    check_int(td_for_snp->cpu.status, TIER_CONTRAINDICATED);
    lab_check_no_failure(&td_for_tdx->findings);
    lab_check_failure(&snp_for_tdx->findings, "hardware-not-accepted");
    check_int(snp_for_tdx->cpu.vector.hardware, TRUST_UNRECOGNISED);
    lab_check_failure(&snp_for_none->findings, "hardware-not-accepted");
}

static void test_a_quote_of_nothing_is_refused(void)
{
    const LabHclOrder td = { .td = { .lab = enclave } };
    _cleanup_evidence_ Evidence from = lab_hcl_evidence(milan, &td);
    _cleanup_evidence_ Evidence guest = lab_hcl_evidence(milan, &(LabHclOrder){ 0 });
    _cleanup_evidence_ Evidence bare = lab_evidence(milan, &(LabOrder){ 0 });

    check_int(bytes_copy(VIEW(from.td_quote), &guest.td_quote), 0);
    check_int(bytes_copy(VIEW(from.td_quote), &bare.td_quote), 0);
    _cleanup_(appraisal_freep) Appraisal *beside_snp = lab_verify(milan, &guest, NULL);
    _cleanup_(appraisal_freep) Appraisal *beside_cpu = lab_verify(milan, &bare, NULL);
    lab_check_failure(&beside_snp->findings, "td-quote-unwanted");
    lab_check_failure(&beside_cpu->findings, "td-quote-unwanted");
}

static void test_every_flipped_bit_of_the_members_is_refused(void)
{
    const LabHclOrder order = { .td = { .lab = enclave } };
    _cleanup_evidence_ Evidence evidence = lab_hcl_evidence(milan, &order);
    _cleanup_(policy_freep) Policy *policy = policy_of("", PARAVISORS);
    /* What is signed or hashed; behind it is padding, before the report a header. */
    const struct {
        Bytes *bytes;
        size_t from, to, stride;
    } parts[] = {
        { &evidence.td_quote, 0, TDX_QUOTE_HEADER_SIZE + TDX_BODY_1_0_SIZE + 4 + 0x246, 5 },
        { &evidence.hcl, HCL_HARDWARE_OFFSET + TDX_REPORT_OFFSET_REPORT_DATA,
          HCL_HARDWARE_OFFSET + TDX_REPORT_OFFSET_REPORT_DATA + 64, 3 },
        { &evidence.hcl, HCL_HARDWARE_OFFSET + TDX_REPORT_OFFSET_TCB_INFO,
          HCL_HARDWARE_OFFSET + TDX_REPORT_OFFSET_TCB_INFO + TDX_REPORT_TCB_INFO_SIZE, 11 },
        { &evidence.hcl, HCL_HARDWARE_OFFSET + TDX_REPORT_OFFSET_TD_INFO,
          HCL_HARDWARE_OFFSET + TDX_REPORT_OFFSET_TD_INFO + TDX_REPORT_TD_INFO_SIZE, 11 },
        { &evidence.hcl, HCL_CLAIMS_OFFSET, evidence.hcl.size - 64, 17 },
        { &evidence.vtpm.attest, 0, evidence.vtpm.attest.size, 7 },
        { &evidence.vtpm.signature, 6, evidence.vtpm.signature.size, 7 },
        { &evidence.vtpm.ak_public, 0, evidence.vtpm.ak_public.size, 7 },
        { &evidence.claims, 0, evidence.claims.size, 13 },
    };

    for (size_t i = 0; i < ELEMENTSOF(parts); i++)
        for (size_t k = parts[i].from; k < parts[i].to; k += parts[i].stride) {
            const uint8_t bit = (uint8_t)(1U << k % 8);
            parts[i].bytes->data[k] ^= bit;
            _cleanup_(appraisal_freep) Appraisal *appraisal = judge_evidence(&evidence, policy);
            if (appraisal->status != TIER_CONTRAINDICATED)
                (void)fprintf(stderr, "part %zu, byte %zu\n", i, k);
            check_int(appraisal->status, TIER_CONTRAINDICATED);
            parts[i].bytes->data[k] ^= bit;
        }
    _cleanup_(appraisal_freep) Appraisal *good = judge_evidence(&evidence, policy);
    lab_check_no_failure(&good->findings);
}

static void test_evidence_travels(void)
{
    const LabHclOrder order = { .td = { .lab = enclave } };
    _cleanup_evidence_ Evidence evidence = lab_hcl_evidence(milan, &order), again = { 0 };
    _cleanup_(policy_freep) Policy *policy = policy_of("", PARAVISORS);
    _cleanup_bytes_ Bytes json = { 0 };

    check_int(evidence_emit(&evidence, &json), 0);
    check_int(evidence_parse(VIEW(json), NULL, &again), EVIDENCE_OK);
    _cleanup_(appraisal_freep) Appraisal *appraisal = judge_evidence(&again, policy);
    lab_check_no_failure(&appraisal->findings);
    check_int(appraisal->vtpm_root, VTPM_ROOT_PARAVISOR);
}

static Policy *draft(const Evidence *evidence, json_t **ret, json_t **ret_notes)
{
    const SpkiDigest root = tdx_lab_root(enclave);
    VerifyInput input = lab_input(milan, evidence, NULL);
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    PolicyError error;
    Policy *policy = NULL;

    input.simulated_roots = &root;
    int r = baseline_draft(&input, "drafted", &findings, ret, ret_notes);
    if (r != BASELINE_OK)
        lab_print(&findings);
    check_int(r, BASELINE_OK);
    _cleanup_free_ char *text = json_text(*ret);
    check_int(policy_parse(view_of_string(text), &policy, &error), POLICY_OK);
    return policy;
}

static void test_a_baseline_accepts_this_machine_and_no_twin(void)
{
    static const LabHclOrder twins[] = {
        { .td = { .mrtd = 0x32 } },
        { .td = { .module_svn = 4 } },
        { .td = { .owner = 1 } },
        { .td = { .attributes = TDX_ATTRIBUTE_DEBUG } },
        { .td = { .attributes = TDX_ATTRIBUTE_PKS } },
        { .no_vtpm = true },
    };
    const LabHclOrder order = { .td = { .lab = enclave } };
    _cleanup_evidence_ Evidence evidence = lab_hcl_evidence(milan, &order);
    json_auto_t *json = NULL, *notes = NULL;
    _cleanup_(policy_freep) Policy *policy = draft(&evidence, &json, &notes);
    const json_t *paravisor =
        json_array_get(json_object_get(json_object_get(json, "tpm"), "paravisors"), 0);

    check_int(policy->hardware, 1U << HARDWARE_TDX);
    check_str(lab_text(paravisor, "mrtd"), LAB_MRTD);
    check(strstr(lab_text(paravisor, "comment"), "WARNING") != NULL);
    check_int(policy->n_simulated_roots, 1);
    for (size_t i = 0; i < ELEMENTSOF(twins); i++) {
        _cleanup_(appraisal_freep) Appraisal *appraisal = judge(&twins[i], policy);
        check_int(appraisal->status, TIER_CONTRAINDICATED);
    }
    _cleanup_(appraisal_freep) Appraisal *same = judge(&(LabHclOrder){ 0 }, policy);
    lab_check_no_failure(&same->findings);
    check_int(same->status, TIER_AFFIRMING);
}

static const Test tests[] = {
    { "good evidence under a listed paravisor affirms",
      test_good_evidence_under_a_listed_paravisor_affirms },
    { "a root may be simulated by policy", test_a_root_may_be_simulated_by_policy },
    { "a paravisor is one whose MRTD is listed", test_a_paravisor_is_one_whose_mrtd_is_listed },
    { "each broken link is refused by name", test_each_broken_link_is_refused_by_name },
    { "each wish of the policy is judged", test_each_wish_of_the_policy_is_judged },
    { "what a policy allows passes", test_what_a_policy_allows_passes },
    { "hardware that is not listed is refused", test_hardware_that_is_not_listed_is_refused },
    { "a quote of nothing is refused", test_a_quote_of_nothing_is_refused },
    { "every flipped bit of the members is refused",
      test_every_flipped_bit_of_the_members_is_refused },
    { "evidence travels", test_evidence_travels },
    { "a baseline accepts this machine and no twin",
      test_a_baseline_accepts_this_machine_and_no_twin },
};

int main(int argc, char **argv)
{
    milan = lab_new(SIM_MILAN, false);
    enclave = tdx_lab_new();
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    lab_hcl_done();
    enclave = tdx_lab_free(enclave);
    lab_free(milan);
    return r;
}
