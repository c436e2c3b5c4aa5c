/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The secret file, JSON, both directions (docs/secrets.md). Pure, without cryptography: what is
 * read here is believed by nobody until secret-cipher.h has opened it.
 */
#pragma once

#include "base/json.h"
#include "secret/secret-name.h"

#define SECRET_SIZE_MAX        (512 * 1024)              /* bytes of a secret */
#define SECRET_FILE_SIZE_MAX   (1024 * 1024)             /* base64url of the above, and the rest */
#define SECRET_HEADER_SIZE_MAX (16 * 1024)               /* bytes of the header JSON */
#define SECRET_WHO_MAX         32                        /* names that may ask */
#define SECRET_VERSION_MAX     ((UINT64_C(1) << 53) - 1) /* exact in every JSON reader */
#define SECRET_ID_SIZE         16
#define SECRET_TPM_NAME_SIZE   34  /* bytes of a Name: 000b and SHA-256 */
#define SECRET_NONCE_SIZE      12  /* AES-GCM */
#define SECRET_TAG_SIZE        16  /* AES-GCM; the ciphertext's last bytes */
#define SECRET_SEALED_PART_MAX 512 /* bytes of each sealed part, as tpm-seal.h */

/* A zeroed struct is empty and valid. Owned: secret_header_done(). */
typedef struct SecretHeader {
    char *name;
    uint8_t id[SECRET_ID_SIZE]; /* random, made anew by every seal */
    uint64_t version;           /* from 1; each seal of the same name is one higher */
    char *gate;                 /* of kind "verifier", the only one there is */
    char *who[SECRET_WHO_MAX];  /* none: no unit may ask */
    size_t n_who;
    uint8_t release_key_name[SECRET_TPM_NAME_SIZE];
    bool has_next_release_key; /* then the policy is PolicyOR(this one, next one) */
    uint8_t next_release_key_name[SECRET_TPM_NAME_SIZE];
    uint8_t ak_name[SECRET_TPM_NAME_SIZE];     /* of the machine it was sealed on */
    uint8_t parent_name[SECRET_TPM_NAME_SIZE]; /* of its storage root key */
    char *vtpm_root_minimum; /* what was known of the vTPM: "host", "certificate", "svsm", … */
    uint64_t created_sec;    /* wall clock */
} SecretHeader;

void secret_header_done(SecretHeader *header);
#define _cleanup_secret_header_ _cleanup_(secret_header_done)

/* As read: nothing in it is believed. Zeroed is empty. Owned: secret_file_done(). */
typedef struct SecretFile {
    Bytes header_bytes; /* exactly what is authenticated */
    SecretHeader header;
    Bytes sealed_public;  /* TPM2B_PUBLIC, with its size */
    Bytes sealed_private; /* TPM2B_PRIVATE, with its size */
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

/* One of "host", "certificate", "svsm", "paravisor". */
bool secret_vtpm_root_is_valid(const char *text);

/* Header JSON, to be authenticated as it stands. -EINVAL: a member that would not be read again. */
_must_check_ int secret_header_emit(const SecretHeader *header, Bytes *ret);
/* The whole file. -EINVAL, -ENOMEM. */
_must_check_ int secret_file_emit(const SecretFile *file, Bytes *ret);

/*
 * Reads what secret_file_emit() wrote. RETERR_MEMBER, when not NULL, receives the member at fault,
 * static text, on a named no only. RET is untouched on failure. -ENOMEM or a named no.
 */
_must_check_ int secret_file_parse(ByteView json, SecretFile *ret, const char **reterr_member);
