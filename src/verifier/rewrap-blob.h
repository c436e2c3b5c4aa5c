/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One wrapped data key as a machine sends it: which gate, secret and facts its protected header
 * names. Nothing of it is believed before the JWE has opened.
 */
#pragma once

#include "crypto/jwe.h"
#include "format/bind-kind.h"

#define REWRAP_BLOB_TYPE    "attestd-rewrap+jwe" /* "typ" */
#define REWRAP_BLOB_ID_SIZE 16                   /* bytes */

/* Owned: rewrap_blob_done(). Texts are borrowed from its header. */
typedef struct RewrapBlob {
    JweParts parts;
    const char *kid;  /* of the key it is wrapped to */
    const char *gate; /* gate_name_is_valid() */
    const char *name; /* of the secret: 1 to 64 printable characters without space */
    uint8_t id[REWRAP_BLOB_ID_SIZE];
    uint64_t version;
    unsigned binds; /* bind_set_is_valid() */
    uint8_t values[N_BIND_KINDS][BIND_VALUE_MAX];
} RewrapBlob;

void rewrap_blob_done(RewrapBlob *blob);
#define _cleanup_rewrap_blob_ _cleanup_(rewrap_blob_done)

enum {
    REWRAP_BLOB_OK,
    REWRAP_BLOB_E_JWE,     /* no JWE as jwe.h reads it */
    REWRAP_BLOB_E_TYPE,    /* of another "typ" */
    REWRAP_BLOB_E_UNKNOWN, /* a header member that is not known */
    REWRAP_BLOB_E_GATE,    /* no name of a gate */
    REWRAP_BLOB_E_SECRET,  /* name, id or version is missing or none */
    REWRAP_BLOB_E_KID,     /* names no key */
    REWRAP_BLOB_E_BIND,    /* bind is missing, empty, unknown or of the wrong size */
};

/* A word for each of the above, for error texts. */
const char *rewrap_blob_reason(int reason);

/* Named no, -ENOMEM. */
_must_check_ int rewrap_blob_parse(const char *compact, RewrapBlob *ret);
