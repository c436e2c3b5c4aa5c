/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions whose key only the TPM with a pinned storage key can know: parameters cross the bus
 * encrypted, and answers cannot be forged.
 */
#pragma once

#include "tpm/tpm-key.h"

enum {
    TPM_SALT_OK,
    TPM_SALT_E_OTHER_KEY, /* KEY has another Name */
    TPM_SALT_E_GONE,      /* the TPM no longer has KEY */
};

/*
 * An HMAC session salted to KEY, whose Name must be PINNED. DIRECTION: TPMA_SESSION_DECRYPT (of the
 * command), TPMA_SESSION_ENCRYPT (of the answer). Flush it with tpm_flush(). Named no or errno.
 */
_must_check_ int tpm_salted_session(const TpmKey *key, ByteView pinned, TPMA_SESSION direction,
                                    ESYS_TR *ret);
