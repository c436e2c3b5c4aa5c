/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy files: every text is a policy or an error with a place and a cause.
 */
#include "fuzz/require.h"
#include "verify/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(policy_freep) Policy *policy = NULL;
    PolicyError error = { 0 };

    int r = policy_parse((ByteView){ .data = data, .size = size }, &policy, &error);
    if (r == POLICY_OK)
        require(policy && policy->id);
    if (r == POLICY_E_INVALID)
        require(!policy && error.path[0] && error.cause[0]);
    return 0;
}
