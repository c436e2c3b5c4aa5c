/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What else on the machine stands in the way of a boot, or undoes what a verdict says.
 */
#include "base/file.h"
#include "ctl/doctor.h"
#include "ctl/volume-tables.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define FIELD_MOUNT   1 /* of fstab */
#define FIELD_OPTIONS 3

#define CRYPT_PREFIX "CRYPT-" /* DM_UUID of what cryptsetup makes */
#define SLAVES_DEPTH 4        /* swap on LVM on RAID on dm-crypt */
#define SWAPS        "proc/swaps"
#define KEXEC        "proc/sys/kernel/kexec_load_disabled"
#define LOCKDOWN     "sys/kernel/security/lockdown"

int doctor_no(Check *check, const char *name, const char *subject, const char *found,
              const char *wanted)
{
    return findings_add(&check->findings, name, subject, FINDING_FAILURE, found, wanted);
}

int doctor_warn(Check *check, const char *name, const char *subject, const char *found,
                const char *wanted)
{
    return findings_add(&check->findings, name, subject, FINDING_WARNING, found, wanted);
}

/* RET stays empty where there is no such file. A check that cannot read says so. */
static int read_text(const Doctor *doctor, const char *path, EtcFile *ret)
{
    int r = etc_file_read(doctor->root_fd, path, ret);

    return r == ETC_FILE_E_ABSENT ? 0 : r == ETC_FILE_E_NOT_TEXT ? -EINVAL : r;
}

/* A mount that is not nofail stops the boot when its device does not come. */
static int judge_mount(const VolumeTables *tables, const char *name, Check *check)
{
    TableCursor cursor = volume_cursor(&tables->fstab);
    char subject[TABLE_FIELD_SIZE + 64];
    TableLine line;

    while (table_next(&cursor, &line)) {
        const char *options = line.fields[FIELD_OPTIONS];
        if (strncmp(line.fields[0], "/dev/mapper/", strlen("/dev/mapper/")) != 0 ||
            strcmp(table_volume(&line), name) != 0 || table_has_option(options, "noauto") ||
            table_has_option(options, "nofail"))
            continue;
        (void)snprintf(subject, sizeof(subject), "%s, fstab line %zu", line.fields[FIELD_MOUNT],
                       line.number);
        return doctor_no(check, "volume-mount-waits", subject, options, "noauto,nofail");
    }
    return 0;
}

/* What is sealed for a volume, and no line of crypttab asks for it. */
static int judge_volume_secrets(const Doctor *doctor, const VolumeTables *tables, Check *check)
{
    TableLine line;

    for (size_t i = 0; i < doctor->secrets.n_items; i++) {
        const SecretHeader *header = &doctor->secrets.items[i].header;
        for (size_t k = 0; k < header->n_who; k++) {
            const char *who = header->who[k];
            if (strncmp(who, SECRET_VOLUME, strlen(SECRET_VOLUME)) != 0 ||
                volume_find(tables, who + strlen(SECRET_VOLUME), &line))
                continue;
            int r = doctor_warn(check, "volume-missing", who, NULL, NULL);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

/* A volume asks for the secret of its own name. */
static int judge_key(const Doctor *doctor, const char *volume, Check *check)
{
    char asker[TABLE_FIELD_SIZE + sizeof(SECRET_VOLUME)];

    (void)snprintf(asker, sizeof(asker), SECRET_VOLUME "%s", volume);
    return doctor_judge_asker(doctor, asker, volume, check);
}

static int judge_tables(const Doctor *doctor, const VolumeTables *tables, Check *check)
{
    TableCursor cursor = volume_cursor(&tables->crypttab);
    TableLine line;
    size_t n = 0;

    for (; volume_next(&cursor, &line); n++) {
        int r = volume_judge(tables, &line, FINDING_FAILURE, &check->findings);
        if (r == 0)
            r = judge_mount(tables, line.fields[0], check);
        if (r == 0)
            r = judge_key(doctor, line.fields[0], check);
        if (r < 0)
            return r;
    }
    int r = judge_volume_secrets(doctor, tables, check);
    if (r < 0)
        return r;
    return n == 0 ? check_say(check, "no volume asks attestd for its key")
                  : check_say(check, "%zu volume%s, none in the way of the boot", n,
                              n == 1 ? "" : "s");
}

int doctor_crypttab(Doctor *doctor, Check *check)
{
    VolumeTables tables = { .root_fd = doctor->root_fd };

    int r = read_text(doctor, CRYPTTAB, &tables.crypttab);
    if (r == 0)
        r = read_text(doctor, FSTAB, &tables.fstab);
    if (r == -EACCES)
        r = check_skip(check, "only root may read crypttab here");
    else if (r < 0 && r != -ENOMEM)
        r = doctor_no(check, "volume-file-unusable", CRYPTTAB, strerror(-r), NULL);
    else if (r == 0)
        r = judge_tables(doctor, &tables, check);
    etc_file_done(&tables.crypttab);
    etc_file_done(&tables.fstab);
    return r;
}

/* The directory of block device DEVICE in sysfs. */
static void block_path(dev_t device, const char *file, char *out, size_t size)
{
    (void)snprintf(out, size, "sys/dev/block/%u:%u/%s", major(device), minor(device), file);
}

/* Does a device with this DM_UUID encrypt? dm-integrity and dm-verity only notice changes. */
static bool uuid_is_crypt(const char *uuid)
{
    static const char *const others[] = { "INTEGRITY-", "VERITY-", "SUBDEV-" };
    const char *type = uuid + strlen(CRYPT_PREFIX);

    if (strncmp(uuid, CRYPT_PREFIX, strlen(CRYPT_PREFIX)) != 0)
        return false;
    for (size_t i = 0; i < ELEMENTSOF(others); i++)
        if (strncmp(type, others[i], strlen(others[i])) == 0)
            return false;
    return true;
}

static bool is_crypt(const Doctor *doctor, const char *directory)
{
    _cleanup_etc_file_ EtcFile uuid = { 0 };
    _cleanup_free_ char *path = NULL;

    if (asprintf(&path, "%s/dm/uuid", directory) < 0) {
        path = NULL;
        return false;
    }
    return etc_file_read(doctor->root_fd, path, &uuid) == ETC_FILE_OK && uuid_is_crypt(uuid.text);
}

/* Is DIRECTORY of sysfs a device that encrypts, or one that lies on nothing but such ones? */
static bool is_encrypted(const Doctor *doctor, const char *directory, unsigned depth)
{
    _cleanup_free_ char *slaves = NULL;
    const struct dirent *entry;
    size_t n = 0, n_good = 0;

    if (is_crypt(doctor, directory))
        return true;
    if (depth == 0 || asprintf(&slaves, "%s/slaves", directory) < 0) {
        slaves = NULL;
        return false;
    }
    _cleanup_close_ int fd = openat(doctor->root_fd, slaves, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_closedir_ DIR *list = fd < 0 ? NULL : fd_entries(fd);
    while (list && (entry = readdir(list))) {
        _cleanup_free_ char *below = NULL;
        if (entry->d_name[0] == '.')
            continue;
        n++;
        if (asprintf(&below, "%s/%s", slaves, entry->d_name) < 0)
            below = NULL;
        n_good += below && is_encrypted(doctor, below, depth - 1);
    }
    return n > 0 && n == n_good;
}

/* zram is memory, unless it has a disk behind it. */
static bool is_memory(const Doctor *doctor, const char *path, dev_t device)
{
    _cleanup_etc_file_ EtcFile backing = { 0 };
    char file[96];

    if (strncmp(path, "/dev/zram", strlen("/dev/zram")) != 0)
        return false;
    block_path(device, "backing_dev", file, sizeof(file));
    int r = etc_file_read(doctor->root_fd, file, &backing);
    return r == ETC_FILE_E_ABSENT || (r == ETC_FILE_OK && strncmp(backing.text, "none", 4) == 0);
}

/* PATH of /proc/swaps, where a file of a file system is as open as what that lies on. */
static int judge_swap(const Doctor *doctor, const char *path, Check *check)
{
    struct stat st;
    char directory[96];

    if (path[0] != '/' || fstatat(doctor->root_fd, path + 1, &st, 0) < 0)
        return doctor_warn(check, "swap-not-encrypted", path, "it cannot be looked at", NULL);
    dev_t device = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
    block_path(device, "", directory, sizeof(directory));
    if (is_memory(doctor, path, device) || is_encrypted(doctor, directory, SLAVES_DEPTH))
        return 0;
    return doctor_warn(check, "swap-not-encrypted", path, S_ISBLK(st.st_mode) ? "a disk" : "a file",
                       NULL);
}

int doctor_swap(Doctor *doctor, Check *check)
{
    _cleanup_etc_file_ EtcFile swaps = { 0 };
    char *rest = NULL;
    size_t n = 0;

    int r = read_text(doctor, SWAPS, &swaps);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return check_skip(check, "/" SWAPS ": %s", strerror(-r));
    char *line = swaps.text ? strtok_r(swaps.text, "\n", &rest) : NULL;
    /* The first line is the heading. */
    while (line && (line = strtok_r(NULL, "\n", &rest))) {
        line[strcspn(line, " \t")] = 0;
        r = judge_swap(doctor, line, check);
        if (r < 0)
            return r;
        n++;
    }
    return n == 0 ? check_say(check, "there is none") : check_say(check, "%zu, encrypted", n);
}

int doctor_kexec(Doctor *doctor, Check *check)
{
    _cleanup_etc_file_ EtcFile kexec = { 0 }, lockdown = { 0 };

    int r = read_text(doctor, KEXEC, &kexec);
    if (r == 0)
        r = read_text(doctor, LOCKDOWN, &lockdown);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return check_skip(check, "/" KEXEC ": %s", strerror(-r));
    if (!kexec.text)
        return check_say(check, "this kernel has no kexec");
    if (kexec.text[0] == '1')
        return check_say(check, "barred until the next boot");
    bool is_locked = lockdown.text && (strstr(lockdown.text, "[integrity]") ||
                                       strstr(lockdown.text, "[confidentiality]"));
    return doctor_warn(check, "kexec-open", "kexec_load_disabled",
                       is_locked ? "0; lockdown takes signed kernels only" : "0", "1");
}
