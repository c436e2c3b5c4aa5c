/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of secret files: NAME.secret, and NAME.version, which remembers the highest version
 * that was ever stored, so that an older file put back is noticed. Whoever can write the whole
 * directory can put both back: that much protection the file system gives, and no more.
 */
#pragma once

#include "secret/secret-file.h"

#define SECRET_STORE_MAX 1024 /* secrets that are listed */

typedef struct SecretStore SecretStore;

enum {
    SECRET_STORE_OK,
    SECRET_STORE_E_ABSENT,    /* no such directory, or no such secret */
    SECRET_STORE_E_UNSAFE,    /* a link, no regular file, or others than its owner may write it */
    SECRET_STORE_E_TOO_LARGE, /* beyond SECRET_FILE_SIZE_MAX */
    SECRET_STORE_E_MALFORMED, /* secret_file_parse() said no */
    SECRET_STORE_E_GATE_KIND, /* well-formed, of a gate kind that this version does not have */
    SECRET_STORE_E_NAME,      /* the header names another secret than the file */
    SECRET_STORE_E_VERSION,   /* not higher than what is stored; or older than what was stored */
};

/* A word for each of the above, for error texts. */
const char *secret_store_reason(int reason);
/* The name in the catalogue for a no of secret_store_load(). */
const char *secret_store_finding(int no);

/*
 * Opens DIRECTORY, which nobody but its owner may write and which belongs to root or to us; root
 * takes any owner's. _OK, _E_ABSENT, _E_UNSAFE or negative errno.
 */
_must_check_ int secret_store_open(const char *directory, SecretStore **ret);
SecretStore *secret_store_free(SecretStore *store);
DEFINE_CLEANUP(SecretStore *, secret_store_free);

/*
 * Reads NAME.secret, never through a link, only when it belongs to root, to us or to the
 * directory's owner and to nobody else. The header's name is NAME and its version not below the
 * highest ever stored, but nothing is authentic yet. Any named no or negative errno.
 */
_must_check_ int secret_store_load(const SecretStore *store, const char *name, SecretFile *ret);

/*
 * The highest version of NAME that is or was stored; 0: none. A stored file that cannot be read
 * does not count, but its remembered version does. _OK, _E_UNSAFE, _E_MALFORMED (both of the
 * remembered version) or negative errno.
 */
_must_check_ int secret_store_version(const SecretStore *store, const char *name, uint64_t *ret);

/*
 * Stores FILE under its header's name, whole or not at all: at every moment, and after a loss of
 * power, there is the old file or the new one. One writer at a time. It gets the directory's owner
 * and mode 0600. _OK, _E_VERSION, _E_UNSAFE, _E_MALFORMED or negative errno; after one of these the
 * old file is as it was, unless the very last steps failed: syncing the directory, renaming the
 * remembered version.
 */
_must_check_ int secret_store_write(const SecretStore *store, const SecretFile *file);

/*
 * Removes NAME; copies of it that come back are older from then on, which needs a little space: an
 * errno may come with the file gone. _OK, _E_ABSENT, _E_UNSAFE, _E_MALFORMED or negative errno.
 */
_must_check_ int secret_store_remove(const SecretStore *store, const char *name);

/* What a file says of itself: not authenticated, for people to read. */
typedef struct SecretListing {
    char *name; /* of the file */
    int reason; /* SECRET_STORE_OK, or why it would not be loaded; header is then empty */
    SecretHeader header;
} SecretListing;

/* Owned; zeroed is empty. */
typedef struct SecretList {
    SecretListing *items; /* by name */
    size_t n_items;
} SecretList;

void secret_list_done(SecretList *list);
#define _cleanup_secret_list_ _cleanup_(secret_list_done)

/* At most SECRET_STORE_MAX. Files of other names are passed over. 0 or negative errno. */
_must_check_ int secret_store_list(const SecretStore *store, SecretList *ret);
