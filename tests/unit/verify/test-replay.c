/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event logs against registers: public logs, and made-up ones with one thing wrong.
 */
#include "verify/replay.h"

#include "format/userspace-log.h"

#include "lab.h"

static const char *const banks[] = { "sha1", "sha256", "sha384", "sha512" };

/* Replays against nothing, to see where the log leads. */
static void check_replayed(const char *kind, const char *name)
{
    json_auto_t *expected = lab_expected(kind, name);
    json_t *replayed = json_object_get(expected, "replayed");
    char path[96];

    (void)snprintf(path, sizeof(path), "%s/%s/log.bin", kind, name);
    _cleanup_bytes_ Bytes log = test_vector(path);
    for (size_t b = 0; b < ELEMENTSOF(banks); b++) {
        json_t *values = json_object_get(replayed, banks[b]);
        EvidencePcrs quoted = { .bank = tpm_alg_hash_by_name(banks[b]) };
        _cleanup_(replayed_log_freep) ReplayedLog *result = NULL;
        _cleanup_findings_ Findings findings = { 0 };
        const ReplayInput input = { .firmware_log = VIEW(log), .quoted = &quoted };
        const char *pcr;
        json_t *value;
        quoted.digest_size = tpm_alg_digest_size(quoted.bank);
        if (!values)
            continue;
        check_int(replay(&input, &findings, &result), REPLAY_OK);
        json_object_foreach (values, pcr, value) {
            _cleanup_free_ char *text = hex_encode(replayed_log_value(result, (unsigned)atoi(pcr)));
            check_str(text, json_string_value(value));
        }
        check(!replayed_log_event(result, 0)); /* nothing was quoted, so nothing is proven */
    }
}

static void test_public_logs_replay_to_the_expected_values(void)
{
    static const struct {
        const char *kind, *name;
    } logs[] = {
        { "eventlog", "arch-linux-workstation" },
        { "eventlog", "confidential-gke-debug-251000_eventlog" },
        { "eventlog", "cos-101-amd-sev" },
        { "eventlog", "crypto-agile" },
        { "eventlog", "debian-10" },
        { "eventlog", "eventlogwithsp800155" },
        { "eventlog", "gce-cos-85-no-nonce" },
        { "eventlog", "gdc-host" },
        { "eventlog", "glinux-alex" },
        { "eventlog", "intel-bios-12" },
        { "eventlog", "keylime-secureboot" },
        { "eventlog", "moklisttrusted" },
        { "eventlog", "option-rom" },
        { "eventlog", "postcode-thinkpad" },
        { "eventlog", "rhel8-uefi" },
        { "eventlog", "rust-keylime-uefi" },
        { "eventlog", "tss-hcrtm" },
        { "eventlog", "ubuntu-2404-amd-sevsnp" },
        { "eventlog", "uefi-sha1" },
        { "eventlog", "windows-gcp-shielded" },
        { "eventlog-edge", "append-cmdline" },
        { "eventlog-edge", "ccel-dupe-separator" },
        { "eventlog-edge", "ebs-event-missing" },
        { "eventlog-edge", "short-no-action" },
        { "eventlog-edge", "single-uefivar" },
    };

    for (size_t i = 0; i < ELEMENTSOF(logs); i++) {
        (void)printf("  %s\n", logs[i].name);
        check_replayed(logs[i].kind, logs[i].name);
    }
}

static void test_logs_that_are_none_are_refused(void)
{
    static const char *const names[] = { "bogus-text", "specid-vendordata" };
    EvidencePcrs quoted = { .bank = TPM_ALG_SHA1, .digest_size = 20, .mask = 1 };

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        _cleanup_(replayed_log_freep) ReplayedLog *result = NULL;
        _cleanup_findings_ Findings findings = { 0 };
        char path[64];
        (void)snprintf(path, sizeof(path), "eventlog-edge/%s/log.bin", names[i]);
        _cleanup_bytes_ Bytes log = test_vector(path);
        const ReplayInput input = { .firmware_log = VIEW(log), .quoted = &quoted };
        check_int(replay(&input, &findings, &result), REPLAY_E_MALFORMED);
        lab_check_failure(&findings, "eventlog-malformed");
        check(!result);
    }
}

/* Registers as a file states them, in every bank it has. */
static void check_against(const char *name, const char *file)
{
    json_auto_t *expected = lab_expected("eventlog", name);
    json_t *compare = json_object_get(expected, "compare_with_stated_pcrs");
    char path[96];
    json_auto_t *stated = NULL;
    const char *bank;
    json_t *values;

    (void)snprintf(path, sizeof(path), "eventlog/%s/log.bin", name);
    _cleanup_bytes_ Bytes log = test_vector(path);
    (void)snprintf(path, sizeof(path), "eventlog/%s/%s", name, file);
    _cleanup_bytes_ Bytes text = test_vector(path);
    check_int(json_parse(VIEW(text), 1 << 20, &stated), JSON_OK);

    json_object_foreach (stated, bank, values) {
        EvidencePcrs quoted = { .bank = tpm_alg_hash_by_name(bank) };
        _cleanup_(replayed_log_freep) ReplayedLog *result = NULL;
        _cleanup_findings_ Findings findings = { 0 };
        const ReplayInput input = { .firmware_log = VIEW(log), .quoted = &quoted };
        json_t *verdict = json_object_get(compare, bank);
        size_t i;
        json_t *pcr, *value;
        const char *number;
        quoted.digest_size = tpm_alg_digest_size(quoted.bank);
        json_object_foreach (values, number, value) {
            _cleanup_bytes_ Bytes bytes = lab_hex(json_string_value(value));
            check(evidence_pcrs_set(&quoted, (unsigned)atoi(number), VIEW(bytes)));
        }
        if (!verdict)
            continue;
        check_int(replay(&input, &findings, &result), REPLAY_OK);
        json_array_foreach (json_object_get(verdict, "equal"), i, pcr)
            check_int(replayed_log_result(result, (unsigned)json_integer_value(pcr)),
                      REPLAY_PROVEN);
        json_array_foreach (json_object_get(verdict, "extended_outside_log"), i, pcr)
            check_int(replayed_log_result(result, (unsigned)json_integer_value(pcr)),
                      REPLAY_MISMATCH);
    }
}

static void test_public_logs_agree_with_the_registers_of_their_machines(void)
{
    static const char *const names[] = {
        "arch-linux-workstation",
        "confidential-gke-debug-251000_eventlog",
        "cos-101-amd-sev",
        "debian-10",
        "eventlogwithsp800155",
        "gdc-host",
        "glinux-alex",
        "moklisttrusted",
        "postcode-thinkpad",
        "rhel8-uefi",
        "ubuntu-2404-amd-sevsnp",
        "uefi-sha1",
        "windows-gcp-shielded",
    };

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        (void)printf("  %s\n", names[i]);
        check_against(names[i], "pcrs.json");
    }
    check_against("gce-cos-85-no-nonce", "pcrs-sha1.json");
    check_against("gce-cos-85-no-nonce", "pcrs-sha256.json");
    check_against("gce-cos-85-no-nonce", "pcrs-sha384.json");
}

static ReplayedLog *replay_lab(const LabLog *log, ByteView userspace, Findings *findings)
{
    const ReplayInput input = { .firmware_log = VIEW(log->bytes),
                                .userspace_log = userspace,
                                .quoted = &log->pcrs };
    ReplayedLog *result = NULL;

    check_int(replay(&input, findings, &result), REPLAY_OK);
    return result;
}

static void test_every_bank_replays(void)
{
    static const DigestAlgorithm algorithms[] = { DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384,
                                                  DIGEST_SHA512 };

    for (size_t i = 0; i < ELEMENTSOF(algorithms); i++) {
        _cleanup_(lab_log_done) LabLog log;
        _cleanup_findings_ Findings findings = { 0 };
        lab_log_begin(&log, algorithms[i]);
        lab_log_boot(&log, NULL);
        _cleanup_(replayed_log_freep) ReplayedLog *result =
            replay_lab(&log, (ByteView){ 0 }, &findings);
        check_int(findings.n_items, 0);
        check_int(replayed_log_proven(result), 0xffff);
        check(replayed_log_event(result, 0) != NULL);
        check_int(replayed_log_event(result, 0)->digest.size, digest_size(algorithms[i]));
    }
}

static void test_startup_locality_sets_pcr_0(void)
{
    _cleanup_(lab_log_done) LabLog log;
    _cleanup_findings_ Findings findings = { 0 }, wrong = { 0 };

    lab_log_begin(&log, DIGEST_SHA256);
    log.pcrs.values[0][31] = 3;
    lab_log_plain(&log, 0, EV_NO_ACTION, (ByteView){ (const uint8_t *)"StartupLocality\0\3", 17 });
    lab_log_boot(&log, NULL);
    _cleanup_(replayed_log_freep) ReplayedLog *result =
        replay_lab(&log, (ByteView){ 0 }, &findings);
    check_int(findings.n_items, 0);
    check_int(replayed_log_result(result, 0), REPLAY_PROVEN);

    LabLog other; /* the same boot at locality 0 */
    lab_log_begin(&other, DIGEST_SHA256);
    lab_log_boot(&other, NULL);
    memcpy(log.pcrs.values[0], other.pcrs.values[0], 32);
    lab_log_done(&other);
    _cleanup_(replayed_log_freep) ReplayedLog *no = replay_lab(&log, (ByteView){ 0 }, &wrong);
    lab_check_failure(&wrong, "eventlog-replay-mismatch");
    check_int(replayed_log_result(no, 0), REPLAY_MISMATCH);
}

static const Finding *find_subject(const Findings *findings, const char *subject)
{
    for (size_t i = 0; i < findings->n_items; i++)
        if (strcmp(findings->items[i].subject, subject) == 0)
            return &findings->items[i];
    lab_print(findings);
    abort();
}

static void test_a_surplus_event_is_named(void)
{
    _cleanup_(lab_log_done) LabLog log;
    _cleanup_findings_ Findings findings = { 0 };
    char wanted[64];

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, NULL);
    EvidencePcrs before = log.pcrs;
    size_t index = log.n_events;
    lab_log_text(&log, 12, EV_IPL, "never measured");
    log.pcrs = before;
    _cleanup_(replayed_log_freep) ReplayedLog *result =
        replay_lab(&log, (ByteView){ 0 }, &findings);
    const Finding *finding = find_subject(&findings, "pcr 12");
    (void)snprintf(wanted, sizeof(wanted), "at event %zu, which was never extended", index);
    check_str(finding->name, "eventlog-replay-mismatch");
    check(strstr(finding->found, wanted));
    for (size_t i = 0; replayed_log_event(result, i); i++)
        check(replayed_log_event(result, i)->pcr != 12);
}

static void test_a_changed_digest_takes_the_whole_register(void)
{
    _cleanup_(lab_log_done) LabLog log;
    _cleanup_findings_ Findings findings = { 0 };

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, NULL);
    log.pcrs.values[8][0] ^= 1;
    _cleanup_(replayed_log_freep) ReplayedLog *result =
        replay_lab(&log, (ByteView){ 0 }, &findings);
    check_int(findings.n_items, 1);
    check(strstr(findings.items[0].found, "does not replay for PCR 8 at event"));
    check_int(findings.items[0].result, FINDING_FAILURE);
    check_int(replayed_log_proven(result), 0xffff & ~(1U << 8));
    for (size_t i = 0; replayed_log_event(result, i); i++)
        check(replayed_log_event(result, i)->pcr != 8);
}

static void test_an_extension_outside_the_log_is_judged_by_register(void)
{
    static const struct {
        unsigned pcr;
        bool decides;
    } cases[] = { { 7, true }, { 9, true }, { 10, false }, { 11, false }, { 15, false } };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_(lab_log_done) LabLog log;
        _cleanup_findings_ Findings findings = { 0 };
        lab_log_begin(&log, DIGEST_SHA256);
        lab_log_boot(&log, NULL);
        lab_log_extend(&log, cases[i].pcr, view_of_string("unlogged"));
        _cleanup_(replayed_log_freep) ReplayedLog *result =
            replay_lab(&log, (ByteView){ 0 }, &findings);
        check_int(findings.n_items, 1);
        check_int(findings.items[0].result, cases[i].decides ? FINDING_FAILURE : FINDING_WARNING);
        check_int(replayed_log_result(result, cases[i].pcr), REPLAY_MISMATCH);
    }
}

/* Some firmware does not log its last words; only these, and only in PCR 5. */
static void test_exit_boot_services_may_be_missing_from_the_log(void)
{
    static const char *const failed[] = { "Exit Boot Services Invocation",
                                          "Exit Boot Services Returned with Failure",
                                          "Exit Boot Services Invocation",
                                          "Exit Boot Services Returned with Success" };
    const LabBoot open_end = { .no_exit = true };

    for (size_t variant = 0; variant < 4; variant++) {
        _cleanup_(lab_log_done) LabLog log;
        _cleanup_findings_ Findings findings = { 0 };
        unsigned pcr = variant == 3 ? 6 : 5;
        lab_log_begin(&log, DIGEST_SHA256);
        lab_log_boot(&log, &open_end);
        for (size_t i = variant == 0 ? 2 : 0; i < (variant == 2 ? 3 : 4); i++)
            lab_log_extend(&log, pcr, view_of_string(failed[i]));
        _cleanup_(replayed_log_freep) ReplayedLog *result =
            replay_lab(&log, (ByteView){ 0 }, &findings);
        check_int(replayed_log_exit_is_unlogged(result), variant < 2);
        check_int(findings.n_items, variant < 2 ? 0 : 1);
        check_int(replayed_log_result(result, pcr), variant < 2 ? REPLAY_PROVEN : REPLAY_MISMATCH);
    }
}

static Bytes userspace(const char *const *texts, size_t n, const LabLog *log, unsigned pcr)
{
    UserspaceEvent items[4] = { 0 };
    UserspaceLog records = { .items = items, .n_items = n };
    Bytes bytes = { 0 };

    for (size_t i = 0; i < n; i++) {
        Digest digest;
        check_int(digest_of(log->algorithm, view_of_string(texts[i]), &digest), 0);
        items[i] = (UserspaceEvent){ .has_pcr = true, .pcr = pcr, .n_digests = 1 };
        items[i].digests[0].alg = digest_tpm_id(log->algorithm);
        items[i].digests[0].size = (uint8_t)digest.size;
        memcpy(items[i].digests[0].digest, digest.data, digest.size);
        items[i].text = strdup(texts[i]);
        items[i].type = strdup("phase");
    }
    check_int(userspace_log_emit(&records, &bytes), 0);
    for (size_t i = 0; i < n; i++) {
        free(items[i].text);
        free(items[i].type);
    }
    return bytes;
}

static void test_the_log_of_userspace_goes_on_top(void)
{
    static const char *const phases[] = { "enter-initrd", "leave-initrd", "sysinit" };
    _cleanup_(lab_log_done) LabLog log;
    _cleanup_findings_ Findings good = { 0 }, short_log = { 0 }, broken = { 0 };

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, NULL);
    lab_log_text(&log, 11, EV_IPL, "a stub's event");
    for (size_t i = 0; i < 3; i++)
        lab_log_extend(&log, 11, view_of_string(phases[i]));
    _cleanup_bytes_ Bytes records = userspace(phases, 3, &log, 11);
    _cleanup_(replayed_log_freep) ReplayedLog *result = replay_lab(&log, VIEW(records), &good);
    check_int(good.n_items, 0);
    check_int(replayed_log_result(result, 11), REPLAY_PROVEN);

    _cleanup_bytes_ Bytes two = userspace(phases, 2, &log, 11);
    _cleanup_(replayed_log_freep) ReplayedLog *no = replay_lab(&log, VIEW(two), &short_log);
    lab_check_failure(&short_log, "eventlog-replay-mismatch");
    check(strstr(short_log.items[0].found, "at userspace record 1"));
    check_int(replayed_log_result(no, 11), REPLAY_MISMATCH);

    const ReplayInput input = { .firmware_log = VIEW(log.bytes),
                                .userspace_log = view_of_string("not a record"),
                                .quoted = &log.pcrs };
    ReplayedLog *none = NULL;
    check_int(replay(&input, &broken, &none), REPLAY_E_MALFORMED);
    lab_check_failure(&broken, "eventlog-userspace-malformed");
}

static void test_a_bank_the_log_does_not_have_proves_nothing(void)
{
    _cleanup_(lab_log_done) LabLog log;
    _cleanup_findings_ Findings findings = { 0 }, unknown = { 0 };
    EvidencePcrs quoted = { .bank = TPM_ALG_SHA384, .digest_size = 48, .mask = 0xff };
    ReplayedLog *none = NULL;

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, NULL);
    ReplayInput input = { .firmware_log = VIEW(log.bytes), .quoted = &quoted };
    _cleanup_(replayed_log_freep) ReplayedLog *result = NULL;
    check_int(replay(&input, &findings, &result), REPLAY_OK);
    lab_check_failure(&findings, "eventlog-bank-missing");
    check_int(replayed_log_proven(result), 0);
    check_int(replayed_log_result(result, 7), REPLAY_BANK_MISSING);
    check_int(replayed_log_value(result, 7).size, 0);
    quoted.bank = TPM_ALG_SM3_256;
    quoted.digest_size = 32;
    check_int(replay(&input, &unknown, &none), REPLAY_E_MALFORMED);
    lab_check_failure(&unknown, "eventlog-bank-missing");
}

static const Test tests[] = {
    { "every bank replays", test_every_bank_replays },
    { "StartupLocality sets PCR 0", test_startup_locality_sets_pcr_0 },
    { "a surplus event is named", test_a_surplus_event_is_named },
    { "a changed digest takes the whole register", test_a_changed_digest_takes_the_whole_register },
    { "an extension outside the log is judged by register",
      test_an_extension_outside_the_log_is_judged_by_register },
    { "ExitBootServices may be missing from the log",
      test_exit_boot_services_may_be_missing_from_the_log },
    { "the log of userspace goes on top", test_the_log_of_userspace_goes_on_top },
    { "a bank the log does not have proves nothing",
      test_a_bank_the_log_does_not_have_proves_nothing },
    { "public logs replay to the expected values", test_public_logs_replay_to_the_expected_values },
    { "logs that are none are refused", test_logs_that_are_none_are_refused },
    { "public logs agree with the registers of their machines",
      test_public_logs_agree_with_the_registers_of_their_machines },
};

TEST_MAIN(tests)
