/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-384 over the two parts of a TDREPORT (Intel TDX Module ABI, REPORTMACSTRUCT).
 */
#include "verify/tdx-report-digests.h"

#include "crypto/digest.h"

/* 0: WANTED is the hash of PART. 1: it is not. errno. */
static int differs(ByteView part, ByteView wanted)
{
    Digest digest;

    int r = digest_of(DIGEST_SHA384, part, &digest);
    if (r < 0)
        return r;
    return view_equal(digest_view(&digest), wanted) ? 0 : 1;
}

int tdx_report_digests_check(const TdxReport *report)
{
    int r = differs(tdx_report_tcb_info(report), VIEW_OF_ARRAY(report->tcb_info_hash));
    if (r)
        return r < 0 ? r : TDX_REPORT_DIGESTS_E_TCB_INFO;
    r = differs(tdx_report_td_info(report), VIEW_OF_ARRAY(report->td_info_hash));
    if (r)
        return r < 0 ? r : TDX_REPORT_DIGESTS_E_TD_INFO;
    return TDX_REPORT_DIGESTS_OK;
}
