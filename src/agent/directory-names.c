/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readdir, filtered and sorted.
 */
#include "agent/directory-names.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

static void closedirp(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds NAME without SUFFIX, if it is one of those wanted. */
static int add_name(char *name, const char *suffix, size_t limit, Texts *names)
{
    size_t size = strlen(name), end = strlen(suffix);

    if (name[0] == '.' || size <= end || strcmp(name + size - end, suffix) != 0)
        return 0;
    if (names->n_items >= limit)
        return -E2BIG;
    name[size - end] = 0;
    return texts_add(names, name);
}

int directory_names(const char *directory, const char *suffix, size_t limit, Texts *ret)
{
    _cleanup_(closedirp) DIR *dir = opendir(directory);
    Texts names = { 0 };
    struct dirent *entry;
    int r = 0;

    if (!dir && errno != ENOENT)
        return -errno;
    while (dir && r == 0) {
        errno = 0;
        entry = readdir(dir);
        if (!entry) {
            r = -errno;
            break;
        }
        r = add_name(entry->d_name, suffix, limit, &names);
    }
    if (r < 0) {
        texts_done(&names);
        return r;
    }
    if (names.n_items > 1)
        qsort(names.items, names.n_items, sizeof(names.items[0]), compare_texts);
    *ret = names;
    return 0;
}
