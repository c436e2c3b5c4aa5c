/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /dev/sev-guest, behind a table of functions that answer as a script says.
 */
#include "evidence/sev-guest-abi.h"
#include "evidence/source-snp.h"
#include "fake-time.h"
#include "format/snp-certs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#define FAKE_FD     1000
#define ANSWERS     4
#define INVALID_LEN (UINT64_C(1) << 32)
#define HOST_BUSY   (UINT64_C(2) << 32)

/* What the device does with one request. */
typedef struct Answer {
    int error; /* 0: the ioctl succeeds */
    uint64_t exitinfo2;
    uint32_t status;
    uint32_t certs_len; /* written back with INVALID_LEN */
    bool nothing;       /* success that writes nothing at all */
    bool zero_report;   /* a good header around zeros */
    bool other_data;    /* for other report data */
    uint32_t size;      /* report_size; 0: the right one */
    ByteView certs;     /* table of the host */
} Answer;

/* The device, and what was seen of its caller. */
static struct {
    int open_error;
    Answer answers[ANSWERS];
    unsigned n_requests;
    unsigned n_open;
    unsigned long numbers[ANSWERS];
    uint32_t vmpl;
    uint32_t offered;
    bool signals_were_held;
} device;

static int fake_open(const char *path, int flags)
{
    check_str(path, "/dev/sev-guest");
    check(flags & O_CLOEXEC);
    if (device.open_error) {
        errno = device.open_error;
        return -1;
    }
    device.n_open++;
    return FAKE_FD;
}

static int fake_close(int fd)
{
    check_int(fd, FAKE_FD);
    device.n_open--;
    return 0;
}

static void put_le32(uint8_t *to, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

static void *at(uint64_t address)
{
    return (void *)(uintptr_t)address;
}

static void give_report(const Answer *answer, const SevReportRequest *request, uint8_t *response)
{
    put_le32(response, answer->status);
    put_le32(response + 4, answer->size ? answer->size : SNP_REPORT_SIZE);
    if (answer->status || answer->zero_report)
        return;
    fill_report(response + 32, request->user_data);
    if (answer->other_data)
        response[32 + SNP_OFFSET_REPORT_DATA + 63] ^= 1;
}

static int fake_ioctl(int fd, unsigned long number, void *argument)
{
    SevGuestRequest *request = argument;
    const Answer *answer = &device.answers[device.n_requests];
    SevExtendedReportRequest *wanted = at(request->req_data);
    sigset_t held;

    check_int(fd, FAKE_FD);
    check(device.n_requests < ANSWERS);
    check_int(request->msg_version, 1);
    check_int(sigprocmask(SIG_BLOCK, NULL, &held), 0);
    device.signals_were_held = sigismember(&held, SIGTERM) == 1;
    device.numbers[device.n_requests++] = number;
    device.vmpl = wanted->data.vmpl;
    if (number == SEV_GET_EXTENDED_REPORT)
        device.offered = wanted->certs_len;
    request->exitinfo2 = answer->exitinfo2;
    if (answer->certs_len && number == SEV_GET_EXTENDED_REPORT)
        wanted->certs_len = answer->certs_len;
    if (answer->error) {
        errno = answer->error;
        return -1;
    }
    if (answer->nothing)
        return 0;
    if (number == SEV_GET_EXTENDED_REPORT && answer->certs.size > 0)
        memcpy(at(wanted->certs_address), answer->certs.data, answer->certs.size);
    give_report(answer, &wanted->data, at(request->resp_data));
    return 0;
}

static const SnpDeviceOps fake_ops = { fake_open, fake_ioctl, fake_close };

/* One run with a directory, time and findings of its own. */
typedef struct Run {
    TemporaryDirectory directory;
    FakeTime fake;
    Findings findings;
    EvidenceCpu cpu;
    uint8_t report_data[SOURCE_REPORT_DATA_SIZE];
    int result;
} Run;

static void script(const Answer *first, const Answer *second)
{
    memset(&device, 0, sizeof(device));
    if (first)
        device.answers[0] = *first;
    if (second)
        device.answers[1] = *second;
}

static void collect_with(Run *run, const char *vmpl_file)
{
    SourceSettings settings = { "/dev/sev-guest", "/nonexistent", vmpl_file };
    Pacing *pacing = NULL;

    *run = (Run){ .directory = temporary_directory() };
    memset(run->report_data, 0xa5, sizeof(run->report_data));
    fake_time_init(&run->fake, USEC_PER_SEC);
    check_int(pacing_new(run->directory.path, &run->fake.time, &pacing), PACING_OK);
    const SourceInput input = { &settings, run->report_data, pacing };
    run->result = snp_collect(&fake_ops, &input, &run->findings, &run->cpu);
    pacing_free(pacing);
    check_int(device.n_open, 0);
}

static void run_done(Run *run)
{
    findings_done(&run->findings);
    evidence_cpu_done(&run->cpu);
    temporary_directory_remove(&run->directory);
}

/* Expects the refusal NAME after N requests. */
static void check_refused(const Answer *first, const Answer *second, const char *name, unsigned n)
{
    Run run;

    script(first, second);
    collect_with(&run, "/nonexistent");
    check_int(run.result, SOURCE_E_FAILED);
    check_str(findings_first_failure(&run.findings)->name, name);
    check(findings_first_failure(&run.findings)->remedy[0] != 0);
    check_int(device.n_requests, n);
    check(run.cpu.outblob.data == NULL);
    run_done(&run);
}

static void a_report_comes_out_as_it_was_given(void)
{
    uint8_t wanted[SNP_REPORT_SIZE];
    Run run;

    script(NULL, NULL);
    collect_with(&run, "/nonexistent");
    check_int(run.result, SOURCE_OK);
    check_str(run.cpu.provider, "sev_guest");
    fill_report(wanted, run.report_data);
    check(view_equal(VIEW(run.cpu.outblob), VIEW_OF_ARRAY(wanted)));
    check_int(run.cpu.auxblob.size, 0);
    check_int(run.findings.n_items, 0);
    check_int(device.n_requests, 1);
    check_int(device.numbers[0], SEV_GET_EXTENDED_REPORT);
    check_int(device.offered, 0x4000);
    check_int(device.vmpl, 0);
    check(device.signals_were_held);
    run_done(&run);
}

static void the_hosts_table_is_kept_to_its_length(void)
{
    static const uint8_t der[] = { 0x30, 0x01, 0x00 };
    const SnpCertInput input = { .kind = SNP_CERT_VCEK, .blob = VIEW_OF_ARRAY(der) };
    _cleanup_bytes_ Bytes table = { 0 };
    Run run;

    check_int(snp_certs_build(&input, 1, &table), 0);
    script(&(Answer){ .certs = VIEW(table) }, NULL);
    collect_with(&run, "/nonexistent");
    check_int(run.result, SOURCE_OK);
    check(view_equal(VIEW(run.cpu.auxblob), VIEW(table)));
    run_done(&run);
}

static void a_table_that_cannot_be_read_travels_whole(void)
{
    uint8_t junk[64];
    Run run;

    memset(junk, 0xff, sizeof(junk));
    script(&(Answer){ .certs = VIEW_OF_ARRAY(junk) }, NULL);
    collect_with(&run, "/nonexistent");
    check_int(run.result, SOURCE_OK);
    check_int(run.cpu.auxblob.size, 0x4000);
    check_int(run.cpu.auxblob.data[63], 0xff);
    run_done(&run);
}

static void a_table_beyond_the_limit_is_done_without(void)
{
    const Answer too_large = { .error = EIO, .exitinfo2 = INVALID_LEN, .certs_len = 0x8000 };
    Run run;

    script(&too_large, NULL);
    collect_with(&run, "/nonexistent");
    check_int(run.result, SOURCE_OK);
    check_int(device.n_requests, 2);
    check_int(device.numbers[1], SEV_GET_REPORT);
    check_int(run.fake.slept_usec, PACING_INTERVAL_USEC);
    check(findings_has(&run.findings, "snp-certificates-too-large"));
    check(findings_first_failure(&run.findings) == NULL);
    check_int(run.cpu.auxblob.size, 0);
    run_done(&run);

    script(&(Answer){ .error = ENOSPC }, NULL);
    collect_with(&run, "/nonexistent");
    check_int(run.result, SOURCE_OK);
    check_int(device.n_requests, 2);
    run_done(&run);
}

static void a_host_that_always_wants_more_is_not_asked_for_ever(void)
{
    const Answer more = { .error = EIO, .exitinfo2 = INVALID_LEN, .certs_len = UINT32_MAX };

    check_refused(&more, &more, "snp-exchange-failed", 2);
}

static void each_errno_has_its_name_and_is_not_retried(void)
{
    static const struct {
        int error;
        const char *name;
    } errors[] = {
        { EINVAL, "snp-request-invalid" },   { EFAULT, "snp-request-invalid" },
        { ENOMEM, "snp-memory-exhausted" },  { ENOTTY, "snp-vmpck-disabled" },
        { EIO, "snp-exchange-failed" },      { EBADMSG, "snp-answer-forged" },
        { ETIMEDOUT, "snp-host-throttled" }, { ENOSR, "snp-sequence-exhausted" },
        { EAGAIN, "snp-host-busy" },         { ENODEV, "snp-device-missing" },
        { EPROTO, "snp-device-failed" },
    };

    for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
        const Answer answer = { .error = errors[i].error, .exitinfo2 = 0xff };
        check_refused(&answer, NULL, errors[i].name, 1);
    }
}

static void exitinfo2_tells_busy_from_broken_and_counts_with_eio_only(void)
{
    const Answer busy = { .error = EIO, .exitinfo2 = HOST_BUSY };
    const Answer garbage = { .error = EBADMSG, .exitinfo2 = INVALID_LEN };
    const Answer overflow = { .error = EIO, .exitinfo2 = 0x1d };
    Run run;

    check_refused(&busy, NULL, "snp-host-throttled", 1);
    check_refused(&garbage, NULL, "snp-answer-forged", 1);

    script(&overflow, NULL);
    collect_with(&run, "/nonexistent");
    check(strstr(findings_first_failure(&run.findings)->found, "0x1d"));
    run_done(&run);
}

static void a_refusal_of_the_firmware_is_named_with_its_status(void)
{
    const Answer parameters = { .status = 0x16 }, key = { .status = 0x27 };
    Run run;

    check_refused(&parameters, NULL, "snp-firmware-refused", 1);
    script(&key, NULL);
    collect_with(&run, "/nonexistent");
    check(strstr(findings_first_failure(&run.findings)->found, "0x27"));
    run_done(&run);
}

static void zeros_with_success_are_refused(void)
{
    const Answer nothing = { .nothing = true }, zeros = { .zero_report = true };

    check_refused(&nothing, NULL, "snp-report-empty", 1);
    check_refused(&zeros, NULL, "snp-report-empty", 1);
}

static void a_report_of_another_size_is_refused(void)
{
    const Answer small = { .size = 1000 };

    check_refused(&small, NULL, "report-malformed", 1);
}

static void a_report_over_other_data_is_refused(void)
{
    const Answer other = { .other_data = true };

    check_refused(&other, NULL, "report-data-mismatch", 1);
}

static void a_device_that_cannot_be_opened_leaves_the_choice_to_others(void)
{
    static const struct {
        int error;
        const char *name;
    } errors[] = {
        { ENOENT, "snp-device-missing" }, { ENODEV, "snp-device-missing" },
        { EACCES, "snp-device-denied" },  { EPERM, "snp-device-denied" },
        { EBUSY, "snp-device-failed" },
    };
    const SourceSettings settings = { "/dev/sev-guest", "/nonexistent", "/nonexistent" };

    for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
        _cleanup_findings_ Findings findings = { 0 };
        Run run;
        script(NULL, NULL);
        device.open_error = errors[i].error;
        check_int(snp_probe(&fake_ops, &settings, &findings), SOURCE_E_ABSENT);
        check_str(findings_first_failure(&findings)->name, errors[i].name);
        collect_with(&run, "/nonexistent");
        check_int(run.result, SOURCE_E_ABSENT);
        check_str(findings_first_failure(&run.findings)->name, errors[i].name);
        check_int(device.n_requests, 0);
        run_done(&run);
    }
}

static void probing_opens_and_closes_and_asks_nothing(void)
{
    const SourceSettings settings = { "/dev/sev-guest", "/nonexistent", "/nonexistent" };
    _cleanup_findings_ Findings findings = { 0 };

    script(NULL, NULL);
    check_int(snp_probe(&fake_ops, &settings, &findings), SOURCE_OK);
    check_int(device.n_open, 0);
    check_int(device.n_requests, 0);
}

static void the_kernels_vmpl_is_asked_for(void)
{
    static const struct {
        const char *text;
        uint32_t vmpl;
        bool warns;
    } files[] = {
        { "0\n", 0, false }, { "2\n", 2, false },  { "3", 3, false },   { "4\n", 0, true },
        { "", 0, true },     { "two\n", 0, true }, { "22\n", 0, true }, { "2\n\n", 0, true },
    };
    TemporaryDirectory directory = temporary_directory();
    char path[64];

    (void)snprintf(path, sizeof(path), "%s/vmpl", directory.path);
    for (size_t i = 0; i < ELEMENTSOF(files); i++) {
        Run run;
        check_int(file_write_atomic(path, view_of_string(files[i].text), 0600), 0);
        script(NULL, NULL);
        collect_with(&run, path);
        check_int(run.result, SOURCE_OK);
        check_int(device.vmpl, files[i].vmpl);
        check_int(findings_has(&run.findings, "snp-vmpl-unreadable"), files[i].warns);
        run_done(&run);
    }
    temporary_directory_remove(&directory);
}

static const Test tests[] = {
    { "a report comes out as it was given", a_report_comes_out_as_it_was_given },
    { "the host's table is kept to its length", the_hosts_table_is_kept_to_its_length },
    { "a table that cannot be read travels whole", a_table_that_cannot_be_read_travels_whole },
    { "a table beyond the limit is done without, two seconds later",
      a_table_beyond_the_limit_is_done_without },
    { "a host that always wants more is not asked for ever",
      a_host_that_always_wants_more_is_not_asked_for_ever },
    { "each errno has its name and is not retried", each_errno_has_its_name_and_is_not_retried },
    { "exitinfo2 tells busy from broken, and counts with EIO only",
      exitinfo2_tells_busy_from_broken_and_counts_with_eio_only },
    { "a refusal of the firmware is named with its status",
      a_refusal_of_the_firmware_is_named_with_its_status },
    { "zeros with success are refused", zeros_with_success_are_refused },
    { "a report of another size is refused", a_report_of_another_size_is_refused },
    { "a report over other data is refused", a_report_over_other_data_is_refused },
    { "a device that cannot be opened leaves the choice to others",
      a_device_that_cannot_be_opened_leaves_the_choice_to_others },
    { "probing opens and closes and asks nothing", probing_opens_and_closes_and_asks_nothing },
    { "the kernel's VMPL is asked for, and 0 where it cannot be read",
      the_kernels_vmpl_is_asked_for },
};

TEST_MAIN(tests)
