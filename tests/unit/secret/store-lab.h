/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store in a private directory.
 */
#pragma once

#include "sample.h"
#include "secret/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

typedef struct StoreLab {
    char directory[32];
    SecretStore *store;
} StoreLab;

static inline StoreLab store_lab_start(void)
{
    StoreLab lab = { .directory = "/tmp/secrets-XXXXXX" };

    check(mkdtemp(lab.directory) != NULL);
    check_int(secret_store_open(lab.directory, &lab.store), SECRET_STORE_OK);
    return lab;
}

static inline void store_lab_stop(StoreLab *lab)
{
    char command[64];

    secret_store_free(lab->store);
    (void)snprintf(command, sizeof(command), "rm -rf %s", lab->directory);
    check(system(command) == 0);
}

typedef struct StorePath {
    char text[256];
} StorePath;

static inline StorePath store_lab_path(const StoreLab *lab, const char *name)
{
    StorePath path;

    (void)snprintf(path.text, sizeof(path.text), "%s/%s", lab->directory, name);
    return path;
}

/* As anybody could, round the store. */
static inline void store_lab_plant(const StoreLab *lab, const char *name, ByteView bytes)
{
    StorePath path = store_lab_path(lab, name);

    check_int(file_write_atomic(path.text, bytes, 0600), 0);
}

static inline Bytes store_lab_read(const StoreLab *lab, const char *name)
{
    StorePath path = store_lab_path(lab, name);
    Bytes bytes = { 0 };

    check_int(file_read(path.text, 2 << 20, &bytes), 0);
    return bytes;
}

static inline int store_lab_write(const StoreLab *lab, const char *name, uint64_t version)
{
    _cleanup_secret_file_ SecretFile file = sample_file(name, version);

    return secret_store_write(lab->store, &file);
}

/* The version that is there, whole and authentic; 0: none. Anything else ends the test. */
static inline uint64_t store_lab_version(const StoreLab *lab, const char *name)
{
    _cleanup_opened_secret_ OpenedSecret opened = { 0 };
    _cleanup_(secret_freep) Secret *key = sample_key(0x44);
    _cleanup_secret_file_ SecretFile file = { 0 };

    int r = secret_store_load(lab->store, name, &file);
    if (r == SECRET_STORE_E_ABSENT)
        return 0;
    check_int(r, SECRET_STORE_OK);
    check_int(secret_decrypt(&file, key, &opened), SECRET_CIPHER_OK);
    check(view_equal(VIEW(opened.bytes), view_of_string(SAMPLE_SECRET)));
    return opened.header.version;
}

static inline int store_lab_load(const StoreLab *lab, const char *name)
{
    _cleanup_secret_file_ SecretFile file = { 0 };
    int r = secret_store_load(lab->store, name, &file);

    check((r == SECRET_STORE_OK) == (file.header.name != NULL));
    return r;
}
