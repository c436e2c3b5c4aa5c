/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in the store, for people to read.
 */
#include "secret/store-directory.h"

#include "base/file.h"

#include <errno.h>
#include <string.h>

void secret_list_done(SecretList *list)
{
    for (size_t i = 0; i < list->n_items; i++) {
        free(list->items[i].name);
        secret_header_done(&list->items[i].header);
    }
    free(list->items);
    *list = (SecretList){ 0 };
}

/* NAME of "NAME.secret", owned; NULL in RET for other names. */
static int name_of(const char *entry, char **ret)
{
    size_t size = strlen(entry), suffix = strlen(STORE_SECRET_SUFFIX);

    *ret = NULL;
    if (size <= suffix || strcmp(entry + size - suffix, STORE_SECRET_SUFFIX) != 0)
        return 0;
    char *name = strndup(entry, size - suffix);
    if (!name)
        return -ENOMEM;
    if (secret_name_is_valid(name))
        *ret = name;
    else
        free(name);
    return 0;
}

/* Takes NAME. */
static int add(const SecretStore *store, char *name, SecretList *list)
{
    _cleanup_secret_file_ SecretFile file = { 0 };
    SecretListing listing = { .name = name };

    int r = secret_store_load(store, name, &file);
    if (r < 0) {
        free(name);
        return r;
    }
    listing.reason = r;
    listing.header = TAKE_STRUCT(file.header);
    list->items[list->n_items++] = listing;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const SecretListing *)a)->name, ((const SecretListing *)b)->name);
}

static int fill(const SecretStore *store, DIR *directory, SecretList *list)
{
    while (list->n_items < SECRET_STORE_MAX) {
        char *name;

        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (!entry)
            return -errno;
        int r = name_of(entry->d_name, &name);
        if (r == 0 && name)
            r = add(store, name, list);
        if (r < 0)
            return r;
    }
    return 0;
}

int secret_store_list(const SecretStore *store, SecretList *ret)
{
    _cleanup_closedir_ DIR *directory = fd_entries(store->fd);
    _cleanup_secret_list_ SecretList list = { 0 };

    if (!directory)
        return -errno;
    list.items = calloc(SECRET_STORE_MAX, sizeof(*list.items));
    if (!list.items)
        return -ENOMEM;
    int r = fill(store, directory, &list);
    if (r < 0)
        return r;
    qsort(list.items, list.n_items, sizeof(*list.items), by_name);
    *ret = TAKE_STRUCT(list);
    return 0;
}
