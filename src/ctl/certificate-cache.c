/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DIRECTORY/vcek/Milan-CHIP-TCB.der, DIRECTORY/vcek-chain/Milan.pem, DIRECTORY/wait-until.
 */
#include "ctl/certificate-cache.h"

#include "base/file.h"
#include "ctl/input-file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CACHE_OF_ROOT "/var/cache/attestd"
#define WAIT_FILE     "wait-until"
#define WAIT_MAX_SEC  3600 /* what is farther away was not written by a clock that goes right */

char *certificate_cache_default(void)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char *path = NULL;

    if (geteuid() == 0)
        return strdup(CACHE_OF_ROOT);
    /* Relative paths are to be ignored (XDG base directories, "Environment variables"). */
    if (cache && *cache == '/')
        return asprintf(&path, "%s/attestd", cache) < 0 ? NULL : path;
    if (!home || *home != '/')
        return NULL;
    return asprintf(&path, "%s/.cache/attestd", home) < 0 ? NULL : path;
}

static char *join(const char *directory, const char *name)
{
    char *path = NULL;

    return !name || asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

int certificate_cache_get(const char *directory, const CertificateWant *want, Bytes *ret)
{
    _cleanup_free_ char *name = certificate_want_path(want);
    _cleanup_free_ char *path = join(directory, name);
    _cleanup_bytes_ Bytes bytes = { 0 };
    InputFileError error;

    if (!path)
        return -ENOMEM;
    int r = input_file_read(path, &bytes, &error);
    if (r < 0)
        return r;
    if (r == INPUT_FILE_E_MISSING)
        return CERTIFICATE_CACHE_E_ABSENT;
    if (r != INPUT_FILE_OK || bytes.size > CERTIFICATE_FILE_MAX ||
        !certificate_want_is(want, VIEW(bytes)))
        return CERTIFICATE_CACHE_E_DAMAGED;
    *ret = TAKE_STRUCT(bytes);
    return CERTIFICATE_CACHE_OK;
}

/* Every directory above PATH's last name. Negative errno. */
static int make_above(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        int r = mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
        *slash = '/';
        if (r < 0)
            return r;
    }
    return 0;
}

static int write_below(const char *directory, const char *name, ByteView bytes)
{
    _cleanup_free_ char *path = join(directory, name);

    if (!path)
        return -ENOMEM;
    int r = make_above(path);
    return r < 0 ? r : file_write_atomic(path, bytes, 0644);
}

int certificate_cache_put(const char *directory, const CertificateWant *want, ByteView bytes)
{
    _cleanup_free_ char *name = certificate_want_path(want);

    return write_below(directory, name, bytes);
}

int64_t certificate_cache_wait(const char *directory, int64_t now_sec)
{
    _cleanup_free_ char *path = join(directory, WAIT_FILE);
    _cleanup_bytes_ Bytes bytes = { 0 };
    InputFileError error;
    char *end;

    if (!path || input_file_read(path, &bytes, &error) != INPUT_FILE_OK)
        return 0;
    long long until = strtoll((const char *)bytes.data, &end, 10);
    bool is_number = end != (const char *)bytes.data && *end == '\n';
    return is_number && until > now_sec && until - now_sec <= WAIT_MAX_SEC ? (int64_t)until : 0;
}

int certificate_cache_set_wait(const char *directory, int64_t until_sec)
{
    char line[32];

    (void)snprintf(line, sizeof(line), "%" PRId64 "\n", until_sec);
    return write_below(directory, WAIT_FILE, view_of_string(line));
}
