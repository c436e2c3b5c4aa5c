/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole evidence: complete and good, then with one thing wrong at a time.
 */
#include "verify/verify.h"

#include "lab.h"

static Lab *milan;

static Appraisal *judge(const LabOrder *order, const Policy *policy)
{
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, order);

    return lab_verify(milan, &evidence, policy);
}

static void check_refused(const LabOrder *order, const char *name)
{
    _cleanup_(appraisal_freep) Appraisal *appraisal = judge(order, NULL);

    (void)printf("  %s\n", name);
    lab_check_failure(&appraisal->findings, name);
    check_int(appraisal->status, TIER_CONTRAINDICATED);
}

static const char *const open_policy = "{'attestd_policy':1,'id':'test','tpm':{'roots':['host']}}";

static void test_good_evidence_passes(void)
{
    const LabOrder order = { 0 };
    _cleanup_(policy_freep) Policy *policy = lab_policy(open_policy);
    _cleanup_(appraisal_freep) Appraisal *appraisal = judge(&order, policy);

    lab_check_no_failure(&appraisal->findings);
    lab_check_warning(&appraisal->findings, "snp-root-simulated");
    check_int(appraisal->findings.n_items, 1);
    check_str(appraisal->findings.items[0].source, "verifier");
    check(appraisal->simulated);
    check_int(appraisal->status, TIER_NONE); /* no better than that of the host's vTPM */
    check_int(appraisal->cpu.status, TIER_AFFIRMING);
    check_int(appraisal->cpu.vector.hardware, 2);
    check_int(appraisal->cpu.vector.runtime_opaque, 2);
    check_int(appraisal->vtpm_root, VTPM_ROOT_HOST);
    check_int(appraisal->vtpm.status, TIER_NONE);
    check_int(appraisal->ak_name.size, 34);
    check(appraisal->has_claims && appraisal->claims.jwk);
    check(json_is_string(json_object_get(appraisal->identity, "chip_id")));
    check(json_is_string(json_object_get(appraisal->identity, "ak_name")));
    check_str(json_string_value(json_object_get(appraisal->cpu.facts, "product")), "Milan");
    check(json_is_false(json_object_get(appraisal->cpu.facts, "debug")));
    check(!json_object_get(appraisal->cpu.facts, "chip_id"));
}

static void test_a_hosts_vtpm_contributes_its_root_and_no_other_fact(void)
{
    const LabOrder order = { 0 };
    _cleanup_(appraisal_freep) Appraisal *appraisal = judge(&order, NULL);

    lab_check_no_failure(&appraisal->findings);
    check_int(json_object_size(appraisal->vtpm.facts), 1);
    check_str(json_string_value(json_object_get(appraisal->vtpm.facts, "root")), "host");
}

static void test_every_product_and_key_passes(void)
{
    static const SimProduct products[] = { SIM_GENOA, SIM_TURIN };
    const LabOrder vlek = { .signer = SIM_VLEK, .fields = { { "signing_key", "vlek" } } };

    for (size_t i = 0; i < ELEMENTSOF(products); i++) {
        _cleanup_(lab_freep) Lab *lab = lab_new(products[i], true);
        const LabOrder vcek = { .fields = { { "signing_key", "vcek" } } };
        const LabOrder *orders[] = { &vcek, &vlek };
        for (size_t k = 0; k < ELEMENTSOF(orders); k++) {
            _cleanup_evidence_ Evidence evidence = lab_evidence(lab, orders[k]);
            _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(lab, &evidence, NULL);
            lab_check_no_failure(&appraisal->findings);
            check_str(json_string_value(json_object_get(appraisal->cpu.facts, "product")),
                      sim_product_name(products[i]));
        }
    }
}

static void test_every_report_version_passes(void)
{
    static const char *const versions[] = { "2", "3", "5" };

    for (size_t i = 0; i < ELEMENTSOF(versions); i++) {
        const LabOrder order = { .fields = { { "version", versions[i] } } };
        _cleanup_(appraisal_freep) Appraisal *appraisal = judge(&order, NULL);
        lab_check_no_failure(&appraisal->findings);
    }
}

static void test_each_form_of_certificate_table_passes(void)
{
    static const SimTableSet tables[] = { SIM_TABLE_FULL, SIM_TABLE_PEM };

    for (size_t i = 0; i < ELEMENTSOF(tables); i++) {
        const LabOrder order = { .table = tables[i] };
        _cleanup_(appraisal_freep) Appraisal *appraisal = judge(&order, NULL);
        lab_check_no_failure(&appraisal->findings);
    }
}

static void test_a_poor_certificate_table_is_named(void)
{
    const LabOrder none = { .table = SIM_TABLE_NONE }, hostile = { .table = SIM_TABLE_HOSTILE };
    _cleanup_(appraisal_freep) Appraisal *appraisal = judge(&hostile, NULL);

    check_refused(&none, "snp-vek-missing");
    lab_check_warning(&appraisal->findings, "snp-endorsement-unreadable");
    lab_check_failure(&appraisal->findings, "snp-vek-missing");
}

/* A simulated leaf alone looks like one by AMD, and AMD did not sign it. */
static void test_a_simulated_leaf_alone_is_not_amds(void)
{
    const LabOrder order = { .table = SIM_TABLE_LEAF };

    check_refused(&order, "snp-chain-invalid");
}

static void test_certificates_from_elsewhere_complete_the_chain(void)
{
    const LabOrder order = { .table = SIM_TABLE_NONE };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    const ByteView certificates[] = { sim_chip_certificate(lab_chip(milan), "vcek"),
                                      sim_chip_certificate(lab_chip(milan), "ask"),
                                      sim_chip_certificate(lab_chip(milan), "ark") };
    VerifyInput input = lab_input(milan, &evidence, NULL);
    _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;

    input.certificates = certificates;
    input.n_certificates = ELEMENTSOF(certificates);
    check_int(verify_evidence(&input, &appraisal), VERIFY_OK);
    lab_check_no_failure(&appraisal->findings);

    _cleanup_(appraisal_freep) Appraisal *no_signer = NULL;
    const ByteView no_ask[] = { certificates[0], certificates[2] };
    input.certificates = no_ask;
    input.n_certificates = ELEMENTSOF(no_ask);
    check_int(verify_evidence(&input, &no_signer), VERIFY_E_REFUSED);
    lab_check_failure(&no_signer->findings, "snp-signer-missing");
}

static void test_a_root_nobody_listed_is_refused(void)
{
    const LabOrder order = { 0 };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    VerifyInput input = lab_input(milan, &evidence, NULL);
    _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;

    input.n_simulated_roots = 0;
    check_int(verify_evidence(&input, &appraisal), VERIFY_E_REFUSED);
    lab_check_failure(&appraisal->findings, "snp-root-untrusted");
    lab_check_failure(&appraisal->findings, "snp-chain-invalid");
    check(!appraisal->simulated);
    check_int(appraisal->cpu.vector.hardware, 97);
    check(!appraisal->cpu.facts);
}

static void test_a_policy_can_list_the_simulated_root(void)
{
    const LabOrder order = { 0 };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    const SpkiDigest root = lab_root(milan);
    _cleanup_free_ char *hex = hex_encode(VIEW_OF_ARRAY(root.bytes));
    _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;
    char text[256];

    (void)snprintf(
        text, sizeof(text),
        "{'attestd_policy':1,'id':'x','simulated_roots':['%s'],'tpm':{'roots':['host']}}", hex);
    _cleanup_(policy_freep) Policy *policy = lab_policy(text);
    VerifyInput input = lab_input(milan, &evidence, policy);
    input.n_simulated_roots = 0;
    check_int(verify_evidence(&input, &appraisal), VERIFY_OK);
    check(appraisal->simulated);
}

static void test_claims_are_held_to_what_was_asked(void)
{
    const LabOrder order = { 0 }, caller = { .purpose = EVIDENCE_PURPOSE_CALLER };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    _cleanup_evidence_ Evidence for_caller = lab_evidence(milan, &caller);
    _cleanup_(appraisal_freep) Appraisal *nonce = NULL, *audience = NULL, *allowed = NULL;
    VerifyInput input = lab_input(milan, &evidence, NULL);

    input.nonce = view_of_string("another nonce");
    check_int(verify_evidence(&input, &nonce), VERIFY_E_REFUSED);
    lab_check_failure(&nonce->findings, "claims-nonce-mismatch");
    input = lab_input(milan, &evidence, NULL);
    input.audience = "https://another.example";
    check_int(verify_evidence(&input, &audience), VERIFY_E_REFUSED);
    lab_check_failure(&audience->findings, "claims-audience-mismatch");
    check_refused(&caller, "claims-purpose-mismatch");
    input = lab_input(milan, &for_caller, NULL);
    input.caller_allowed = true;
    check_int(verify_evidence(&input, &allowed), VERIFY_OK);
    lab_check_no_failure(&allowed->findings);
}

static void test_nothing_is_judged_that_was_not_asked(void)
{
    const LabOrder order = { 0 };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    VerifyInput input = lab_input(milan, &evidence, NULL);
    _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;

    input.nonce = (ByteView){ 0 };
    input.audience = NULL;
    check_int(verify_evidence(&input, &appraisal), VERIFY_OK);
    lab_check_no_failure(&appraisal->findings);
}

static void test_each_broken_binding_is_named(void)
{
    const LabOrder report = { .other_report_data = true };
    const LabOrder quote = { .other_qualifying_data = true };
    const LabOrder ak = { .other_ak_in_claims = true };
    const LabOrder members = { .members = EVIDENCE_MEMBER_CPU | EVIDENCE_MEMBER_VTPM };
    const LabOrder absent = { .no_vtpm = true,
                              .members = EVIDENCE_MEMBER_CPU | EVIDENCE_MEMBER_EVENTLOG };

    check_refused(&report, "snp-report-data-mismatch");
    check_refused(&quote, "tpm-qualifying-data-mismatch");
    check_refused(&ak, "tpm-ak-not-bound");
    check_refused(&members, "claims-members-mismatch");
    check_refused(&absent, "claims-members-mismatch");
}

static int see_bound(const Believed *believed, void *userdata)
{
    const LabOrder *order = userdata;

    check_int(!believed->snp, order->other_report_data);
    check_int(!believed->tpm, order->other_ak_in_claims || order->other_qualifying_data);
    check_int(!believed->log, !believed->tpm);
    check_int(!believed->boot, !believed->tpm);
    return 0;
}

/* A genuine report or quote of another evidence says nothing of this one. */
static void test_there_are_no_facts_of_what_was_made_for_other_claims(void)
{
    LabOrder orders[] = { { .other_report_data = true },
                          { .other_ak_in_claims = true },
                          { .other_qualifying_data = true } };

    for (size_t i = 0; i < ELEMENTSOF(orders); i++) {
        _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &orders[i]);
        VerifyInput input = lab_input(milan, &evidence, NULL);
        _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;
        bool other_report = orders[i].other_report_data;

        input.on_believed = see_bound;
        input.userdata = &orders[i];
        check_int(verify_evidence(&input, &appraisal), VERIFY_E_REFUSED);
        check_int(!appraisal->cpu.facts, other_report);
        check_int(!appraisal->vtpm.facts, !other_report);
        check_int(!json_object_get(appraisal->identity, "chip_id"), other_report);
        check_int(!json_object_get(appraisal->identity, "ak_name"), !other_report);
        check_int(appraisal->ak_name.size == 0, !other_report);
    }
}

static void test_no_byte_of_the_claims_can_be_changed(void)
{
    const LabOrder order = { 0 };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);

    for (size_t i = 0; i < evidence.claims.size; i += 23) {
        evidence.claims.data[i] ^= 1;
        _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &evidence, NULL);
        lab_check_failure(&appraisal->findings, "snp-report-data-mismatch");
        lab_check_failure(&appraisal->findings, "tpm-qualifying-data-mismatch");
        evidence.claims.data[i] ^= 1;
    }
}

static void test_unreadable_claims_are_refused(void)
{
    const LabOrder order = { 0 };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);

    evidence.claims.data[0] = '[';
    _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &evidence, NULL);
    lab_check_failure(&appraisal->findings, "claims-malformed");
    check(!appraisal->has_claims);
}

static void test_evidence_without_hardware_is_refused(void)
{
    const LabOrder order = { 0 };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);

    evidence_cpu_done(&evidence.cpu);
    evidence.cpu = (EvidenceCpu){ 0 };
    _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &evidence, NULL);
    lab_check_failure(&appraisal->findings, "cpu-missing");
    lab_check_failure(&appraisal->findings, "claims-members-mismatch");
    check(!appraisal->cpu.present);
}

static void test_another_provider_is_refused(void)
{
    const LabOrder order = { 0 };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);

    free(evidence.cpu.provider);
    check((evidence.cpu.provider = strdup("tdx_guest")) != NULL);
    _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &evidence, NULL);
    lab_check_failure(&appraisal->findings, "cpu-provider-unknown");
}

static void test_a_log_without_a_quote_is_refused(void)
{
    const LabOrder order = { 0 };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    Evidence vtpm = { .vtpm = evidence.vtpm };

    evidence.vtpm = (EvidenceVtpm){ 0 };
    _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &evidence, NULL);
    lab_check_failure(&appraisal->findings, "eventlog-unproven");
    evidence_done(&vtpm);
}

static void test_report_headers_that_prove_nothing_are_refused(void)
{
    static const struct {
        LabField field;
        const char *finding;
    } cases[] = {
        { { "signature_algo", "2" }, "snp-signature-algorithm" },
        { { "policy", "0x10000" }, "snp-policy-reserved-bit" },
        { { "vmpl", "4" }, "snp-report-from-host" },
        { { "vmpl", "0xffffffff" }, "snp-report-from-host" },
        { { "signing_key", "none" }, "snp-signing-key-unknown" },
        { { "signing_key", "3" }, "snp-signing-key-unknown" },
        { { "key_info", "2" }, "snp-chip-key-masked" },
        { { "cpuid_model", "0x40" }, "snp-product-unknown" },
        { { "cpuid_model", "0x11" }, "snp-product-mismatch" },
        { { "reported_tcb", "4.0.22.210" }, "snp-tcb-mismatch" },
        { { "chip_id",
            "01010101010101010101010101010101010101010101010101010101010101010101010101010101010101"
            "010101010101010101010101010101010101010101" },
          "snp-chip-id-mismatch" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        const LabOrder order = { .fields = { cases[i].field } };
        check_refused(&order, cases[i].finding);
    }
}

static void test_each_tcb_component_is_compared(void)
{
    static const uint8_t deltas[][5] = { { 0, 1, 0, 0, 0 },
                                         { 0, 0, 1, 0, 0 },
                                         { 0, 0, 0, 1, 0 },
                                         { 0, 0, 0, 0, 1 },
                                         { 1, 0, 0, 0, 0 } };
    _cleanup_(lab_freep) Lab *turin = lab_new(SIM_TURIN, false);

    for (size_t i = 0; i < ELEMENTSOF(deltas); i++) {
        _cleanup_bytes_ Bytes leaf = { 0 };
        SimLeaf says;
        sim_leaf_default(lab_chip(turin), SIM_VCEK, &says);
        says.tcb.fmc = (uint8_t)(says.tcb.fmc + deltas[i][0]);
        says.tcb.boot_loader = (uint8_t)(says.tcb.boot_loader + deltas[i][1]);
        says.tcb.tee = (uint8_t)(says.tcb.tee + deltas[i][2]);
        says.tcb.snp = (uint8_t)(says.tcb.snp + deltas[i][3]);
        says.tcb.microcode = (uint8_t)(says.tcb.microcode + deltas[i][4]);
        check_int(sim_leaf_issue(lab_chip(turin), &says, &leaf), SIM_OK);
        const LabOrder order = { .leaf = VIEW(leaf) };
        _cleanup_evidence_ Evidence evidence = lab_evidence(turin, &order);
        _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(turin, &evidence, NULL);
        lab_check_failure(&appraisal->findings, "snp-tcb-mismatch");
    }
}

/* The same leaf with one thing changed. */
static void check_leaf(void (*change)(SimLeaf *leaf), const char *finding)
{
    _cleanup_bytes_ Bytes leaf = { 0 };
    SimLeaf says;

    sim_leaf_default(lab_chip(milan), SIM_VCEK, &says);
    change(&says);
    check_int(sim_leaf_issue(lab_chip(milan), &says, &leaf), SIM_OK);
    const LabOrder order = { .leaf = VIEW(leaf) };
    if (finding) {
        check_refused(&order, finding);
        return;
    }
    _cleanup_(appraisal_freep) Appraisal *appraisal = judge(&order, NULL);
    lab_check_no_failure(&appraisal->findings);
}

static void no_change(SimLeaf *leaf)
{
    (void)leaf;
}

static void no_hwid(SimLeaf *leaf)
{
    leaf->hardware_id_size = 0;
}

static void short_hwid(SimLeaf *leaf)
{
    leaf->hardware_id_size = 8;
}

static void odd_hwid(SimLeaf *leaf)
{
    leaf->hardware_id_size = 32;
}

static void other_hwid(SimLeaf *leaf)
{
    leaf->hardware_id[63] ^= 1;
}

static void expired(SimLeaf *leaf)
{
    leaf->not_after = leaf->not_before + 3600;
}

static void future(SimLeaf *leaf)
{
    leaf->not_before = leaf->not_after - 3600;
}

static void test_leaves_that_do_not_fit_are_refused(void)
{
    check_leaf(no_change, NULL);
    check_leaf(no_hwid, "snp-chip-id-mismatch");
    check_leaf(short_hwid, "snp-chip-id-mismatch");
    check_leaf(odd_hwid, "snp-certificate-unfit");
    check_leaf(other_hwid, "snp-chip-id-mismatch");
    check_leaf(expired, "snp-certificate-expired");
    check_leaf(future, "snp-certificate-not-yet-valid");
}

static void test_a_revoked_signer_is_refused(void)
{
    const LabOrder order = { 0 };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    int64_t now = lab_now();

    check_int(
        sim_chip_crl(lab_chip(milan), NULL, now - 3600, now + 3600, &evidence.endorsements.crl),
        SIM_OK);
    _cleanup_(appraisal_freep) Appraisal *empty = lab_verify(milan, &evidence, NULL);
    lab_check_no_failure(&empty->findings);
    check_int(empty->findings.n_items, 1);

    bytes_done(&evidence.endorsements.crl);
    check_int(
        sim_chip_crl(lab_chip(milan), "ask", now - 3600, now + 3600, &evidence.endorsements.crl),
        SIM_OK);
    _cleanup_(appraisal_freep) Appraisal *revoked = lab_verify(milan, &evidence, NULL);
    lab_check_failure(&revoked->findings, "snp-certificate-revoked");

    bytes_done(&evidence.endorsements.crl);
    check_int(
        sim_chip_crl(lab_chip(milan), "ask", now - 7200, now - 3600, &evidence.endorsements.crl),
        SIM_OK);
    _cleanup_(appraisal_freep) Appraisal *stale = lab_verify(milan, &evidence, NULL);
    lab_check_no_failure(&stale->findings);
    lab_check_warning(&stale->findings, "snp-crl-unusable");
}

static void test_an_ak_that_would_sign_anything_is_refused(void)
{
    const LabOrder loose = { .ak_attributes =
                                 LAB_AK_ATTRIBUTES & ~(uint32_t)TPM_OBJECT_RESTRICTED };
    const LabOrder decrypting = { .ak_attributes = LAB_AK_ATTRIBUTES | TPM_OBJECT_DECRYPT };
    const LabOrder portable = { .ak_attributes =
                                    LAB_AK_ATTRIBUTES & ~(uint32_t)TPM_OBJECT_FIXED_TPM };
    const LabOrder imported = { .ak_attributes = LAB_AK_ATTRIBUTES &
                                                 ~(uint32_t)TPM_OBJECT_SENSITIVE_DATA_ORIGIN };
    const LabOrder moving = { .ak_attributes =
                                  LAB_AK_ATTRIBUTES & ~(uint32_t)TPM_OBJECT_FIXED_PARENT };

    check_refused(&loose, "tpm-ak-unrestricted");
    check_refused(&decrypting, "tpm-ak-unrestricted");
    check_refused(&portable, "tpm-ak-not-bound-to-tpm");
    check_refused(&imported, "tpm-ak-not-bound-to-tpm");
    check_refused(&moving, "tpm-ak-not-bound-to-tpm");
}

static void test_a_tampered_log_is_named_by_register(void)
{
    const LabOrder order = { 0 };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    const char *line = LAB_COMMAND_LINE;
    uint8_t *at = memmem(evidence.eventlog.data, evidence.eventlog.size, line, strlen(line));

    check(at != NULL);
    at[-4 - 16 - 20] ^= 1; /* inside the digest of that event */
    _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &evidence, NULL);
    lab_check_failure(&appraisal->findings, "eventlog-replay-mismatch");
    check_str(findings_first_failure(&appraisal->findings)->subject, "pcr 8");
}

static void test_everything_that_is_wrong_is_reported_at_once(void)
{
    const LabOrder order = { .fields = { { "vmpl", "7" }, { "reported_tcb", "1.0.0.1" } },
                             .other_ak_in_claims = true,
                             .other_qualifying_data = true,
                             .members = EVIDENCE_MEMBER_CPU | EVIDENCE_MEMBER_VTPM };
    _cleanup_(appraisal_freep) Appraisal *appraisal = judge(&order, NULL);

    lab_check_failure(&appraisal->findings, "claims-members-mismatch");
    lab_check_failure(&appraisal->findings, "snp-report-from-host");
    lab_check_failure(&appraisal->findings, "snp-tcb-mismatch");
    lab_check_failure(&appraisal->findings, "tpm-ak-not-bound");
    lab_check_failure(&appraisal->findings, "tpm-qualifying-data-mismatch");
}

static void test_prepared_roots_give_the_same_verdict(void)
{
    const LabOrder order = { 0 };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    _cleanup_(amd_roots_freep) AmdRoots *roots = NULL;
    _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;
    VerifyInput input = lab_input(milan, &evidence, NULL);

    check_int(amd_roots_new(&roots), 0);
    input.roots = roots;
    check_int(verify_evidence(&input, &appraisal), VERIFY_OK);
}

static const Test tests[] = {
    { "good evidence passes", test_good_evidence_passes },
    { "a host's vTPM contributes its root and no other fact",
      test_a_hosts_vtpm_contributes_its_root_and_no_other_fact },
    { "every product and key passes", test_every_product_and_key_passes },
    { "every report version passes", test_every_report_version_passes },
    { "each form of certificate table passes", test_each_form_of_certificate_table_passes },
    { "a poor certificate table is named", test_a_poor_certificate_table_is_named },
    { "a simulated leaf alone is not AMD's", test_a_simulated_leaf_alone_is_not_amds },
    { "certificates from elsewhere complete the chain",
      test_certificates_from_elsewhere_complete_the_chain },
    { "a root nobody listed is refused", test_a_root_nobody_listed_is_refused },
    { "a policy can list the simulated root", test_a_policy_can_list_the_simulated_root },
    { "claims are held to what was asked", test_claims_are_held_to_what_was_asked },
    { "nothing is judged that was not asked", test_nothing_is_judged_that_was_not_asked },
    { "each broken binding is named", test_each_broken_binding_is_named },
    { "there are no facts of what was made for other claims",
      test_there_are_no_facts_of_what_was_made_for_other_claims },
    { "no byte of the claims can be changed", test_no_byte_of_the_claims_can_be_changed },
    { "unreadable claims are refused", test_unreadable_claims_are_refused },
    { "evidence without hardware is refused", test_evidence_without_hardware_is_refused },
    { "another provider is refused", test_another_provider_is_refused },
    { "a log without a quote is refused", test_a_log_without_a_quote_is_refused },
    { "report headers that prove nothing are refused",
      test_report_headers_that_prove_nothing_are_refused },
    { "each TCB component is compared", test_each_tcb_component_is_compared },
    { "leaves that do not fit are refused", test_leaves_that_do_not_fit_are_refused },
    { "a revoked signer is refused", test_a_revoked_signer_is_refused },
    { "an AK that would sign anything is refused", test_an_ak_that_would_sign_anything_is_refused },
    { "a tampered log is named by register", test_a_tampered_log_is_named_by_register },
    { "everything that is wrong is reported at once",
      test_everything_that_is_wrong_is_reported_at_once },
    { "prepared roots give the same verdict", test_prepared_roots_give_the_same_verdict },
};

int main(int argc, char **argv)
{
    milan = lab_new(SIM_MILAN, false);
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    lab_free(milan);
    return r;
}
