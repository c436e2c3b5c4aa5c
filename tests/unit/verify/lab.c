/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors, findings and TPM structures for the tests of verify.
 */
#include "lab.h"

#include <stdio.h>
#include <time.h>

json_t *lab_expected(const char *kind, const char *name)
{
    char path[160];

    (void)snprintf(path, sizeof(path), "expected/%s__%s.json", kind, name);
    Bytes text = test_vector(path);
    json_t *json = json_loadb((const char *)text.data, text.size,
                              JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    check(json != NULL);
    bytes_done(&text);
    return json;
}

const char *lab_text(const json_t *json, const char *path)
{
    char copy[128], *rest = copy;

    (void)snprintf(copy, sizeof(copy), "%s", path);
    for (char *name; (name = strsep(&rest, "."));)
        json = json_object_get(json, name);
    check(json_is_string(json));
    return json_string_value(json);
}

int64_t lab_seconds(const char *timestamp)
{
    struct tm tm = { 0 };

    check(strptime(timestamp, "%Y-%m-%dT%H:%M:%S", &tm) != NULL);
    return timegm(&tm);
}

int64_t lab_now(void)
{
    return (int64_t)time(NULL);
}

Bytes lab_hex(const char *text)
{
    Bytes bytes = { 0 };

    check_int(hex_decode(text, &bytes), ENCODE_OK);
    return bytes;
}

void lab_put(Bytes *out, const void *data, size_t size)
{
    check_int(bytes_append(out, (ByteView){ .data = data, .size = size }), 0);
}

void lab_put_be(Bytes *out, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        check_int(bytes_append_u8(out, (uint8_t)(value >> 8 * (size - 1 - i))), 0);
}

void lab_put_le(Bytes *out, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        check_int(bytes_append_u8(out, (uint8_t)(value >> 8 * i)), 0);
}

void lab_print(const Findings *findings)
{
    for (size_t i = 0; i < findings->n_items; i++) {
        const Finding *f = &findings->items[i];
        (void)fprintf(stderr, "  %s %s [%s]: found \"%s\", wanted \"%s\"\n",
                      f->result == FINDING_FAILURE ? "failure" : "warning", f->name, f->subject,
                      f->found, f->wanted);
    }
}

static bool has(const Findings *findings, const char *name, FindingResult result)
{
    for (size_t i = 0; i < findings->n_items; i++)
        if (strcmp(findings->items[i].name, name) == 0 && findings->items[i].result == result)
            return true;
    return false;
}

/* Every finding must have its catalogue entry, which is where the remedy comes from. */
static void check_catalogued(const Findings *findings)
{
    for (size_t i = 0; i < findings->n_items; i++) {
        if (findings->items[i].remedy[0] == 0)
            (void)fprintf(stderr, "not in the catalogue: %s\n", findings->items[i].name);
        check(findings->items[i].remedy[0] != 0);
    }
}

void lab_check_failure(const Findings *findings, const char *name)
{
    check_catalogued(findings);
    if (!has(findings, name, FINDING_FAILURE)) {
        (void)fprintf(stderr, "no failure %s among:\n", name);
        lab_print(findings);
        abort();
    }
}

void lab_check_warning(const Findings *findings, const char *name)
{
    check_catalogued(findings);
    if (!has(findings, name, FINDING_WARNING)) {
        (void)fprintf(stderr, "no warning %s among:\n", name);
        lab_print(findings);
        abort();
    }
}

void lab_check_no_failure(const Findings *findings)
{
    check_catalogued(findings);
    if (findings_first_failure(findings)) {
        lab_print(findings);
        abort();
    }
}

/* TPMT_PUBLIC, TPM 2.0 Part 2, 12.2.4. */
Bytes lab_tpm_public(const Key *key, uint32_t attributes)
{
    bool is_signing = (attributes & TPM_OBJECT_SIGN) != 0;
    bool is_rsa = key_type(key) == KEY_RSA;
    _cleanup_bytes_ Bytes x = { 0 };
    _cleanup_bytes_ Bytes y = { 0 };
    Bytes out = { 0 };

    lab_put_be(&out, is_rsa ? TPM_ALG_RSA : TPM_ALG_ECC, 2);
    lab_put_be(&out, TPM_ALG_SHA256, 2);
    lab_put_be(&out, attributes, 4);
    lab_put_be(&out, 0, 2); /* authPolicy */
    if (is_signing) {
        lab_put_be(&out, TPM_ALG_NULL, 2);
        lab_put_be(&out, is_rsa ? TPM_ALG_RSASSA : TPM_ALG_ECDSA, 2);
        lab_put_be(&out, TPM_ALG_SHA256, 2);
    } else {
        lab_put_be(&out, TPM_ALG_AES, 2);
        lab_put_be(&out, 128, 2);
        lab_put_be(&out, TPM_ALG_CFB, 2);
        lab_put_be(&out, TPM_ALG_NULL, 2);
    }
    if (is_rsa) {
        lab_put_be(&out, key_bits(key), 2);
        lab_put_be(&out, 0, 4);
        check_int(key_rsa_numbers(key, &x, &y), KEY_OK);
        lab_put_be(&out, x.size, 2);
        lab_put(&out, x.data, x.size);
        return out;
    }
    lab_put_be(&out, key_type(key) == KEY_P384 ? TPM_CURVE_P384 : TPM_CURVE_P256, 2);
    lab_put_be(&out, TPM_ALG_NULL, 2); /* kdf */
    check_int(key_ec_point(key, &x, &y), KEY_OK);
    lab_put_be(&out, x.size, 2);
    lab_put(&out, x.data, x.size);
    lab_put_be(&out, y.size, 2);
    lab_put(&out, y.data, y.size);
    return out;
}

Bytes lab_wrap_rsassa(ByteView signature)
{
    Bytes out = { 0 };

    lab_put_be(&out, TPM_ALG_RSASSA, 2);
    lab_put_be(&out, TPM_ALG_SHA256, 2);
    lab_put_be(&out, signature.size, 2);
    lab_put(&out, signature.data, signature.size);
    return out;
}
