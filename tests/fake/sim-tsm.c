/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim-tsm: a configfs-tsm report directory as a FUSE file system, in one thread, in the foreground.
 * What the attributes do is decided in sim-entry; here are directories, opens and buffers.
 */
#define FUSE_USE_VERSION 31

#include "base/file.h"

#include "sim-entry.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "sim-tsm --chip DIR [--control FILE] [--floor N] [--ready-file FILE] [--allow-other] "
    "MOUNTPOINT\n"
    "\n"
    "Mounts a simulated /sys/kernel/config/tsm/report at MOUNTPOINT until SIGTERM.\n"
    "DIR was made by `sim-chip init`. FILE is read anew at every access: see README.md here.\n"
    "--floor is privlevel_floor, the guest's VMPL (0 to 3).\n";

typedef struct Options {
    const char *chip;
    const char *control;
    const char *ready_file;
    char *mountpoint;
    unsigned floor;
    bool allow_other;
} Options;

typedef struct Tsm {
    SimDriver *driver;
    SimEntry *entries;
    const char *ready_file;
} Tsm;

/* One open file: configfs reads a snapshot and commits what was written as a whole. */
typedef struct OpenFile {
    bool reading;
    Bytes snapshot;
    bool writing;
    uint8_t written[SIM_INBLOB_SIZE];
    size_t n_written;
} OpenFile;

static Tsm *tsm_of_call(void)
{
    return fuse_get_context()->private_data;
}

static OpenFile *file_of(const struct fuse_file_info *info)
{
    OpenFile *file;

    memcpy(&file, &info->fh, sizeof(file));
    return file;
}

/* "/NAME" or "/NAME/ATTRIBUTE"; SIM_N_ATTRIBUTES stands for the entry itself. */
typedef struct Place {
    SimEntry **link; /* where the pointer to the entry is kept; *link is never NULL */
    SimAttribute attribute;
} Place;

static SimEntry **find_entry(Tsm *tsm, const char *name, size_t length)
{
    for (SimEntry **link = &tsm->entries; *link; link = &(*link)->next)
        if (strlen((*link)->name) == length && strncmp((*link)->name, name, length) == 0)
            return link;
    return NULL;
}

static int find_place(const char *path, Place *ret)
{
    const char *name = path + 1;
    const char *slash = strchrnul(name, '/');
    SimEntry **link = find_entry(tsm_of_call(), name, (size_t)(slash - name));
    SimAttribute attribute = SIM_N_ATTRIBUTES;

    if (!link)
        return -ENOENT;
    if (*slash == '/') {
        attribute = sim_attribute_from_name(slash + 1);
        if (attribute == SIM_N_ATTRIBUTES)
            return -ENOENT;
    }
    *ret = (Place){ .link = link, .attribute = attribute };
    return 0;
}

static bool is_root(const char *path)
{
    return strcmp(path, "/") == 0;
}

static int find_attribute(const char *path, Place *ret)
{
    Place place;

    if (is_root(path))
        return -EISDIR;
    int r = find_place(path, &place);
    if (r < 0)
        return r;
    if (place.attribute == SIM_N_ATTRIBUTES)
        return -EISDIR;
    *ret = place;
    return 0;
}

static int tsm_getattr(const char *path, struct stat *ret, struct fuse_file_info *info)
{
    Place place = { .attribute = SIM_N_ATTRIBUTES };

    (void)info;
    int r = is_root(path) ? 0 : find_place(path, &place);
    if (r < 0)
        return r;
    *ret = (struct stat){
        .st_mode = S_IFDIR | 0755, .st_nlink = 2, .st_uid = getuid(), .st_gid = getgid()
    };
    /* The size stays 0 whatever there is to read: so it is in configfs. */
    if (place.attribute != SIM_N_ATTRIBUTES) {
        ret->st_nlink = 1;
        ret->st_mode = S_IFREG | (sim_attribute_is_writable(place.attribute) ? 0200 : 0444);
    }
    return 0;
}

static int tsm_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
                       struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
    Place place;

    (void)offset;
    (void)info;
    (void)flags;
    (void)fill(buffer, ".", NULL, 0, 0);
    (void)fill(buffer, "..", NULL, 0, 0);
    if (is_root(path)) {
        for (const SimEntry *entry = tsm_of_call()->entries; entry; entry = entry->next)
            (void)fill(buffer, entry->name, NULL, 0, 0);
        return 0;
    }
    int r = find_place(path, &place);
    if (r < 0)
        return r;
    for (SimAttribute i = 0; i < SIM_N_ATTRIBUTES; i++)
        (void)fill(buffer, sim_attribute_name(i), NULL, 0, 0);
    return 0;
}

static int tsm_mkdir(const char *path, mode_t mode)
{
    Tsm *tsm = tsm_of_call();
    const SimFault fault = sim_driver_fault(tsm->driver, "mkdir");

    (void)mode;
    if (fault.kind == SIM_FAULT_ERRNO)
        return -fault.error;
    if (strchr(path + 1, '/'))
        return -EPERM;
    SimEntry *entry = sim_entry_new(path + 1);
    if (!entry)
        return -ENOMEM;
    entry->next = tsm->entries;
    tsm->entries = entry;
    return 0;
}

static int tsm_rmdir(const char *path)
{
    const SimFault fault = sim_driver_fault(tsm_of_call()->driver, "rmdir");
    Place place;

    if (fault.kind == SIM_FAULT_ERRNO)
        return -fault.error;
    int r = find_place(path, &place);
    if (r < 0)
        return r;
    SimEntry *entry = *place.link;
    *place.link = entry->next;
    (void)sim_entry_free(entry);
    return 0;
}

/* Attributes come and go with their entry only. */
static int tsm_unlink(const char *path)
{
    (void)path;
    return -EPERM;
}

static int tsm_create(const char *path, mode_t mode, struct fuse_file_info *info)
{
    (void)path;
    (void)mode;
    (void)info;
    return -EACCES;
}

static int tsm_truncate(const char *path, off_t size, struct fuse_file_info *info)
{
    (void)path;
    (void)size;
    (void)info;
    return 0;
}

static int tsm_open(const char *path, struct fuse_file_info *info)
{
    const int access_mode = info->flags & O_ACCMODE;
    Place place;

    int r = find_attribute(path, &place);
    if (r < 0)
        return r;
    /* No attribute is both: O_RDWR fails even for root. */
    if (access_mode != (sim_attribute_is_writable(place.attribute) ? O_WRONLY : O_RDONLY))
        return -EACCES;
    OpenFile *file = calloc(1, sizeof(*file));
    if (!file)
        return -ENOMEM;
    memcpy(&info->fh, &file, sizeof(file));
    info->direct_io = 1; /* or the kernel believes the size of 0 */
    return 0;
}

static int tsm_read(const char *path, char *out, size_t size, off_t offset,
                    struct fuse_file_info *info)
{
    OpenFile *file = file_of(info);
    Place place;

    int r = find_attribute(path, &place);
    if (r < 0)
        return r;
    if (!file->reading) {
        r = sim_entry_read(*place.link, tsm_of_call()->driver, place.attribute, &file->snapshot);
        if (r < 0)
            return r;
        file->reading = true;
    }
    if ((size_t)offset >= file->snapshot.size)
        return 0;
    size_t n = MIN(size, file->snapshot.size - (size_t)offset);
    memcpy(out, file->snapshot.data + offset, n);
    return (int)n;
}

static int tsm_write(const char *path, const char *data, size_t size, off_t offset,
                     struct fuse_file_info *info)
{
    OpenFile *file = file_of(info);
    Place place;

    int r = find_attribute(path, &place);
    if (r < 0)
        return r;
    if (place.attribute == SIM_ATTRIBUTE_PRIVLEVEL) {
        r = sim_entry_write_privlevel(*place.link, tsm_of_call()->driver,
                                      (ByteView){ .data = (const uint8_t *)data, .size = size });
        return r < 0 ? r : (int)size;
    }
    /* Even a refused write leaves something to commit: configfs does so too. */
    file->writing = true;
    if ((uint64_t)offset > SIM_INBLOB_SIZE || size > SIM_INBLOB_SIZE - (size_t)offset)
        return -EFBIG;
    memcpy(file->written + offset, data, size);
    file->n_written = MAX(file->n_written, (size_t)offset + size);
    return (int)size;
}

/*
 * The last close commits, as in configfs. FUSE does not make close() wait for this; but the request
 * is queued before close() returns, and one thread serves requests in their order.
 */
static int tsm_release(const char *path, struct fuse_file_info *info)
{
    OpenFile *file = file_of(info);
    Place place;

    if (file->writing && path && find_attribute(path, &place) == 0)
        sim_entry_commit_inblob(*place.link, tsm_of_call()->driver,
                                (ByteView){ .data = file->written, .size = file->n_written });
    bytes_done(&file->snapshot);
    free(file);
    return 0;
}

static void *tsm_init(struct fuse_conn_info *connection, struct fuse_config *config)
{
    Tsm *tsm = tsm_of_call();

    (void)connection;
    config->entry_timeout = 0;
    config->attr_timeout = 0;
    config->negative_timeout = 0;
    config->hard_remove = 1;
    if (tsm->ready_file && file_write_atomic(tsm->ready_file, view_of_string("ready\n"), 0644) < 0)
        (void)fprintf(stderr, "sim-tsm: cannot write %s\n", tsm->ready_file);
    return tsm;
}

static const struct fuse_operations operations = {
    .getattr = tsm_getattr,
    .readdir = tsm_readdir,
    .mkdir = tsm_mkdir,
    .rmdir = tsm_rmdir,
    .unlink = tsm_unlink,
    .create = tsm_create,
    .truncate = tsm_truncate,
    .open = tsm_open,
    .read = tsm_read,
    .write = tsm_write,
    .release = tsm_release,
    .init = tsm_init,
};

static int parse_options(int argc, char **argv, Options *ret)
{
    static const struct option long_options[] = {
        { "chip", required_argument, NULL, 'c' },
        { "control", required_argument, NULL, 'f' },
        { "floor", required_argument, NULL, 'l' },
        { "ready-file", required_argument, NULL, 'r' },
        { "allow-other", no_argument, NULL, 'o' },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    Options options = { 0 };

    for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) >= 0;) {
        if (c == 'h')
            exit(fputs(help, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
        else if (c == 'c')
            options.chip = optarg;
        else if (c == 'f')
            options.control = optarg;
        else if (c == 'r')
            options.ready_file = optarg;
        else if (c == 'o')
            options.allow_other = true;
        else if (c == 'l' && strlen(optarg) == 1 && *optarg >= '0' && *optarg <= '3')
            options.floor = (unsigned)(*optarg - '0');
        else
            return -EINVAL;
    }
    if (!options.chip || argc - optind != 1)
        return -EINVAL;
    options.mountpoint = argv[optind];
    *ret = options;
    return 0;
}

/* Serves until a signal ends it. EXIT_SUCCESS after a clean unmount. */
static int serve(Tsm *tsm, const Options *options)
{
    struct fuse_args arguments = FUSE_ARGS_INIT(0, NULL);
    int status = EXIT_FAILURE;

    if (fuse_opt_add_arg(&arguments, "sim-tsm") < 0 ||
        fuse_opt_add_arg(&arguments, "-ofsname=sim-tsm,default_permissions") < 0 ||
        (options->allow_other && fuse_opt_add_arg(&arguments, "-oallow_other") < 0))
        return EXIT_FAILURE;
    struct fuse *fuse = fuse_new(&arguments, &operations, sizeof(operations), tsm);
    fuse_opt_free_args(&arguments);
    if (!fuse)
        return EXIT_FAILURE;
    if (fuse_mount(fuse, options->mountpoint) == 0) {
        struct fuse_session *session = fuse_get_session(fuse);
        /* A positive result is the signal that ended the loop. */
        if (fuse_set_signal_handlers(session) == 0 && fuse_loop(fuse) >= 0)
            status = EXIT_SUCCESS;
        fuse_remove_signal_handlers(session);
        fuse_unmount(fuse);
    }
    fuse_destroy(fuse);
    return status;
}

int main(int argc, char **argv)
{
    Options options = { 0 };
    _cleanup_(sim_driver_freep) SimDriver *driver = NULL;

    if (parse_options(argc, argv, &options) < 0) {
        (void)fputs(help, stderr);
        return 2;
    }
    int r = sim_driver_new(options.chip, options.control, &driver);
    if (r != SIM_OK) {
        (void)fprintf(stderr, "sim-tsm: %s: %s\n", options.chip,
                      r < 0 ? strerror(-r) : "no usable keys there");
        return EXIT_FAILURE;
    }
    sim_driver_set_guest_vmpl(driver, options.floor);
    Tsm tsm = { .driver = driver, .ready_file = options.ready_file };
    int status = serve(&tsm, &options);
    while (tsm.entries) {
        SimEntry *next = tsm.entries->next;
        (void)sim_entry_free(tsm.entries);
        tsm.entries = next;
    }
    return status;
}
