/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The content of the evidence's member "rewrap": a JSON array of compact JWEs that the verifier is
 * asked to wrap anew (docs/evidence.md). What is in them is not looked at here.
 */
#pragma once

#include "base/json.h"
#include "format/jwe-text.h"

#define REWRAP_LIST_MAX      32                                         /* blobs of one round */
#define REWRAP_LIST_SIZE_MAX (REWRAP_LIST_MAX * (JWE_TEXT_MAX + 3) + 2) /* bytes of JSON */

/* Owned: rewrap_list_done(). Zeroed is empty. */
typedef struct RewrapList {
    char *jwes[REWRAP_LIST_MAX];
    size_t n_jwes;
} RewrapList;

void rewrap_list_done(RewrapList *list);
#define _cleanup_rewrap_list_ _cleanup_(rewrap_list_done)

/* Adds a copy of JWE. -EINVAL: not jwe_text_is_valid(); -ENOBUFS: one too many; -ENOMEM. */
_must_check_ int rewrap_list_add(RewrapList *list, const char *jwe);

enum {
    REWRAP_LIST_OK,
    REWRAP_LIST_E_SYNTAX, /* not JSON, or no array */
    REWRAP_LIST_E_SIZE,   /* none, or more than REWRAP_LIST_MAX */
    REWRAP_LIST_E_JWE,    /* an entry is not jwe_text_is_valid() */
    REWRAP_LIST_E_TWICE,  /* an entry is there twice */
};

/* Compact JSON. -EINVAL: empty; -ENOMEM. */
_must_check_ int rewrap_list_emit(const RewrapList *list, Bytes *ret);
/* Named no, -ENOMEM. */
_must_check_ int rewrap_list_parse(ByteView json, RewrapList *ret);
