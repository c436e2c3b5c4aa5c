/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports by ioctl. Status, exitinfo2 and errno each say something else and are told apart here.
 */
#include "evidence/source-snp.h"

#include "evidence/sev-guest-abi.h"
#include "evidence/signals.h"
#include "evidence/snp-reason.h"
#include "format/snp-certs.h"
#include "format/snp-report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PROVIDER "sev_guest"

static int open_device(const char *path, int flags)
{
    return open(path, flags);
}

static int ioctl_device(int fd, unsigned long request, void *argument)
{
    return ioctl(fd, request, argument);
}

static const SnpDeviceOps kernel_ops = {
    .open = open_device,
    .ioctl = ioctl_device,
    .close = close,
};

/* An open device and what is asked of it. */
typedef struct Exchange {
    const SnpDeviceOps *ops;
    int fd;
    const SourceInput *input;
    Findings *findings;
    uint32_t vmpl;
    uint8_t *certs; /* SEV_CERTS_LIMIT bytes on a page of their own */
    uint8_t response[SNP_RESPONSE_SIZE];
} Exchange;

static Exchange *exchange_free(Exchange *exchange)
{
    if (!exchange)
        return NULL;
    if (exchange->fd >= 0)
        (void)exchange->ops->close(exchange->fd);
    free(exchange->certs);
    free(exchange);
    return NULL;
}

DEFINE_CLEANUP(Exchange *, exchange_free);

static _printf_(3, 4) int fail(Findings *findings, const char *name, const char *format, ...)
{
    char found[160];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(found, sizeof(found), format, arguments);
    va_end(arguments);

    int r = findings_add(findings, name, "cpu", FINDING_FAILURE, found, NULL);
    return r < 0 ? r : SOURCE_E_FAILED;
}

static int open_named(const SnpDeviceOps *ops, const char *path, Findings *findings, int *ret)
{
    int fd = ops->open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);

    if (fd < 0) {
        int error = errno;
        int r = fail(findings, snp_reason(error), "%s: %s", path, errno_name(error));
        return r < 0 ? r : SOURCE_E_ABSENT;
    }
    *ret = fd;
    return SOURCE_OK;
}

int snp_probe(const SnpDeviceOps *ops, const SourceSettings *settings, Findings *findings)
{
    int fd;

    int r = open_named(ops, settings->device, findings, &fd);
    if (r != SOURCE_OK)
        return r;
    (void)ops->close(fd);
    return SOURCE_OK;
}

static int exchange_new(const SnpDeviceOps *ops, const SourceInput *input, Findings *findings,
                        Exchange **ret)
{
    _cleanup_(exchange_freep) Exchange *exchange = calloc(1, sizeof(*exchange));

    if (!exchange)
        return -ENOMEM;
    exchange->ops = ops;
    exchange->fd = -EBADF;
    exchange->input = input;
    exchange->findings = findings;
    exchange->certs = aligned_alloc(SEV_PAGE_SIZE, SEV_CERTS_LIMIT);
    if (!exchange->certs)
        return -ENOMEM;
    memset(exchange->certs, 0, SEV_CERTS_LIMIT);

    int r = snp_vmpl_read(input->settings->vmpl_file, findings, &exchange->vmpl);
    if (r < 0)
        return r;
    r = open_named(ops, input->settings->device, findings, &exchange->fd);
    if (r != SOURCE_OK)
        return r;
    *ret = TAKE_PTR(exchange);
    return SOURCE_OK;
}

/* One request to the hardware. 0, or positive errno with RET_EXITINFO2; negative: ours. */
static int request(Exchange *exchange, unsigned long number, void *data, uint64_t *ret_exitinfo2)
{
    SevGuestRequest argument = {
        .msg_version = SEV_GUEST_MESSAGE_VERSION,
        .req_data = (uint64_t)(uintptr_t)data,
        .resp_data = (uint64_t)(uintptr_t)exchange->response,
    };

    int r = pacing_wait(exchange->input->pacing);
    if (r < 0)
        return r;
    memset(exchange->response, 0, sizeof(exchange->response));
    if (exchange->ops->ioctl(exchange->fd, number, &argument) >= 0)
        return 0;

    int error = errno;
    /* On other errors old kernels left uninitialised memory there. */
    *ret_exitinfo2 = error == EIO ? argument.exitinfo2 : 0;
    return error;
}

static SevReportRequest report_request(const Exchange *exchange)
{
    SevReportRequest wanted = { .vmpl = exchange->vmpl };

    memcpy(wanted.user_data, exchange->input->report_data, sizeof(wanted.user_data));
    return wanted;
}

/* What the kernel said, by name. The key is lost with most of these, so nothing is tried again. */
static int refuse(Exchange *exchange, int error, uint64_t exitinfo2)
{
    uint32_t firmware = (uint32_t)exitinfo2, host = (uint32_t)(exitinfo2 >> 32);

    if (error == EIO && host == SEV_HOST_BUSY)
        return fail(exchange->findings, "snp-host-throttled", "EIO, host busy");
    if (error == EIO)
        return fail(exchange->findings, snp_reason(error),
                    "EIO, firmware error 0x%x, host error 0x%x", firmware, host);
    return fail(exchange->findings, snp_reason(error), "%s", errno_name(error));
}

static bool wants_more_room(int error, uint64_t exitinfo2)
{
    return (error == EIO && exitinfo2 >> 32 == SEV_HOST_INVALID_LEN) || error == ENOSPC;
}

/* Without certificates. */
static int ask_plain(Exchange *exchange)
{
    SevReportRequest wanted = report_request(exchange);
    uint64_t exitinfo2;

    int error = request(exchange, SEV_GET_REPORT, &wanted, &exitinfo2);
    if (error <= 0)
        return error;
    return refuse(exchange, error, exitinfo2);
}

/*
 * With certificates, offering all the room the kernel allows: a probe for the size would be one
 * more request to the hardware. A host that wants more is answered by going without.
 */
static int ask(Exchange *exchange)
{
    SevExtendedReportRequest wanted = {
        .data = report_request(exchange),
        .certs_address = (uint64_t)(uintptr_t)exchange->certs,
        .certs_len = SEV_CERTS_LIMIT,
    };
    uint64_t exitinfo2;
    char found[32];

    int error = request(exchange, SEV_GET_EXTENDED_REPORT, &wanted, &exitinfo2);
    if (error <= 0)
        return error;
    if (!wants_more_room(error, exitinfo2))
        return refuse(exchange, error, exitinfo2);

    memset(exchange->certs, 0, SEV_CERTS_LIMIT);
    (void)snprintf(found, sizeof(found), "%u bytes", wanted.certs_len);
    int r = findings_add(exchange->findings, "snp-certificates-too-large", "cpu", FINDING_WARNING,
                         found, "16384 bytes");
    if (r < 0)
        return r;
    return ask_plain(exchange);
}

static const char *status_text(uint32_t status)
{
    switch (status) {
    case 0x16:
        return "invalid parameters";
    case 0x27:
        return "invalid key selection";
    default: /* the firmware's numbers, not ours */
        return "unknown";
    }
}

/* The report inside the answer; a refusal of the firmware comes with success of the ioctl. */
static int open_response(Exchange *exchange, ByteView *ret)
{
    ByteView response = VIEW_OF_ARRAY(exchange->response);
    uint32_t status = 0;

    if (view_is_filled_with(response, 0))
        return fail(exchange->findings, "snp-report-empty", "an answer of zeros");
    switch (snp_response_parse(response, &status, ret)) {
    case SNP_RESPONSE_OK:
        return snp_report_accept(*ret, exchange->input->report_data, exchange->findings);
    case SNP_RESPONSE_E_STATUS:
        return fail(exchange->findings, "snp-firmware-refused", "status 0x%x (%s), VMPL %u asked",
                    status, status_text(status), exchange->vmpl);
    case SNP_RESPONSE_E_TRUNCATED:
    case SNP_RESPONSE_E_SIZE:
        break;
    }
    return fail(exchange->findings, "report-malformed", "an answer with a report of another size");
}

/* How much of the buffer the host's table takes. One that cannot be read travels whole. */
static size_t table_size(ByteView table)
{
    SnpCerts certs;

    if (view_is_filled_with(table, 0))
        return 0;
    return snp_certs_parse(table, &certs) == SNP_CERTS_OK ? certs.extent : table.size;
}

static int keep(const Exchange *exchange, ByteView report, EvidenceCpu *ret)
{
    ByteView table = { .data = exchange->certs, .size = SEV_CERTS_LIMIT };
    _cleanup_evidence_cpu_ EvidenceCpu cpu = { .provider = strdup(PROVIDER) };

    if (!cpu.provider)
        return -ENOMEM;
    int r = bytes_copy(report, &cpu.outblob);
    if (r < 0)
        return r;
    table.size = table_size(table);
    r = table.size > 0 ? bytes_copy(table, &cpu.auxblob) : 0;
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(cpu);
    return SOURCE_OK;
}

int snp_collect(const SnpDeviceOps *ops, const SourceInput *input, Findings *findings,
                EvidenceCpu *ret)
{
    _cleanup_signals_ SignalsHeld held = signals_hold();
    _cleanup_(exchange_freep) Exchange *exchange = NULL;
    ByteView report;

    int r = exchange_new(ops, input, findings, &exchange);
    if (r != SOURCE_OK)
        return r;
    r = ask(exchange);
    if (r != SOURCE_OK)
        return r;
    r = open_response(exchange, &report);
    if (r != SOURCE_OK)
        return r;
    return keep(exchange, report, ret);
}

static int probe(const SourceSettings *settings, Findings *findings)
{
    return snp_probe(&kernel_ops, settings, findings);
}

static int collect(const SourceInput *input, Findings *findings, EvidenceCpu *ret)
{
    return snp_collect(&kernel_ops, input, findings, ret);
}

const EvidenceSource source_snp = { .name = "sev-guest", .probe = probe, .collect = collect };
