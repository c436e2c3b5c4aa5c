/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recipe for a volume that is bound to the verdict: noauto, so that the boot does not wait for
 * it; headless, so that a refusal is a failure and no question; wanted by attested.target and bound
 * to it, so that it opens and closes with the verdict.
 */
#include "ctl/volume-recipe.h"

#include "format/unit-escape.h"
#include "secret/secret-name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WORD_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._:=+@,-"
#define WORD_MAX   512 /* characters; more than any path that people give such things */
#define UNITS      "etc/systemd/system/"
#define DETACHED   "detached:"

void volume_files_done(VolumeFiles *files)
{
    for (size_t i = 0; i < VOLUME_FILES; i++) {
        free(files->items[i].path);
        free(files->items[i].text);
    }
    *files = (VolumeFiles){ 0 };
}

bool volume_word_is_valid(const char *word)
{
    size_t length = strlen(word);

    return length > 0 && length <= WORD_MAX && strspn(word, WORD_CHARS) == length;
}

bool volume_path_is_valid(const char *path)
{
    if (*path != '/' || !path[1] || !volume_word_is_valid(path) || strpbrk(path, ",="))
        return false;
    for (const char *part = path; *part; part += strcspn(part, "/")) {
        part++;
        size_t length = strcspn(part, "/");
        if (length == 0 || (length == 1 && *part == '.') ||
            (length == 2 && memcmp(part, "..", 2) == 0))
            return false;
    }
    return true;
}

/* Spellings of crypttab(5), and where udev has their links. */
static const struct {
    const char *prefix;
    const char *directory;
} by_name[] = {
    { "UUID=", "/dev/disk/by-uuid/" },
    { "LABEL=", "/dev/disk/by-label/" },
    { "PARTUUID=", "/dev/disk/by-partuuid/" },
    { "PARTLABEL=", "/dev/disk/by-partlabel/" },
};

bool volume_device_is_valid(const char *device)
{
    for (size_t i = 0; i < ELEMENTSOF(by_name); i++) {
        size_t length = strlen(by_name[i].prefix);
        if (strncmp(device, by_name[i].prefix, length) == 0)
            return volume_word_is_valid(device + length) && !strpbrk(device + length, "/,=");
    }
    return volume_path_is_valid(device);
}

char *volume_device_path(const char *device)
{
    char *path = NULL;

    for (size_t i = 0; i < ELEMENTSOF(by_name); i++) {
        size_t length = strlen(by_name[i].prefix);
        if (strncmp(device, by_name[i].prefix, length) == 0)
            return asprintf(&path, "%s%s", by_name[i].directory, device + length) < 0 ? NULL : path;
    }
    return strdup(device);
}

bool volume_name_is_valid(const char *name)
{
    _cleanup_free_ char *unit = secret_name_is_valid(name) ? unit_of_volume(name) : NULL;

    /* ".d" is the directory of its drop-ins. */
    return unit && strlen(unit) + strlen(".d") <= UNIT_NAME_LIMIT;
}

bool volume_header_parse(const char *text, VolumeHeader *ret, const char **ret_path)
{
    *ret_path = NULL;
    if (!text || strcmp(text, "checked") == 0) {
        *ret = VOLUME_HEADER_CHECKED;
        return true;
    }
    if (strcmp(text, "unchecked") == 0) {
        *ret = VOLUME_HEADER_UNCHECKED;
        return true;
    }
    if (strncmp(text, DETACHED, strlen(DETACHED)) != 0 ||
        !volume_path_is_valid(text + strlen(DETACHED)))
        return false;
    *ret = VOLUME_HEADER_DETACHED;
    *ret_path = text + strlen(DETACHED);
    return true;
}

char *volume_header_copy(const char *name)
{
    char *path = NULL;

    return asprintf(&path, VOLUME_HEADER_DIRECTORY "/%s", name) < 0 ? NULL : path;
}

char *volume_crypttab_line(const Volume *volume)
{
    _cleanup_free_ char *copy = volume_header_copy(volume->name);
    const char *header = volume->header == VOLUME_HEADER_CHECKED ? copy : volume->header_path;
    char *line = NULL;

    if (!copy)
        return NULL;
    return asprintf(&line, "%s  %s  " VOLUME_KEY "  luks,noauto,headless=true%s%s", volume->name,
                    volume->device, header ? ",header=" : "", header ? header : "") < 0
               ? NULL
               : line;
}

char *volume_fstab_line(const Volume *volume)
{
    _cleanup_free_ char *unit = unit_of_volume(volume->name);
    const char *options = volume->mount_options;
    char *line = NULL;

    if (!unit)
        return NULL;
    return asprintf(&line,
                    "/dev/mapper/%s  %s  %s  noauto,nofail,x-systemd.wanted-by=attested.target,"
                    "x-systemd.requires=attested.target,x-systemd.requires=%s%s%s  0 0",
                    volume->name, volume->mount, volume->fstype, unit, options ? "," : "",
                    options ? options : "") < 0
               ? NULL
               : line;
}

char *volume_mark(const char *name)
{
    char *mark = NULL;

    return asprintf(&mark, "# attestctl volume %s\n", name) < 0 ? NULL : mark;
}

/* It opens and closes with the verdict, and reads a header only when that has been checked. */
static int make_binding(const Volume *volume, const char *unit, VolumeFile *ret)
{
    const char *name = volume->name;
    bool checked = volume->header == VOLUME_HEADER_CHECKED;
    _cleanup_free_ char *header = NULL;

    if (asprintf(&ret->path, UNITS "%s.d/50-attested.conf", unit) < 0) {
        ret->path = NULL;
        return -ENOMEM;
    }
    if (asprintf(&header,
                 "Requires=attestd-luks-header@%s.service\n"
                 "After=attestd-luks-header@%s.service\n",
                 name, name) < 0) {
        header = NULL;
        return -ENOMEM;
    }
    if (asprintf(&ret->text,
                 "# attestctl volume %s\n[Unit]\nBindsTo=attested.target\nAfter=attested.target\n"
                 "StartLimitIntervalSec=0\n%s",
                 name, checked ? header : "") < 0) {
        ret->text = NULL;
        return -ENOMEM;
    }
    return 0;
}

/* The header is read when its device is there. */
static int make_header(const Volume *volume, VolumeFile *ret)
{
    _cleanup_free_ char *device = volume_device_path(volume->device);
    _cleanup_free_ char *unit = device ? unit_escape_path(device) : NULL;
    bool is_node = device && strncmp(device, "/dev/", strlen("/dev/")) == 0;

    if (!unit)
        return -ENOMEM;
    if (asprintf(&ret->path, UNITS "attestd-luks-header@%s.service.d/50-attested.conf",
                 volume->name) < 0) {
        ret->path = NULL;
        return -ENOMEM;
    }
    if (volume->header != VOLUME_HEADER_CHECKED)
        return 0;
    int n = is_node ? asprintf(&ret->text,
                               "# attestctl volume %s\n[Unit]\nRequires=%s.device\n"
                               "After=%s.device\n",
                               volume->name, unit, unit)
                    : asprintf(&ret->text, "# attestctl volume %s\n[Unit]\nRequiresMountsFor=%s\n",
                               volume->name, device);
    if (n < 0)
        ret->text = NULL;
    return n < 0 ? -ENOMEM : 0;
}

/* Without a mount that wants it, nothing would open it. */
static int make_want(const Volume *volume, const char *unit, VolumeFile *ret)
{
    if (asprintf(&ret->path, UNITS "attested.target.d/50-volume-%s.conf", volume->name) < 0) {
        ret->path = NULL;
        return -ENOMEM;
    }
    if (volume->mount)
        return 0;
    if (asprintf(&ret->text, "# attestctl volume %s\n[Unit]\nWants=%s\n", volume->name, unit) < 0) {
        ret->text = NULL;
        return -ENOMEM;
    }
    return 0;
}

int volume_files(const Volume *volume, VolumeFiles *ret)
{
    _cleanup_volume_files_ VolumeFiles files = { 0 };
    _cleanup_free_ char *unit = unit_of_volume(volume->name);

    int r = unit ? make_binding(volume, unit, &files.items[0]) : -ENOMEM;
    if (r == 0)
        r = make_header(volume, &files.items[1]);
    if (r == 0)
        r = make_want(volume, unit, &files.items[2]);
    if (r == 0)
        *ret = TAKE_STRUCT(files);
    return r;
}
