/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names TLS knows a verifier by: a private CA and one leaf, made once by init. A fleet with a
 * CA of its own replaces both files.
 */
#pragma once

#include "base/bytes.h"

/* Ten years: nothing renews them, and losing them means touching every agent's trust file. */
#define IDENTITY_LIFE_DAYS 3650

/* PEM each. Owned: identity_done() wipes the keys. */
typedef struct Identity {
    Bytes ca_certificate;
    Bytes ca_key;
    Bytes certificate;
    Bytes key;
} Identity;

void identity_done(Identity *identity);
#define _cleanup_identity_ _cleanup_(identity_done)

/*
 * P-256 all through. The leaf is good for HOST (a name or a numeric address), localhost, 127.0.0.1
 * and ::1. -EINVAL for a HOST that fits no certificate; -ENOMEM, -EIO.
 */
_must_check_ int identity_make(const char *host, uint64_t now_sec, Identity *ret);
