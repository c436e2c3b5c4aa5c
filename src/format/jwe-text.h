/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outer shape of a compact JWE (RFC 7516 7.1), for whoever carries one without opening it.
 */
#pragma once

#include "base/macro.h"

#define JWE_TEXT_MAX 2048 /* characters; a rewrap blob with every binding has some 1700 */

/* Five parts of base64url characters with dots between, none empty, at most JWE_TEXT_MAX. */
bool jwe_text_is_valid(const char *text);
