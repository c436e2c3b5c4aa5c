/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state directory's "format": one line, a number and the version that first wrote it.
 */
#include "config/state-format.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define VERSION_MAX  20 /* characters of a version; preinst reads as many */
#define TEXT(value)  TEXT_(value)
#define TEXT_(value) #value

typedef struct StateFormat {
    unsigned number; /* 0: no file */
    char since[VERSION_MAX + 1];
} StateFormat;

static bool is_version(const char *text)
{
    size_t length = strspn(text, "0123456789.");

    return length > 0 && length <= VERSION_MAX && !text[length];
}

/* LINE, without its end. */
static int parse(char *line, StateFormat *ret)
{
    unsigned number = 0;
    char *space = strchr(line, ' ');

    if (!space || space == line || space - line > 4 || !is_version(space + 1))
        return STATE_FORMAT_E_INVALID;
    for (const char *c = line; c < space; c++) {
        if (*c < '0' || *c > '9')
            return STATE_FORMAT_E_INVALID;
        number = 10 * number + (unsigned)(*c - '0');
    }
    if (number == 0)
        return STATE_FORMAT_E_INVALID;
    ret->number = number;
    (void)snprintf(ret->since, sizeof(ret->since), "%s", space + 1);
    return STATE_FORMAT_OK;
}

/* Root reads it too, and the directory is the user attestd's: no link, nothing that can block. */
static int read_file(const char *path, Bytes *ret)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -ELOOP;
    return fd_read_all(fd, STATE_FORMAT_MAX, ret);
}

static int refuse(Findings *findings, const char *name, const char *path, const char *found)
{
    return findings_add(findings, name, path, FINDING_FAILURE, found,
                        "at most \"" TEXT(STATE_FORMAT) " " STATE_FORMAT_SINCE "\"");
}

/* What the file at PATH says; its absence is a format of number 0. */
static int read_format(const char *path, Findings *findings, StateFormat *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    char line[STATE_FORMAT_MAX + 1];

    int r = read_file(path, &bytes);
    if (r == -ENOENT) {
        ret->number = 0;
        return STATE_FORMAT_OK;
    }
    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        r = refuse(findings, "state-format-invalid", path, strerror(-r));
        return r < 0 ? r : STATE_FORMAT_E_INVALID;
    }
    (void)snprintf(line, sizeof(line), "%s", (const char *)bytes.data);
    line[strcspn(line, "\n")] = '\0';
    if (parse(line, ret) == STATE_FORMAT_OK)
        return STATE_FORMAT_OK;
    r = refuse(findings, "state-format-invalid", path, line);
    return r < 0 ? r : STATE_FORMAT_E_INVALID;
}

/* PATH is of the file. *RET: what it says. */
static int check(const char *path, Findings *findings, StateFormat *ret)
{
    char found[64];

    int r = read_format(path, findings, ret);
    if (r)
        return r;
    if (ret->number <= STATE_FORMAT)
        return STATE_FORMAT_OK;
    (void)snprintf(found, sizeof(found), "%u %s", ret->number, ret->since);
    r = refuse(findings, "state-newer", path, found);
    return r < 0 ? r : STATE_FORMAT_E_NEWER;
}

int state_format_check(const char *state_directory, Findings *findings)
{
    _cleanup_free_ char *path = NULL;
    StateFormat format = { 0 };

    if (asprintf(&path, "%s/" STATE_FORMAT_FILE, state_directory) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    return check(path, findings, &format);
}

int state_format_claim(const char *state_directory, Findings *findings)
{
    static const char text[] = TEXT(STATE_FORMAT) " " STATE_FORMAT_SINCE "\n";
    _cleanup_free_ char *path = NULL;
    StateFormat format = { 0 };

    if (asprintf(&path, "%s/" STATE_FORMAT_FILE, state_directory) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    int r = check(path, findings, &format);
    if (r || format.number == STATE_FORMAT)
        return r;
    return file_write_atomic(path, (ByteView){ (const uint8_t *)text, sizeof(text) - 1 }, 0600);
}
