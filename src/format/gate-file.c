/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict: a mistake in a gate file must not make another gate of it.
 */
#include "format/gate-file.h"

#include "format/gate-name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FORMAT_VERSION  1 /* "attestd_gate" */
#define KIND            "verifier"
#define COORDINATE_SIZE 32   /* bytes; P-256, RFC 7518 6.2.1.2 */
#define VERIFIER_MAX    2048 /* characters, as a round request has them */

void gate_file_done(GateFile *gate)
{
    free(gate->name);
    free(gate->verifier);
    free(gate->vtpm_root);
    free(gate->vtpm_ca_pem);
    json_decref(gate->release_key);
    json_decref(gate->next_release_key);
    *gate = (GateFile){ 0 };
}

const char *gate_file_reason(int reason)
{
    switch (reason) {
    case GATE_FILE_OK:
        return "ok";
    case GATE_FILE_E_JSON:
        return "not one JSON object";
    case GATE_FILE_E_FORMAT:
        return "another format";
    case GATE_FILE_E_UNKNOWN:
        return "a member that is not known";
    case GATE_FILE_E_NAME:
        return "another name within";
    case GATE_FILE_E_KIND:
        return "another kind";
    case GATE_FILE_E_VERIFIER:
        return "no verifier";
    case GATE_FILE_E_RELEASE_KEY:
        return "no usable release key";
    case GATE_FILE_E_VTPM_ROOT:
        return "an unknown vtpm_root";
    case GATE_FILE_E_VTPM_CA:
        return "no certificates in vtpm_ca_pem";
    }
    return "unknown";
}

const char *gate_file_wanted(int reason)
{
    switch (reason) {
    case GATE_FILE_E_FORMAT:
        return "\"attestd_gate\": 1";
    case GATE_FILE_E_NAME:
        return "the name of the file";
    case GATE_FILE_E_KIND:
        return KIND;
    case GATE_FILE_E_RELEASE_KEY:
        return "a public P-256 JWK";
    case GATE_FILE_E_VTPM_ROOT:
        return "host, certificate, svsm or paravisor";
    case GATE_FILE_E_VTPM_CA:
        return "PEM of at most 12 KiB";
    }
    return "what attestctl gate add writes";
}

bool gate_vtpm_root_is_valid(const char *text)
{
    static const char *const roots[] = { "host", "certificate", "svsm", "paravisor" };

    for (size_t i = 0; i < ELEMENTSOF(roots); i++)
        if (strcmp(roots[i], text) == 0)
            return true;
    return false;
}

bool gate_vtpm_ca_is_valid(const char *text)
{
    size_t size = strlen(text);

    for (size_t i = 0; i < size; i++)
        if ((text[i] < ' ' || text[i] > '~') && text[i] != '\n' && text[i] != '\r')
            return false;
    return size <= GATE_VTPM_CA_MAX && strstr(text, "-----BEGIN CERTIFICATE-----");
}

static bool is_verifier(const char *text)
{
    size_t size = strlen(text);

    for (size_t i = 0; i < size; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    return size > 0 && size <= VERIFIER_MAX;
}

/* JSON_OK, a named no of json.h, -ENOMEM. */
static int check_coordinate(const json_t *jwk, const char *name)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = json_get_base64url(jwk, name, COORDINATE_SIZE, &bytes);
    return r == JSON_OK && bytes.size != COORDINATE_SIZE ? JSON_E_SIZE : r;
}

static bool is_public_p256(const json_t *jwk)
{
    static const char *const private_members[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };
    const char *kty, *crv;

    for (size_t i = 0; i < ELEMENTSOF(private_members); i++)
        if (json_object_get(jwk, private_members[i]))
            return false;
    return json_get_string(jwk, "kty", &kty) == JSON_OK && strcmp(kty, "EC") == 0 &&
           json_get_string(jwk, "crv", &crv) == JSON_OK && strcmp(crv, "P-256") == 0;
}

int gate_release_key(const json_t *jwk, json_t **ret)
{
    if (!is_public_p256(jwk))
        return GATE_FILE_E_RELEASE_KEY;
    int r = check_coordinate(jwk, "x");
    if (r == JSON_OK)
        r = check_coordinate(jwk, "y");
    if (r)
        return r < 0 ? r : GATE_FILE_E_RELEASE_KEY;

    json_t *key = json_pack("{ss ss sO sO}", "kty", "EC", "crv", "P-256", "x",
                            json_object_get(jwk, "x"), "y", json_object_get(jwk, "y"));
    if (!key)
        return -ENOMEM;
    *ret = key;
    return GATE_FILE_OK;
}

/* The texts, which are borrowed from OBJECT. */
static int read_texts(json_t *object, const char *name, const char **ret_verifier)
{
    static const char *const known[] = { "attestd_gate", "name",        "kind",
                                         "verifier",     "release_key", "next_release_key",
                                         "vtpm_root",    "vtpm_ca_pem", NULL };
    uint64_t version;
    const char *text;

    if (json_get_u64(object, "attestd_gate", &version) || version != FORMAT_VERSION)
        return GATE_FILE_E_FORMAT;
    if (json_unknown_member(object, known))
        return GATE_FILE_E_UNKNOWN;
    if (json_get_string(object, "name", &text) || strcmp(text, name) != 0 ||
        !gate_name_is_valid(name))
        return GATE_FILE_E_NAME;
    if (json_get_string(object, "kind", &text) || strcmp(text, KIND) != 0)
        return GATE_FILE_E_KIND;
    if (json_get_string(object, "verifier", ret_verifier) || !is_verifier(*ret_verifier))
        return GATE_FILE_E_VERIFIER;
    return GATE_FILE_OK;
}

/* A text that may be absent and that IS_VALID accepts. REASON for any other; -ENOMEM. */
static int read_optional(json_t *object, const char *name, bool (*is_valid)(const char *text),
                         int reason, char **ret)
{
    const char *text;

    int r = json_get_string(object, name, &text);
    if (r == JSON_E_MISSING)
        return GATE_FILE_OK;
    if (r || !is_valid(text))
        return reason;
    *ret = strdup(text);
    return *ret ? GATE_FILE_OK : -ENOMEM;
}

static int read_vtpm(json_t *object, GateFile *gate)
{
    int r = read_optional(object, "vtpm_root", gate_vtpm_root_is_valid, GATE_FILE_E_VTPM_ROOT,
                          &gate->vtpm_root);

    if (r == GATE_FILE_OK)
        r = read_optional(object, "vtpm_ca_pem", gate_vtpm_ca_is_valid, GATE_FILE_E_VTPM_CA,
                          &gate->vtpm_ca_pem);
    return r;
}

static int read_keys(const json_t *object, GateFile *gate)
{
    const json_t *next = json_object_get(object, "next_release_key");

    int r = gate_release_key(json_object_get(object, "release_key"), &gate->release_key);
    return r || !next ? r : gate_release_key(next, &gate->next_release_key);
}

static int read_gate(json_t *object, const char *name, GateFile *ret)
{
    _cleanup_gate_file_ GateFile gate = { 0 };
    const char *verifier = NULL;

    int r = read_texts(object, name, &verifier);
    if (r == GATE_FILE_OK)
        r = read_vtpm(object, &gate);
    if (r == GATE_FILE_OK)
        r = read_keys(object, &gate);
    if (r)
        return r;
    gate.name = strdup(name);
    gate.verifier = strdup(verifier);
    if (!gate.name || !gate.verifier)
        return -ENOMEM;
    *ret = TAKE_STRUCT(gate);
    return GATE_FILE_OK;
}

int gate_file_parse(ByteView text, const char *name, GateFile *ret)
{
    json_auto_t *object = NULL;

    int r = json_parse(text, GATE_FILE_MAX, &object);
    if (r < 0)
        return r;
    if (r > 0 || !json_is_object(object))
        return GATE_FILE_E_JSON;
    return read_gate(object, name, ret);
}

json_t *gate_file_to_json(const GateFile *gate)
{
    return json_pack("{si ss ss ss sO sO* ss* ss*}", "attestd_gate", FORMAT_VERSION, "name",
                     gate->name, "kind", KIND, "verifier", gate->verifier, "release_key",
                     gate->release_key, "next_release_key", gate->next_release_key, "vtpm_root",
                     gate->vtpm_root, "vtpm_ca_pem", gate->vtpm_ca_pem);
}

char *gate_file_text(const GateFile *gate)
{
    json_auto_t *object = gate_file_to_json(gate);
    _cleanup_free_ char *text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
    char *lines;

    return text && asprintf(&lines, "%s\n", text) >= 0 ? lines : NULL;
}
