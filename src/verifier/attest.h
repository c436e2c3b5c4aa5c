/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second half of a round: evidence in, signed verdict out. Order: envelope, claims, nonce; then
 * and only then what costs something.
 */
#pragma once

#include "verifier/answer.h"

/* The reply to POST /attest with BODY. -ENOMEM, -EIO. */
_must_check_ int attest_answer(const Instance *instance, ByteView body, Reply *ret);
