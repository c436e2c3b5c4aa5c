/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readdir, filtered and sorted.
 */
#include "agent/directory-names.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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

/* Never through a link at its end. NULL in RET where there is no such directory. */
static int open_directory(const char *directory, DIR **ret)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    *ret = NULL;
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    *ret = fdopendir(fd);
    if (*ret)
        return 0;
    int r = -errno;
    (void)close(fd);
    return r;
}

int directory_names(const char *directory, const char *suffix, size_t limit, Texts *ret)
{
    _cleanup_closedir_ DIR *dir = NULL;
    Texts names = { 0 };
    struct dirent *entry;

    int r = open_directory(directory, &dir);
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
