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
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GATES               "gates"
#define GATE_SUFFIX         ".json"
#define GATE_MODE           0644 /* nothing in it is secret; attestd is another user */
#define GATE_DIRECTORY_MODE 0755

/* The file's name of the gate NAME, which is at most GATE_NAME_LIMIT long, or of what becomes it.
 */
typedef struct FileName {
    char text[GATE_NAME_LIMIT + 32];
} FileName;

static FileName file_name(const char *gate)
{
    FileName name;

    (void)snprintf(name.text, sizeof(name.text), "%s" GATE_SUFFIX, gate);
    return name;
}

static FileName temporary_name(const char *gate)
{
    FileName name;

    (void)snprintf(name.text, sizeof(name.text), ".%s" GATE_SUFFIX ".%d", gate, (int)getpid());
    return name;
}

/*
 * STATE_DIRECTORY/gates, where the user attestd may put what it likes: so links are not followed,
 * and everything happens in this one. The fd or negative errno.
 */
static int open_gates(const char *state_directory)
{
    _cleanup_close_ int above_fd = open(state_directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (above_fd < 0)
        return -errno;
    int fd = openat(above_fd, GATES, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
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
    _cleanup_close_ int fd = open_gates(state_directory);
    struct dirent **entries = NULL;
    Texts names = { 0 };
    int r = 0;

    if (fd < 0)
        return fd == -ENOENT ? 0 : fd;
    int n = scandirat(fd, ".", &entries, is_gate_file, alphasort);
    if (n < 0)
        return -errno;
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

/* -EFBIG too for what is no plain file: neither is a gate's. */
static int read_file(int directory_fd, const char *name, Bytes *ret)
{
    _cleanup_close_ int fd =
        openat(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat status;

    if (fd < 0)
        return errno == ELOOP || errno == ENXIO ? -EFBIG : -errno;
    if (fstat(fd, &status) < 0)
        return -errno;
    return S_ISREG(status.st_mode) ? fd_read_all(fd, GATE_FILE_MAX, ret) : -EFBIG;
}

int gate_directory_read(const char *state_directory, const char *name, GateFile *ret)
{
    _cleanup_close_ int fd = open_gates(state_directory);
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = fd < 0 ? fd : read_file(fd, file_name(name).text, &bytes);
    if (r == -ENOENT)
        return GATE_DIRECTORY_E_ABSENT;
    if (r == -EFBIG)
        return GATE_FILE_E_JSON;
    return r < 0 ? r : gate_file_parse(VIEW(bytes), name, ret);
}

/* The directory above is the package's: where it is missing, something else is wrong. */
static int make_directory(const char *state_directory)
{
    _cleanup_close_ int above_fd = open(state_directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (above_fd < 0)
        return -errno;
    if (mkdirat(above_fd, GATES, GATE_DIRECTORY_MODE) < 0)
        return errno == EEXIST ? 0 : -errno;
    _cleanup_close_ int fd =
        openat(above_fd, GATES, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 || fchmod(fd, GATE_DIRECTORY_MODE) < 0 ? -errno : 0;
}

/* The same when it is written the same. */
static int compare(const GateFile *a, const GateFile *b)
{
    json_auto_t *one = gate_file_to_json(a), *other = gate_file_to_json(b);

    if (!one || !other)
        return -ENOMEM;
    return json_equal(one, other) ? 0 : GATE_DIRECTORY_E_EXISTS;
}

static int fill(int fd, const char *text)
{
    int r = fd_write_all(fd, view_of_string(text));

    if (r < 0)
        return r;
    return fchmod(fd, GATE_MODE) < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* Whole under NAME, or not at all. */
static int write_file(int directory_fd, const char *temporary, const char *name, const char *text)
{
    if (unlinkat(directory_fd, temporary, 0) < 0 && errno != ENOENT)
        return -errno;
    _cleanup_close_ int fd =
        openat(directory_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int r = fill(fd, text);
    if (r == 0 && renameat(directory_fd, temporary, directory_fd, name) < 0)
        r = -errno;
    if (r < 0) {
        (void)unlinkat(directory_fd, temporary, 0);
        return r;
    }
    return fsync(directory_fd) < 0 ? -errno : 0;
}

int gate_directory_replace(const char *state_directory, const GateFile *gate)
{
    _cleanup_close_ int fd = open_gates(state_directory);
    _cleanup_free_ char *text = gate_file_text(gate);

    if (fd < 0)
        return fd;
    return text ? write_file(fd, temporary_name(gate->name).text, file_name(gate->name).text, text)
                : -ENOMEM;
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
    _cleanup_close_ int fd = open_gates(state_directory);
    int r = fd < 0 ? fd : 0;

    if (r == 0 && unlinkat(fd, file_name(name).text, 0) < 0)
        r = -errno;
    return r == -ENOENT ? GATE_DIRECTORY_E_ABSENT : r;
}
