/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key templates of a vendor, as they come out of NV.
 */
#include "fuzz/require.h"
#include "tpm/tpm-key.h"

#include <tss2/tss2_mu.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ByteView input = { .data = data, .size = size };
    uint8_t again[sizeof(TPMT_PUBLIC)];
    size_t again_size = 0;
    TPMT_PUBLIC area;

    int judged = tpm_key_check_attestation(input);
    if (tpm_key_parse(input, &area) != TPM_KEY_OK) {
        require(judged != TPM_KEY_OK);
        return 0;
    }
    require(Tss2_MU_TPMT_PUBLIC_Marshal(&area, again, sizeof(again), &again_size) == 0);
    require(view_equal(input, (ByteView){ .data = again, .size = again_size }));
    return 0;
}
