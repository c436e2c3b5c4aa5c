/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside this folder only: the store's directory and the names in it.
 */
#pragma once

#include "secret/store.h"

#include <sys/types.h>

struct SecretStore {
    int fd;    /* of the directory */
    uid_t uid; /* its owner */
    gid_t gid;
};

#define STORE_SECRET_SUFFIX  ".secret"
#define STORE_VERSION_SUFFIX ".version"
#define STORE_NEW_SUFFIX                                                                           \
    ".new" /* what a writer that died leaves behind; the next one cleans up                        \
            */

/* Room for "." NAME ".version" ".new" and its NUL. */
typedef struct StoreName {
    char text[1 + SECRET_NAME_LIMIT + 16];
} StoreName;

StoreName store_name(const char *name, const char *suffix);
StoreName store_new_name(const char *name, const char *suffix);

/* The remembered version; 0: none. _OK, _E_UNSAFE, _E_MALFORMED or negative errno. */
_must_check_ int store_read_version(const SecretStore *store, const char *name, uint64_t *ret);
/* NAME.secret as it is, whatever version is remembered. As secret_store_load(). */
_must_check_ int store_read_secret(const SecretStore *store, const char *name, SecretFile *ret);
