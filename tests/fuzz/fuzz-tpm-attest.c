/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPMS_ATTEST and TPMT_SIGNATURE, each over the whole input.
 */
#include "format/tpm-attest.h"
#include "fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TpmAttest attest;
    TpmSignature signature;

    int r = tpm_attest_parse((ByteView){ data, size }, &attest);
    require(strcmp(tpm_attest_reason(r), "unknown") != 0);
    if (r == TPM_ATTEST_OK) {
        require(attest.n_selections <= TPM_SELECTIONS_MAX && size <= TPM_ATTEST_SIZE_MAX);
        for (size_t i = 0; i < attest.n_selections; i++)
            require(attest.selections[i].pcrs >> TPM_PCR_COUNT == 0 &&
                    tpm_alg_name(attest.selections[i].bank) != NULL);
    }

    r = tpm_signature_parse((ByteView){ data, size }, &signature);
    require(strcmp(tpm_signature_reason(r), "unknown") != 0);
    if (r == TPM_SIGNATURE_OK)
        require((signature.rsa.size > 0) == (signature.algorithm != TPM_ALG_ECDSA) &&
                (signature.r.size > 0) == (signature.s.size > 0));
    return 0;
}
