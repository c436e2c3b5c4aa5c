/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report directory in a plain one: mkdir makes the attributes, closing a written one commits it,
 * opening outblob makes a report. Every call can be told to fail.
 */
#pragma once

#include "evidence/tsm-entry.h"
#include "fake-time.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#define FAKE_TSM_FDS 64

/* The tree, what it does wrong, and what was seen. One at a time. */
typedef struct FakeTsm {
    TemporaryDirectory base;
    /* Which call fails how: "mkdir", "open", "read", "write"; attribute NULL for mkdir. */
    const char *fail_call;
    const char *fail_attribute;
    int fail_error;
    bool fail_in_made_only;     /* not in the entry handed over */
    const char *provider;       /* NULL: "sev_guest\n" */
    const char *provider_later; /* once the report was read */
    const char *floor;          /* NULL: no such attribute */
    bool no_aux;                /* no attribute auxblob */
    bool lose_commit;           /* writing inblob commits nothing */
    bool rival;                 /* another process writes while we read */
    bool other_data;
    size_t report_size;  /* 0: the right one */
    bool signal_on_read; /* SIGTERM to ourselves while the report is read */
    /* Seen. */
    char privlevel[16];
    unsigned n_reports;
    unsigned n_made;
    /* Inside. */
    unsigned generation;
    uint8_t report_data[SOURCE_REPORT_DATA_SIZE];
    char names[FAKE_TSM_FDS][32];
    bool written[FAKE_TSM_FDS];
} FakeTsm;

static FakeTsm fake_tsm;

static inline void fake_tsm_put(int entry_fd, const char *attribute, const void *data, size_t size)
{
    int fd = openat(entry_fd, attribute, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    check(fd >= 0);
    check_int(fd_write_all(fd, (ByteView){ data, size }), 0);
    (void)close(fd);
}

static inline void fake_tsm_put_text(int entry_fd, const char *attribute, const char *text)
{
    fake_tsm_put(entry_fd, attribute, text, strlen(text));
}

static inline void fake_tsm_put_generation(int entry_fd)
{
    char text[16];

    (void)snprintf(text, sizeof(text), "%u\n", fake_tsm.generation);
    fake_tsm_put_text(entry_fd, "generation", text);
}

/* Makes the attributes of an entry that is there. */
static inline void fake_tsm_populate(int base_fd, const char *name)
{
    int fd = openat(base_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    check(fd >= 0);
    fake_tsm_put_text(fd, "provider", fake_tsm.provider ? fake_tsm.provider : "sev_guest\n");
    fake_tsm_put_generation(fd);
    if (fake_tsm.floor) {
        fake_tsm_put_text(fd, "privlevel_floor", fake_tsm.floor);
        fake_tsm_put_text(fd, "privlevel", "");
    }
    fake_tsm_put_text(fd, "inblob", "");
    fake_tsm_put_text(fd, "outblob", "");
    if (!fake_tsm.no_aux)
        fake_tsm_put_text(fd, "auxblob", "");
    (void)close(fd);
}

static inline bool fake_tsm_fails(const char *call, const char *attribute)
{
    if (!fake_tsm.fail_call || strcmp(fake_tsm.fail_call, call) != 0)
        return false;
    if (fake_tsm.fail_attribute && strcmp(fake_tsm.fail_attribute, attribute) != 0)
        return false;
    errno = fake_tsm.fail_error;
    return true;
}

static inline int fake_tsm_mkdirat(int directory_fd, const char *path)
{
    if (fake_tsm_fails("mkdir", path))
        return -1;
    if (mkdirat(directory_fd, path, 0700) < 0)
        return -1;
    fake_tsm.n_made++;
    fake_tsm_populate(directory_fd, path);
    return 0;
}

/* In configfs the attributes go with their directory. */
static inline int fake_tsm_rmdirat(int directory_fd, const char *path)
{
    static const char *const attributes[] = { "provider",  "generation", "privlevel_floor",
                                              "privlevel", "inblob",     "outblob",
                                              "auxblob" };
    int fd = openat(directory_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return -1;
    for (size_t i = 0; i < ELEMENTSOF(attributes); i++)
        (void)unlinkat(fd, attributes[i], 0);
    (void)close(fd);
    return unlinkat(directory_fd, path, AT_REMOVEDIR);
}

static inline void fake_tsm_make_report(int entry_fd)
{
    uint8_t report[2 * SNP_REPORT_SIZE] = { 0 };

    fill_report(report, fake_tsm.report_data);
    if (fake_tsm.other_data)
        report[SNP_OFFSET_REPORT_DATA] ^= 1;
    fake_tsm.n_reports++;
    fake_tsm_put(entry_fd, "outblob", report,
                 fake_tsm.report_size ? fake_tsm.report_size : SNP_REPORT_SIZE);
    if (fake_tsm.rival) {
        fake_tsm.generation++;
        fake_tsm_put_generation(entry_fd);
    }
    if (fake_tsm.provider_later)
        fake_tsm_put_text(entry_fd, "provider", fake_tsm.provider_later);
    if (fake_tsm.signal_on_read)
        check_int(kill(getpid(), SIGTERM), 0);
}

static inline int fake_tsm_openat(int directory_fd, const char *path, int flags)
{
    bool spared = fake_tsm.fail_in_made_only && fake_tsm.n_made == 0;

    if (!spared && fake_tsm_fails("open", path))
        return -1;
    if (strcmp(path, "outblob") == 0)
        fake_tsm_make_report(directory_fd);
    int fd = openat(directory_fd, path, flags);
    if (fd >= 0) {
        check(fd < FAKE_TSM_FDS);
        (void)snprintf(fake_tsm.names[fd], sizeof(fake_tsm.names[fd]), "%.31s", path);
        fake_tsm.written[fd] = false;
    }
    return fd;
}

static inline ssize_t fake_tsm_read(int fd, void *buffer, size_t size)
{
    return fake_tsm_fails("read", fake_tsm.names[fd]) ? -1 : read(fd, buffer, size);
}

static inline ssize_t fake_tsm_write(int fd, const void *buffer, size_t size)
{
    if (fake_tsm_fails("write", fake_tsm.names[fd]))
        return -1;
    if (strcmp(fake_tsm.names[fd], "privlevel") == 0)
        (void)snprintf(fake_tsm.privlevel, sizeof(fake_tsm.privlevel), "%.*s", (int)size,
                       (const char *)buffer);
    if (strcmp(fake_tsm.names[fd], "inblob") == 0) {
        check_int(size, SOURCE_REPORT_DATA_SIZE);
        memcpy(fake_tsm.report_data, buffer, size);
    }
    fake_tsm.written[fd] = true;
    return write(fd, buffer, size);
}

/* The commit. The entry of an attribute is found through /proc, as the fake keeps no tree. */
static inline int fake_tsm_close(int fd)
{
    bool lost = fake_tsm.lose_commit && strcmp(fake_tsm.names[fd], "inblob") == 0;
    char link[64], path[512];

    if (fake_tsm.written[fd] && !lost) {
        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, path, sizeof(path) - 1);
        check(n > 0);
        path[n] = 0;
        *strrchr(path, '/') = 0;
        int entry_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        check(entry_fd >= 0);
        fake_tsm.generation++;
        fake_tsm_put_generation(entry_fd);
        (void)close(entry_fd);
    }
    fake_tsm.written[fd] = false;
    return close(fd);
}

static const TsmOps fake_tsm_ops = {
    .openat = fake_tsm_openat,
    .mkdirat = fake_tsm_mkdirat,
    .rmdirat = fake_tsm_rmdirat,
    .read = fake_tsm_read,
    .write = fake_tsm_write,
    .close = fake_tsm_close,
};

static inline void fake_tsm_init(void)
{
    fake_tsm = (FakeTsm){ .base = temporary_directory(), .floor = "0\n" };
}

static inline unsigned fake_tsm_count_entries(void)
{
    DIR *directory = opendir(fake_tsm.base.path);
    unsigned count = 0;

    check(directory != NULL);
    for (const struct dirent *item = readdir(directory); item; item = readdir(directory))
        count += item->d_name[0] != '.';
    (void)closedir(directory);
    return count;
}

/* An entry made by root, used three times before. */
static inline void fake_tsm_hand_over(void)
{
    int fd = open(fake_tsm.base.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    check(fd >= 0);
    check_int(mkdirat(fd, TSM_HANDED_OVER, 0755), 0);
    fake_tsm.generation = 6;
    fake_tsm_populate(fd, TSM_HANDED_OVER);
    (void)close(fd);
}
