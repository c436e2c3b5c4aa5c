/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gate files by name.
 */
#include "ctl/gate-file.h"

#include "base/file.h"
#include "config/config-value.h"
#include "format/gate-name.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define GATE_FORMAT         1 /* "attestd_gate" */
#define GATE_SUFFIX         ".json"
#define GATE_MODE           0644 /* nothing in it is secret; attestd is another user */
#define GATE_DIRECTORY_MODE 0755

/* STATE_DIRECTORY/gates, or a file in it; NULL when out of memory. */
static char *path_of(const char *state_directory, const char *name)
{
    char *path = NULL;
    int r = name ? asprintf(&path, "%s/gates/%s" GATE_SUFFIX, state_directory, name)
                 : asprintf(&path, "%s/gates", state_directory);

    return r < 0 ? NULL : path;
}

static int is_gate_file(const struct dirent *entry)
{
    char name[GATE_NAME_LIMIT + 1];
    size_t length = strlen(entry->d_name), suffix = strlen(GATE_SUFFIX);

    if (length <= suffix || length - suffix > GATE_NAME_LIMIT ||
        strcmp(entry->d_name + length - suffix, GATE_SUFFIX) != 0)
        return 0;
    (void)snprintf(name, sizeof(name), "%.*s", (int)(length - suffix), entry->d_name);
    return gate_name_is_valid(name);
}

int gate_file_names(const char *state_directory, Texts *ret)
{
    _cleanup_free_ char *path = path_of(state_directory, NULL);
    struct dirent **entries = NULL;
    Texts names = { 0 };
    int r = 0;

    if (!path)
        return -ENOMEM;
    int n = scandir(path, &entries, is_gate_file, alphasort);
    if (n < 0)
        return errno == ENOENT ? 0 : -errno;
    for (int i = 0; i < n; i++) {
        entries[i]->d_name[strlen(entries[i]->d_name) - strlen(GATE_SUFFIX)] = 0;
        if (r == 0)
            r = texts_add(&names, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (r < 0)
        texts_done(&names);
    else
        *ret = names;
    return r;
}

static bool is_gate(json_t *gate, const char *wanted_name)
{
    const char *name, *text;
    uint64_t format;
    json_t *key;

    return json_get_u64(gate, "attestd_gate", &format) == JSON_OK && format == GATE_FORMAT &&
           json_get_string(gate, "name", &name) == JSON_OK && strcmp(name, wanted_name) == 0 &&
           json_get_string(gate, "kind", &text) == JSON_OK && text_is_printable(text) &&
           json_get_string(gate, "verifier", &text) == JSON_OK && text_is_printable(text) &&
           json_get_object(gate, "release_key", &key) == JSON_OK;
}

int gate_file_read(const char *state_directory, const char *name, json_t **ret)
{
    _cleanup_free_ char *path = path_of(state_directory, name);
    _cleanup_bytes_ Bytes bytes = { 0 };
    json_auto_t *gate = NULL;

    if (!path)
        return -ENOMEM;
    int r = file_read(path, GATE_FILE_MAX, &bytes);
    if (r == -ENOENT)
        return GATE_FILE_E_ABSENT;
    if (r == -EFBIG)
        return GATE_FILE_E_INVALID;
    if (r == 0)
        r = json_parse(VIEW(bytes), GATE_FILE_MAX, &gate);
    if (r < 0)
        return r;
    if (r > 0 || !json_is_object(gate) || !is_gate(gate, name))
        return GATE_FILE_E_INVALID;
    *ret = TAKE_PTR(gate);
    return GATE_FILE_OK;
}

/* The directory above is the package's: where it is missing, something else is wrong. */
static int make_directory(const char *state_directory)
{
    _cleanup_free_ char *path = path_of(state_directory, NULL);

    if (!path)
        return -ENOMEM;
    if (mkdir(path, GATE_DIRECTORY_MODE) == 0)
        return chmod(path, GATE_DIRECTORY_MODE) < 0 ? -errno : 0;
    return errno == EEXIST ? 0 : -errno;
}

static int write_json(const char *path, const json_t *gate)
{
    _cleanup_free_ char *text = json_dumps(gate, JSON_INDENT(2)), *lines = NULL;

    if (!text || asprintf(&lines, "%s\n", text) < 0) {
        lines = NULL;
        return -ENOMEM;
    }
    return file_write_atomic(path, view_of_string(lines), GATE_MODE);
}

int gate_file_write(const char *state_directory, const char *name, json_t *gate)
{
    _cleanup_free_ char *path = path_of(state_directory, name);
    json_auto_t *present = NULL;

    if (!path)
        return -ENOMEM;
    int r = gate_file_read(state_directory, name, &present);
    if (r == GATE_FILE_OK && json_equal(gate, present))
        return GATE_FILE_OK;
    if (r == GATE_FILE_OK || r == GATE_FILE_E_INVALID)
        return GATE_FILE_E_EXISTS;
    if (r < 0)
        return r;
    r = make_directory(state_directory);
    return r < 0 ? r : write_json(path, gate);
}

int gate_file_remove(const char *state_directory, const char *name)
{
    _cleanup_free_ char *path = path_of(state_directory, name);

    if (!path)
        return -ENOMEM;
    if (unlink(path) == 0)
        return GATE_FILE_OK;
    return errno == ENOENT ? GATE_FILE_E_ABSENT : -errno;
}
