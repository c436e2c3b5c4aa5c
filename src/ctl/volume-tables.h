/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypttab and fstab of a root, as they were found, and what is wrong with a volume in them.
 */
#pragma once

#include "ctl/etc-file.h"
#include "ctl/table-text.h"
#include "ctl/volume-recipe.h"
#include "format/finding.h"

#define CRYPTTAB "etc/crypttab"
#define FSTAB    "etc/fstab"

typedef struct VolumeTables {
    int root_fd;
    EtcFile crypttab; /* text NULL: there is none */
    EtcFile fstab;
} VolumeTables;

#define VOLUME_TABLES_INIT ((VolumeTables){ .root_fd = -EBADF })

/* ROOT NULL: this machine's. What fails is said; 0, else an exit class. */
_must_check_ int volume_tables_open(const char *root, VolumeTables *ret);
void volume_tables_done(VolumeTables *tables);
#define _cleanup_volume_tables_ _cleanup_(volume_tables_done)

/* The next volume of crypttab that asks attestd for its key. Begin with volume_cursor(). */
TableCursor volume_cursor(const EtcFile *table);
bool volume_next(TableCursor *cursor, TableLine *ret);
/* The one called NAME. */
bool volume_find(const VolumeTables *tables, const char *name, TableLine *ret);
/* Where NAME is mounted, by fstab; owned, NULL when nowhere, or out of memory. */
char *volume_mount_of(const VolumeTables *tables, const char *name);
/* What its header= says. The path is owned; NULL when there is none, or out of memory. */
VolumeHeader volume_header_of(const TableLine *line, char **ret_path);

/* Adds what is wrong with LINE of crypttab as RESULT. -ENOMEM. */
_must_check_ int volume_judge(const VolumeTables *tables, const TableLine *line,
                              FindingResult result, Findings *findings);
