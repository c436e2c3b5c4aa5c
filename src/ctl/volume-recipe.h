/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes a volume of crypttab(5) open under a verdict and close without one: a line of
 * crypttab, one of fstab, and drop-ins (docs/volumes.md). Text only.
 */
#pragma once

#include "base/macro.h"

#define VOLUME_KEY              "/run/attestd/secrets.sock"
#define VOLUME_HEADER_DIRECTORY "/run/attestd-headers"
#define VOLUME_FILES            3 /* drop-ins that a recipe may have */

typedef enum VolumeHeader {
    VOLUME_HEADER_CHECKED,   /* a copy of the disk's, once it has been checked */
    VOLUME_HEADER_DETACHED,  /* a file that the disk has no part in */
    VOLUME_HEADER_UNCHECKED, /* whatever the disk says */
} VolumeHeader;

/* Borrowed from the command line. */
typedef struct Volume {
    const char *name;
    const char *device;
    VolumeHeader header;
    const char *header_path;   /* of a detached one */
    const char *mount;         /* NULL: it is opened and not mounted */
    const char *fstype;        /* NULL without a mount */
    const char *mount_options; /* NULL: none besides those of the recipe */
} Volume;

/* A file of the recipe, relative to the root. */
typedef struct VolumeFile {
    char *path;
    char *text; /* NULL: this volume does without it */
} VolumeFile;

typedef struct VolumeFiles {
    VolumeFile items[VOLUME_FILES];
} VolumeFiles;

void volume_files_done(VolumeFiles *files);
#define _cleanup_volume_files_ _cleanup_(volume_files_done)

/* Letters that mean nothing else in crypttab, fstab or a unit file; a plain path: no "..". */
bool volume_word_is_valid(const char *word);
bool volume_path_is_valid(const char *path);
/* "/dev/…", "UUID=…", "LABEL=…", "PARTUUID=…", "PARTLABEL=…", or the path of a file. */
bool volume_device_is_valid(const char *device);
/* A secret's name, and short enough to be a unit's when it is escaped. */
bool volume_name_is_valid(const char *name);
/* "checked", "unchecked" or "detached:PATH"; NULL is checked. */
bool volume_header_parse(const char *text, VolumeHeader *ret, const char **ret_path);

/* The node behind DEVICE: "/dev/disk/by-uuid/…". Owned; NULL when out of memory. */
char *volume_device_path(const char *device);
/* The checked copy of NAME's header. Owned; NULL when out of memory. */
char *volume_header_copy(const char *name);

/* Lines without their ends. Owned; NULL when out of memory. */
char *volume_crypttab_line(const Volume *volume);
char *volume_fstab_line(const Volume *volume);
/* The first line of every file of the recipe. Owned; NULL when out of memory. */
char *volume_mark(const char *name);
/* -ENOMEM. */
_must_check_ int volume_files(const Volume *volume, VolumeFiles *ret);
