/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside this folder only: reading the members of a secret file one by one, and what its writer and
 * its reader share.
 */
#pragma once

#include "secret/secret-file.h"

#define SECRET_FORMAT 1 /* "attestd_secret" */

/* The object that is read, and what went wrong first. Once it failed, nothing more is read. */
typedef struct SecretMembers {
    json_t *object;
    int reason; /* of secret-file.h, or -ENOMEM */
    const char *member;
} SecretMembers;

/* Names are static text. */
void secret_member_fail(SecretMembers *members, int reason, const char *name);
/* No member but those of the NULL-terminated KNOWN; PATH is what the object is called. */
void secret_member_only(SecretMembers *members, const char *path, const char *const *known);
/* For members that may be absent. False after a failure. */
bool secret_member_is_there(const SecretMembers *members, const char *name);

/* Text that RULE accepts; owned. */
void secret_member_text(SecretMembers *members, const char *name, bool (*rule)(const char *),
                        char **ret);
/* Borrowed; NULL after a failure. */
const char *secret_member_word(SecretMembers *members, const char *name);
void secret_member_number(SecretMembers *members, const char *name, uint64_t least, uint64_t most,
                          uint64_t *ret);
void secret_member_bytes(SecretMembers *members, const char *name, size_t least, size_t most,
                         Bytes *ret);
/* Exactly SIZE bytes into OUT. */
void secret_member_array(SecretMembers *members, const char *name, uint8_t *out, size_t size);
/* A TPM Name of SHA-256. */
void secret_member_tpm_name(SecretMembers *members, const char *name, uint8_t *out);
/* The object called NAME, to be read in turn; secret_member_leave() carries its fault over. */
SecretMembers secret_member_enter(SecretMembers *members, const char *name);
void secret_member_leave(SecretMembers *members, const SecretMembers *inner);

/* One bounded JSON object. _OK, _E_JSON, -ENOMEM. */
_must_check_ int secret_member_object(ByteView text, size_t limit, json_t **ret);

/* The header JSON. As secret_file_parse(). */
_must_check_ int secret_header_parse(ByteView json, SecretHeader *ret, const char **reterr_member);
