/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nine names in three directories, and whatever is in a fourth.
 */
#include "ctl/roots.h"

#include "ctl/complain.h"
#include "ctl/input-file.h"
#include "ctl/input.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* 0 with RET_FOUND; a file that is not there is neither. Else an exit class. */
static int add_root(const Options *options, const char *path, attest_item item, attest_input *input,
                    bool *ret_found)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    InputFileError error;

    int r = input_file_read(path, &bytes, &error);
    if (r == INPUT_FILE_E_MISSING)
        return 0;
    if (r < 0)
        return complain_of_errno(r, path);
    if (r > 0)
        return input_refuse(options, error.name, path, error.found);
    *ret_found = true;
    return input_add_bytes(options, input, item, VIEW(bytes), path);
}

/* May its files be looked for at all? */
static int check_directory(const Options *options, const char *directory)
{
    _cleanup_close_ int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return input_refuse(options, "roots-unreadable", directory, strerror(errno));
    return 0;
}

static int add_amd(const Options *options, const char *directory, attest_input *input,
                   bool *ret_found)
{
    static const char *const products[] = { "milan", "genoa", "turin" };
    static const char *const names[] = { "ark", "ask", "asvk" };
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(products) * ELEMENTSOF(names) && r == 0; i++) {
        _cleanup_free_ char *path = NULL;
        if (asprintf(&path, "%s/%s/%s.der", directory, products[i / ELEMENTSOF(names)],
                     names[i % ELEMENTSOF(names)]) < 0)
            return complain_of_errno(-ENOMEM, directory);
        r = add_root(options, path, ATTEST_ITEM_AMD_ROOT, input, ret_found);
    }
    return r;
}

static int is_certificate(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot && (strcmp(dot, ".der") == 0 || strcmp(dot, ".pem") == 0);
}

static int add_listed(const Options *options, const char *directory, struct dirent *const *entries,
                      size_t n, attest_input *input, bool *ret_found)
{
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++) {
        _cleanup_free_ char *path = NULL;
        if (asprintf(&path, "%s/%s", directory, entries[i]->d_name) < 0)
            return complain_of_errno(-ENOMEM, directory);
        r = add_root(options, path, ATTEST_ITEM_VTPM_ROOT, input, ret_found);
    }
    return r;
}

static int add_vtpm(const Options *options, const char *directory, attest_input *input,
                    bool *ret_found)
{
    _cleanup_free_ struct dirent **entries = NULL;
    _cleanup_free_ char *path = NULL;

    if (asprintf(&path, "%s/vtpm", directory) < 0)
        return complain_of_errno(-ENOMEM, directory);
    int n = scandir(path, &entries, is_certificate, alphasort);
    if (n < 0)
        return errno == ENOENT ? 0
                               : input_refuse(options, "roots-unreadable", path, strerror(errno));
    int r = add_listed(options, path, entries, (size_t)n, input, ret_found);
    for (int i = 0; i < n; i++)
        free(entries[i]);
    return r;
}

int roots_add(const Options *options, const char *directory, attest_input *input)
{
    bool found = false;

    int r = check_directory(options, directory);
    if (r == 0)
        r = add_amd(options, directory, input, &found);
    if (r == 0)
        r = add_vtpm(options, directory, input, &found);
    if (r == 0 && !found)
        return input_refuse(options, "roots-empty", directory, NULL);
    return r;
}
