/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errno table of the sev-guest driver, Linux 6.12 (drivers/virt/coco/sev-guest/sev-guest.c).
 */
#include "evidence/snp-reason.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/wipe.h"
#include "format/snp-report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int error;
    const char *finding;
} reasons[] = {
    { EINVAL, "snp-request-invalid" },   { EFAULT, "snp-request-invalid" },
    { ENOMEM, "snp-memory-exhausted" },  { ENOTTY, "snp-vmpck-disabled" },
    { EIO, "snp-exchange-failed" },      { EBADMSG, "snp-answer-forged" },
    { ETIMEDOUT, "snp-host-throttled" }, { ENOSR, "snp-sequence-exhausted" },
    { EAGAIN, "snp-host-busy" },         { ENODEV, "snp-device-missing" },
    { ENXIO, "snp-device-missing" },     { ENOENT, "snp-device-missing" },
    { ENOTDIR, "snp-device-missing" },   { EACCES, "snp-device-denied" },
    { EPERM, "snp-device-denied" },
};

const char *snp_reason(int error)
{
    for (size_t i = 0; i < ELEMENTSOF(reasons); i++)
        if (reasons[i].error == error)
            return reasons[i].finding;
    return "snp-device-failed";
}

const char *errno_name(int error)
{
    const char *name = strerrorname_np(error);

    return name ? name : "unknown errno";
}

static int fail(Findings *findings, const char *name, const char *found, const char *wanted)
{
    int r = findings_add(findings, name, "cpu", FINDING_FAILURE, found, wanted);

    return r < 0 ? r : SOURCE_E_FAILED;
}

static int fail_mismatch(const SnpReport *report, ByteView wanted, Findings *findings)
{
    _cleanup_free_ char *is = hex_encode(VIEW_OF_ARRAY(report->report_data));
    _cleanup_free_ char *should = hex_encode(wanted);

    if (!is || !should)
        return -ENOMEM;
    return fail(findings, "report-data-mismatch", is, should);
}

int snp_report_accept(ByteView report, const uint8_t report_data[static SOURCE_REPORT_DATA_SIZE],
                      Findings *findings)
{
    ByteView wanted = { .data = report_data, .size = SOURCE_REPORT_DATA_SIZE };
    char found[64];
    SnpReport parsed;

    switch (snp_report_parse(report, SNP_REPORT_ACCEPT_NEWER, &parsed)) {
    case SNP_REPORT_OK:
        break;
    case SNP_REPORT_E_EMPTY:
        return fail(findings, "snp-report-empty", "all zero", "a report");
    case SNP_REPORT_E_SIZE:
        (void)snprintf(found, sizeof(found), "%zu bytes", report.size);
        return fail(findings, "report-malformed", found, "1184 bytes");
    case SNP_REPORT_E_VERSION:
    case SNP_REPORT_E_VERSION_NEWER:
        return fail(findings, "report-malformed", "unknown version", "version 2 or later");
    }
    if (!equal_constant_time(VIEW_OF_ARRAY(parsed.report_data), wanted))
        return fail_mismatch(&parsed, wanted, findings);
    return SOURCE_OK;
}

int snp_vmpl_read(const char *path, Findings *findings, uint32_t *ret)
{
    _cleanup_bytes_ Bytes text = { 0 };

    *ret = 0;
    int r = file_read(path, 16, &text);
    if (r == -ENOENT || r == -ENOTDIR)
        return 0;
    if (r == 0 && text.size > 0 && text.size <= 2 && text.data[0] >= '0' &&
        text.data[0] <= '0' + SNP_VMPL_MAX && (text.size == 1 || text.data[1] == '\n')) {
        *ret = (uint32_t)(text.data[0] - '0');
        return 0;
    }
    return findings_add(findings, "snp-vmpl-unreadable", path, FINDING_WARNING,
                        r < 0 ? errno_name(-r) : "not a number from 0 to 3", "0 to 3");
}
