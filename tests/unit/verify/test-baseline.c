/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drafted policies: each accepts the machine it was drafted from and refuses it with one fact
 * changed.
 */
#include "verify/baseline.h"

#include "format/event-type.h"
#include "format/userspace-log.h"

#include "vtpm-bench.h"

#include <stdio.h>

/* A drafted policy, and all that came with it. */
typedef struct Drafted {
    json_t *json;
    json_t *notes;
    Policy *policy;
} Drafted;

static void drafted_done(Drafted *drafted)
{
    json_decref(drafted->json);
    json_decref(drafted->notes);
    policy_free(drafted->policy);
}

static Policy *parse(const json_t *json)
{
    _cleanup_free_ char *text = json_text(json);
    PolicyError error = { 0 };
    Policy *policy = NULL;

    int r = policy_parse(view_of_string(text), &policy, &error);
    if (r != POLICY_OK)
        (void)fprintf(stderr, "%s: %s\n", error.path, error.cause);
    check_int(r, POLICY_OK);
    return policy;
}

/* GIVEN: what there is to believe in. */
static int draft(Lab *lab, const LabOrder *order, const Policy *given, Findings *findings,
                 Drafted *ret)
{
    _cleanup_evidence_ Evidence evidence = lab_evidence(lab, order);
    const VerifyInput input = lab_input(lab, &evidence, given);
    Drafted drafted = { 0 };

    int r = baseline_draft(&input, "drafted", findings, &drafted.json, &drafted.notes);
    check(r >= 0);
    if (r == BASELINE_OK) {
        drafted.policy = parse(drafted.json);
        *ret = drafted;
    } else {
        check(!drafted.json && !drafted.notes);
    }
    return r;
}

static Drafted draft_good(Lab *lab, const LabOrder *order, const Policy *given)
{
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    Drafted drafted = { 0 };

    int r = draft(lab, order, given, &findings, &drafted);
    if (r != BASELINE_OK)
        lab_print(&findings);
    check_int(r, BASELINE_OK);
    check_int(findings.n_items, 0);
    return drafted;
}

static void check_judged(Lab *lab, const LabOrder *order, const Policy *policy, bool accepted)
{
    _cleanup_evidence_ Evidence evidence = lab_evidence(lab, order);
    VerifyInput input = lab_input(lab, &evidence, policy);
    _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;

    input.simulated_roots = NULL; /* the policy lists it */
    input.n_simulated_roots = 0;
    int r = verify_evidence(&input, &appraisal);
    if (r != (accepted ? VERIFY_OK : VERIFY_E_REFUSED) && appraisal)
        lab_print(&appraisal->findings);
    check_int(r, accepted ? VERIFY_OK : VERIFY_E_REFUSED);
}

static const char *text_at(const json_t *json, const char *path)
{
    return lab_text(json, path);
}

static const json_t *note_on(const json_t *notes, const char *member)
{
    for (size_t i = 0; i < json_array_size(notes); i++)
        if (strcmp(lab_text(json_array_get(notes, i), "member"), member) == 0)
            return json_array_get(notes, i);
    return NULL;
}

static void check_warned(const json_t *notes, const char *member)
{
    const json_t *note = note_on(notes, member);

    check(note && strstr(lab_text(note, "text"), "WARNING") == lab_text(note, "text"));
}

#define X48(c)                                                                                     \
    c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define X32(c) c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define X16(c) c c c c c c c c c c c c c c c c

static void test_a_machine_with_another_report_is_refused(void)
{
    static const LabField twins[] = {
        { "version", "2" },         { "guest_svn", "7" },           { "policy", "0x30001" },
        { "policy", "0x130000" },   { "policy", "0x70000" },        { "debug", "yes" },
        { "family_id", X16("7e") }, { "image_id", X16("7e") },      { "vmpl", "1" },
        { "platform_info", "0x0" }, { "platform_info", "0xffff" },  { "measurement", X48("7e") },
        { "host_data", X32("7e") }, { "id_key_digest", X48("7e") }, { "report_id_ma", X32("7e") },
        { "committed_major", "0" }, { "mask_chip_id", "yes" },
    };
    const LabOrder good = endorsed();
    _cleanup_(policy_freep) Policy *given = tpm_policy("");
    _cleanup_(drafted_done) Drafted drafted = draft_good(milan, &good, given);

    check_judged(milan, &good, drafted.policy, true);
    for (size_t i = 0; i < ELEMENTSOF(twins); i++) {
        LabOrder twin = good;
        twin.fields[0] = twins[i];
        (void)printf("  %s %.8s\n", twins[i].name, twins[i].value);
        check_judged(milan, &twin, drafted.policy, false);
    }
    LabOrder author = good;
    author.fields[0] = (LabField){ "key_info", "1" };
    author.fields[1] = (LabField){ "author_key_digest", X48("7e") };
    check_judged(milan, &author, drafted.policy, false);
}

/* The log of a twin: the usual boot with one thing else. */
static void check_boot(const LabBoot *boot, const Policy *policy, bool accepted)
{
    _cleanup_(lab_log_done) LabLog log;
    LabOrder order = endorsed();

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, boot);
    order.log = &log;
    check_judged(milan, &order, policy, accepted);
}

static void test_a_machine_that_booted_otherwise_is_refused(void)
{
    const LabOrder good = endorsed();
    _cleanup_(policy_freep) Policy *given = tpm_policy("");
    _cleanup_(drafted_done) Drafted drafted = draft_good(milan, &good, given);
    const Policy *policy = drafted.policy;

    check_boot(&(LabBoot){ 0 }, policy, true);
    check_boot(&(LabBoot){ .secure_boot_off = true }, policy, false);
    check_boot(&(LabBoot){ .no_authority = true }, policy, false);
    check_boot(&(LabBoot){ .no_exit = true }, policy, false);
    check_boot(&(LabBoot){ .command_line = "/vmlinuz init=/bin/sh" }, policy, false);
    check_boot(&(LabBoot){ .application = "another shim" }, policy, false);
    for (unsigned pcr = 0; pcr < 15; pcr++) {
        _cleanup_(lab_log_done) LabLog log;
        LabOrder twin = good;
        if (pcr == 10)
            continue;
        lab_log_begin(&log, DIGEST_SHA256);
        lab_log_boot(&log, NULL);
        lab_log_text(&log, pcr, EV_EVENT_TAG, "one event more");
        twin.log = &log;
        check_judged(milan, &twin, policy, false);
    }
    check(policy->tpm.secure_boot && policy->tpm.secure_boot_signers.n_items == 1);
    check_int(policy->tpm.n_events, 1);
    check_str(policy->tpm.command_line.equals.items[0], LAB_COMMAND_LINE);
    check(note_on(drafted.notes, "/tpm/command_line") != NULL);
    check_str(lab_text(note_on(drafted.notes, "/tpm/rules (PCR 0)"), "changes_with"),
              "guest firmware");
}

static void test_another_quote_or_none_is_refused(void)
{
    const LabOrder good = endorsed();
    _cleanup_(policy_freep) Policy *given = tpm_policy("");
    _cleanup_(drafted_done) Drafted drafted = draft_good(milan, &good, given);
    LabOrder silent = good, without = good, other_key = good, uncertified = good;
    _cleanup_(key_freep) Key *key = NULL;

    silent.no_log = true;
    without.no_vtpm = true;
    check_int(key_generate(KEY_P256, &key), KEY_OK);
    other_key.ak = key;
    other_key.ak_certificate = (ByteView){ 0 };
    uncertified.ak_certificate = (ByteView){ 0 };
    check_judged(milan, &silent, drafted.policy, false);
    check_judged(milan, &without, drafted.policy, false);
    check_judged(milan, &other_key, drafted.policy, false);
    check_judged(milan, &uncertified, drafted.policy, false);
    check_str(json_string_value(json_array_get(
                  json_object_get(json_object_get(drafted.json, "tpm"), "roots"), 0)),
              "certificate");
}

static void test_sections_of_a_unified_kernel_are_held_one_by_one(void)
{
    static const char *const kernels[] = { "a kernel", "another kernel" };
    _cleanup_(drafted_done) Drafted drafted = { 0 };
    _cleanup_(policy_freep) Policy *given = tpm_policy("");

    for (size_t i = 0; i < ELEMENTSOF(kernels); i++) {
        static const uint8_t wide[] = ".\0l\0i\0n\0u\0x\0\0"; /* UTF-16LE */
        const ByteView name = { wide, sizeof(wide) };
        _cleanup_(lab_log_done) LabLog log;
        LabOrder order = endorsed();
        lab_log_begin(&log, DIGEST_SHA256);
        lab_log_boot(&log, &(LabBoot){ .application = "a unified kernel" });
        lab_log_event(&log, 11, EV_IPL, name, (ByteView){ (const uint8_t *)".linux", 7 });
        lab_log_event(&log, 11, EV_IPL, name, view_of_string(kernels[i]));
        order.log = &log;
        if (i == 0)
            drafted = draft_good(milan, &order, given);
        check_judged(milan, &order, drafted.policy, i == 0);
    }
    check_int(drafted.policy->tpm.n_sections, 1);
    check_str(drafted.policy->tpm.sections[0].name, ".linux");
    for (size_t i = 0; i < drafted.policy->tpm.n_rules; i++)
        check(drafted.policy->tpm.rules[i].pcr != 11); /* it grows as the boot goes on */
}

/* A boot with a unified kernel, and the first N words that systemd extends on the way. */
static void check_milestones(size_t n, const Policy *given, Drafted *drafted)
{
    static const char *const words[] = { "enter-initrd", "leave-initrd", "sysinit" };
    UserspaceEvent items[3] = { 0 };
    const UserspaceLog records = { .items = items, .n_items = n };
    _cleanup_bytes_ Bytes bytes = { 0 };
    _cleanup_(lab_log_done) LabLog log;
    LabOrder order = endorsed();
    Digest digest;

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, NULL);
    for (size_t i = 0; i < n; i++) {
        lab_log_extend(&log, 11, view_of_string(words[i]));
        check_int(digest_of(DIGEST_SHA256, view_of_string(words[i]), &digest), 0);
        items[i] = (UserspaceEvent){ .has_pcr = true, .pcr = 11, .n_digests = 1 };
        items[i].digests[0].alg = TPM_ALG_SHA256;
        items[i].digests[0].size = (uint8_t)digest.size;
        memcpy(items[i].digests[0].digest, digest.data, digest.size);
        check((items[i].text = strdup(words[i])) != NULL);
        check((items[i].type = strdup("phase")) != NULL);
    }
    check_int(userspace_log_emit(&records, &bytes), 0);
    for (size_t i = 0; i < n; i++) {
        free(items[i].text);
        free(items[i].type);
    }
    order.log = &log;
    order.userspace_log = VIEW(bytes);
    if (!drafted->policy)
        *drafted = draft_good(milan, &order, given);
    check_judged(milan, &order, drafted->policy, true);
}

static void test_a_draft_outlives_the_milestones_of_the_boot(void)
{
    _cleanup_(policy_freep) Policy *given = tpm_policy("");
    _cleanup_(drafted_done) Drafted drafted = { 0 };

    for (size_t n = 1; n <= 3; n++)
        check_milestones(n, given, &drafted);
}

/* The report's own values, no more and no less: a host that is better passes, a worse one does not.
 */
static void test_a_tcb_is_a_minimum(void)
{
    const LabOrder good = endorsed();
    _cleanup_(policy_freep) Policy *given = tpm_policy("");
    _cleanup_(drafted_done) Drafted drafted = draft_good(milan, &good, given);
    const SnpTcb *least = &drafted.policy->snp.minimum_tcb.products[SNP_PRODUCT_MILAN].bound;
    LabOrder launched = good, committed = good;
    SimReport report;

    sim_report_default(lab_chip(milan), &report);
    check_int(least->boot_loader, report.reported_tcb.boot_loader);
    check_int(least->tee, report.reported_tcb.tee);
    check_int(least->snp, report.reported_tcb.snp);
    check_int(least->microcode, report.reported_tcb.microcode);
    launched.fields[0] = (LabField){ "launch_tcb", "0.0.0.0" };
    committed.fields[0] = (LabField){ "committed_tcb", "0.0.0.0" };
    check_judged(milan, &launched, drafted.policy, false);
    check_judged(milan, &committed, drafted.policy, false);
}

static void test_a_hosts_vtpm_is_written_down_with_a_warning(void)
{
    const LabOrder good = { 0 }, other_boot = { .no_log = true };
    _cleanup_(drafted_done) Drafted drafted = draft_good(milan, &good, NULL);
    const json_t *tpm = json_object_get(drafted.json, "tpm");

    check_int(drafted.policy->tpm.roots, 1U << VTPM_ROOT_HOST);
    check_int(drafted.policy->tpm.n_rules + drafted.policy->tpm.n_events, 0);
    check(strstr(text_at(tpm, "comment"), "WARNING") != NULL);
    check_warned(drafted.notes, "/tpm/roots");
    check_judged(milan, &good, drafted.policy, true);
    check_judged(milan, &other_boot, drafted.policy, true); /* what is not held is not refused */
}

static void test_a_simulated_machine_is_written_down_with_a_warning(void)
{
    const LabOrder good = { 0 };
    const SpkiDigest root = lab_root(milan);
    SpkiDigest roots[3] = { { { 1 } }, { { 2 } }, root };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &good);
    VerifyInput input = lab_input(milan, &evidence, NULL);
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    _cleanup_(drafted_done) Drafted drafted = { 0 };

    input.simulated_roots = roots;
    input.n_simulated_roots = ELEMENTSOF(roots);
    check_int(baseline_draft(&input, NULL, &findings, &drafted.json, &drafted.notes), BASELINE_OK);
    drafted.policy = parse(drafted.json);
    check_str(drafted.policy->id, "baseline-1");
    check_int(drafted.policy->n_simulated_roots, 1); /* the one, of those that were listed */
    check(memcmp(drafted.policy->simulated_roots[0].bytes, root.bytes, sizeof(root.bytes)) == 0);
    check(strstr(text_at(drafted.json, "comment"), "SIMULATED") != NULL);
    check_warned(drafted.notes, "/simulated_roots");
}

static void test_a_root_that_a_policy_lists_is_taken_over(void)
{
    char text[512], hex[97];
    const SpkiDigest root = lab_root(milan);
    const LabOrder good = { 0 };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &good);
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    _cleanup_(drafted_done) Drafted drafted = { 0 };

    for (size_t i = 0; i < sizeof(root.bytes); i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", root.bytes[i]);
    (void)snprintf(text, sizeof(text),
                   "{'attestd_policy':1,'id':'given','simulated_roots':['%s'],"
                   "'snp':{'measurements':[]},'tpm':{'secure_boot':true}}",
                   hex);
    _cleanup_(policy_freep) Policy *given = lab_policy(text); /* its wishes do not count */
    VerifyInput input = lab_input(milan, &evidence, given);
    input.simulated_roots = NULL;
    input.n_simulated_roots = 0;
    check_int(baseline_draft(&input, "x", &findings, &drafted.json, &drafted.notes), BASELINE_OK);
    drafted.policy = parse(drafted.json);
    check_int(drafted.policy->n_simulated_roots, 1);
    check_judged(milan, &good, drafted.policy, true);
}

static void test_every_kind_of_machine_can_be_drafted_from(void)
{
    static const SimProduct products[] = { SIM_MILAN, SIM_GENOA, SIM_TURIN };
    static const LabOrder orders[] = {
        { .fields = { { "version", "2" } } },
        { .fields = { { "version", "5" },
                      { "launch_mitigations", "3" },
                      { "current_mitigations", "7" } } },
        { .fields = { { "mask_chip_id", "yes" } } },
        { .fields = { { "debug", "yes" } } },
        { .fields = { { "vmpl", "2" } } },
        { .signer = SIM_VLEK, .fields = { { "signing_key", "vlek" } } },
        { .no_vtpm = true },
        { .no_log = true },
    };

    for (size_t p = 0; p < ELEMENTSOF(products); p++) {
        _cleanup_(lab_freep) Lab *lab = lab_new(products[p], true);
        for (size_t i = 0; i < ELEMENTSOF(orders); i++) {
            LabOrder order = orders[i];
            size_t n = 0;
            while (order.fields[n].name)
                n++;
            if (order.signer != SIM_VLEK)
                order.fields[n] = (LabField){ "signing_key", "vcek" };
            _cleanup_(drafted_done) Drafted drafted = draft_good(lab, &order, NULL);
            check_judged(lab, &order, drafted.policy, true);
            if (i == 3)
                check_warned(drafted.notes, "/snp/debug");
        }
    }
}

static void test_evidence_that_is_not_genuine_gives_no_draft(void)
{
    const LabOrder orders[] = {
        { .other_report_data = true },
        { .other_qualifying_data = true },
        { .table = SIM_TABLE_NONE },
    };

    for (size_t i = 0; i < ELEMENTSOF(orders); i++) {
        _cleanup_findings_ Findings findings = { .source = "verifier" };
        _cleanup_(drafted_done) Drafted drafted = { 0 };
        check_int(draft(milan, &orders[i], NULL, &findings, &drafted), BASELINE_E_REFUSED);
        check(findings_first_failure(&findings) != NULL);
    }
}

static void test_a_name_that_no_policy_may_have_is_refused(void)
{
    const LabOrder good = { 0 };
    _cleanup_evidence_ Evidence evidence = lab_evidence(milan, &good);
    const VerifyInput input = lab_input(milan, &evidence, NULL);
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    json_t *policy = NULL, *notes = NULL;

    check_int(baseline_draft(&input, "a b", &findings, &policy, &notes), BASELINE_E_REFUSED);
    lab_check_failure(&findings, "baseline-impossible");
    check(!policy && !notes);
}

/* A boot of a real machine, quoted by the lab's vTPM. */
static void read_log(const char *name, LabLog *ret)
{
    json_auto_t *expected = lab_expected("eventlog", name);
    json_t *values = json_object_get(json_object_get(expected, "replayed"), "sha256");
    char path[96];
    const char *pcr;
    json_t *value;

    (void)snprintf(path, sizeof(path), "eventlog/%s/log.bin", name);
    *ret = (LabLog){ .bytes = test_vector(path), .algorithm = DIGEST_SHA256 };
    ret->pcrs = (EvidencePcrs){ .bank = TPM_ALG_SHA256, .digest_size = 32, .mask = 0xffff };
    json_object_foreach (values, pcr, value) {
        _cleanup_bytes_ Bytes bytes = lab_hex(json_string_value(value));
        check(evidence_pcrs_set(&ret->pcrs, (unsigned)atoi(pcr), VIEW(bytes)));
    }
}

static void test_boots_of_real_machines_can_be_drafted_from(void)
{
    static const struct {
        const char *name;
        bool secure_boot;
        bool command_line;
        size_t n_signers;
    } logs[] = {
        { "confidential-gke-debug-251000_eventlog", true, true, 1 },
        { "cos-101-amd-sev", true, true, 1 },
        { "rhel8-uefi", true, true, 2 },
        { "ubuntu-2404-amd-sevsnp", false, true, 0 },
        { "gdc-host", false, true, 0 },
        { "arch-linux-workstation", false, false, 0 },
    };
    _cleanup_(policy_freep) Policy *given = tpm_policy("");

    for (size_t i = 0; i < ELEMENTSOF(logs); i++) {
        _cleanup_(lab_log_done) LabLog log;
        LabOrder order = endorsed();
        (void)printf("  %s\n", logs[i].name);
        read_log(logs[i].name, &log);
        order.log = &log;
        _cleanup_(drafted_done) Drafted drafted = draft_good(milan, &order, given);
        const PolicyTpm *tpm = &drafted.policy->tpm;
        (void)printf("    %zu signers, %zu rules, %zu events, \"%.40s\"\n",
                     tpm->secure_boot_signers.n_items, tpm->n_rules, tpm->n_events,
                     tpm->command_line.present ? tpm->command_line.equals.items[0] : "");
        check_int(tpm->secure_boot, logs[i].secure_boot);
        check_int(tpm->command_line.present, logs[i].command_line);
        check_int(tpm->secure_boot_signers.n_items, logs[i].n_signers);
        check_judged(milan, &order, drafted.policy, true);
        check_boot(&(LabBoot){ 0 }, drafted.policy, false);
    }
}

static const Test tests[] = {
    { "a machine with another report is refused", test_a_machine_with_another_report_is_refused },
    { "a machine that booted otherwise is refused",
      test_a_machine_that_booted_otherwise_is_refused },
    { "another quote or none is refused", test_another_quote_or_none_is_refused },
    { "sections of a unified kernel are held one by one",
      test_sections_of_a_unified_kernel_are_held_one_by_one },
    { "a draft outlives the milestones of the boot",
      test_a_draft_outlives_the_milestones_of_the_boot },
    { "a TCB is a minimum", test_a_tcb_is_a_minimum },
    { "a host's vTPM is written down with a warning",
      test_a_hosts_vtpm_is_written_down_with_a_warning },
    { "a simulated machine is written down with a warning",
      test_a_simulated_machine_is_written_down_with_a_warning },
    { "a root that a policy lists is taken over", test_a_root_that_a_policy_lists_is_taken_over },
    { "every kind of machine can be drafted from", test_every_kind_of_machine_can_be_drafted_from },
    { "evidence that is not genuine gives no draft",
      test_evidence_that_is_not_genuine_gives_no_draft },
    { "a name that no policy may have is refused", test_a_name_that_no_policy_may_have_is_refused },
    { "boots of real machines can be drafted from",
      test_boots_of_real_machines_can_be_drafted_from },
};

int main(int argc, char **argv)
{
    return vtpm_bench_run(tests, ELEMENTSOF(tests), argc, argv);
}
