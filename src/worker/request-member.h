/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads members of a request by their path ("verifier.urls": the object is already chosen, the
 * part behind the last dot is the name). The first failure sticks; from then on every read yields
 * nothing, so a parser lists its members and asks once at the end.
 */
#pragma once

#include "base/json.h"

typedef struct MemberReader {
    json_t *object;     /* borrowed */
    int reason;         /* of request.h, or -ENOMEM; 0: all well so far */
    const char *member; /* path of the first failure; static */
} MemberReader;

typedef bool MemberRule(const char *text);

/* Chooses another object for the reads that follow. */
void member_enter(MemberReader *reader, json_t *object);
/* Fails when the object has a member that is not in the NULL-terminated list. */
void member_only(MemberReader *reader, const char *path, const char *const *known);
/* Marks the failure, unless there is one. */
void member_fail(MemberReader *reader, int reason, const char *path);

/* Text that RULE accepts; borrowed. Absent or otherwise: a failure and NULL. */
const char *member_text(MemberReader *reader, const char *path, MemberRule *rule);
/* The same, but absent or "" is OTHERWISE. */
const char *member_text_or(MemberReader *reader, const char *path, MemberRule *rule,
                           const char *otherwise);
/* At most LIMIT texts; absent is none. */
size_t member_texts(MemberReader *reader, const char *path, MemberRule *rule, size_t limit,
                    const char **ret);
uint64_t member_number(MemberReader *reader, const char *path, uint64_t least, uint64_t most);
bool member_bool(MemberReader *reader, const char *path);
/* An object; NULL on failure. */
json_t *member_object(MemberReader *reader, const char *path);
/* Base64url of LEAST to MOST bytes. */
void member_bytes(MemberReader *reader, const char *path, size_t least, size_t most, Bytes *ret);

bool is_absolute_path(const char *text); /* below PATH_MAX */
bool is_socket_path(const char *text);   /* absolute, fits sockaddr_un */
bool is_plain_text(const char *text);    /* 1 to 2048 printable bytes */
