/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every vector of a kind with what is expected of it, so that a vector that is added is tested.
 */
#pragma once

#include "crypto/certificate.h"

#include "lab.h"

/* One vector: its directory below the vectors, "snp/turin-v5-vcek", and its expectations. */
typedef struct Vector {
    const char *path;
    const char *name;
    const json_t *expected;
} Vector;

/* Calls RUN for each vector of KIND; fails when there are fewer than N_MIN. */
void vectors_each(const char *kind, size_t n_min, void (*run)(const Vector *vector));

/* Does the expected verdict say pass? Fails when it says neither that nor fail. */
bool vector_passes(const Vector *vector);
/* Is there such a file in it? */
bool vector_has(const Vector *vector, const char *role);
Bytes vector_read(const Vector *vector, const char *role);
Certificate *vector_certificate(const Vector *vector, const char *role);
/* Any certificate of the vectors, by its whole path. */
Certificate *vector_load_certificate(const char *path);

/* The value at a path of names; NULL when it is not there. Borrowed. */
const json_t *vector_at(const json_t *json, const char *path);
/* An integer, or 0 and 1 for false and true; fails when it is neither. */
long long vector_number(const json_t *json, const char *path);
void vector_check_hex(const json_t *json, const char *path, ByteView found);
/* subject, issuer, serial, not_before, not_after, sha256 */
void vector_check_certificate(const Certificate *certificate, const json_t *wanted);
