/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compact JWS to order, good and bad, for the tests.
 */
#pragma once

#include "forge.h"
#include "token/token.h"

/* HEADER and PAYLOAD as they stand, signed by KEY as ALGORITHM says. Owned. */
char *mint(const char *header, const char *payload, const Key *key, const char *algorithm);
/* The three parts encoded and joined, whatever they are. Owned. */
char *mint_parts(ByteView header, ByteView payload, ByteView signature);
/* The text with the character at INDEX replaced by another of base64url; dots are left alone. */
void mint_flip(char *text, size_t index);

/* A verifier: its keys, our key, this run's nonce, and claims that pass. */
typedef struct Mint {
    Key *key;    /* the verifier's, P-256 */
    Key *holder; /* ours, P-256 */
    Jwks jwks;   /* kid "k1" */
    json_t *claims;
    TokenExpectation expected;
} Mint;

#define MINT_NOW UINT64_C(1790000000)

/* In the underscore spelling, like attest-verifier's. */
Mint mint_new(void);
void mint_done(Mint *mint);
#define _cleanup_mint_ _cleanup_(mint_done)

/* Replaces a claim at the top; VALUE is taken over, NULL removes it. */
void mint_set(Mint *mint, const char *name, json_t *value);
/* Signs the claims with the usual header. Owned. */
char *mint_token(const Mint *mint);
/* Validates what mint_token() makes. */
int mint_validate(const Mint *mint);
