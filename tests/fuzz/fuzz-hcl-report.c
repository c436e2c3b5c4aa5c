/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HCL report and the runtime claims in it: every view lies inside the bytes, and what is behind the
 * claims changes nothing.
 */
#include "format/hcl-claims.h"
#include "fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require_inside(ByteView whole, ByteView part)
{
    require(part.data >= whole.data && part.data + part.size <= whole.data + whole.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ByteView bytes = { data, size };
    _cleanup_hcl_claims_ HclClaims claims = { 0 };
    HclReport report, cut;

    if (hcl_report_parse(bytes, &report) != HCL_REPORT_OK)
        return 0;
    require_inside(bytes, report.hardware);
    require_inside(bytes, report.claims);
    require_inside(report.hardware, hcl_report_data(&report));
    require(hcl_hash_size(report.hash_type) <= hcl_report_data(&report).size);
    require(report.claims.data == data + HCL_CLAIMS_OFFSET && report.claims.size > 0);
    require(hcl_report_parse((ByteView){ data, HCL_CLAIMS_OFFSET + report.claims.size }, &cut) ==
            HCL_REPORT_OK);
    require(view_equal(cut.claims, report.claims) && view_equal(cut.hardware, report.hardware));
    require(hcl_report_parse((ByteView){ data, HCL_CLAIMS_OFFSET + report.claims.size - 1 },
                             &cut) == HCL_REPORT_E_TRUNCATED);
    if (hcl_claims_parse(report.claims, &claims) == HCL_CLAIMS_OK)
        require(claims.ak.modulus_size > 0);
    return 0;
}
