/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of findings for every no of this folder; their texts are in format/catalog-exchange.c.
 */
#include "token/token.h"

static const char *const token_names[] = {
    [TOKEN_OK] = NULL,
    [TOKEN_E_SIZE] = "token-too-large",
    [TOKEN_E_MALFORMED] = "token-malformed",
    [TOKEN_E_DUPLICATE] = "token-duplicate-member",
    [TOKEN_E_ALGORITHM] = "token-algorithm-refused",
    [TOKEN_E_CRITICAL] = "token-critical-extension",
    [TOKEN_E_TYPE] = "token-type-refused",
    [TOKEN_E_NESTED] = "token-nested",
    [TOKEN_E_KEY_UNKNOWN] = "token-key-unknown",
    [TOKEN_E_KEY_UNFIT] = "token-key-unfit",
    [TOKEN_E_SIGNATURE] = "token-signature-invalid",
    [TOKEN_E_CLAIMS] = "token-claims-malformed",
    [TOKEN_E_PROFILE] = "token-profile-refused",
    [TOKEN_E_ISSUER] = "token-issuer-mismatch",
    [TOKEN_E_AUDIENCE] = "token-audience-mismatch",
    [TOKEN_E_NONCE_MISSING] = "token-nonce-missing",
    [TOKEN_E_NONCE] = "token-nonce-mismatch",
    [TOKEN_E_HOLDER_MISSING] = "token-holder-missing",
    [TOKEN_E_HOLDER] = "token-holder-mismatch",
    [TOKEN_E_ISSUED_MISSING] = "token-issue-time-missing",
    [TOKEN_E_EXPIRY_MISSING] = "token-expiry-missing",
    [TOKEN_E_LIFETIME] = "token-lifetime-too-long",
    [TOKEN_E_NOT_YET] = "token-not-yet-valid",
    [TOKEN_E_EXPIRED] = "token-expired",
    [TOKEN_E_RESULT] = "token-result-malformed",
    [TOKEN_E_RESULT_MIXED] = "token-result-mixed-spelling",
};

static const char *const floor_names[] = {
    [EAR_FLOOR_OK] = NULL,
    [EAR_FLOOR_E_SUBMODULES] = "token-submodules-mismatch",
    [EAR_FLOOR_E_NOT_AFFIRMING] = "token-not-affirming",
    [EAR_FLOOR_E_HARDWARE] = "token-hardware-not-affirmed",
    [EAR_FLOOR_E_TOO_GOOD] = "token-status-too-good",
};

static const char requirement_name[] = "token-requirement-unmet";

const char *token_reason_name(int reason)
{
    return reason > 0 && (size_t)reason < ELEMENTSOF(token_names) ? token_names[reason] : NULL;
}

const char *ear_floor_reason_name(int reason)
{
    return reason > 0 && (size_t)reason < ELEMENTSOF(floor_names) ? floor_names[reason] : NULL;
}

const char *token_reason_name_at(size_t index)
{
    size_t n_token = ELEMENTSOF(token_names) - 1;
    size_t n_floor = ELEMENTSOF(floor_names) - 1;

    if (index < n_token)
        return token_names[index + 1];
    if (index < n_token + n_floor)
        return floor_names[index - n_token + 1];
    return index == n_token + n_floor ? requirement_name : NULL;
}
