/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrapped data keys to order, honest or not, and what comes back for them.
 */
#pragma once

#include "testing.h"

#include "base/json.h"
#include "crypto/key.h"

/* How a data key is wrapped. A zeroed struct is that of gate "vault", secret "pw", version 1. */
typedef struct BlobOrder {
    const char *kid;   /* NULL: the key's thumbprint */
    const char *gate;  /* NULL: "vault" */
    const char *name;  /* NULL: "pw" */
    const char *type;  /* NULL: "attestd-rewrap+jwe" */
    const char *bind;  /* JSON in single quotes; NULL: 'fleet' */
    const char *extra; /* one more header member, JSON; NULL: none */
    uint8_t id;        /* each byte of the id */
    size_t size;       /* of what is wrapped; 0: 32 bytes */
} BlobOrder;

/* A compact JWE to KEY; owned. The data key is bytes of BLOB_KEY_BYTE. */
char *blob_make(const Key *key, const BlobOrder *order);
#define BLOB_KEY_BYTE 0x5a

/* The same with its protected header changed: FROM becomes TO. Takes BLOB; owned. */
char *blob_edit(char *blob, const char *from, const char *to);

/* A JSON array of N texts, which are taken; owned. */
Bytes blob_list(char *const *blobs, size_t n);

/*
 * The data key that ENTRY of an answer holds, opened as the machine does. Checks gate, id, the apv
 * of NONCE and the bytes.
 */
void blob_check_key(const json_t *entry, const Key *response_key, ByteView nonce, const char *gate,
                    uint8_t id);
