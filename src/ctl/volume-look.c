/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl volume list, check and header.
 */
#include "ctl/complain.h"
#include "ctl/header-image.h"
#include "ctl/output.h"
#include "ctl/volume-tables.h"
#include "ctl/volume.h"
#include "format/catalog.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FIELD_DEVICE 1

static const char *header_name(VolumeHeader header)
{
    switch (header) {
    case VOLUME_HEADER_CHECKED:
        return "checked";
    case VOLUME_HEADER_DETACHED:
        return "detached";
    case VOLUME_HEADER_UNCHECKED:
        return "unchecked";
    }
    return "?";
}

static json_t *line_to_json(const VolumeTables *tables, const TableLine *line,
                            const Findings *findings)
{
    _cleanup_free_ char *path = NULL, *mount = volume_mount_of(tables, line->fields[0]);
    VolumeHeader header = volume_header_of(line, &path);

    return json_pack("{ss ss ss ss* ss* sb so}", "name", line->fields[0], "device",
                     line->fields[FIELD_DEVICE], "header", header_name(header), "header_path", path,
                     "mount", mount, "ours", line->is_ours ? 1 : 0, "findings",
                     findings_to_json(findings));
}

static void print_line(const VolumeTables *tables, const TableLine *line)
{
    _cleanup_free_ char *path = NULL, *mount = volume_mount_of(tables, line->fields[0]);

    (void)printf("%-24s %s, header %s%s%s\n", line->fields[0], line->fields[FIELD_DEVICE],
                 header_name(volume_header_of(line, &path)), mount ? ", mounted at " : "",
                 mount ? mount : "");
}

/* One volume of the list; JSON goes to ARRAY. 0 or -ENOMEM. */
static int list_line(const VolumeTables *tables, const TableLine *line, json_t *array,
                     Findings *all)
{
    _cleanup_findings_ Findings findings = { .source = "attestctl" };

    int r = volume_judge(tables, line, FINDING_WARNING, &findings);
    if (r < 0)
        return r;
    if (array)
        return json_array_append_new(array, line_to_json(tables, line, &findings)) < 0 ? -ENOMEM
                                                                                       : 0;
    print_line(tables, line);
    return findings_move(all, &findings);
}

int volume_list(const Options *options)
{
    _cleanup_volume_tables_ VolumeTables tables = VOLUME_TABLES_INIT;
    _cleanup_findings_ Findings findings = { .source = "attestctl" };
    json_auto_t *array = options->json ? json_array() : NULL;
    size_t n = 0;
    TableLine line;

    int r = volume_tables_open(options->root, &tables);
    if (r != 0)
        return r;
    TableCursor cursor = volume_cursor(&tables.crypttab);
    for (; volume_next(&cursor, &line); n++) {
        r = list_line(&tables, &line, array, &findings);
        if (r < 0)
            return complain_of_errno(r, CRYPTTAB);
    }
    if (options->json)
        return !array || output_json(array) < 0 ? EXIT_CLASS_INTERNAL : 0;
    if (n == 0)
        output_note("No volume asks for a secret; attestctl volume add makes one do so.");
    return complain_of_findings(&findings);
}

static void print_row(const char *label, const char *text)
{
    (void)printf("%s%12s:%s %s\n", output_tone(TONE_DIM), label, output_reset(), text);
}

/* What "volume check" looks at, and what it has found. */
typedef struct VolumeCheck {
    const char *name;   /* of the volume; NULL: a device was given */
    const char *header; /* where the header is; NULL: it was not looked for */
    bool is_accepted;   /* all of it is in ->image */
    HeaderImage image;
    Findings findings;
} VolumeCheck;

#define VOLUME_CHECK_INIT ((VolumeCheck){ .findings = { .source = "attestctl" } })

static void volume_check_done(VolumeCheck *check)
{
    header_image_done(&check->image);
    findings_done(&check->findings);
}

static int print_check_json(const VolumeCheck *check, int exit_class)
{
    const Luks2Header *header = &check->image.header;
    json_auto_t *object =
        json_pack("{ss* ss* sb so}", "name", check->name, "header", check->header, "ok",
                  exit_class == 0, "findings", findings_to_json(&check->findings));
    json_auto_t *content =
        check->is_accepted
            ? json_pack("{ss si si si si sI}", "uuid", header->uuid, "key_bits",
                        (int)header->key_bits, "sector_size", (int)header->sector_size, "keyslots",
                        (int)header->n_keyslots, "tokens", (int)header->n_tokens, "data_offset",
                        (json_int_t)header->data_offset)
            : json_object();

    if (!object || !content || json_object_update(object, content) < 0 || output_json(object) < 0)
        return EXIT_CLASS_INTERNAL;
    return exit_class;
}

static void print_header(const Luks2Header *header, const char *path)
{
    char text[96];

    print_row("Header", path);
    print_row("UUID", header->uuid);
    (void)snprintf(text, sizeof(text), "aes-xts-plain64, %u bits, sectors of %u bytes",
                   header->key_bits, header->sector_size);
    print_row("Cipher", text);
    (void)snprintf(text, sizeof(text), "%u, and %u tokens", header->n_keyslots, header->n_tokens);
    print_row("Keyslots", text);
    output_note("Everything in this header is accepted. It may be an older one of this disk.");
}

/* The exit class is that of what was found. */
static int print_check(const VolumeCheck *check, const Options *options)
{
    if (options->json)
        return print_check_json(check, complain_exit_class(&check->findings));
    if (check->is_accepted)
        print_header(&check->image.header, check->header);
    if (!check->header)
        output_note("The header of another machine's disk is not looked for.");
    return complain_of_findings(&check->findings);
}

/* 0, else an exit class. */
static int check_header(const char *path, bool detached, VolumeCheck *check)
{
    int r = header_image_open(path, detached, &check->findings, &check->image);

    if (r < 0)
        return complain_of_errno(r, path);
    check->header = path;
    check->is_accepted = r == HEADER_IMAGE_OK;
    return 0;
}

/* What crypttab says, then the header that it leads to. */
static int check_volume(const VolumeTables *tables, const TableLine *line, const Options *options)
{
    _cleanup_(volume_check_done) VolumeCheck check = VOLUME_CHECK_INIT;
    _cleanup_free_ char *header = NULL, *device = volume_device_path(line->fields[FIELD_DEVICE]);
    bool detached = volume_header_of(line, &header) == VOLUME_HEADER_DETACHED;

    check.name = line->fields[0];
    int r = device ? volume_judge(tables, line, FINDING_FAILURE, &check.findings) : -ENOMEM;
    if (r < 0)
        return complain_of_errno(r, check.name);
    int exit_class = options->root ? 0 : check_header(detached ? header : device, detached, &check);
    return exit_class != 0 ? exit_class : print_check(&check, options);
}

static int check_device(const char *name, const Options *options)
{
    _cleanup_(volume_check_done) VolumeCheck check = VOLUME_CHECK_INIT;
    _cleanup_free_ char *device = volume_device_path(name);

    if (!device)
        return complain_of_errno(-ENOMEM, name);
    int exit_class = check_header(device, false, &check);
    return exit_class != 0 ? exit_class : print_check(&check, options);
}

int volume_check(const Options *options)
{
    const char *name = options->argument;
    _cleanup_volume_tables_ VolumeTables tables = VOLUME_TABLES_INIT;
    TableLine line;

    if (strpbrk(name, "/="))
        return check_device(name, options);
    int r = volume_tables_open(options->root, &tables);
    if (r != 0)
        return r;
    if (!volume_find(&tables, name, &line))
        return complain("volume-missing", name, NULL);
    return check_volume(&tables, &line, options);
}

int volume_header(const Options *options)
{
    const char *name = options->argument;
    _cleanup_volume_tables_ VolumeTables tables = VOLUME_TABLES_INIT;
    _cleanup_findings_ Findings findings = { .source = "attestctl" };
    _cleanup_header_image_ HeaderImage image = { 0 };
    _cleanup_free_ char *copy = NULL, *device = NULL;
    TableLine line;

    int r = volume_tables_open(options->root, &tables);
    if (r != 0)
        return r;
    if (!volume_name_is_valid(name) || !volume_find(&tables, name, &line))
        return complain("volume-missing", name, NULL);
    copy = options->out ? strdup(options->out) : volume_header_copy(name);
    device = volume_device_path(line.fields[FIELD_DEVICE]);
    if (!copy || !device)
        return complain_of_errno(-ENOMEM, name);
    /* One of before must not stand in for one that is refused now. */
    if (unlink(copy) < 0 && errno != ENOENT)
        return complain("volume-header-unwritten", copy, strerror(errno));
    r = header_image_open(device, false, &findings, &image);
    if (r < 0)
        return complain_of_errno(r, device);
    if (r != HEADER_IMAGE_OK)
        return complain_of_findings(&findings);
    r = header_image_write(&image, copy);
    if (r < 0)
        return complain("volume-header-unwritten", copy, strerror(-r));
    (void)printf("The header of %s is as it should be; %s is its copy.\n", device, copy);
    return 0;
}
