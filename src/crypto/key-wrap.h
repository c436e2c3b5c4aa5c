/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES-256 key wrap with padding (RFC 5649, PKCS #11's CKM_AES_KEY_WRAP_PAD): how a vault hands out
 * a private key, whose size need not be one of blocks.
 */
#pragma once

#include "base/wipe.h"

#define KEY_WRAP_KEY_SIZE 32          /* bytes of the key that wraps */
#define KEY_WRAP_MAX      (16 * 1024) /* bytes of what is wrapped; RSA-8192 in PKCS #8 has 4800 */

enum {
    KEY_WRAP_OK,
    KEY_WRAP_E_SIZE,    /* not eight bytes and blocks of eight, or more than KEY_WRAP_MAX */
    KEY_WRAP_E_REFUSED, /* not wrapped with this key, or changed */
};

/* -EINVAL: a key of another size, nothing to wrap or too much of it; -ENOMEM, -EIO. */
_must_check_ int key_wrap(ByteView key, ByteView plain, Bytes *ret);
/* RET is to be wiped. KEY_WRAP_OK, a named no; -EINVAL (the key's size), -ENOMEM, -EIO. */
_must_check_ int key_unwrap(ByteView key, ByteView wrapped, Bytes *ret);
