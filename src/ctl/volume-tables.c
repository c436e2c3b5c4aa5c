/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines that are about volumes of ours. What each defect leads to was measured, and stands in
 * docs/volumes.md.
 */
#include "ctl/volume-tables.h"

#include "ctl/complain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FIELD_KEY     2
#define FIELD_OPTIONS 3
#define FIELD_MOUNT   1 /* of fstab */

static int read_table(int root_fd, const char *path, EtcFile *ret)
{
    int r = etc_file_read(root_fd, path, ret);

    if (r == ETC_FILE_OK || r == ETC_FILE_E_ABSENT)
        return 0;
    return r < 0 ? complain_of_failure("volume-file-unusable", path, r)
                 : complain("volume-file-unusable", path, "no plain text file of at most 1 MiB");
}

int volume_tables_open(const char *root, VolumeTables *ret)
{
    _cleanup_volume_tables_ VolumeTables tables = VOLUME_TABLES_INIT;

    int r = etc_root_open_or_complain(root, &tables.root_fd);
    if (r == 0)
        r = read_table(tables.root_fd, CRYPTTAB, &tables.crypttab);
    if (r == 0)
        r = read_table(tables.root_fd, FSTAB, &tables.fstab);
    if (r != 0)
        return r;
    *ret = tables;
    tables = VOLUME_TABLES_INIT;
    return 0;
}

void volume_tables_done(VolumeTables *tables)
{
    closep(&tables->root_fd);
    etc_file_done(&tables->crypttab);
    etc_file_done(&tables->fstab);
    *tables = VOLUME_TABLES_INIT;
}

TableCursor volume_cursor(const EtcFile *table)
{
    return (TableCursor){ .text = table->text ? table->text : "" };
}

bool volume_next(TableCursor *cursor, TableLine *ret)
{
    while (table_next(cursor, ret))
        if (strcmp(ret->fields[FIELD_KEY], VOLUME_KEY) == 0)
            return true;
    return false;
}

bool volume_find(const VolumeTables *tables, const char *name, TableLine *ret)
{
    TableCursor cursor = volume_cursor(&tables->crypttab);

    while (volume_next(&cursor, ret))
        if (strcmp(ret->fields[0], name) == 0)
            return true;
    return false;
}

char *volume_mount_of(const VolumeTables *tables, const char *name)
{
    TableCursor cursor = volume_cursor(&tables->fstab);
    TableLine line;

    while (table_next(&cursor, &line))
        if (strncmp(line.fields[0], "/dev/mapper/", strlen("/dev/mapper/")) == 0 &&
            strcmp(table_volume(&line), name) == 0)
            return strdup(line.fields[FIELD_MOUNT]);
    return NULL;
}

VolumeHeader volume_header_of(const TableLine *line, char **ret_path)
{
    _cleanup_free_ char *copy = volume_header_copy(line->fields[0]);

    *ret_path = table_option(line->fields[FIELD_OPTIONS], "header");
    if (!*ret_path)
        return VOLUME_HEADER_UNCHECKED;
    return copy && strcmp(*ret_path, copy) == 0 ? VOLUME_HEADER_CHECKED : VOLUME_HEADER_DETACHED;
}

/* Is there a drop-in of ours that binds it? Another's, which could do as well, is not looked for.
 */
static bool is_bound(const VolumeTables *tables, const char *name)
{
    const Volume volume = { .name = name, .device = "/dev/null" };
    _cleanup_volume_files_ VolumeFiles files = { 0 };
    _cleanup_etc_file_ EtcFile file = { 0 };

    return volume_name_is_valid(name) && volume_files(&volume, &files) == 0 &&
           etc_file_read(tables->root_fd, files.items[0].path, &file) == ETC_FILE_OK &&
           strstr(file.text, "\nBindsTo=attested.target\n");
}

int volume_judge(const VolumeTables *tables, const TableLine *line, FindingResult result,
                 Findings *findings)
{
    const char *options = line->fields[FIELD_OPTIONS];
    _cleanup_free_ char *tries = table_option(options, "tries"), *path = NULL;
    char subject[TABLE_FIELD_SIZE + 64];
    int r = 0;

    (void)snprintf(subject, sizeof(subject), "%s, crypttab line %zu", line->fields[0],
                   line->number);
    bool is_late = table_has_option(options, "noauto") || table_has_option(options, "nofail");
    bool is_headless = table_has_option(options, "headless") || (tries && strcmp(tries, "1") == 0);
    if (!is_late)
        r = findings_add(findings, "volume-boot-waits", subject, result, options, "noauto");
    if (r == 0 && !is_headless)
        r = findings_add(findings, "volume-asks-person", subject, result, options, "headless=true");
    if (r == 0 && !is_bound(tables, line->fields[0]))
        r = findings_add(findings, "volume-stays-open", subject, result, NULL, NULL);
    if (r == 0 && volume_header_of(line, &path) == VOLUME_HEADER_UNCHECKED)
        r = findings_add(findings, "volume-header-unchecked", subject, FINDING_WARNING, NULL, NULL);
    return r;
}
