/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A secret file as seal writes it, without a TPM: for tests to change one thing in.
 */
#pragma once

#include "secret/secret-cipher.h"
#include "testing.h"

#define SAMPLE_SECRET "correct horse battery staple"

static inline char *sample_text(const char *text)
{
    char *copy = strdup(text);

    check(copy);
    return copy;
}

static inline void sample_name_of_tpm(uint8_t out[static SECRET_TPM_NAME_SIZE], uint8_t fill)
{
    memset(out, fill, SECRET_TPM_NAME_SIZE);
    out[0] = 0x00;
    out[1] = 0x0b;
}

static inline SecretHeader sample_header(const char *name, uint64_t version)
{
    SecretHeader header = {
        .name = sample_text(name),
        .id = "sixteen bytes id",
        .version = version,
        .gate = sample_text("db"),
        .who = { sample_text("unit:db.service"), sample_text("unit:db@*.service") },
        .n_who = 2,
        .vtpm_root_minimum = sample_text("paravisor"),
        .created_sec = 1795327500,
    };

    sample_name_of_tpm(header.release_key_name, 0x11);
    sample_name_of_tpm(header.ak_name, 0x22);
    sample_name_of_tpm(header.parent_name, 0x33);
    return header;
}

static inline Secret *sample_key(uint8_t fill)
{
    uint8_t bytes[32];
    Secret *key = NULL;

    memset(bytes, fill, sizeof(bytes));
    check_int(secret_new(VIEW_OF_ARRAY(bytes), &key), 0);
    return key;
}

/* Takes HEADER; encrypted under sample_key(0x44). */
static inline SecretFile sample_file_of(SecretHeader header)
{
    _cleanup_(secret_freep) Secret *key = sample_key(0x44);
    SecretFile file = { 0 };

    check_int(secret_encrypt(&header, key, view_of_string(SAMPLE_SECRET), &file), SECRET_CIPHER_OK);
    check_int(bytes_copy(view_of_string("public area"), &file.sealed_public), 0);
    check_int(bytes_copy(view_of_string("private area"), &file.sealed_private), 0);
    return file;
}

static inline SecretFile sample_file(const char *name, uint64_t version)
{
    return sample_file_of(sample_header(name, version));
}

static inline Bytes sample_json(const char *name, uint64_t version)
{
    _cleanup_secret_file_ SecretFile file = sample_file(name, version);
    Bytes json = { 0 };

    check_int(secret_file_emit(&file, &json), 0);
    return json;
}
