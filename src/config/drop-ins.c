/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drop-in files, by name, across directories.
 */
#include "config/drop-ins.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *file_name(const char *path)
{
    return strrchr(path, '/') + 1;
}

static bool is_drop_in(const char *name)
{
    size_t size = strlen(name);

    return name[0] != '.' && size > 5 && strcmp(name + size - 5, ".conf") == 0;
}

static bool is_hidden(const Texts *paths, const char *name)
{
    for (size_t i = 0; i < paths->n_items; i++)
        if (strcmp(file_name(paths->items[i]), name) == 0)
            return true;
    return false;
}

static int scan(const char *directory, Texts *paths)
{
    _cleanup_closedir_ DIR *dir = opendir(directory);

    /* An unreadable directory must not silently be an empty one. */
    if (!dir)
        return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
    for (struct dirent *entry; (entry = readdir(dir));) {
        _cleanup_free_ char *path = NULL;
        if (!is_drop_in(entry->d_name) || is_hidden(paths, entry->d_name))
            continue;
        if (paths->n_items >= DROP_INS_MAX)
            return -E2BIG;
        if (asprintf(&path, "%s/%s", directory, entry->d_name) < 0) {
            path = NULL;
            return -ENOMEM;
        }
        int r = texts_add(paths, path);
        if (r < 0)
            return r;
    }
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(file_name(*(char *const *)a), file_name(*(char *const *)b));
}

int drop_ins_find(const char *const *directories, size_t n_directories, Texts *ret)
{
    Texts paths = { 0 };
    int r = 0;

    for (size_t i = 0; i < n_directories && r == 0; i++)
        r = scan(directories[i], &paths);
    if (r < 0) {
        texts_done(&paths);
        return r;
    }
    if (paths.n_items > 1)
        qsort(paths.items, paths.n_items, sizeof(paths.items[0]), compare_names);
    *ret = paths;
    return 0;
}
