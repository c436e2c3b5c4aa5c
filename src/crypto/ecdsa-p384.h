/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ECDSA verification on P-384, the dearest step in judging an SEV-SNP report. Two files do it, and
 * a program has one of them: ecdsa-p384-openssl.c comes with the library crypto, unless the program
 * links the target p384-nettle (docs/decisions/0009-p384-by-nettle-in-the-verifier.md).
 */
#pragma once

#include "crypto/signature.h"

/*
 * KEY is of type KEY_P384. HASH is 20 to 64 bytes; R and S are 1 to 48 bytes, big-endian.
 * SIGNATURE_OK, SIGNATURE_E_BAD; -ENOMEM, -EIO.
 */
_must_check_ int ecdsa_p384_verify(const Key *key, ByteView hash, ByteView r, ByteView s);
/* "OpenSSL" or "nettle". */
const char *ecdsa_p384_backend(void);
