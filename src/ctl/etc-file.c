/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openat2(2) keeps a path inside an image's root, whatever links it has.
 */
#include "ctl/etc-file.h"

#include "base/file.h"
#include "ctl/complain.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define FILE_MODE      0644
#define DIRECTORY_MODE 0755
#define TEMPORARY      ".attestctl.new" /* one writer: root, by hand */

void etc_file_done(EtcFile *file)
{
    free(file->text);
    *file = (EtcFile){ 0 };
}

int etc_root_open(const char *root)
{
    int fd = open(root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

int etc_root_open_or_complain(const char *root, int *ret)
{
    int fd = etc_root_open(root);

    if (fd < 0 && root)
        return complain_of_usage("give the directory that has the machine's etc",
                                 "--root=%s cannot be opened: %s", root, strerror(-fd));
    if (fd < 0)
        return complain("volume-file-unusable", "/", strerror(-fd));
    *ret = fd;
    return 0;
}

/* Is the root this machine's own? */
static bool is_here(int root_fd)
{
    struct stat here, root;

    return stat("/", &here) == 0 && fstat(root_fd, &root) == 0 && here.st_dev == root.st_dev &&
           here.st_ino == root.st_ino;
}

/* A service may have no openat2(2) (RestrictSUIDSGID= of systemd); the own root does without. */
static int open_directory(int root_fd, const char *path)
{
    const struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                                  .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
    long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

    if (fd < 0 && errno == ENOSYS && is_here(root_fd))
        fd = openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : (int)fd;
}

/* The same, made where it is missing: at most the last three parts of PATH. */
static int make_directory(int root_fd, const char *path)
{
    int fd = open_directory(root_fd, path);
    const char *slash = strrchr(path, '/');

    if (fd != -ENOENT || !slash)
        return fd;
    _cleanup_free_ char *above = strndup(path, (size_t)(slash - path));
    if (!above)
        return -ENOMEM;
    _cleanup_close_ int above_fd = make_directory(root_fd, above);
    if (above_fd < 0)
        return above_fd;
    if (mkdirat(above_fd, slash + 1, DIRECTORY_MODE) < 0 && errno != EEXIST)
        return -errno;
    return open_directory(root_fd, path);
}

/* The directory of PATH; RET_NAME is the rest of it. */
static int open_parent(int root_fd, const char *path, bool make, const char **ret_name)
{
    const char *slash = strrchr(path, '/');
    _cleanup_free_ char *parent = slash ? strndup(path, (size_t)(slash - path)) : strdup(".");

    if (!parent)
        return -ENOMEM;
    *ret_name = slash ? slash + 1 : path;
    return make ? make_directory(root_fd, parent) : open_directory(root_fd, parent);
}

int etc_file_read(int root_fd, const char *path, EtcFile *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    const char *name;
    struct stat status;

    _cleanup_close_ int parent_fd = open_parent(root_fd, path, false, &name);
    if (parent_fd < 0)
        return parent_fd == -ENOENT ? ETC_FILE_E_ABSENT : parent_fd;
    _cleanup_close_ int fd =
        openat(parent_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return ETC_FILE_E_ABSENT;
    if (fd < 0)
        return errno == ELOOP ? ETC_FILE_E_NOT_TEXT : -errno;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return ETC_FILE_E_NOT_TEXT;
    int r = fd_read_all(fd, ETC_FILE_MAX, &bytes);
    if (r < 0)
        return r == -EFBIG ? ETC_FILE_E_NOT_TEXT : r;
    if (bytes.size > 0 && memchr(bytes.data, 0, bytes.size))
        return ETC_FILE_E_NOT_TEXT;
    char *text = strndup(bytes.size > 0 ? (const char *)bytes.data : "", bytes.size);
    if (!text)
        return -ENOMEM;
    *ret = (EtcFile){ text, status.st_mode & 07777, status.st_uid, status.st_gid };
    return ETC_FILE_OK;
}

/* Owner before mode: chown(2) takes bits away. */
static int fill(int fd, const EtcFile *before, const char *text)
{
    int r = fd_write_all(fd, view_of_string(text));

    if (r < 0)
        return r;
    if (before && fchown(fd, before->uid, before->gid) < 0)
        return -errno;
    if (fchmod(fd, before ? before->mode : FILE_MODE) < 0 || fsync(fd) < 0)
        return -errno;
    return 0;
}

int etc_file_write(int root_fd, const char *path, const EtcFile *before, const char *text)
{
    char temporary[NAME_MAX + 1];
    const char *name;

    _cleanup_close_ int parent_fd = open_parent(root_fd, path, true, &name);
    if (parent_fd < 0)
        return parent_fd;
    int length = snprintf(temporary, sizeof(temporary), ".%s" TEMPORARY, name);
    if (length < 0 || (size_t)length >= sizeof(temporary))
        return -ENAMETOOLONG;
    if (unlinkat(parent_fd, temporary, 0) < 0 && errno != ENOENT)
        return -errno;
    _cleanup_close_ int fd =
        openat(parent_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int r = fill(fd, before, text);
    if (r == 0 && renameat(parent_fd, temporary, parent_fd, name) < 0)
        r = -errno;
    if (r < 0) {
        (void)unlinkat(parent_fd, temporary, 0);
        return r;
    }
    return fsync(parent_fd) < 0 ? -errno : 0;
}

static bool ends_with(const char *text, const char *suffix)
{
    size_t length = strlen(text), size = strlen(suffix);

    return length >= size && strcmp(text + length - size, suffix) == 0;
}

/* The directory of PATH, if it is there for drop-ins, goes when nothing is in it. */
static int remove_parent(int root_fd, const char *path)
{
    const char *slash = strrchr(path, '/'), *name;
    _cleanup_free_ char *parent = strndup(path, slash ? (size_t)(slash - path) : 0);

    if (!parent)
        return -ENOMEM;
    if (!ends_with(parent, ".d"))
        return 0;
    _cleanup_close_ int above_fd = open_parent(root_fd, parent, false, &name);
    if (above_fd >= 0 && unlinkat(above_fd, name, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY &&
        errno != EEXIST && errno != ENOENT)
        return -errno;
    return 0;
}

int etc_file_remove(int root_fd, const char *path)
{
    const char *name;

    _cleanup_close_ int parent_fd = open_parent(root_fd, path, false, &name);
    if (parent_fd < 0)
        return parent_fd == -ENOENT ? 0 : parent_fd;
    if (unlinkat(parent_fd, name, 0) < 0 && errno != ENOENT)
        return -errno;
    if (fsync(parent_fd) < 0)
        return -errno;
    return remove_parent(root_fd, path);
}
