/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gate files as a set: a mistake in one must not keep the others shut.
 */
#include "agent/gates.h"

#include "agent/directory-names.h"
#include "base/file.h"
#include "format/gate-name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define GATE_FILES_MAX     64 /* names that are looked at */
#define OTHERS_MAY_WRITE   (S_IWGRP | S_IWOTH)
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

void gates_done(Gates *gates)
{
    for (size_t i = 0; i < gates->n_items; i++)
        gate_file_done(&gates->items[i]);
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

/* Reads the gate NAME into GATES, or says what is wrong with its file. */
static int load_gate(const char *path, const char *name, Gates *gates, Fault *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    if (!gate_name_is_valid(name)) {
        *ret = fault("gate-file-invalid", "no name of a gate",
                     "small letters, digits and dashes, at most 63");
        return 0;
    }
    int r = read_file(path, &bytes);
    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        *ret = fault("gate-file-unreadable",
                     r == -EPERM ? "a link, no file, or writable to others" : strerror(-r),
                     WANTED_PERMISSIONS);
        return 0;
    }
    r = gate_file_parse(VIEW(bytes), name, &gates->items[gates->n_items]);
    if (r < 0)
        return r;
    if (r == GATE_FILE_OK)
        gates->n_items++;
    else
        *ret = fault(r == GATE_FILE_E_KIND ? "gate-kind-unknown" : "gate-file-invalid",
                     gate_file_reason(r), gate_file_wanted(r));
    return 0;
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

static bool is_asked_of(const GateFile *gate, const char *verifier_id)
{
    return gate_kind_has_round(gate->kind) && strcmp(gate->verifier, verifier_id) == 0;
}

/* What the worker needs of a gate's file, member by member as it stands there. */
static json_t *gate_to_json(const GateFile *gate)
{
    static const char *const members[] = {
        "name",    "kind", "release_key", "next_release_key", "ticket",       "cap_pcr",
        "key_url", "key",  "client_id",   "resource",         "vault_ca_pem", "api_version"
    };
    json_auto_t *file = gate_file_to_json(gate);
    json_auto_t *object = file ? json_object() : NULL;

    for (size_t i = 0; object && i < ELEMENTSOF(members); i++) {
        json_t *value = json_object_get(file, members[i]);
        if (value && json_object_set(object, members[i], value) < 0)
            return NULL;
    }
    return TAKE_PTR(object);
}

json_t *gates_to_json(const Gates *gates, const char *verifier_id)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < gates->n_items; i++)
        if (is_asked_of(&gates->items[i], verifier_id) &&
            json_array_append_new(array, gate_to_json(&gates->items[i])) < 0)
            return NULL;
    return TAKE_PTR(array);
}

json_t *gates_wrapped_names(const Gates *gates, const char *verifier_id)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < gates->n_items; i++) {
        const GateFile *gate = &gates->items[i];
        if (gate_kind_is_wrapped(gate->kind) && is_asked_of(gate, verifier_id) &&
            json_array_append_new(array, json_string(gate->name)) < 0)
            return NULL;
    }
    return TAKE_PTR(array);
}

bool gates_are_on_demand(const Gates *gates, const char *verifier_id)
{
    for (size_t i = 0; i < gates->n_items; i++) {
        const GateFile *gate = &gates->items[i];
        if (is_asked_of(gate, verifier_id) && (gate_kind_is_wrapped(gate->kind) || gate->no_ticket))
            return true;
    }
    return false;
}

bool gates_need_no_approval(const Gates *gates)
{
    for (size_t i = 0; i < gates->n_items; i++)
        if (gates->items[i].kind == GATE_KIND_PCR)
            return true;
    return false;
}
