/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside this folder only: rules 9 to 11 of spec/endpoints 7.1, over claims whose signature held.
 */
#pragma once

#include "token/token.h"

/* Writes both texts, cut and made printable. MISMATCH and the texts may be NULL. */
void token_mismatch_set(TokenMismatch *mismatch, const char *found, const char *wanted);

/*
 * Sets id, issued_sec and expires_sec of TOKEN, whose claims are there. TOKEN_OK or a named no;
 * -ENOMEM, -EIO.
 */
_must_check_ int token_judge_claims(Token *token, const TokenExpectation *expected,
                                    TokenMismatch *reterr_mismatch);
