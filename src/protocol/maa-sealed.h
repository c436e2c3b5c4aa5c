/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What AzureGuest answers: base64url of a JSON object with a token encrypted to a key of the TPM
 * (spec azure 5.4).
 */
#pragma once

#include "protocol/protocol.h"

enum {
    MAA_SEALED_OK,
    MAA_SEALED_E_JSON,   /* not base64url of one bounded JSON object with these members */
    MAA_SEALED_E_CIPHER, /* not AES-256-GCM */
    MAA_SEALED_E_SIZE,   /* key, nonce or tag of another size, or no ciphertext */
};

/* A word for each of the above, for error texts. */
const char *maa_sealed_reason(int reason);
/* TEXT is the answer's "token". MAA_SEALED_OK or a named no; -ENOMEM. */
_must_check_ int maa_sealed_parse(const char *text, SealedToken *ret);
void sealed_token_done(SealedToken *sealed);
#define _cleanup_sealed_token_ _cleanup_(sealed_token_done)
