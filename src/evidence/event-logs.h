/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files in which firmware and systemd wrote down what they measured. Read, not parsed: that is
 * for processes without a capability. Who asks may name the file, but not what may be named.
 */
#pragma once

#include "format/bundle.h"
#include "format/finding.h"

/* Bytes; what the evidence can carry. Real firmware logs have 15 to 80 KiB. */
#define EVENT_LOG_LIMIT EVIDENCE_MEMBER_SIZE_MAX

#define EVENT_LOG_FIRMWARE_DEFAULT  "/sys/kernel/security/tpm0/binary_bios_measurements"
#define EVENT_LOG_USERSPACE_DEFAULT "/run/log/systemd/tpm2-measure.log"

/*
 * Where logs may lie: absolute directories, borrowed. Nothing outside of them is opened, and no
 * link below them is followed.
 */
typedef struct LogDirectories {
    const char *const *paths;
    size_t n_paths;
} LogDirectories;

enum {
    EVENT_LOG_OK,
    EVENT_LOG_E_ABSENT,  /* nothing to read; FINDINGS says why */
    EVENT_LOG_E_REFUSED, /* not in an allowed directory, or by a link; FINDINGS has a failure */
};

/*
 * Whether the readers below would refuse PATH, for SUBJECT ("eventlog"); that there is no such file
 * is no refusal. EVENT_LOG_OK, EVENT_LOG_E_REFUSED or -ENOMEM.
 */
_must_check_ int event_log_check(const LogDirectories *allowed, const char *path,
                                 const char *subject, Findings *findings);
/*
 * The firmware's log. SPARE is a copy made by the service manager while the file was still root's
 * alone (may be NULL; one that says "none" counts as absent). An absent log is a warning here:
 * the appraiser decides what it means. EVENT_LOG_OK, a named no or negative errno.
 */
_must_check_ int event_log_firmware(const LogDirectories *allowed, const char *path,
                                    const char *spare, Findings *findings, Bytes *ret);
/*
 * systemd's log, read under a shared lock so that no record is half written. Its absence is usual
 * (before systemd 255) and leaves no finding.
 */
_must_check_ int event_log_userspace(const LogDirectories *allowed, const char *path,
                                     Findings *findings, Bytes *ret);
