/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules 9 to 11: who says it, to whom, about which run and key, and for how long.
 */
#include "token/token-claims.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/wipe.h"
#include "token/require.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DATE_SEC_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static void copy_printable(char *out, size_t size, const char *text)
{
    size_t i = 0;

    for (; text && text[i] && i + 1 < size; i++)
        out[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
    out[i] = 0;
}

void token_mismatch_set(TokenMismatch *mismatch, const char *found, const char *wanted)
{
    if (!mismatch)
        return;
    copy_printable(mismatch->found, sizeof(mismatch->found), found);
    copy_printable(mismatch->wanted, sizeof(mismatch->wanted), wanted);
}

/* A string claim; NULL when absent. TOKEN_OK or TOKEN_E_CLAIMS. */
static int optional_text(const json_t *claims, const char *name, const char **ret)
{
    const char *text = NULL;

    int r = json_get_string(claims, name, &text);
    if (r && r != JSON_E_MISSING)
        return TOKEN_E_CLAIMS;
    *ret = text;
    return TOKEN_OK;
}

/* A NumericDate, integers only (RFC 9711 4.3.1). TOKEN_OK, TOKEN_E_CLAIMS; IS_THERE says whether.
 */
static int optional_date(const json_t *claims, const char *name, bool *is_there, uint64_t *ret)
{
    uint64_t date = 0;

    int r = json_get_u64(claims, name, &date);
    if ((r && r != JSON_E_MISSING) || date > (uint64_t)DATE_SEC_MAX)
        return TOKEN_E_CLAIMS;
    *is_there = r == JSON_OK;
    *ret = date;
    return TOKEN_OK;
}

/* Rule 11: another kind of token by the same issuer is no attestation result. */
static int judge_profile(const json_t *claims, const TokenExpectation *expected,
                         TokenMismatch *mismatch)
{
    const char *profile;

    if (!expected->profiles)
        return TOKEN_OK;
    int r = optional_text(claims, "eat_profile", &profile);
    if (r)
        return r;
    for (const char *const *accepted = expected->profiles; profile && *accepted; accepted++)
        if (strcmp(*accepted, profile) == 0)
            return TOKEN_OK;
    token_mismatch_set(mismatch, profile, expected->profiles[0]);
    return TOKEN_E_PROFILE;
}

/* Rule 9: equal to the last byte, no prefix, no forgiven slash. */
static int judge_issuer(const json_t *claims, const TokenExpectation *expected,
                        TokenMismatch *mismatch)
{
    const char *issuer;

    int r = optional_text(claims, "iss", &issuer);
    if (r || !expected->issuer)
        return r;
    if (issuer && strcmp(issuer, expected->issuer) == 0)
        return TOKEN_OK;
    token_mismatch_set(mismatch, issuer, expected->issuer);
    return TOKEN_E_ISSUER;
}

/* TOKEN_OK when VALUE, a string or an array of them, has TEXT in it. */
static int has_text(const json_t *value, const char *text)
{
    const json_t *item;
    size_t i;
    bool is_there = false;

    if (json_is_string(value))
        return strcmp(json_string_value(value), text) == 0 &&
                       strlen(text) == json_string_length(value)
                   ? TOKEN_OK
                   : TOKEN_E_AUDIENCE;
    if (!json_is_array(value))
        return TOKEN_E_CLAIMS;
    json_array_foreach (value, i, item) {
        if (!json_is_string(item))
            return TOKEN_E_CLAIMS;
        is_there = is_there || (strcmp(json_string_value(item), text) == 0 &&
                                strlen(text) == json_string_length(item));
    }
    return is_there ? TOKEN_OK : TOKEN_E_AUDIENCE;
}

static int judge_audience(const json_t *claims, const TokenExpectation *expected,
                          TokenMismatch *mismatch)
{
    const json_t *audience = json_object_get(claims, "aud");

    if (!expected->audience)
        return TOKEN_OK;
    int r = audience ? has_text(audience, expected->audience) : TOKEN_E_AUDIENCE;
    if (r == TOKEN_E_AUDIENCE)
        token_mismatch_set(mismatch, json_string_value(audience), expected->audience);
    return r;
}

/* Rule 10: this run's nonce, compared on decoded bytes. An array must have it as its only member.
 */
static int judge_nonce(const json_t *claims, const TokenExpectation *expected)
{
    const char *pointer = expected->nonce_pointer ? expected->nonce_pointer : "/eat_nonce";
    const json_t *value = require_resolve(claims, pointer);
    _cleanup_bytes_ Bytes nonce = { 0 };

    if (!value)
        return TOKEN_E_NONCE_MISSING;
    if (json_is_array(value) && json_array_size(value) == 1)
        value = json_array_get(value, 0);
    if (!json_is_string(value))
        return TOKEN_E_CLAIMS;

    ByteView text = { (const uint8_t *)json_string_value(value), json_string_length(value) };
    if (text.size > TOKEN_NONCE_SIZE_MAX * 2)
        return TOKEN_E_NONCE;
    int r = base64url_decode(text, &nonce);
    if (r < 0)
        return r;
    if (r || !equal_constant_time(VIEW(nonce), expected->nonce))
        return TOKEN_E_NONCE;
    return TOKEN_OK;
}

/* Rule 10: the key in the token is ours, by thumbprint (RFC 7638, RFC 7800 3.2). */
static int judge_holder(const json_t *claims, const TokenExpectation *expected)
{
    const json_t *jwk = json_object_get(json_object_get(claims, "cnf"), "jwk");
    _cleanup_(key_freep) Key *key = NULL;
    Digest found;
    Digest wanted;

    if (!expected->holder)
        return TOKEN_OK;
    if (!jwk)
        return TOKEN_E_HOLDER_MISSING;
    int r = jwk_parse_key(jwk, &key);
    if (r)
        return r < 0 ? r : TOKEN_E_HOLDER;
    r = jwk_thumbprint(key, &found);
    if (r < 0)
        return r;
    r = jwk_thumbprint(expected->holder, &wanted);
    if (r < 0)
        return r;
    return equal_constant_time(digest_view(&found), digest_view(&wanted)) ? TOKEN_OK
                                                                          : TOKEN_E_HOLDER;
}

typedef struct Dates {
    uint64_t issued;
    uint64_t expires;
    uint64_t not_before;
    bool has_issued;
    bool has_expiry;
    bool has_not_before;
} Dates;

static int read_dates(const json_t *claims, Dates *ret)
{
    Dates dates;

    int r = optional_date(claims, "iat", &dates.has_issued, &dates.issued);
    if (r)
        return r;
    r = optional_date(claims, "exp", &dates.has_expiry, &dates.expires);
    if (r)
        return r;
    r = optional_date(claims, "nbf", &dates.has_not_before, &dates.not_before);
    if (r)
        return r;
    *ret = dates;
    return TOKEN_OK;
}

/* exp, or iat and the greatest age of the profile, whichever comes first. */
static int settle_expiry(Dates *dates, const TokenExpectation *expected)
{
    uint64_t by_age = dates->issued + MIN(expected->age_max_sec, (uint64_t)DATE_SEC_MAX);

    if (!dates->has_issued)
        return TOKEN_E_ISSUED_MISSING;
    if (!dates->has_expiry && expected->age_max_sec == 0)
        return TOKEN_E_EXPIRY_MISSING;
    if (!dates->has_expiry || (expected->age_max_sec > 0 && by_age < dates->expires))
        dates->expires = by_age;
    return TOKEN_OK;
}

static void date_mismatch(TokenMismatch *mismatch, uint64_t found_sec, const char *relation,
                          uint64_t now_sec)
{
    char found[32];
    char now[32];
    char wanted[64];

    format_timestamp(MIN(found_sec, (uint64_t)DATE_SEC_MAX) * USEC_PER_SEC, found);
    format_timestamp(MIN(now_sec, (uint64_t)DATE_SEC_MAX) * USEC_PER_SEC, now);
    (void)snprintf(wanted, sizeof(wanted), "%s %s", relation, now);
    token_mismatch_set(mismatch, found, wanted);
}

static int judge_lifetime(const Dates *dates, const TokenExpectation *expected,
                          TokenMismatch *mismatch)
{
    uint64_t limit =
        expected->lifetime_max_sec > 0 ? expected->lifetime_max_sec : TOKEN_LIFETIME_SEC_DEFAULT;
    uint64_t life = dates->expires > dates->issued ? dates->expires - dates->issued : 0;
    char found[32];
    char wanted[48];

    if (life <= limit)
        return TOKEN_OK;
    (void)snprintf(found, sizeof(found), "%llu s", (unsigned long long)life);
    (void)snprintf(wanted, sizeof(wanted), "at most %llu s", (unsigned long long)limit);
    token_mismatch_set(mismatch, found, wanted);
    return TOKEN_E_LIFETIME;
}

/* Rule 9. A token that ends before it begins has expired. */
static int judge_dates(const Dates *dates, const TokenExpectation *expected,
                       TokenMismatch *mismatch)
{
    uint64_t now = expected->now_sec;
    uint64_t starts = dates->has_not_before ? MAX(dates->issued, dates->not_before) : dates->issued;

    int r = judge_lifetime(dates, expected, mismatch);
    if (r)
        return r;
    if (starts > now + expected->leeway_sec) {
        date_mismatch(mismatch, starts, "not after", now);
        return TOKEN_E_NOT_YET;
    }
    if (dates->expires <= dates->issued || dates->expires + expected->leeway_sec <= now) {
        date_mismatch(mismatch, dates->expires, "after", now);
        return TOKEN_E_EXPIRED;
    }
    return TOKEN_OK;
}

static int judge_time(Token *token, const TokenExpectation *expected, TokenMismatch *mismatch)
{
    Dates dates;

    int r = read_dates(token->claims, &dates);
    if (r)
        return r;
    r = settle_expiry(&dates, expected);
    if (r)
        return r;
    r = judge_dates(&dates, expected, mismatch);
    if (r)
        return r;
    token->issued_sec = dates.issued;
    token->expires_sec = dates.expires;
    return TOKEN_OK;
}

int token_judge_claims(Token *token, const TokenExpectation *expected,
                       TokenMismatch *reterr_mismatch)
{
    const json_t *claims = token->claims;

    int r = judge_profile(claims, expected, reterr_mismatch);
    if (r)
        return r;
    r = judge_issuer(claims, expected, reterr_mismatch);
    if (r)
        return r;
    r = judge_audience(claims, expected, reterr_mismatch);
    if (r)
        return r;
    r = judge_nonce(claims, expected);
    if (r)
        return r;
    r = judge_holder(claims, expected);
    if (r)
        return r;
    r = judge_time(token, expected, reterr_mismatch);
    if (r)
        return r;
    return optional_text(claims, "jti", &token->id);
}
