/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPMS_ATTEST of a certification: what is read is exactly what the TPM library reads.
 */
#include "fuzz/require.h"
#include "tpm/tpm-certify.h"

#include <tss2/tss2_mu.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TpmCertified certified = { .attest = { data, size } };
    TPMS_ATTEST attest = { 0 };
    size_t used = 0;

    int r = tpm_certify_check(&certified);
    require(r > 0 && strcmp(tpm_certify_reason(r), "unknown") != 0);
    if (r == TPM_CERTIFY_E_MALFORMED)
        return 0;
    require(Tss2_MU_TPMS_ATTEST_Unmarshal(data, size, &used, &attest) == TSS2_RC_SUCCESS);
    require(used == size && attest.type == TPM2_ST_ATTEST_CERTIFY);

    const TPM2B_NAME *name = &attest.attested.certify.name;
    certified.name = (ByteView){ name->name, name->size };
    certified.nonce = (ByteView){ attest.extraData.buffer, attest.extraData.size };
    require(tpm_certify_check(&certified) == TPM_CERTIFY_E_MALFORMED); /* no signature came along */
    certified.name.size++;
    require(tpm_certify_check(&certified) == TPM_CERTIFY_E_OTHER);
    return 0;
}
