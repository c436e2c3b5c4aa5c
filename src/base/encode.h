/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as text: lower-case hex, base64 (RFC 4648 section 4) and unpadded base64url (section 5).
 * Decoders are strict: no white space, no foreign character, no non-zero trailing bits.
 */
#pragma once

#include "base/bytes.h"

enum { ENCODE_OK, ENCODE_E_CHARACTER, ENCODE_E_LENGTH, ENCODE_E_TRAILING_BITS };

/* Owned text, NULL when out of memory. */
char *hex_encode(ByteView bytes);
char *base64_encode(ByteView bytes);
char *base64url_encode(ByteView bytes);

/* ENCODE_OK or a named no; -ENOMEM. */
_must_check_ int hex_decode(const char *text, Bytes *ret);
_must_check_ int base64_decode(ByteView text, Bytes *ret);
/* Padding is ENCODE_E_CHARACTER. */
_must_check_ int base64url_decode(ByteView text, Bytes *ret);
