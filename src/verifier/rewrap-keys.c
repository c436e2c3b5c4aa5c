/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One key a file, PEM; what is older is found by its name.
 */
#include "verifier/rewrap-keys.h"

#include "verifier/instance.h"

#include "base/file.h"
#include "crypto/jwk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void rewrap_keys_done(RewrapKeys *keys)
{
    for (size_t i = 0; i < keys->n_items; i++) {
        key_free(keys->items[i].key);
        free(keys->items[i].kid);
    }
    *keys = (RewrapKeys){ 0 };
}

static int refuse(Findings *findings, const char *path, const char *found, const char *wanted)
{
    int r = findings_add(findings, "verifier-key-unusable", path, FINDING_FAILURE, found, wanted);

    return r < 0 ? r : REWRAP_KEYS_E_INVALID;
}

static int add(const char *path, Findings *findings, RewrapKeys *keys)
{
    RewrapKey *item = &keys->items[keys->n_items];
    _cleanup_(key_freep) Key *key = NULL;

    if (keys->n_items == REWRAP_KEYS_MAX)
        return refuse(findings, path, "one key too many", "at most 15 older rewrap keys");
    int r = key_load(path, findings, &key);
    if (r)
        return r < 0 ? r : REWRAP_KEYS_E_INVALID;
    r = jwk_thumbprint_text(key, &item->kid);
    if (r < 0)
        return r;
    item->key = TAKE_PTR(key);
    keys->n_items++;
    return REWRAP_KEYS_OK;
}

/* What stands before the file's own name, with the slash; 0: nothing does. */
static size_t directory_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* DIRECTORY/NAME; owned; NULL: out of memory. */
static char *path_beside(const char *path, const char *prefix, const char *name, const char *suffix)
{
    char *text = NULL;

    return asprintf(&text, "%.*s%s%s%s", (int)directory_length(path), path, prefix, name, suffix) <
                   0
               ? NULL
               : text;
}

static bool is_old(const char *name)
{
    size_t size = strlen(name), prefix = strlen(REWRAP_OLD_PREFIX);
    size_t suffix = strlen(REWRAP_OLD_SUFFIX);

    return size > prefix + suffix && strncmp(name, REWRAP_OLD_PREFIX, prefix) == 0 &&
           strcmp(name + size - suffix, REWRAP_OLD_SUFFIX) == 0;
}

static int load_old(const char *path, Findings *findings, RewrapKeys *keys)
{
    _cleanup_free_ char *directory = path_beside(path, "", ".", "");
    const struct dirent *entry;

    if (!directory)
        return -ENOMEM;
    _cleanup_closedir_ DIR *stream = opendir(directory);
    if (!stream)
        return refuse(findings, directory, strerror(errno), "a readable directory");
    while ((entry = readdir(stream))) {
        if (!is_old(entry->d_name))
            continue;
        _cleanup_free_ char *old = path_beside(path, "", entry->d_name, "");
        int r = old ? add(old, findings, keys) : -ENOMEM;
        if (r)
            return r;
    }
    return REWRAP_KEYS_OK;
}

int rewrap_keys_load(const char *path, Findings *findings, RewrapKeys *ret)
{
    _cleanup_rewrap_keys_ RewrapKeys keys = { 0 };

    int r = add(path, findings, &keys);
    if (r == REWRAP_KEYS_OK)
        r = load_old(path, findings, &keys);
    if (r)
        return r;
    *ret = TAKE_STRUCT(keys);
    return REWRAP_KEYS_OK;
}

const Key *rewrap_keys_find(const RewrapKeys *keys, const char *kid)
{
    for (size_t i = 0; i < keys->n_items; i++)
        if (strcmp(keys->items[i].kid, kid) == 0)
            return keys->items[i].key;
    return NULL;
}

/* Is the present key among the older ones too? */
static bool is_kept(const RewrapKeys *keys)
{
    for (size_t i = 1; i < keys->n_items; i++)
        if (strcmp(keys->items[i].kid, keys->items[0].kid) == 0)
            return true;
    return false;
}

int rewrap_keys_rotate(const char *path, Findings *findings)
{
    _cleanup_rewrap_keys_ RewrapKeys keys = { 0 };

    int r = rewrap_keys_load(path, findings, &keys);
    if (r)
        return r;
    if (keys.n_items == REWRAP_KEYS_MAX)
        return refuse(findings, path, "15 older keys are kept",
                      "remove the oldest first; what is still wrapped to it no longer opens");
    _cleanup_free_ char *old =
        path_beside(path, REWRAP_OLD_PREFIX, keys.items[0].kid, REWRAP_OLD_SUFFIX);
    if (!old)
        return -ENOMEM;
    /* A second name for the same file; writing the new one takes the first name away. It is there
     * already when a rotation was cut off between the two. */
    if (link(path, old) < 0 && (errno != EEXIST || !is_kept(&keys)))
        return -errno;
    return key_write(path);
}
