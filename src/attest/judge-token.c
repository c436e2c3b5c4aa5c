/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token in somebody's hand: its signature by a key of the set, and, where the caller says what
 * they must be, time and nonce. What it says is for whoever reads the claims.
 */
#include "attest/judge.h"

#include "attest/describe-token.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/wipe.h"
#include "token/token.h"
#include "verify/refuse.h"

#include <errno.h>
#include <string.h>

#define SUBJECT "token"

static const char *const algorithms[] = { "ES256", "ES384", "ES512", "RS256", "RS384", "RS512",
                                          "PS256", "PS384", "PS512", "EdDSA", NULL };

/* The set as it stands, for showing it. */
static int add_jwks(const Judgement *j, ByteView text)
{
    json_auto_t *set = NULL;
    json_t *described = NULL;

    int r = json_parse(text, JWKS_SIZE_MAX, &set);
    if (r)
        return r < 0 ? r : 0;
    r = describe_jwks(set, &described);
    return r < 0 ? r : outcome_claim(j->outcome, "jwks", described);
}

static int read_jwks(const Judgement *j, Jwks *ret)
{
    ByteView text = items_get(j->input, ATTEST_ITEM_JWKS);

    int r = jwks_parse(text, ret);
    if (r < 0)
        return r;
    if (r != JWKS_OK)
        return outcome_unreadable(j->outcome, "item-unreadable", "jwks", "a set of public keys",
                                  "%s", jwks_reason(r));
    return add_jwks(j, text);
}

/* Any type of token, but whatever it says must be text. */
static const char *type_of(const json_t *described)
{
    return json_string_value(json_object_get(json_object_get(described, "header"), "typ"));
}

static int verify_signature(const Judgement *j, ByteView text, const Jwks *keys,
                            const json_t *described)
{
    const JwsExpectation expected = {
        .keys = keys,
        .algorithms = algorithms,
        .type = type_of(described),
    };
    _cleanup_jws_ Jws jws = { 0 };

    int r = jws_verify(text, &expected, &jws);
    if (r < 0)
        return r;
    bool has_key = r != JWS_E_KEY_UNKNOWN;
    int failed = outcome_claim(j->outcome, "signature_valid",
                               has_key ? json_boolean(r == JWS_OK) : json_null());
    if (failed >= 0)
        failed = outcome_claim(j->outcome, "kid_found", json_boolean(has_key));
    if (failed < 0)
        return failed;
    if (r == JWS_OK)
        return 0;
    return refuse(&j->outcome->findings, token_reason_name((int)token_reason_of_jws(r)), SUBJECT,
                  NULL, "%s", jws_reason(r));
}

static int judge_date(const Judgement *j, const json_t *claims, const char *name, bool is_limit)
{
    const json_t *value = json_object_get(claims, name);
    int64_t now = j->trust->now_sec, date = json_integer_value(value);
    char now_text[32], date_text[32];

    if (!value)
        return 0;
    if (!json_is_integer(value) || date < 0)
        return refuse(&j->outcome->findings, "token-claims-malformed", SUBJECT, "a NumericDate",
                      "%s", name);
    if (is_limit ? now < date : date <= now)
        return 0;
    format_timestamp((uint64_t)MAX(now, 0) * USEC_PER_SEC, now_text);
    format_timestamp((uint64_t)MIN(date, INT64_C(253402300799)) * USEC_PER_SEC, date_text);
    return refuse(&j->outcome->findings, is_limit ? "token-expired" : "token-not-yet-valid",
                  SUBJECT, now_text, "%s %s", name, date_text);
}

static int judge_dates(const Judgement *j, const json_t *claims)
{
    if (j->trust->now_sec == CERTIFICATE_TIME_ANY)
        return 0;
    int r = judge_date(j, claims, "iat", false);
    if (r >= 0)
        r = judge_date(j, claims, "nbf", false);
    return r < 0 ? r : judge_date(j, claims, "exp", true);
}

/* eat_nonce, base64url as EAT has it. */
static int judge_nonce(const Judgement *j, const json_t *claims)
{
    ByteView wanted = items_get(j->input, ATTEST_ITEM_NONCE);
    const json_t *value = json_object_get(claims, "eat_nonce");
    _cleanup_bytes_ Bytes found = { 0 };

    if (!wanted.data)
        return 0;
    if (!json_is_string(value))
        return refuse(&j->outcome->findings, "token-nonce-missing", SUBJECT, "eat_nonce", "none");
    int r = base64url_decode(
        (ByteView){ (const uint8_t *)json_string_value(value), json_string_length(value) }, &found);
    if (r < 0)
        return r;
    if (r == 0 && equal_constant_time(VIEW(found), wanted))
        return 0;
    return refuse(&j->outcome->findings, "token-nonce-mismatch", SUBJECT,
                  "the nonce that was given", "another one");
}

int judge_token(const Judgement *j)
{
    ByteView text = token_trim(items_get(j->input, ATTEST_ITEM_TOKEN));
    _cleanup_jwks_ Jwks keys = { 0 };
    json_auto_t *described = NULL;

    int r = read_jwks(j, &keys);
    if (r < 0 || j->outcome->unreadable)
        return r;
    r = describe_token(text, &described);
    if (r < 0)
        return r;
    if (r != DESCRIBE_TOKEN_OK)
        return refuse(&j->outcome->findings, "token-malformed", SUBJECT, "a JWT in compact form",
                      "something else");
    if (json_object_update(j->outcome->claims, described))
        return -ENOMEM;
    const json_t *claims = json_object_get(described, "claims");
    r = verify_signature(j, text, &keys, described);
    if (r >= 0)
        r = judge_dates(j, claims);
    return r < 0 ? r : judge_nonce(j, claims);
}
