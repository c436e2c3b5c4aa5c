/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl volume add and remove: the recipe of docs/volumes.md, written and taken back.
 * Everything is looked at before anything is written; what is not ours is not touched.
 */
#include "ctl/volume.h"

#include "ctl/complain.h"
#include "ctl/output.h"
#include "ctl/unit-manager.h"
#include "ctl/volume-tables.h"
#include "format/catalog.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FSTYPE_DEFAULT "ext4"
#define FIELD_MOUNT    1                                 /* of fstab */
#define START_WANTED   "systemctl start attested.target" /* whatever of it does not run */

static int complain_of_name(const char *name)
{
    return complain_of_usage("use a secret's name: letters, digits, dots, dashes and underscores, "
                             "at most 64",
                             "\"%s\" is no name of a volume", name);
}

/* What the options say. 0, else an exit class. */
static int read_options(const Options *options, Volume *ret)
{
    Volume volume = { .name = options->argument,
                      .device = options->device,
                      .mount = options->mount,
                      .mount_options = options->mount_options };

    if (!volume_name_is_valid(volume.name))
        return complain_of_name(volume.name);
    if (!volume_device_is_valid(volume.device))
        return complain_of_usage("give a path, UUID=, LABEL=, PARTUUID= or PARTLABEL=",
                                 "\"%s\" is no device", volume.device);
    if (!volume_header_parse(options->header, &volume.header, &volume.header_path))
        return complain_of_usage("say checked, unchecked or detached:PATH",
                                 "\"%s\" is nowhere to find a header", options->header);
    if (!volume.mount && (options->fstype || options->mount_options))
        return complain_of_usage("give --mount=DIR as well", "what is not mounted has no %s",
                                 options->fstype ? "--fstype" : "--options");
    if (volume.mount && !volume_path_is_valid(volume.mount))
        return complain_of_usage("give a whole path, without blanks and with no \"..\" in it",
                                 "nothing can be mounted at \"%s\"", volume.mount);
    volume.fstype = options->fstype ? options->fstype : FSTYPE_DEFAULT;
    if (!volume_word_is_valid(volume.fstype))
        return complain_of_usage("see mount(8)", "\"%s\" is no file system", volume.fstype);
    if (volume.mount_options && !volume_word_is_valid(volume.mount_options))
        return complain_of_usage("see mount(8)", "\"%s\" are no options", volume.mount_options);
    *ret = volume;
    return 0;
}

static int complain_of_line(const char *table, const TableLine *line)
{
    char subject[64];

    (void)snprintf(subject, sizeof(subject), "/%s line %zu", table, line->number);
    return complain("volume-line-foreign", subject, line->fields[0]);
}

/* Lines that are not ours and stand where ours would. */
static int check_lines(const VolumeTables *tables, const Volume *volume)
{
    TableCursor cursor = volume_cursor(&tables->crypttab);
    TableLine line;

    while (table_next(&cursor, &line))
        if (!line.is_ours && strcmp(line.fields[0], volume->name) == 0)
            return complain_of_line(CRYPTTAB, &line);
    cursor = volume_cursor(&tables->fstab);
    while (table_next(&cursor, &line)) {
        bool is_its = strcmp(table_volume(&line), volume->name) == 0;
        bool is_there = volume->mount && strcmp(line.fields[FIELD_MOUNT], volume->mount) == 0;
        if ((is_its && line.fields[0] != table_volume(&line) && !line.is_ours) ||
            (is_there && !(is_its && line.is_ours)))
            return complain_of_line(FSTAB, &line);
    }
    return 0;
}

/* Drop-ins that are there: ours, or there are none. */
static int check_files(const VolumeTables *tables, const Volume *volume, const VolumeFiles *files)
{
    _cleanup_free_ char *mark = volume_mark(volume->name);

    for (size_t i = 0; i < VOLUME_FILES; i++) {
        _cleanup_etc_file_ EtcFile file = { 0 };
        int r = mark ? etc_file_read(tables->root_fd, files->items[i].path, &file) : -ENOMEM;
        if (r == ETC_FILE_E_ABSENT)
            continue;
        if (r < 0)
            return complain_of_failure("volume-file-unusable", files->items[i].path, r);
        if (r != ETC_FILE_OK || strncmp(file.text, mark, strlen(mark)) != 0)
            return complain("volume-line-foreign", files->items[i].path, NULL);
    }
    return 0;
}

/* PATH says TEXT, or (NULL) is not there. What says it already is left alone. */
static int put(int root_fd, const char *path, const EtcFile *before, const char *text)
{
    if (before && before->text && text && strcmp(before->text, text) == 0)
        return 0;
    int r = text ? etc_file_write(root_fd, path, before && before->text ? before : NULL, text)
                 : etc_file_remove(root_fd, path);
    return r < 0 ? complain_of_failure("volume-file-unusable", path, r) : 0;
}

static int put_files(const VolumeTables *tables, const VolumeFiles *files)
{
    int r = 0;

    for (size_t i = 0; i < VOLUME_FILES && r == 0; i++) {
        _cleanup_etc_file_ EtcFile file = { 0 };
        const VolumeFile *item = &files->items[i];
        bool is_there = etc_file_read(tables->root_fd, item->path, &file) == ETC_FILE_OK;
        if (item->text || is_there)
            r = put(tables->root_fd, item->path, &file, item->text);
    }
    return r;
}

/* The table with LINE for NAME, or without one (NULL). A table that held nothing else goes. */
static int put_line(int root_fd, const char *path, const EtcFile *table, const char *name,
                    const char *line)
{
    if (!line && !table->text)
        return 0;
    _cleanup_free_ char *text =
        line ? table_with(table->text, name, line) : table_without(table->text, name);
    if (!text)
        return complain_of_errno(-ENOMEM, path);
    return put(root_fd, path, table, table_is_void(text) ? NULL : text);
}

/* Drop-ins first: without them a line of crypttab would hold more than it should. */
static int write_recipe(const VolumeTables *tables, const Volume *volume, const VolumeFiles *files)
{
    _cleanup_free_ char *crypttab = volume_crypttab_line(volume);
    _cleanup_free_ char *fstab = volume->mount ? volume_fstab_line(volume) : NULL;

    if (!crypttab || (volume->mount && !fstab))
        return complain_of_errno(-ENOMEM, volume->name);
    int r = put_files(tables, files);
    if (r == 0)
        r = put_line(tables->root_fd, CRYPTTAB, &tables->crypttab, volume->name, crypttab);
    return r == 0 ? put_line(tables->root_fd, FSTAB, &tables->fstab, volume->name, fstab) : r;
}

static int warn(const Volume *volume)
{
    _cleanup_findings_ Findings findings = { .source = "attestctl" };

    if (volume->header == VOLUME_HEADER_UNCHECKED &&
        findings_add(&findings, "volume-header-unchecked", volume->name, FINDING_WARNING, NULL,
                     NULL) < 0)
        return EXIT_CLASS_INTERNAL;
    return complain_of_findings(&findings);
}

static int volume_add(const Options *options)
{
    _cleanup_volume_tables_ VolumeTables tables = VOLUME_TABLES_INIT;
    _cleanup_volume_files_ VolumeFiles files = { 0 };
    Volume volume;

    int r = read_options(options, &volume);
    if (r == 0)
        r = volume_tables_open(options->root, &tables);
    if (r != 0)
        return r;
    if (volume_files(&volume, &files) < 0)
        return complain_of_errno(-ENOMEM, volume.name);
    r = check_lines(&tables, &volume);
    if (r == 0)
        r = check_files(&tables, &volume, &files);
    if (r == 0)
        r = write_recipe(&tables, &volume, &files);
    if (r != 0)
        return r;
    unit_manager_reload_here(options->root);
    (void)printf("Volume %s opens%s%s when the machine is trusted, and closes when it is not.\n",
                 volume.name, volume.mount ? " and is mounted at " : "",
                 volume.mount ? volume.mount : "");
    (void)printf("Its key: attestctl seal %s --for=volume:%s <KEYFILE\n", volume.name, volume.name);
    (void)printf("The next verdict opens it; under the present one: " START_WANTED "\n");
    return warn(&volume);
}

static int volume_remove(const Options *options)
{
    const Volume volume = { .name = options->argument,
                            .device = "/dev/null",
                            .header = VOLUME_HEADER_UNCHECKED };
    _cleanup_volume_tables_ VolumeTables tables = VOLUME_TABLES_INIT;
    _cleanup_volume_files_ VolumeFiles files = { 0 };

    if (!volume_name_is_valid(volume.name))
        return complain_of_name(volume.name);
    int r = volume_tables_open(options->root, &tables);
    if (r != 0)
        return r;
    if (volume_files(&volume, &files) < 0)
        return complain_of_errno(-ENOMEM, volume.name);
    r = check_lines(&tables, &volume);
    if (r == 0)
        r = check_files(&tables, &volume, &files);
    if (r != 0)
        return r;
    for (size_t i = 0; i < VOLUME_FILES; i++)
        free(TAKE_PTR(files.items[i].text)); /* none is wanted any more */
    r = put_line(tables.root_fd, FSTAB, &tables.fstab, volume.name, NULL);
    if (r == 0)
        r = put_line(tables.root_fd, CRYPTTAB, &tables.crypttab, volume.name, NULL);
    if (r == 0)
        r = put_files(&tables, &files);
    if (r != 0)
        return r;
    unit_manager_reload_here(options->root);
    (void)printf("Volume %s is nobody's business here any more.\n", volume.name);
    output_note("If it is open it stays open: unmount it, and cryptsetup close it.");
    return 0;
}

#define OPTION_ROOT TEXT_OPTION("root", root, "DIR", "the machine whose files are below DIR")

static const Option add_options[] = {
    NEEDED_OPTION("device", device, "DEVICE", "where it is: a path, UUID=, LABEL=, …"),
    TEXT_OPTION("header", header, "WHAT", "checked (default), detached:PATH or unchecked"),
    TEXT_OPTION("mount", mount, "DIR", "mount it there"),
    TEXT_OPTION("fstype", fstype, "TYPE", "with this file system; ext4 unless given"),
    TEXT_OPTION("options", mount_options, "LIST", "and these options besides"),
    OPTION_ROOT,
    { 0 },
};

static const Option remove_options[] = { OPTION_ROOT, { 0 } };

static const Option list_options[] = {
    FLAG_OPTION("json", json, "as JSON"),
    OPTION_ROOT,
    { 0 },
};

static const Option header_options[] = {
    TEXT_OPTION("out", out, "FILE", "instead of /run/attestd-headers/NAME"),
    OPTION_ROOT,
    { 0 },
};

const Verb verb_volume[] = {
    { .name = "volume",
      .form = "list",
      .is_default = true,
      .help = "volumes whose key is a secret, and what is wrong",
      .run = volume_list,
      .options = list_options },
    { .name = "volume",
      .form = "add",
      .argument = "NAME",
      .help = "have a LUKS2 volume opened under a verdict",
      .run = volume_add,
      .options = add_options },
    { .name = "volume",
      .form = "remove",
      .argument = "NAME",
      .help = "undo what add did",
      .run = volume_remove,
      .options = remove_options },
    { .name = "volume",
      .form = "check",
      .argument = "NAME|DEVICE",
      .help = "judge a volume's lines and its LUKS2 header",
      .run = volume_check,
      .options = list_options },
    { .name = "volume",
      .form = "header",
      .argument = "NAME",
      .help = "check the header and copy it, before it is opened",
      .run = volume_header,
      .options = header_options },
    { 0 },
};
