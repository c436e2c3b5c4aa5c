/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names to files.
 */
#include "ctl/gate-directory.h"

#include "base/file.h"
#include "config/config-value.h"
#include "format/gate-name.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

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

int gate_directory_names(const char *state_directory, Texts *ret)
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

int gate_directory_read(const char *state_directory, const char *name, GateFile *ret)
{
    _cleanup_free_ char *path = path_of(state_directory, name);
    _cleanup_bytes_ Bytes bytes = { 0 };

    if (!path)
        return -ENOMEM;
    int r = file_read(path, GATE_FILE_MAX, &bytes);
    if (r == -ENOENT)
        return GATE_DIRECTORY_E_ABSENT;
    if (r == -EFBIG)
        return GATE_FILE_E_JSON;
    return r < 0 ? r : gate_file_parse(VIEW(bytes), name, ret);
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

/* The same when it is written the same. */
static int compare(const GateFile *a, const GateFile *b)
{
    json_auto_t *one = gate_file_to_json(a), *other = gate_file_to_json(b);

    if (!one || !other)
        return -ENOMEM;
    return json_equal(one, other) ? 0 : GATE_DIRECTORY_E_EXISTS;
}

int gate_directory_replace(const char *state_directory, const GateFile *gate)
{
    _cleanup_free_ char *path = path_of(state_directory, gate->name), *text = gate_file_text(gate);

    return path && text ? file_write_atomic(path, view_of_string(text), GATE_MODE) : -ENOMEM;
}

int gate_directory_write(const char *state_directory, const GateFile *gate)
{
    _cleanup_gate_file_ GateFile present = { 0 };

    int r = gate_directory_read(state_directory, gate->name, &present);
    if (r == GATE_FILE_OK)
        return compare(gate, &present);
    if (r != GATE_DIRECTORY_E_ABSENT)
        return r < 0 ? r : GATE_DIRECTORY_E_EXISTS;
    r = make_directory(state_directory);
    return r < 0 ? r : gate_directory_replace(state_directory, gate);
}

int gate_directory_remove(const char *state_directory, const char *name)
{
    _cleanup_free_ char *path = path_of(state_directory, name);

    if (!path)
        return -ENOMEM;
    if (unlink(path) == 0)
        return 0;
    return errno == ENOENT ? GATE_DIRECTORY_E_ABSENT : -errno;
}
