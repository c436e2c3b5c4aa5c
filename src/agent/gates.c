/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gate files: strict, since a mistake in one must not be taken for another gate, and forgiving as a
 * set, since a mistake in one must not keep the others shut.
 */
#include "agent/gates.h"

#include "agent/directory-names.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define GATE_FORMAT        1  /* "attestd_gate" */
#define GATE_FILES_MAX     64 /* names that are looked at */
#define P256_COORDINATE    32 /* bytes; RFC 7518 6.2.1.2 */
#define OTHERS_MAY_WRITE   (S_IWGRP | S_IWOTH)
#define WANTED_MEMBERS     "what attestctl gate add writes"
#define WANTED_RELEASE_KEY "a public P-256 JWK"
#define WANTED_PERMISSIONS "a plain file that only root or attestd may write"

/* What is wrong with a file: for its finding. Static texts. */
typedef struct Fault {
    const char *name; /* NULL: nothing */
    const char *found;
    const char *wanted;
} Fault;

static Fault fault(const char *name, const char *found, const char *wanted)
{
    return (Fault){ .name = name, .found = found, .wanted = wanted };
}

static void gate_done(Gate *gate)
{
    free(gate->name);
    free(gate->verifier);
    json_decref(gate->release_key);
    json_decref(gate->next_release_key);
    *gate = (Gate){ 0 };
}

void gates_done(Gates *gates)
{
    for (size_t i = 0; i < gates->n_items; i++)
        gate_done(&gates->items[i]);
    gates->n_items = 0;
}

/* -EPERM: not a file that we believe. */
static int read_file(const char *path, Bytes *ret)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;

    if (fd < 0)
        return errno == ELOOP ? -EPERM : -errno;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_mode & OTHERS_MAY_WRITE ||
        (st.st_uid != 0 && st.st_uid != geteuid()))
        return -EPERM;
    return fd_read_all(fd, GATE_FILE_MAX, ret);
}

static bool is_coordinate(const json_t *jwk, const char *name)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    return json_get_base64url(jwk, name, P256_COORDINATE, &bytes) == JSON_OK &&
           bytes.size == P256_COORDINATE;
}

/* Whether the point is on the curve is for the worker to say, which has the arithmetic. */
static bool is_release_key(const json_t *jwk)
{
    static const char *const private_members[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };
    const char *kty, *crv;

    for (size_t i = 0; i < ELEMENTSOF(private_members); i++)
        if (json_object_get(jwk, private_members[i]))
            return false;
    return json_get_string(jwk, "kty", &kty) == JSON_OK && strcmp(kty, "EC") == 0 &&
           json_get_string(jwk, "crv", &crv) == JSON_OK && strcmp(crv, "P-256") == 0 &&
           is_coordinate(jwk, "x") && is_coordinate(jwk, "y");
}

/* The members that make the key, and no others. NULL: out of memory. */
static json_t *bare_key(const json_t *jwk)
{
    return json_pack("{sO sO sO sO}", "kty", json_object_get(jwk, "kty"), "crv",
                     json_object_get(jwk, "crv"), "x", json_object_get(jwk, "x"), "y",
                     json_object_get(jwk, "y"));
}

static Fault check_members(json_t *object, const char *name)
{
    static const char *const known[] = { "attestd_gate", "name",        "kind",
                                         "verifier",     "release_key", "next_release_key",
                                         "vtpm_root",    NULL };
    json_t *next = json_object_get(object, "next_release_key");
    uint64_t format = 0;
    const char *text = NULL;

    if (json_get_u64(object, "attestd_gate", &format) || format != GATE_FORMAT)
        return fault("gate-file-invalid", "another format", "\"attestd_gate\": 1");
    if (json_unknown_member(object, known))
        return fault("gate-file-invalid", "a member that is not known", WANTED_MEMBERS);
    if (json_get_string(object, "name", &text) || strcmp(text, name) != 0)
        return fault("gate-file-invalid", "another name within", "the name of the file");
    if (json_get_string(object, "kind", &text))
        return fault("gate-file-invalid", "no kind", WANTED_MEMBERS);
    if (strcmp(text, "verifier") != 0)
        return fault("gate-kind-unknown", "another kind", "verifier");
    if (json_get_string(object, "verifier", &text) || !text_is_printable(text))
        return fault("gate-file-invalid", "no verifier", WANTED_MEMBERS);
    if (!is_release_key(json_object_get(object, "release_key")) || (next && !is_release_key(next)))
        return fault("gate-file-invalid", "no usable release key", WANTED_RELEASE_KEY);
    return fault(NULL, NULL, NULL);
}

static int take_gate(const json_t *object, const char *name, Gates *gates)
{
    const json_t *next = json_object_get(object, "next_release_key");
    const char *verifier = json_string_value(json_object_get(object, "verifier"));
    Gate gate = { .name = strdup(name),
                  .verifier = strdup(verifier),
                  .release_key = bare_key(json_object_get(object, "release_key")),
                  .next_release_key = next ? bare_key(next) : NULL };

    if (!gate.name || !gate.verifier || !gate.release_key || (next && !gate.next_release_key)) {
        gate_done(&gate);
        return -ENOMEM;
    }
    gates->items[gates->n_items++] = gate;
    return 0;
}

/* Reads the gate NAME into GATES, or says what is wrong with its file. */
static int load_gate(const char *path, const char *name, Gates *gates, Fault *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    json_auto_t *object = NULL;

    if (!gate_name_is_valid(name)) {
        *ret = fault("gate-file-invalid", "no name of a gate",
                     "small letters, digits and dashes, at most 63");
        return 0;
    }
    int r = read_file(path, &bytes);
    if (r == -ENOMEM)
        return r;
    if (r == -EPERM)
        *ret = fault("gate-file-unreadable", "a link, no file, or writable to others",
                     WANTED_PERMISSIONS);
    else if (r < 0)
        *ret = fault("gate-file-unreadable", strerror(-r), WANTED_PERMISSIONS);
    if (r < 0)
        return 0;
    r = json_parse(VIEW(bytes), GATE_FILE_MAX, &object);
    if (r < 0)
        return r;
    *ret = r > 0 || !json_is_object(object) ? fault("gate-file-invalid", json_reason(r), "JSON")
                                            : check_members(object, name);
    return ret->name ? 0 : take_gate(object, name, gates);
}

static int add_gate(const char *directory, const char *name, Findings *findings, Gates *gates)
{
    _cleanup_free_ char *path = NULL;
    Fault found = { 0 };
    int r = 0;

    if (asprintf(&path, "%s/%s.json", directory, name) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    if (gates->n_items < GATES_MAX)
        r = load_gate(path, name, gates, &found);
    else
        found = fault("gate-too-many", "a 17th gate", "at most 16");
    if (r == 0 && found.name)
        r = findings_add(findings, found.name, path, FINDING_WARNING, found.found, found.wanted);
    return r;
}

int gates_load(const char *state_directory, Findings *findings, Gates *ret)
{
    _cleanup_gates_ Gates gates = { 0 };
    _cleanup_free_ char *directory = NULL;
    Texts names = { 0 };

    if (asprintf(&directory, "%s/gates", state_directory) < 0) {
        directory = NULL;
        return -ENOMEM;
    }
    int r = directory_names(directory, ".json", GATE_FILES_MAX, &names);
    if (r < 0 && r != -ENOMEM)
        r = findings_add(findings, "gate-file-unreadable", directory, FINDING_WARNING, strerror(-r),
                         "a directory of at most 64 gates");
    for (size_t i = 0; i < names.n_items && r == 0; i++)
        r = add_gate(directory, names.items[i], findings, &gates);
    texts_done(&names);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(gates);
    return 0;
}

static json_t *gate_to_json(const Gate *gate)
{
    return json_pack("{ss sO sO*}", "name", gate->name, "release_key", gate->release_key,
                     "next_release_key", gate->next_release_key);
}

json_t *gates_to_json(const Gates *gates, const char *verifier_id)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < gates->n_items; i++)
        if (strcmp(gates->items[i].verifier, verifier_id) == 0 &&
            json_array_append_new(array, gate_to_json(&gates->items[i])) < 0)
            return NULL;
    return TAKE_PTR(array);
}
