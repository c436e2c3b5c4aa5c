/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The secret file, JSON, both directions (docs/secrets.md). Pure, without cryptography: what is
 * read here is believed by nobody until secret-cipher.h has opened it.
 */
#pragma once

#include "base/json.h"
#include "secret/secret-header.h"

#define SECRET_SIZE_MAX        (512 * 1024)  /* bytes of a secret */
#define SECRET_FILE_SIZE_MAX   (1024 * 1024) /* base64url of the above, and the rest */
#define SECRET_NONCE_SIZE      12            /* AES-GCM */
#define SECRET_TAG_SIZE        16            /* AES-GCM; the ciphertext's last bytes */
#define SECRET_SEALED_PART_MAX 512           /* bytes of each sealed part, as tpm-seal.h */

/* As read: nothing in it is believed. Zeroed is empty. Owned: secret_file_done(). */
typedef struct SecretFile {
    Bytes header_bytes; /* exactly what is authenticated */
    SecretHeader header;
    Bytes sealed_public;  /* TPM2B_PUBLIC, with its size; empty for kind rewrap */
    Bytes sealed_private; /* TPM2B_PRIVATE, with its size; as above */
    uint8_t nonce[SECRET_NONCE_SIZE];
    Bytes ciphertext; /* and tag */
} SecretFile;

void secret_file_done(SecretFile *file);
#define _cleanup_secret_file_ _cleanup_(secret_file_done)

enum {
    SECRET_FILE_OK,
    SECRET_FILE_E_JSON,      /* not one bounded JSON object */
    SECRET_FILE_E_FORMAT,    /* "attestd_secret" is not 1: another version of the format */
    SECRET_FILE_E_MEMBER,    /* a member is missing, of a wrong type or out of range */
    SECRET_FILE_E_UNKNOWN,   /* a member is not known */
    SECRET_FILE_E_GATE_KIND, /* a kind of gate that this version does not have */
};

/* A word for each of the above, for error texts. */
const char *secret_file_reason(int reason);

/* The whole file. -EINVAL, -ENOMEM. */
_must_check_ int secret_file_emit(const SecretFile *file, Bytes *ret);

/*
 * Reads what secret_file_emit() wrote. RETERR_MEMBER, when not NULL, receives the member at fault,
 * static text, on a named no only. RET is untouched on failure. -ENOMEM or a named no.
 */
_must_check_ int secret_file_parse(ByteView json, SecretFile *ret, const char **reterr_member);
