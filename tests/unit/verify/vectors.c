/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks the directories of vectors.
 */
#include "vectors.h"

#include <dirent.h>

void vectors_each(const char *kind, size_t n_min, void (*run)(const Vector *vector))
{
    _cleanup_bytes_ _unused_ Bytes there = test_vector("README.md"); /* else skipped */
    struct dirent **entries = NULL;
    char path[512];
    size_t n_run = 0;

    (void)snprintf(path, sizeof(path), "%s/%s", VECTORS_DIR, kind);
    int n = scandir(path, &entries, NULL, alphasort);
    check(n >= 0);
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        if (name[0] != '.') {
            json_auto_t *expected = lab_expected(kind, name);
            (void)snprintf(path, sizeof(path), "%s/%s", kind, name);
            (void)printf("  %s\n", path);
            (void)fflush(stdout);
            run(&(Vector){ .path = path, .name = name, .expected = expected });
            n_run++;
        }
        free(entries[i]);
    }
    free(entries);
    check(n_run >= n_min);
}

bool vector_passes(const Vector *vector)
{
    const char *verdict = lab_text(vector->expected, "verdict");

    check(strcmp(verdict, "pass") == 0 || strcmp(verdict, "fail") == 0);
    return strcmp(verdict, "pass") == 0;
}

bool vector_has(const Vector *vector, const char *role)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s/%s", VECTORS_DIR, vector->path, role);
    return access(path, R_OK) == 0;
}

Bytes vector_read(const Vector *vector, const char *role)
{
    char path[256];

    (void)snprintf(path, sizeof(path), "%s/%s", vector->path, role);
    return test_vector(path);
}

Certificate *vector_load_certificate(const char *path)
{
    _cleanup_bytes_ Bytes der = test_vector(path);
    Certificate *certificate = NULL;

    check_int(certificate_from_der(VIEW(der), &certificate), CERTIFICATE_OK);
    return certificate;
}

Certificate *vector_certificate(const Vector *vector, const char *role)
{
    char path[256];

    (void)snprintf(path, sizeof(path), "%s/%s", vector->path, role);
    return vector_load_certificate(path);
}

const json_t *vector_at(const json_t *json, const char *path)
{
    char copy[128], *rest = copy;

    (void)snprintf(copy, sizeof(copy), "%s", path);
    for (char *name; (name = strsep(&rest, "."));)
        json = json_object_get(json, name);
    return json;
}

long long vector_number(const json_t *json, const char *path)
{
    const json_t *value = vector_at(json, path);

    if (!json_is_integer(value) && !json_is_boolean(value))
        (void)fprintf(stderr, "no number %s\n", path);
    check(json_is_integer(value) || json_is_boolean(value));
    return json_is_integer(value) ? json_integer_value(value) : json_is_true(value);
}

void vector_check_hex(const json_t *json, const char *path, ByteView found)
{
    _cleanup_free_ char *hex = hex_encode(found);

    check_str(hex, lab_text(json, path));
}

void vector_check_certificate(const Certificate *certificate, const json_t *wanted)
{
    _cleanup_free_ char *subject = NULL, *issuer = NULL;
    Digest digest;

    check_int(certificate_subject_name(certificate, &subject), 0);
    check_int(certificate_issuer_name(certificate, &issuer), 0);
    check_str(subject, lab_text(wanted, "subject"));
    check_str(issuer, lab_text(wanted, "issuer"));
    check_str(certificate_serial(certificate), lab_text(wanted, "serial"));
    check_int(certificate_not_before_sec(certificate), lab_seconds(lab_text(wanted, "not_before")));
    check_int(certificate_not_after_sec(certificate), lab_seconds(lab_text(wanted, "not_after")));
    check_int(digest_of(DIGEST_SHA256, certificate_der(certificate), &digest), 0);
    vector_check_hex(wanted, "sha256", digest_view(&digest));
}
