/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public part of a sealed key, as it comes out of a secret's file: what is let through is
 * exactly what the TPM library reads, with the policy that was wanted.
 */
#include "fuzz/require.h"
#include "tpm/tpm-seal.h"

#include <tss2/tss2_mu.h>

#define POLICY_AT 12 /* size, type, nameAlg, attributes, size of the policy */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ByteView input = { .data = data, .size = size };
    Digest policy = { .size = GATE_POLICY_SIZE };
    TPM2B_PUBLIC area = { 0 };
    size_t used = 0;

    require(tpm_seal_check(input, &(Digest){ 0 }) != TPM_SEAL_OK);
    if (size >= POLICY_AT + GATE_POLICY_SIZE)
        memcpy(policy.data, data + POLICY_AT, GATE_POLICY_SIZE);
    if (tpm_seal_check(input, &policy) != TPM_SEAL_OK)
        return 0;
    require(Tss2_MU_TPM2B_PUBLIC_Unmarshal(data, size, &used, &area) == TSS2_RC_SUCCESS);
    require(used == size);
    require(!(area.publicArea.objectAttributes & TPMA_OBJECT_USERWITHAUTH));
    require(area.publicArea.objectAttributes & TPMA_OBJECT_FIXEDTPM);
    require(area.publicArea.authPolicy.size == GATE_POLICY_SIZE);
    require(memcmp(area.publicArea.authPolicy.buffer, policy.data, GATE_POLICY_SIZE) == 0);
    return 0;
}
