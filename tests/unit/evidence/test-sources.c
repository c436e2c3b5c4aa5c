/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The choice among sources, on a machine that has none of them.
 */
#include "evidence/sources.h"
#include "fake-time.h"

#include <sys/stat.h>

static const SourceSettings nothing = { "/nonexistent/sev-guest", "/nonexistent/report",
                                        "/nonexistent/vmpl" };

static int collect(const char *choice, const SourceSettings *settings, Findings *findings)
{
    static const uint8_t report_data[SOURCE_REPORT_DATA_SIZE];
    TemporaryDirectory locks = temporary_directory();
    EvidenceCpu cpu = { 0 };
    const char *source = NULL;
    Pacing *pacing = NULL;
    FakeTime fake;

    fake_time_init(&fake, USEC_PER_SEC);
    check_int(pacing_new(locks.path, &fake.time, &pacing), PACING_OK);
    const SourceInput input = { settings, report_data, pacing };
    int r = sources_collect(choice, &input, findings, &source, &cpu);
    check(source == NULL && cpu.provider == NULL && cpu.outblob.data == NULL);
    pacing_free(pacing);
    temporary_directory_remove(&locks);
    return r;
}

static void the_list_is_in_order_of_preference(void)
{
    check_str(source_at(0)->name, "configfs-tsm");
    check_str(source_at(1)->name, "sev-guest");
    check(source_at(2) == NULL);
    check(source_find("sev-guest") == source_at(1));
    check(source_find("auto") == NULL);
}

static void without_any_source_each_says_why(void)
{
    _cleanup_findings_ Findings findings = { 0 };

    check_int(collect("auto", &nothing, &findings), SOURCES_E_NONE);
    check_int(findings.n_items, 3);
    check_str(findings.items[0].name, "evidence-source-skipped");
    check_str(findings.items[0].subject, "configfs-tsm");
    check(strstr(findings.items[0].found, "tsm-directory-missing"));
    check_int(findings.items[0].result, FINDING_WARNING);
    check_str(findings.items[1].subject, "sev-guest");
    check(strstr(findings.items[1].found, "snp-device-missing"));
    check_str(findings_first_failure(&findings)->name, "evidence-no-source");
}

static void an_explicit_choice_is_honoured(void)
{
    _cleanup_findings_ Findings snp = { 0 }, tsm = { 0 };

    check_int(collect("sev-guest", &nothing, &snp), SOURCES_E_NONE);
    check_int(snp.n_items, 1);
    check_str(findings_first_failure(&snp)->name, "snp-device-missing");
    check_int(collect("configfs-tsm", &nothing, &tsm), SOURCES_E_NONE);
    check_int(tsm.n_items, 1);
    check_str(findings_first_failure(&tsm)->name, "tsm-directory-missing");
}

static void an_unknown_source_is_named(void)
{
    _cleanup_findings_ Findings findings = { 0 };

    check_int(collect("tdx-guest", &nothing, &findings), SOURCES_E_NAME);
    check_str(findings_first_failure(&findings)->name, "evidence-source-unknown");
    check_str(findings_first_failure(&findings)->found, "tdx-guest");
}

static void a_file_that_is_no_device_is_an_error_of_the_device(void)
{
    TemporaryDirectory directory = temporary_directory();
    _cleanup_findings_ Findings findings = { 0 };
    SourceSettings settings = nothing;
    char path[64];

    (void)snprintf(path, sizeof(path), "%s/sev-guest", directory.path);
    check_int(file_write_atomic(path, view_of_string(""), 0600), 0);
    settings.device = path;
    check_int(collect("auto", &settings, &findings), SOURCES_E_FAILED);
    check_str(findings_first_failure(&findings)->name, "snp-vmpck-disabled");
    check(findings_has(&findings, "evidence-source-skipped"));
    temporary_directory_remove(&directory);
}

static void a_plain_directory_is_no_report_directory(void)
{
    TemporaryDirectory directory = temporary_directory();
    _cleanup_findings_ Findings findings = { 0 };
    SourceSettings settings = nothing;

    settings.configfs_directory = directory.path;
    check_int(collect("configfs-tsm", &settings, &findings), SOURCES_E_NONE);
    check_int(rmdir(directory.path), 0); /* nothing was left in it */
}

static const Test tests[] = {
    { "the list is in order of preference", the_list_is_in_order_of_preference },
    { "without any source each says why", without_any_source_each_says_why },
    { "an explicit choice is honoured", an_explicit_choice_is_honoured },
    { "an unknown source is named", an_unknown_source_is_named },
    { "a file that is no device is an error of the device",
      a_file_that_is_no_device_is_an_error_of_the_device },
    { "a plain directory is no report directory", a_plain_directory_is_no_report_directory },
};

TEST_MAIN(tests)
