/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of TPM codes.
 */
#include "tpm/tpm-reason.h"

#include <errno.h>
#include <tss2/tss2_tpm2_types.h>

#define FORMAT_ONE       0x080u /* TPM 2.0 Part 2, 6.6.2 */
#define FORMAT_ONE_MASK  0x0bfu
#define FORMAT_ZERO_MASK 0xfffu

/* Format-one codes stand here as tpm_code_base() leaves them. */
static const TpmReason reasons[] = {
    { TPM2_RC_INITIALIZE, -ENODEV, "tpm-not-started", false },
    { TPM2_RC_FAILURE, -EIO, "tpm-failure-mode", false },
    { TPM2_RC_COMMAND_CODE, -EOPNOTSUPP, "tpm-command-unsupported", false },
    { TPM2_RC_LOCKOUT, -EPERM, "tpm-lockout", false },

    { TPM2_RC_RETRY, -EBUSY, "tpm-busy", true },
    { TPM2_RC_TESTING, -EBUSY, "tpm-busy", true },
    { TPM2_RC_YIELDED, -EBUSY, "tpm-busy", true },
    { TPM2_RC_NV_RATE, -EBUSY, "tpm-busy", true },
    { TPM2_RC_NV_UNAVAILABLE, -EBUSY, "tpm-busy", true },

    { TPM2_RC_CONTEXT_GAP, -ENOSPC, "tpm-slots-full", true },
    { TPM2_RC_OBJECT_MEMORY, -ENOSPC, "tpm-slots-full", true },
    { TPM2_RC_SESSION_MEMORY, -ENOSPC, "tpm-slots-full", true },
    { TPM2_RC_MEMORY, -ENOSPC, "tpm-slots-full", true },
    { TPM2_RC_OBJECT_HANDLES, -ENOSPC, "tpm-slots-full", false },
    { TPM2_RC_SESSION_HANDLES, -ENOSPC, "tpm-slots-full", false },

    { TPM2_RC_AUTH_FAIL, -EACCES, "tpm-authorization-needed", false },
    { TPM2_RC_BAD_AUTH, -EACCES, "tpm-authorization-needed", false },
    { TPM2_RC_POLICY_FAIL, -EACCES, "tpm-authorization-needed", false },
    { TPM2_RC_AUTH_UNAVAILABLE, -EACCES, "tpm-authorization-needed", false },
    { TPM2_RC_AUTH_TYPE, -EACCES, "tpm-authorization-needed", false },
    { TPM2_RC_NV_AUTHORIZATION, -EACCES, "tpm-authorization-needed", false },

    { TPM2_RC_HANDLE, -ENOENT, "tpm-object-missing", false },
    { TPM2_RC_NV_UNINITIALIZED, -ENODATA, "tpm-object-missing", false },
    { TPM2_RC_CURVE, -EOPNOTSUPP, "tpm-command-unsupported", false },
    { TPM2_RC_HASH, -EOPNOTSUPP, "tpm-bank-unknown", false },

    { TSS2_ESYS_RC_MEMORY, -ENOMEM, "tpm-unreachable", false },
    { TSS2_TCTI_RC_MEMORY, -ENOMEM, "tpm-unreachable", false },
};

static const TpmReason no_answer = { TSS2_TCTI_RC_IO_ERROR, -EIO, "tpm-unreachable", false };
static const TpmReason refused = { TPM2_RC_FAILURE, -EREMOTEIO, "tpm-command-refused", false };

TSS2_RC tpm_code_base(TSS2_RC rc)
{
    TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;

    if (layer != TSS2_TPM_RC_LAYER && layer != TSS2_RESMGR_RC_LAYER &&
        layer != TSS2_RESMGR_TPM_RC_LAYER)
        return rc;
    if (rc & FORMAT_ONE)
        return rc & FORMAT_ONE_MASK;
    return rc & FORMAT_ZERO_MASK;
}

const TpmReason *tpm_reason(TSS2_RC rc)
{
    TSS2_RC base = tpm_code_base(rc);

    for (size_t i = 0; i < ELEMENTSOF(reasons); i++)
        if (reasons[i].code == base)
            return &reasons[i];
    if ((rc & TSS2_RC_LAYER_MASK) == TSS2_TCTI_RC_LAYER)
        return &no_answer;
    return &refused;
}

uint64_t tpm_patience_next(TpmPatience *patience, TSS2_RC rc)
{
    if (rc == TSS2_RC_SUCCESS || !tpm_reason(rc)->passing)
        return 0;
    if (patience->waited_usec >= TPM_PATIENCE_LIMIT_USEC)
        return 0;

    uint64_t pause = patience->next_usec ? patience->next_usec : TPM_PATIENCE_FIRST_USEC;

    pause = MIN(pause, TPM_PATIENCE_LIMIT_USEC - patience->waited_usec);
    patience->waited_usec += pause;
    patience->next_usec = MIN(2 * pause, TPM_PATIENCE_STEP_USEC);
    return pause;
}
