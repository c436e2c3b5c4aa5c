/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Token is a JWT that passed every check of spec/endpoints 7.1: signature (jws.h, rules 1 to 8),
 * then issuer, audience, time, nonce, holder and profile (rules 9 to 11). What it says about us,
 * the floor (ear.h) and Require= (require.h), is judged by the caller: a refusal is a valid token
 * too.
 */
#pragma once

#include "token/ear.h"
#include "token/jws.h"

/*
 * The named noes, in the order of the checks, each with its finding name. The floor of ear.h adds
 * token-submodules-mismatch, token-not-affirming, token-hardware-not-affirmed and
 * token-status-too-good; require.h adds token-requirement-unmet.
 */
typedef enum TokenReason {
    TOKEN_OK,
    TOKEN_E_SIZE,           /* token-too-large                rule 1 */
    TOKEN_E_MALFORMED,      /* token-malformed                rule 1: form, base64url, JSON */
    TOKEN_E_DUPLICATE,      /* token-duplicate-member         rule 1: header or claims */
    TOKEN_E_ALGORITHM,      /* token-algorithm-refused        rule 2 */
    TOKEN_E_CRITICAL,       /* token-critical-extension       rule 6 */
    TOKEN_E_TYPE,           /* token-type-refused             rule 7 */
    TOKEN_E_NESTED,         /* token-nested                   rule 7 */
    TOKEN_E_KEY_UNKNOWN,    /* token-key-unknown              rule 4 */
    TOKEN_E_KEY_UNFIT,      /* token-key-unfit                rule 3 */
    TOKEN_E_SIGNATURE,      /* token-signature-invalid        rule 8 */
    TOKEN_E_CLAIMS,         /* token-claims-malformed         rule 9: a claim of the wrong type */
    TOKEN_E_PROFILE,        /* token-profile-refused          rule 11 */
    TOKEN_E_ISSUER,         /* token-issuer-mismatch          rule 9 */
    TOKEN_E_AUDIENCE,       /* token-audience-mismatch        rule 9 */
    TOKEN_E_NONCE_MISSING,  /* token-nonce-missing            rule 10 */
    TOKEN_E_NONCE,          /* token-nonce-mismatch           rule 10 */
    TOKEN_E_HOLDER_MISSING, /* token-holder-missing           rule 10: no cnf.jwk */
    TOKEN_E_HOLDER,         /* token-holder-mismatch          rule 10 */
    TOKEN_E_ISSUED_MISSING, /* token-issue-time-missing       rule 9: no iat */
    TOKEN_E_EXPIRY_MISSING, /* token-expiry-missing           rule 9: no exp, no maximal age */
    TOKEN_E_LIFETIME,       /* token-lifetime-too-long        rule 9 */
    TOKEN_E_NOT_YET,        /* token-not-yet-valid            rule 9: iat or nbf ahead of us */
    TOKEN_E_EXPIRED,        /* token-expired                  rule 9 */
    TOKEN_E_RESULT,         /* token-result-malformed         EAR: submods, status, vector */
    TOKEN_E_RESULT_MIXED,   /* token-result-mixed-spelling    EAR: both spellings */
} TokenReason;

#define TOKEN_LEEWAY_SEC_DEFAULT   60
#define TOKEN_LEEWAY_SEC_MAX       300            /* rule 9 */
#define TOKEN_LIFETIME_SEC_DEFAULT (24 * 60 * 60) /* rule 9 */
#define TOKEN_NONCE_SIZE_MAX       512            /* bytes, decoded */

/* "token-expired"; NULL for TOKEN_OK and unknown numbers. */
const char *token_reason_name(int reason);
/* The TokenReason of a named no of jws.h. */
TokenReason token_reason_of_jws(int reason);
/* Walks the names: INDEX from 0 up, those of ear.h and require.h included; NULL behind the last. */
const char *token_reason_name_at(size_t index);

typedef struct TokenExpectation {
    const Jwks *keys;              /* of this issuer only */
    const char *const *algorithms; /* names, NULL-terminated */
    const char *type;              /* typ; NULL: absent or JWT */
    const char *issuer;            /* exact; NULL: tokens of this profile have none */
    const char *audience;          /* must be among aud; NULL: tokens of this profile have none */
    const char *const *profiles;   /* accepted eat_profile, NULL-terminated; NULL: not looked at */
    ByteView nonce;                /* this run's, decoded; must not be empty */
    const char *nonce_pointer;     /* JSON pointer to it, base64url text; NULL: "/eat_nonce" */
    const Key *holder;             /* our response key; NULL: this exchange has none */
    uint64_t now_sec;              /* wall clock, since 1970 */
    uint32_t leeway_sec;           /* at most TOKEN_LEEWAY_SEC_MAX */
    uint64_t lifetime_max_sec;     /* cap on exp - iat; 0: TOKEN_LIFETIME_SEC_DEFAULT */
    uint64_t age_max_sec;          /* for profiles without exp: life from iat; 0: exp required */
    bool has_no_result;            /* the profile carries no EAR (MAA); Token.ear stays empty */
} TokenExpectation;

/* Passed every check. Owned by whoever validated it. */
typedef struct Token {
    json_t *claims;
    Ear ear; /* borrows from claims */
    const Jwa *algorithm;
    char *kid;            /* of the key that verified it; NULL: the key has none */
    const char *id;       /* jti, borrowed; NULL: has none */
    uint64_t issued_sec;  /* iat */
    uint64_t expires_sec; /* exp, or iat + age_max_sec */
} Token;

/* What an operator needs to know of a mismatch. Printable, never the token, nonce or key. */
typedef struct TokenMismatch {
    char found[256];
    char wanted[256];
} TokenMismatch;

/*
 * TOKEN_OK or a named no; -ENOMEM, -EIO; -EINVAL for an expectation without keys, algorithms or
 * nonce, or with too much leeway. RETERR_MISMATCH (may be NULL) is filled on a named no; both texts
 * may be empty.
 */
_must_check_ int token_validate(ByteView text, const TokenExpectation *expected,
                                TokenMismatch *reterr_mismatch, Token **ret);
Token *token_free(Token *token);
DEFINE_CLEANUP(Token *, token_free);
/* Seconds the verdict lives: exp - iat (docs/architecture.md: counted on the boot clock). */
uint64_t token_life_sec(const Token *token);
