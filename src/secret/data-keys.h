/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The opened data keys of one gate of kind rewrap or key-release, from the round worker through
 * attestd to the release worker: in memory that has no name, and that the kernel itself cannot read
 * where it has memfd_secret(2). attestd holds the descriptor and reads nothing.
 */
#pragma once

#include "base/wipe.h"

#define DATA_KEY_ID_SIZE 16
#define DATA_KEY_SIZE    32 /* an AES-256 key */
#define DATA_KEYS_MAX    32
#define DATA_KEYS_SIZE   4096 /* bytes of such a memfd, always: st_size is all a holder checks */

/* Pages of its own, locked, left out of core dumps. Owned: data_keys_free(), which wipes. */
typedef struct DataKeys DataKeys;

/* Empty. -ENOMEM, -EPERM (the memory lock limit). */
_must_check_ int data_keys_new(DataKeys **ret);
DataKeys *data_keys_free(DataKeys *keys);
DEFINE_CLEANUP(DataKeys *, data_keys_free);

/* Adds the key of the secret with ID. -EINVAL: another size; -EEXIST: ID is there; -ENOBUFS. */
_must_check_ int data_keys_add(DataKeys *keys, const uint8_t id[static DATA_KEY_ID_SIZE],
                               ByteView key);
size_t data_keys_count(const DataKeys *keys);
/* A copy of the key with ID. DATA_KEYS_OK, DATA_KEYS_E_ABSENT; as secret_new(). */
_must_check_ int data_keys_find(const DataKeys *keys, const uint8_t id[static DATA_KEY_ID_SIZE],
                                Secret **ret);

enum {
    DATA_KEYS_OK,
    DATA_KEYS_E_ABSENT,    /* no key with that ID */
    DATA_KEYS_E_MEMORY,    /* neither memfd_secret(2) nor a memfd sealed for good */
    DATA_KEYS_E_SIZE,      /* not DATA_KEYS_SIZE bytes */
    DATA_KEYS_E_MALFORMED, /* not as data_keys_store() writes it */
};

/* A descriptor with all of them, close-on-exec. Negative errno. */
_must_check_ int data_keys_store(const DataKeys *keys, int *ret_fd);
/* Takes them out of such a descriptor, which stays open. Named no but _E_ABSENT, negative errno. */
_must_check_ int data_keys_load(int fd, DataKeys **ret);
/* The bytes in it. _OK, _E_SIZE, _E_MALFORMED; as data_keys_new(). */
_must_check_ int data_keys_parse(ByteView bytes, DataKeys **ret);
