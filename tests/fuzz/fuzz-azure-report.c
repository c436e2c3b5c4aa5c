/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A paravisor's index against what is wanted of it: a key, 64 bytes of user data, the report. A
 * failure has a finding, a yes has none, and what is worth another read says nothing yet.
 */
#include "base/reader.h"
#include "evidence/source-azure.h"
#include "format/hcl-claims.h"
#include "format/hcl-report.h"
#include "fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was let through names the key and repeats the user data, if it has any. */
static void require_match(ByteView bytes, const AzureWanted *wanted)
{
    _cleanup_hcl_claims_ HclClaims claims = { 0 };
    HclReport report;

    require(hcl_report_parse(bytes, &report) == HCL_REPORT_OK);
    require(hcl_claims_parse(report.claims, &claims) == HCL_CLAIMS_OK);
    require(claims.ak.modulus_size > 0 && claims.ak.modulus_size < wanted->ak_public.size);
    require(!claims.has_user_data ||
            view_equal(VIEW_OF_ARRAY(claims.user_data), wanted->user_data));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Reader reader = reader_over((ByteView){ data, size });
    const uint16_t key_size = reader_be16(&reader);
    const ByteView key = reader_view(&reader, key_size);
    const ByteView user_data = reader_view(&reader, AZURE_USER_DATA_SIZE);
    const AzureWanted wanted = { user_data, key };
    _cleanup_findings_ Findings findings = { 0 };

    if (reader_check(&reader))
        return 0;
    int r = azure_report_check(reader.left, &wanted, &findings);
    require(r >= AZURE_OK && r <= AZURE_E_FAILED);
    require((r == AZURE_E_FAILED) == (findings_first_failure(&findings) != NULL));
    if (r == AZURE_OK)
        require_match(reader.left, &wanted);
    return 0;
}
