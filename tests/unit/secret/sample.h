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

#define SAMPLE_JWE "e30.QQ.QQ.QQ.QQ" /* by its looks */

static inline SecretHeader sample_common(const char *name, uint64_t version, GateKind kind)
{
    SecretHeader header = {
        .name = sample_text(name),
        .id = "sixteen bytes id",
        .version = version,
        .gate = sample_text("db"),
        .gate_kind = kind,
        .who = { sample_text("volume:data"), sample_text("user:1000") },
        .n_who = 2,
        .on_loss = ON_LOSS_STOP_UNITS,
        .on_change = ON_CHANGE_RELOAD,
        .recovery = sample_text(SAMPLE_JWE),
        .vtpm_root_minimum = sample_text("svsm"),
        .created_sec = 1795327500,
    };

    return header;
}

/* Every member that a header of each kind can have. */
static inline SecretHeader sample_whole(const char *name, uint64_t version, GateKind kind)
{
    SecretHeader header = sample_common(name, version, kind);

    if (gate_kind_is_wrapped(kind)) {
        header.wrapped = sample_text(SAMPLE_JWE);
        return header;
    }
    sample_name_of_tpm(header.parent_name, 0x33);
    header.has_counter = true;
    header.counter = (SecretCounter){ .index = 0x01800a07, .value = 42 };
    sample_name_of_tpm(header.counter.name, 0x66);
    header.pcrs.mask = kind == GATE_KIND_PCR ? 1 << 4 | 1 << 9 : 1 << 13;
    memset(header.pcrs.values[4], kind == GATE_KIND_PCR ? 0x04 : 0, 32);
    memset(header.pcrs.values[9], kind == GATE_KIND_PCR ? 0x09 : 0, 32);
    memset(header.pcrs.values[13], kind == GATE_KIND_PCR ? 0 : 0x0d, 32);
    if (kind == GATE_KIND_PCR)
        return header;
    sample_name_of_tpm(header.release_key_name, 0x11);
    sample_name_of_tpm(header.ak_name, 0x22);
    header.has_next_release_key = true;
    sample_name_of_tpm(header.next_release_key_name, 0x55);
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
    if (gate_kind_is_wrapped(file.header.gate_kind))
        return file;
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
