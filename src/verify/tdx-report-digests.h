/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a TDREPORT whole? Both hashes in it are recomputed. That catches damage, not forgery: only the
 * MAC ties the report to a machine, and only that machine can verify it.
 */
#pragma once

#include "format/tdx-report.h"

enum {
    TDX_REPORT_DIGESTS_OK,
    TDX_REPORT_DIGESTS_E_TCB_INFO, /* TEE_TCB_INFO_HASH is not that of TEE_TCB_INFO */
    TDX_REPORT_DIGESTS_E_TD_INFO,  /* TEE_INFO_HASH is not that of TDINFO */
};

/* TDX_REPORT_DIGESTS_OK or the first named no; -ENOMEM, -EIO. */
_must_check_ int tdx_report_digests_check(const TdxReport *report);
