/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What both ways to a SEV-SNP report share: naming what the kernel says, and believing the report
 * no further than that it is one and carries our report data.
 */
#pragma once

#include "evidence/source.h"

/* The catalogue's name for an errno of the driver (/dev/sev-guest, or a blob of configfs-tsm). */
const char *snp_reason(int error);

/* "EIO": for texts; strerrorname_np() with a fallback. */
const char *errno_name(int error);

/*
 * Is REPORT a report over REPORT_DATA? SOURCE_OK, or SOURCE_E_FAILED with a finding. -ENOMEM.
 */
_must_check_ int snp_report_accept(ByteView report,
                                   const uint8_t report_data[static SOURCE_REPORT_DATA_SIZE],
                                   Findings *findings);

/*
 * The VMPL this kernel runs at, from its file; 0 where there is no such file (before Linux 6.11).
 * An unreadable one is a warning, and 0. 0 or -ENOMEM.
 */
_must_check_ int snp_vmpl_read(const char *path, Findings *findings, uint32_t *ret);
