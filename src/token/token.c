/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a text to a Token, or the name of what is wrong with it.
 */
#include "token/token-claims.h"

#include <errno.h>
#include <string.h>

/* A table, not a switch: these are the numbers of jws.h. */
static const TokenReason of_jws[] = {
    [JWS_OK] = TOKEN_OK,
    [JWS_E_SIZE] = TOKEN_E_SIZE,
    [JWS_E_FORM] = TOKEN_E_MALFORMED,
    [JWS_E_HEADER] = TOKEN_E_MALFORMED,
    [JWS_E_DUPLICATE] = TOKEN_E_DUPLICATE,
    [JWS_E_ALGORITHM] = TOKEN_E_ALGORITHM,
    [JWS_E_CRITICAL] = TOKEN_E_CRITICAL,
    [JWS_E_TYPE] = TOKEN_E_TYPE,
    [JWS_E_NESTED] = TOKEN_E_NESTED,
    [JWS_E_KEY_UNKNOWN] = TOKEN_E_KEY_UNKNOWN,
    [JWS_E_KEY_UNFIT] = TOKEN_E_KEY_UNFIT,
    [JWS_E_SIGNATURE] = TOKEN_E_SIGNATURE,
};

TokenReason token_reason_of_jws(int reason)
{
    return reason >= 0 && (size_t)reason < ELEMENTSOF(of_jws) ? of_jws[reason] : TOKEN_E_MALFORMED;
}

Token *token_free(Token *token)
{
    if (!token)
        return NULL;
    json_decref(token->claims);
    free(token->kid);
    free(token);
    return NULL;
}

uint64_t token_life_sec(const Token *token)
{
    return token->expires_sec - token->issued_sec;
}

static int parse_claims(ByteView payload, json_t **ret)
{
    json_t *claims;

    int r = json_parse(payload, JWS_SIZE_MAX, &claims);
    if (r < 0)
        return r;
    if (r)
        return r == JSON_E_DUPLICATE ? TOKEN_E_DUPLICATE : TOKEN_E_MALFORMED;
    if (!json_is_object(claims)) {
        json_decref(claims);
        return TOKEN_E_MALFORMED;
    }
    *ret = claims;
    return TOKEN_OK;
}

static int judge_result(Token *token)
{
    int r = ear_parse(token->claims, &token->ear);

    if (r < 0)
        return r;
    if (r)
        return r == EAR_E_MIXED ? TOKEN_E_RESULT_MIXED : TOKEN_E_RESULT;
    return TOKEN_OK;
}

static bool expectation_is_whole(const TokenExpectation *expected)
{
    return expected->nonce.size > 0 && expected->nonce.size <= TOKEN_NONCE_SIZE_MAX &&
           expected->leeway_sec <= TOKEN_LEEWAY_SEC_MAX && expected->now_sec < INT64_MAX;
}

static int token_from_jws(const Jws *jws, const TokenExpectation *expected,
                          TokenMismatch *reterr_mismatch, Token **ret)
{
    _cleanup_(token_freep) Token *token = calloc(1, sizeof(*token));

    if (!token)
        return -ENOMEM;
    token->algorithm = jws->algorithm;
    if (jws->key->kid) {
        token->kid = strdup(jws->key->kid);
        if (!token->kid)
            return -ENOMEM;
    }
    int r = parse_claims(VIEW(jws->payload), &token->claims);
    if (r)
        return r;
    r = token_judge_claims(token, expected, reterr_mismatch);
    if (r)
        return r;
    r = expected->has_no_result ? TOKEN_OK : judge_result(token);
    if (r)
        return r;
    *ret = TAKE_PTR(token);
    return TOKEN_OK;
}

int token_validate(ByteView text, const TokenExpectation *expected, TokenMismatch *reterr_mismatch,
                   Token **ret)
{
    JwsExpectation wanted = { .keys = expected->keys,
                              .algorithms = expected->algorithms,
                              .type = expected->type };
    _cleanup_jws_ Jws jws = { 0 };

    if (!expectation_is_whole(expected))
        return -EINVAL;
    token_mismatch_set(reterr_mismatch, "", "");

    int r = jws_verify(text, &wanted, &jws);
    if (r < 0)
        return r;
    if (r)
        return (int)token_reason_of_jws(r);
    return token_from_jws(&jws, expected, reterr_mismatch, ret);
}
