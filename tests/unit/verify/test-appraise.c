/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each wish of a policy, met and not met, over whole evidence.
 */
#include "vtpm-bench.h"

#include "forge.h"

#include <stdio.h>

static void check_snp(const char *members, const LabField *field, const char *finding)
{
    LabOrder order = { .signer = SIM_VCEK };
    _cleanup_(policy_freep) Policy *policy = policy_with("snp", members);

    if (field)
        order.fields[0] = *field;
    check_verdict(&order, policy, finding);
}

#define X48(c)                                                                                     \
    c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define X32(c) c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define X16(c) c c c c c c c c c c c c c c c c

static void test_each_wish_on_the_report_is_met_or_named(void)
{
    static const struct {
        const char *members;
        LabField field; /* .name NULL: the report as it is */
        const char *finding;
    } cases[] = {
        { "", { 0 }, NULL },
        { "'products':['Milan']", { 0 }, NULL },
        { "'products':['Genoa','Turin']", { 0 }, "snp-product-not-accepted" },
        { "'report_versions':[3]", { "version", "3" }, NULL },
        { "'report_versions':[5]", { "version", "3" }, "snp-report-version-not-accepted" },
        { "'signing_keys':['vcek']", { 0 }, NULL },
        { "'signing_keys':['vlek']", { 0 }, "snp-signing-key-not-accepted" },
        { "'csp_ids':['CN=elsewhere']", { 0 }, NULL }, /* of a VLEK only */
        { "", { "mask_chip_id", "yes" }, "snp-chip-id-masked" },
        { "'masked_chip_id':true", { "mask_chip_id", "yes" }, NULL },
        { "", { "debug", "yes" }, "snp-debug-enabled" },
        { "", { "policy", "0x70000" }, "snp-migration-agent" },
        { "'migration_agent':true", { "policy", "0x70000" }, NULL },
        { "", { "report_id_ma", X32("01") }, "snp-migration-agent" },
        { "'migration_agent':true", { "report_id_ma", X32("01") }, NULL },
        { "'smt':true", { "policy", "0x30000" }, NULL },
        { "'smt':false", { "policy", "0x30000" }, "snp-smt-allowed" },
        { "'smt':false", { "policy", "0x20000" }, NULL },
        { "", { "vmpl", "1" }, "snp-vmpl-not-accepted" },
        { "'vmpl':[1,2]", { "vmpl", "1" }, NULL },
        { "'vmpl':[1,2]", { "vmpl", "0" }, "snp-vmpl-not-accepted" },
        { "'minimum_guest_svn':3", { "guest_svn", "3" }, NULL },
        { "'minimum_guest_svn':3", { "guest_svn", "2" }, "snp-guest-svn-too-low" },
        { "'minimum_abi':'1.31'", { "policy", "0x3011f" }, NULL },
        { "'minimum_abi':'1.31'", { "policy", "0x300ff" }, "snp-abi-too-low" },
        { "'minimum_firmware':'1.2.0'", { "committed_minor", "1" }, "snp-firmware-too-old" },
        { "'minimum_firmware':'0.9.9'", { "committed_major", "1" }, NULL },
        { "'measurements':[{'value':'" X48("ab") "','covers':'firmware'}]",
          { "measurement", X48("ab") },
          NULL },
        { "'measurements':[{'value':'" X48("ab") "','covers':'firmware'}]",
          { "measurement", X48("ac") },
          "snp-measurement-unknown" },
        { "'measurements':[]", { 0 }, "snp-measurement-unknown" },
        { "'host_data':['" X32("01") "','" X32("02") "']", { "host_data", X32("02") }, NULL },
        { "'host_data':['" X32("01") "']", { "host_data", X32("02") }, "snp-host-data-unknown" },
        { "'family_ids':['" X16("01") "']", { "family_id", X16("01") }, NULL },
        { "'family_ids':['" X16("01") "']", { "family_id", X16("02") }, "snp-family-id-unknown" },
        { "'image_ids':['" X16("01") "']", { "image_id", X16("01") }, NULL },
        { "'image_ids':['" X16("01") "']", { "image_id", X16("02") }, "snp-image-id-unknown" },
        { "'id_key_digests':['" X48("01") "']", { "id_key_digest", X48("01") }, NULL },
        { "'id_key_digests':['" X48("01") "']",
          { "id_key_digest", X48("02") },
          "snp-id-key-unknown" },
        { "'author_key_digests':['" X48("01") "']",
          { "author_key_digest", X48("01") }, /* but AUTHOR_KEY_EN is 0 */
          "snp-author-key-unknown" },
        { "'platform_info':{'required':'0x20'}", { "platform_info", "0x25" }, NULL },
        { "'platform_info':{'required':'0x22'}", { "platform_info", "0x25" }, "snp-platform-info" },
        { "'platform_info':{'forbidden':1}", { "platform_info", "0x25" }, "snp-platform-info" },
        { "'policy_bits':{'required':'0x200000'}", { "policy", "0x230000" }, NULL },
        { "'policy_bits':{'required':'0x200000'}", { "policy", "0x30000" }, "snp-policy-bits" },
        { "'policy_bits':{'forbidden':'0x200000'}", { "policy", "0x230000" }, "snp-policy-bits" },
        { "'minimum_mitigations':3", { "version", "3" }, "snp-mitigations-missing" },
        { "'maximum_guest_svn':3", { "guest_svn", "3" }, NULL },
        { "'maximum_guest_svn':3", { "guest_svn", "4" }, "snp-guest-svn-too-high" },
        { "'maximum_firmware':'1.255.255'", { "current_major", "1" }, NULL },
        { "'maximum_firmware':'1.255.255'", { "current_major", "2" }, "snp-firmware-too-new" },
        { "'author_key_digests':['" X48("00") "']", { 0 }, NULL }, /* there is none */
        { "'chip_ids':['" X48("01") X16("01") "']", { 0 }, "snp-chip-unknown" },
        { "'chip_ids':['" X48("00") X16("00") "'],'masked_chip_id':true",
          { "mask_chip_id", "yes" }, /* zeros name no chip */
          "snp-chip-unknown" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        check_snp(cases[i].members, cases[i].field.name ? &cases[i].field : NULL, cases[i].finding);
}

static void test_both_mitigation_vectors_count(void)
{
    _cleanup_(policy_freep) Policy *policy = policy_with("snp", "'minimum_mitigations':3");
    const LabOrder both = { .fields = { { "version", "5" },
                                        { "launch_mitigations", "0xb" },
                                        { "current_mitigations", "0xb" } } };
    const LabOrder now_only = { .fields = { { "version", "5" },
                                            { "launch_mitigations", "1" },
                                            { "current_mitigations", "0xb" } } };

    check_verdict(&both, policy, NULL);
    check_verdict(&now_only, policy, "snp-mitigations-missing");
}

static void test_an_author_key_counts_when_it_is_enabled(void)
{
    _cleanup_(policy_freep) Policy *policy =
        policy_with("snp", "'author_key_digests':['" X48("01") "']");
    const LabOrder good = { .fields = { { "key_info", "1" }, { "author_key_digest", X48("01") } } };
    const LabOrder bad = { .fields = { { "key_info", "1" }, { "author_key_digest", X48("02") } } };

    check_verdict(&good, policy, NULL);
    check_verdict(&bad, policy, "snp-author-key-unknown");
}

static void test_debugging_that_is_allowed_gets_no_promise_about_memory(void)
{
    _cleanup_(policy_freep) Policy *policy = policy_with("snp", "'debug':true");
    const LabOrder order = { .fields = { { "debug", "yes" } } };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &evidence, policy);

    lab_check_no_failure(&appraisal->findings);
    check_int(appraisal->cpu.vector.runtime_opaque, 0);
    check(json_is_true(json_object_get(appraisal->cpu.facts, "debug")));
}

static void test_a_cloud_is_known_by_its_vlek(void)
{
    _cleanup_(lab_freep) Lab *lab = lab_new(SIM_MILAN, true);
    const LabOrder order = { .signer = SIM_VLEK };
    _cleanup_evidence_ Evidence evidence = lab_evidence(lab, &order);
    _cleanup_(policy_freep) Policy *good = policy_with("snp", "'csp_ids':['CN=cc-lab.example']");
    _cleanup_(policy_freep) Policy *bad = policy_with("snp", "'csp_ids':['CN=cc-lab']");
    _cleanup_(appraisal_freep) Appraisal *yes = lab_verify(lab, &evidence, good);
    _cleanup_(appraisal_freep) Appraisal *no = lab_verify(lab, &evidence, bad);

    lab_check_no_failure(&yes->findings);
    check_str(json_string_value(json_object_get(yes->cpu.facts, "csp_id")), "CN=cc-lab.example");
    lab_check_failure(&no->findings, "snp-csp-unknown");
}

/* The lab's default TCB, one component more than there is at a time. */
static void test_each_tcb_component_has_its_minimum(void)
{
    SimReport report;
    char members[256];

    sim_report_default(lab_chip(milan), &report);
    const SimTcb *tcb = &report.reported_tcb;
    for (unsigned i = 0; i < 5; i++) {
        (void)snprintf(members, sizeof(members),
                       "'minimum_tcb':{'Milan':{'boot_loader':%u,'tee':%u,'snp':%u,"
                       "'microcode':%u}}",
                       tcb->boot_loader + (i == 1), tcb->tee + (i == 2), tcb->snp + (i == 3),
                       tcb->microcode + (i == 4));
        check_snp(members, NULL, i == 0 ? NULL : "snp-tcb-too-low");
    }
    check_snp("'minimum_tcb':{'Turin':{'fmc':0}}", NULL, "snp-tcb-too-low");
}

static void test_each_tcb_component_has_its_maximum(void)
{
    SimReport report;
    char members[256];

    sim_report_default(lab_chip(milan), &report);
    const SimTcb *tcb = &report.reported_tcb;
    const struct {
        const char *name;
        unsigned value;
    } parts[] = { { "boot_loader", tcb->boot_loader },
                  { "tee", tcb->tee },
                  { "snp", tcb->snp },
                  { "microcode", tcb->microcode } };
    for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
        (void)snprintf(members, sizeof(members), "'maximum_tcb':{'Milan':{'%s':%u}}", parts[i].name,
                       parts[i].value);
        check_snp(members, NULL, NULL);
        if (parts[i].value == 0)
            continue;
        (void)snprintf(members, sizeof(members), "'maximum_tcb':{'Milan':{'%s':%u}}", parts[i].name,
                       parts[i].value - 1);
        check_snp(members, NULL, "snp-tcb-too-high");
    }
    check_snp("'maximum_tcb':{'Milan':{}}", NULL, NULL);
    check_snp("'maximum_tcb':{'Genoa':{}}", NULL, "snp-tcb-too-high");
}

static void test_firmware_of_the_launch_and_what_is_committed_have_bounds_of_their_own(void)
{
    static const LabField launched_low = { "launch_tcb", "0.0.0.0" };
    static const LabField committed_low = { "committed_tcb", "0.0.0.0" };

    check_snp("'minimum_launch_tcb':{'Milan':{'snp':1}}", NULL, NULL);
    check_snp("'minimum_launch_tcb':{'Milan':{'snp':1}}", &launched_low, "snp-launch-tcb-too-low");
    check_snp("'minimum_committed_tcb':{'Milan':{'snp':1}}", NULL, NULL);
    check_snp("'minimum_committed_tcb':{'Milan':{'snp':1}}", &committed_low,
              "snp-committed-tcb-too-low");
    check_snp("'minimum_tcb':{'Milan':{'snp':1}}", &launched_low, NULL);
}

static void test_a_chip_is_known_by_its_id(void)
{
    SimReport report;
    char members[256], hex[129];

    sim_report_default(lab_chip(milan), &report);
    for (size_t i = 0; i < sizeof(report.chip_id); i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", report.chip_id[i]);
    (void)snprintf(members, sizeof(members), "'chip_ids':['%s']", hex);
    check_snp(members, NULL, NULL);
}

static void test_every_difference_is_reported_with_found_and_wanted(void)
{
    _cleanup_(policy_freep) Policy *policy =
        policy_with("snp", "'products':['Turin'],'minimum_guest_svn':9,'measurements':[]");
    const LabOrder order = { .fields = { { "vmpl", "2" }, { "debug", "yes" } } };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &evidence, policy);

    lab_check_failure(&appraisal->findings, "snp-product-not-accepted");
    lab_check_failure(&appraisal->findings, "snp-guest-svn-too-low");
    lab_check_failure(&appraisal->findings, "snp-measurement-unknown");
    lab_check_failure(&appraisal->findings, "snp-vmpl-not-accepted");
    lab_check_failure(&appraisal->findings, "snp-debug-enabled");
    for (size_t i = 0; i < appraisal->findings.n_items; i++) {
        const Finding *f = &appraisal->findings.items[i];
        check(f->result == FINDING_WARNING || (f->found[0] && f->wanted[0]));
    }
    check_int(appraisal->cpu.vector.hardware, 97);
    check_int(appraisal->cpu.vector.executables, 96);
    check_int(appraisal->cpu.vector.configuration, 96);
    check_int(appraisal->cpu.vector.runtime_opaque, 96);
}

static void test_a_measurement_gives_its_name_to_the_facts(void)
{
    _cleanup_(policy_freep) Policy *policy = policy_with(
        "snp", "'measurements':[{'value':'" X48("07") "','covers':'boot-chain','name':'image 7'}]");
    const LabOrder order = { .fields = { { "measurement", X48("07") } } };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &evidence, policy);

    check_str(json_string_value(json_object_get(appraisal->cpu.facts, "measurement_name")),
              "image 7");
    check_str(json_string_value(json_object_get(appraisal->cpu.facts, "measurement_covers")),
              "boot-chain");
    check_int(appraisal->cpu.vector.executables, 3);
}

/* Zeros: the guest was started without an ID block, so by anyone and with anything. */
static void test_a_signer_that_is_none_approves_no_program(void)
{
    static const struct {
        const char *members;
        int executables;
    } cases[] = {
        { "'id_key_digests':['" X48("00") "']", 0 },
        { "'id_key_digests':['" X48("01") "','" X48("00") "']", 0 },
        { "'id_key_digests':['" X48("00") "'],'measurements':[{'value':'" X48(
              "07") "','covers':'firmware'}]",
          3 },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_(policy_freep) Policy *policy = policy_with("snp", cases[i].members);
        const LabOrder order = { .fields = { { "measurement", X48("07") } } };
        _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
        _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &evidence, policy);
        lab_check_no_failure(&appraisal->findings);
        check_int(appraisal->cpu.vector.executables, cases[i].executables);
    }
}

static void test_a_certificate_makes_registers_count(void)
{
    const LabOrder order = endorsed();
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    _cleanup_(policy_freep) Policy *policy = tpm_policy("'secure_boot':true");
    _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &evidence, policy);
    json_t *facts = appraisal->vtpm.facts;

    lab_check_no_failure(&appraisal->findings);
    check_int(appraisal->vtpm_root, VTPM_ROOT_CERTIFICATE);
    check_int(appraisal->vtpm.status, TIER_AFFIRMING);
    check_int(appraisal->vtpm.vector.hardware, 2);
    check_int(appraisal->vtpm.vector.configuration, 2);
    check_str(json_string_value(json_object_get(facts, "root")), "certificate");
    check(json_is_true(json_object_get(facts, "secure_boot")));
    check_str(json_string_value(json_object_get(facts, "command_line")), LAB_COMMAND_LINE);
    check_str(json_string_value(json_object_get(facts, "bank")), "sha256");
    check(json_is_string(json_object_get(facts, "pcr15")) && !json_object_get(facts, "pcr16"));
    check_int(json_array_size(json_object_get(facts, "boot_applications")), 1);
    check_int(json_array_size(json_object_get(facts, "replayed")), 16);
}

static void test_roots_of_a_policy_are_of_their_kind(void)
{
    static const char *const names[] = { "certificate_roots", "ak_certificate_roots",
                                         "ek_certificate_roots" };
    const ByteView secret = view_of_string("0123456789abcdef0123456789abcdef");
    EVP_PKEY *pkey = forge_pkey("RSA-2048");
    _cleanup_(key_freep) Key *key = forge_key_of(pkey);
    _cleanup_bytes_ Bytes public = lab_tpm_public(key, LAB_EK_ATTRIBUTES);
    _cleanup_bytes_ Bytes certificate = forge_certificate(&(ForgeCertificate){
        .subject = "lab EK", .issuer = "lab vTPM root", .key = pkey, .issuer_key = root_pkey });
    const LabOrder orders[] = {
        endorsed(),
        { .ek_certificate = VIEW(certificate), .ek_public = VIEW(public), .credential = secret },
    };

    for (size_t kind = 0; kind < ELEMENTSOF(orders); kind++)
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
            char text[8192];
            (void)snprintf(text, sizeof(text), "'roots':['host','certificate'],'%s':['%s']",
                           names[i], (char *)root_pem.data);
            _cleanup_(policy_freep) Policy *policy = policy_with("tpm", text);
            _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &orders[kind]);
            _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;
            VerifyInput input = lab_input(milan, &evidence, policy);
            if (kind == 1)
                input.credential = secret;
            check_int(verify_evidence(&input, &appraisal), VERIFY_OK);
            check_int(appraisal->vtpm_root,
                      i == 0 || i == kind + 1 ? VTPM_ROOT_CERTIFICATE : VTPM_ROOT_HOST);
        }
    EVP_PKEY_free(pkey);
}

static void test_a_root_that_is_not_listed_is_refused(void)
{
    const LabOrder bare = { 0 }, certified = endorsed();
    _cleanup_(policy_freep) Policy *standard = lab_policy("{'attestd_policy':1,'id':'t'}");
    _cleanup_(policy_freep) Policy *host =
        lab_policy("{'attestd_policy':1,'id':'t','tpm':{'roots':['host']}}");
    _cleanup_(policy_freep) Policy *nobody =
        lab_policy("{'attestd_policy':1,'id':'t','tpm':{'roots':[]}}");
    _cleanup_(policy_freep) Policy *paravisor = tpm_policy("'roots':['paravisor']");

    check_verdict(&bare, standard, "vtpm-root-not-accepted");
    check_verdict(&certified, standard, "vtpm-root-not-accepted"); /* no certificate_roots */
    check_verdict(&certified, paravisor, "vtpm-root-not-accepted");
    check_verdict(&bare, nobody, "vtpm-root-not-accepted");
    check_verdict(&bare, host, NULL);
}

static void test_no_rule_is_satisfied_by_a_hosts_vtpm(void)
{
    const LabOrder order = { 0 };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &order);
    _cleanup_free_ char *value = hex_encode(evidence_pcr(&evidence.vtpm.pcrs, 4));
    char text[1024];

    (void)snprintf(text, sizeof(text),
                   "'roots':['host'],'secure_boot':true,'rules':[{'pcr':4,'values':['%s']}],"
                   "'log':[{'pcr':8,'type':'EV_IPL','contains':'root'}],"
                   "'events':[{'pcr':5,'type':'EV_EFI_ACTION','digests':[]}],'command_line':{}",
                   value);
    _cleanup_(policy_freep) Policy *policy = policy_with("tpm", text);
    _cleanup_(appraisal_freep) Appraisal *appraisal = lab_verify(milan, &evidence, policy);
    static const char *const subjects[] = { "pcr 7", "pcr 4", "pcr 8", "pcr 5", "command-line" };
    size_t n = 0;

    for (size_t i = 0; i < appraisal->findings.n_items; i++) {
        const Finding *f = &appraisal->findings.items[i];
        if (strcmp(f->name, "vtpm-unendorsed") != 0)
            continue;
        check_str(f->subject, subjects[n++]);
        check_int(f->result, FINDING_FAILURE);
    }
    check_int(n, ELEMENTSOF(subjects));
    check_int(appraisal->vtpm.vector.hardware, 0);
    check_int(appraisal->status, TIER_CONTRAINDICATED);
}

static void test_a_policy_that_needs_a_vtpm_says_so(void)
{
    static const char *const members[] = {
        "'required':true",
        "'secure_boot':true",
        "'rules':[{'pcr':0,'values':[]}]",
        "'log':[{'pcr':8,'type':'EV_IPL','contains':'x'}]",
        "'events':[{'pcr':4,'type':'EV_IPL','digests':[]}]",
        "'rules':[{'pcr':4,'values':[]}],'command_line':{}",
    };
    const LabOrder order = { .no_vtpm = true };

    for (size_t i = 0; i < ELEMENTSOF(members); i++) {
        _cleanup_(policy_freep) Policy *policy = policy_with("tpm", members[i]);
        check_verdict(&order, policy, "vtpm-missing");
    }
    _cleanup_(policy_freep) Policy *policy = policy_with("tpm", "'required':false");
    check_verdict(&order, policy, NULL);
}

static void test_bank_and_selection_are_the_policys(void)
{
    _cleanup_(lab_log_done) LabLog log, old, fewer;

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, NULL);
    check_tpm(&log, "'bank':'sha256'", NULL);
    check_tpm(&log, "'bank':'sha384'", "tpm-bank-not-accepted");
    check_tpm(&log, "'pcrs':[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]", NULL);
    check_tpm(&log, "'pcrs':[0,1,2,3,4,5,6,7]", "tpm-pcrs-not-accepted");
    lab_log_begin(&old, DIGEST_SHA1);
    lab_log_boot(&old, NULL);
    check_tpm(&old, "", "tpm-bank-not-accepted");
    check_tpm(&old, "'bank':'sha1'", NULL);
    lab_log_begin(&fewer, DIGEST_SHA256);
    lab_log_boot(&fewer, NULL);
    fewer.pcrs.mask &= ~(1U << 4);
    check_tpm(&fewer, "'rules':[{'pcr':4,'values':[]}]", "tpm-pcr-not-quoted");
}

static void test_rules_on_values(void)
{
    _cleanup_(lab_log_done) LabLog log;
    char members[512];

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, NULL);
    _cleanup_free_ char *value = hex_encode(evidence_pcr(&log.pcrs, 4));
    (void)snprintf(members, sizeof(members), "'rules':[{'pcr':4,'values':['%s','%s']}]", X32("00"),
                   value);
    check_tpm(&log, members, NULL);
    check_tpm(&log, "'rules':[{'pcr':4,'values':['" X32("00") "']}]", "tpm-pcr-value-unknown");
    check_tpm(&log, "'rules':[{'pcr':4,'values':[]}]", "tpm-pcr-value-unknown");
}

static void test_rules_on_secure_boot(void)
{
    const LabBoot off = { .secure_boot_off = true }, bare = { .no_authority = true };
    _cleanup_(lab_log_done) LabLog log, no, unclear;
    _cleanup_(policy_freep) Policy *policy = tpm_policy("'secure_boot':true");
    LabOrder silent = endorsed();

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, NULL);
    check_tpm(&log, "'secure_boot':true", NULL);
    lab_log_begin(&no, DIGEST_SHA256);
    lab_log_boot(&no, &off);
    check_tpm(&no, "'secure_boot':true", "secure-boot-off");
    check_tpm(&no, "'secure_boot':false", NULL);
    lab_log_begin(&unclear, DIGEST_SHA256);
    lab_log_boot(&unclear, &bare);
    check_tpm(&unclear, "'secure_boot':true", "secure-boot-unproven");
    silent.no_log = true;
    check_verdict(&silent, policy, "eventlog-absent");
}

static const Test tests[] = {
    { "each wish on the report is met or named", test_each_wish_on_the_report_is_met_or_named },
    { "both mitigation vectors count", test_both_mitigation_vectors_count },
    { "an author key counts when it is enabled", test_an_author_key_counts_when_it_is_enabled },
    { "debugging that is allowed gets no promise about memory",
      test_debugging_that_is_allowed_gets_no_promise_about_memory },
    { "a cloud is known by its VLEK", test_a_cloud_is_known_by_its_vlek },
    { "each TCB component has its minimum", test_each_tcb_component_has_its_minimum },
    { "each TCB component has its maximum", test_each_tcb_component_has_its_maximum },
    { "firmware of the launch and what is committed have bounds of their own",
      test_firmware_of_the_launch_and_what_is_committed_have_bounds_of_their_own },
    { "a chip is known by its id", test_a_chip_is_known_by_its_id },
    { "every difference is reported with found and wanted",
      test_every_difference_is_reported_with_found_and_wanted },
    { "a measurement gives its name to the facts", test_a_measurement_gives_its_name_to_the_facts },
    { "a signer that is none approves no program", test_a_signer_that_is_none_approves_no_program },
    { "a certificate makes registers count", test_a_certificate_makes_registers_count },
    { "roots of a policy are of their kind", test_roots_of_a_policy_are_of_their_kind },
    { "a root that is not listed is refused", test_a_root_that_is_not_listed_is_refused },
    { "no rule is satisfied by a host's vTPM", test_no_rule_is_satisfied_by_a_hosts_vtpm },
    { "a policy that needs a vTPM says so", test_a_policy_that_needs_a_vtpm_says_so },
    { "bank and selection are the policy's", test_bank_and_selection_are_the_policys },
    { "rules on values", test_rules_on_values },
    { "rules on Secure Boot", test_rules_on_secure_boot },
};

int main(int argc, char **argv)
{
    return vtpm_bench_run(tests, ELEMENTSOF(tests), argc, argv);
}
