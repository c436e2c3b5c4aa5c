/* SPDX-License-Identifier: Apache-2.0 */
/*
 * configfs-tsm in a plain directory, behind a table of functions that does what configfs does.
 */
#include "evidence/source-tsm.h"
#include "fake-tsm.h"

#include <sys/wait.h>

/* One run with a lock directory, time and findings of its own. */
typedef struct Run {
    TemporaryDirectory locks;
    FakeTime fake;
    Findings findings;
    EvidenceCpu cpu;
    uint8_t report_data[SOURCE_REPORT_DATA_SIZE];
    int result;
} Run;

static void collect_in(Run *run, TemporaryDirectory locks, const char *vmpl_file)
{
    const SourceSettings settings = { "/nonexistent", fake_tsm.base.path, vmpl_file };
    Pacing *pacing = NULL;

    *run = (Run){ .locks = locks };
    memset(run->report_data, 0x3c, sizeof(run->report_data));
    fake_time_init(&run->fake, USEC_PER_SEC);
    check_int(pacing_new(run->locks.path, &run->fake.time, &pacing), PACING_OK);
    const SourceInput input = { &settings, run->report_data, pacing };
    run->result = tsm_collect(&fake_tsm_ops, &input, &run->findings, &run->cpu);
    pacing_free(pacing);
}

static void collect_with(Run *run, const char *vmpl_file)
{
    collect_in(run, temporary_directory(), vmpl_file);
}

static void run_done(Run *run)
{
    findings_done(&run->findings);
    evidence_cpu_done(&run->cpu);
    temporary_directory_remove(&run->locks);
}

static void finish(Run *run)
{
    run_done(run);
    temporary_directory_remove(&fake_tsm.base);
}

/* Expects NO with the finding NAME, and no entry left behind. */
static void check_refused(int no, const char *name)
{
    Run run;

    collect_with(&run, "/nonexistent");
    check_int(run.result, no);
    check_str(findings_first_failure(&run.findings)->name, name);
    check(findings_first_failure(&run.findings)->remedy[0] != 0);
    check(run.cpu.outblob.data == NULL);
    check_int(fake_tsm_count_entries(), 0);
    finish(&run);
}

static void a_report_is_read_and_the_entry_removed(void)
{
    uint8_t wanted[SNP_REPORT_SIZE];
    Run run;

    fake_tsm_init();
    collect_with(&run, "/nonexistent");
    check_int(run.result, SOURCE_OK);
    fill_report(wanted, run.report_data);
    check(view_equal(VIEW(run.cpu.outblob), VIEW_OF_ARRAY(wanted)));
    check_int(run.cpu.auxblob.size, 0);
    check_str(run.cpu.provider, "sev_guest");
    check_str(fake_tsm.privlevel, "0");
    check_int(fake_tsm.n_reports, 1);
    check_int(run.findings.n_items, 0);
    check_int(fake_tsm_count_entries(), 0);
    finish(&run);
}

static void the_level_is_the_higher_of_floor_and_vmpl(void)
{
    static const struct {
        const char *floor, *vmpl, *wanted;
    } cases[] = {
        { "0\n", "0\n", "0" },
        { "2\n", "0\n", "2" },
        { "1\n", "3\n", "3" },
        { "2\n", "2\n", "2" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        Run run;
        char path[64];
        TemporaryDirectory directory = temporary_directory();
        (void)snprintf(path, sizeof(path), "%s/vmpl", directory.path);
        check_int(file_write_atomic(path, view_of_string(cases[i].vmpl), 0600), 0);
        fake_tsm_init();
        fake_tsm.floor = cases[i].floor;
        collect_with(&run, path);
        check_int(run.result, SOURCE_OK);
        check_str(fake_tsm.privlevel, cases[i].wanted);
        finish(&run);
        temporary_directory_remove(&directory);
    }
}

static void absent_optional_attributes_are_no_error(void)
{
    Run run;

    fake_tsm_init();
    fake_tsm.floor = NULL;
    fake_tsm.no_aux = true;
    collect_with(&run, "/nonexistent");
    check_int(run.result, SOURCE_OK);
    check_str(fake_tsm.privlevel, "");
    finish(&run);
}

static void each_errno_of_the_report_has_its_name(void)
{
    static const struct {
        int error;
        const char *name;
    } errors[] = {
        { EINVAL, "tsm-request-refused" },
        { ENXIO, "tsm-no-provider" },
        { EFBIG, "tsm-blob-too-large" },
        { ENOTTY, "snp-vmpck-disabled" },
        { EIO, "snp-exchange-failed" },
        { EBADMSG, "snp-answer-forged" },
        { ETIMEDOUT, "snp-host-throttled" },
        { ENOSR, "snp-sequence-exhausted" },
        { ENOMEM, NULL },
        { EPROTO, "snp-device-failed" },
        { EACCES, "tsm-entry-failed" },
    };

    for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
        if (!errors[i].name)
            continue;
        fake_tsm_init();
        fake_tsm.fail_call = "read";
        fake_tsm.fail_attribute = "outblob";
        fake_tsm.fail_error = errors[i].error;
        check_refused(SOURCE_E_FAILED, errors[i].name);
        fake_tsm_init();
        fake_tsm.fail_call = "read";
        fake_tsm.fail_attribute = "auxblob";
        fake_tsm.fail_error = errors[i].error;
        check_refused(SOURCE_E_FAILED, errors[i].name);
    }
}

static void an_entry_that_cannot_be_made_leaves_the_choice_to_others(void)
{
    static const struct {
        int error;
        const char *name;
    } errors[] = {
        { EACCES, "tsm-directory-denied" },  { EPERM, "tsm-directory-denied" },
        { EROFS, "tsm-directory-denied" },   { ENXIO, "tsm-no-provider" },
        { ENOENT, "tsm-directory-missing" }, { EEXIST, "tsm-entry-failed" },
    };

    for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
        fake_tsm_init();
        fake_tsm.fail_call = "mkdir";
        fake_tsm.fail_error = errors[i].error;
        check_refused(SOURCE_E_ABSENT, errors[i].name);
        check_int(fake_tsm.n_reports, 0);
    }
}

static void a_directory_that_is_missing_leaves_the_choice_to_others(void)
{
    const SourceSettings settings = { "/nonexistent", "/nonexistent/report", "/nonexistent" };
    _cleanup_findings_ Findings findings = { 0 };

    check_int(tsm_probe(&fake_tsm_ops, &settings, &findings), SOURCE_E_ABSENT);
    check_str(findings_first_failure(&findings)->name, "tsm-directory-missing");
}

static void another_provider_leaves_the_choice_to_others(void)
{
    fake_tsm_init();
    fake_tsm.provider = "tdx_guest\n";
    check_refused(SOURCE_E_ABSENT, "tsm-provider-unknown");
    check_int(fake_tsm.n_reports, 0);

    fake_tsm_init();
    fake_tsm.fail_call = "read";
    fake_tsm.fail_attribute = "provider";
    fake_tsm.fail_error = ENXIO;
    check_refused(SOURCE_E_ABSENT, "tsm-no-provider");
}

static void a_provider_that_changes_meanwhile_is_refused(void)
{
    fake_tsm_init();
    fake_tsm.provider_later = "tdx_guest\n";
    check_refused(SOURCE_E_FAILED, "tsm-provider-changed");
}

static void a_rival_that_writes_meanwhile_is_noticed(void)
{
    fake_tsm_init();
    fake_tsm.rival = true;
    check_refused(SOURCE_E_FAILED, "tsm-generation-changed");
}

static void a_lost_commit_is_noticed_before_the_hardware_is_asked(void)
{
    fake_tsm_init();
    fake_tsm.lose_commit = true;
    check_refused(SOURCE_E_FAILED, "tsm-request-lost");
    check_int(fake_tsm.n_reports, 0);
}

static void a_new_entry_that_was_used_is_refused(void)
{
    fake_tsm_init();
    fake_tsm.generation = 1;
    check_refused(SOURCE_E_FAILED, "tsm-generation-changed");
}

static void a_level_that_is_refused_is_named(void)
{
    fake_tsm_init();
    fake_tsm.fail_call = "write";
    fake_tsm.fail_attribute = "privlevel";
    fake_tsm.fail_error = EINVAL;
    check_refused(SOURCE_E_FAILED, "tsm-privlevel-refused");

    fake_tsm_init();
    fake_tsm.fail_call = "write";
    fake_tsm.fail_attribute = "privlevel";
    fake_tsm.fail_error = EBUSY;
    check_refused(SOURCE_E_FAILED, "tsm-generation-changed");

    fake_tsm_init();
    fake_tsm.floor = "high\n";
    check_refused(SOURCE_E_FAILED, "tsm-entry-failed");
}

static void report_data_that_cannot_be_written_is_named(void)
{
    fake_tsm_init();
    fake_tsm.fail_call = "write";
    fake_tsm.fail_attribute = "inblob";
    fake_tsm.fail_error = EFBIG;
    check_refused(SOURCE_E_FAILED, "tsm-entry-failed");
}

static void a_generation_that_is_no_number_is_named(void)
{
    fake_tsm_init();
    fake_tsm.fail_call = "read";
    fake_tsm.fail_attribute = "generation";
    fake_tsm.fail_error = EIO;
    check_refused(SOURCE_E_FAILED, "tsm-entry-failed");
}

static void a_report_of_another_size_or_over_other_data_is_refused(void)
{
    fake_tsm_init();
    fake_tsm.report_size = SNP_REPORT_SIZE - 1;
    check_refused(SOURCE_E_FAILED, "report-malformed");
    fake_tsm_init();
    fake_tsm.report_size = SNP_REPORT_SIZE + 1;
    check_refused(SOURCE_E_FAILED, "report-malformed");
    fake_tsm_init();
    fake_tsm.other_data = true;
    check_refused(SOURCE_E_FAILED, "report-data-mismatch");
}

/* The unit's worker may not make entries, but was handed one. */
static void check_handed_over(void)
{
    Run run;

    fake_tsm_hand_over();
    collect_with(&run, "/nonexistent");
    check_int(run.result, SOURCE_OK);
    check_int(fake_tsm.generation, 8);
    check_int(fake_tsm_count_entries(), 1);
    run_done(&run);
    collect_with(&run, "/nonexistent");
    check_int(run.result, SOURCE_OK);
    check_int(fake_tsm.generation, 10);
    check_int(fake_tsm_count_entries(), 1);
    finish(&run);
}

static void an_entry_handed_over_is_used_and_left_in_place(void)
{
    fake_tsm_init();
    fake_tsm.fail_call = "mkdir";
    fake_tsm.fail_error = EACCES;
    check_handed_over();
}

static void an_entry_of_ours_with_files_of_root_gives_way_to_the_one_handed_over(void)
{
    Run run;

    fake_tsm_init();
    fake_tsm_hand_over();
    fake_tsm.fail_call = "open";
    fake_tsm.fail_attribute = "inblob";
    fake_tsm.fail_error = EACCES;
    collect_with(&run, "/nonexistent");
    check_int(run.result, SOURCE_E_ABSENT);
    check_str(findings_first_failure(&run.findings)->name, "tsm-directory-denied");
    check_int(fake_tsm.n_made, 1);
    check_int(fake_tsm_count_entries(), 1);
    finish(&run);
}

static void a_rival_of_the_entry_handed_over_is_noticed(void)
{
    Run run;

    fake_tsm_init();
    fake_tsm_hand_over();
    fake_tsm.fail_call = "mkdir";
    fake_tsm.fail_error = EACCES;
    fake_tsm.rival = true;
    collect_with(&run, "/nonexistent");
    check_int(run.result, SOURCE_E_FAILED);
    check_str(findings_first_failure(&run.findings)->name, "tsm-generation-changed");
    check_int(fake_tsm_count_entries(), 1);
    finish(&run);
}

static void what_killed_processes_left_behind_is_removed(void)
{
    static const char *const names[] = {
        "attestd-00112233445566778899aabbccddeeff", /* ours */
        "attestd-00112233445566778899aabbccddeef",  /* too short */
        "attestd-00112233445566778899aabbccddeefg", /* no digit */
        "systemd-00112233",
    };
    Run run;

    fake_tsm_init();
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/%s", fake_tsm.base.path, names[i]);
        check_int(mkdir(path, 0755), 0);
    }
    collect_with(&run, "/nonexistent");
    check_int(run.result, SOURCE_OK);
    check_int(fake_tsm_count_entries(), ELEMENTSOF(names) - 1);
    finish(&run);
}

static void probing_asks_no_hardware_and_leaves_nothing(void)
{
    _cleanup_findings_ Findings findings = { 0 };

    fake_tsm_init();
    const SourceSettings settings = { "/nonexistent", fake_tsm.base.path, "/nonexistent" };
    check_int(tsm_probe(&fake_tsm_ops, &settings, &findings), SOURCE_OK);
    check_int(findings.n_items, 0);
    check_int(fake_tsm.n_reports, 0);
    check_int(fake_tsm_count_entries(), 0);
    temporary_directory_remove(&fake_tsm.base);
}

static void a_signal_waits_until_the_entry_is_removed(void)
{
    TemporaryDirectory locks = temporary_directory();
    int status;

    fake_tsm_init();
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0) {
        Run run;
        fake_tsm.signal_on_read = true;
        collect_in(&run, locks, "/nonexistent");
        _exit(1);
    }
    check_int(waitpid(pid, &status, 0), pid);
    check(WIFSIGNALED(status));
    check_int(WTERMSIG(status), SIGTERM);
    check_int(fake_tsm_count_entries(), 0);
    temporary_directory_remove(&locks);
    temporary_directory_remove(&fake_tsm.base);
}

static const Test tests[] = {
    { "a report is read and the entry removed", a_report_is_read_and_the_entry_removed },
    { "the level is the higher of floor and VMPL", the_level_is_the_higher_of_floor_and_vmpl },
    { "absent optional attributes are no error", absent_optional_attributes_are_no_error },
    { "each errno of the report has its name", each_errno_of_the_report_has_its_name },
    { "an entry that cannot be made leaves the choice to others",
      an_entry_that_cannot_be_made_leaves_the_choice_to_others },
    { "a directory that is missing leaves the choice to others",
      a_directory_that_is_missing_leaves_the_choice_to_others },
    { "another provider leaves the choice to others",
      another_provider_leaves_the_choice_to_others },
    { "a provider that changes meanwhile is refused",
      a_provider_that_changes_meanwhile_is_refused },
    { "a rival that writes meanwhile is noticed", a_rival_that_writes_meanwhile_is_noticed },
    { "a lost commit is noticed before the hardware is asked",
      a_lost_commit_is_noticed_before_the_hardware_is_asked },
    { "a new entry that was used is refused", a_new_entry_that_was_used_is_refused },
    { "a level that is refused, or a floor that is no number, is named",
      a_level_that_is_refused_is_named },
    { "report data that cannot be written is named", report_data_that_cannot_be_written_is_named },
    { "a generation that cannot be read is named", a_generation_that_is_no_number_is_named },
    { "a report of another size or over other data is refused",
      a_report_of_another_size_or_over_other_data_is_refused },
    { "an entry handed over is used again and left in place",
      an_entry_handed_over_is_used_and_left_in_place },
    { "an entry of ours with files of root's is removed again",
      an_entry_of_ours_with_files_of_root_gives_way_to_the_one_handed_over },
    { "a rival of the entry handed over is noticed", a_rival_of_the_entry_handed_over_is_noticed },
    { "what killed processes left behind is removed, and nothing else",
      what_killed_processes_left_behind_is_removed },
    { "probing asks no hardware and leaves nothing", probing_asks_no_hardware_and_leaves_nothing },
    { "a signal waits until the entry is removed", a_signal_waits_until_the_entry_is_removed },
};

TEST_MAIN(tests)
