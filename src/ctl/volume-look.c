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

static int print_header(const Luks2Header *header, const char *path, const Options *options)
{
    char text[96];

    if (options->json) {
        json_auto_t *object =
            json_pack("{ss ss si si si si sI}", "header", path, "uuid", header->uuid, "key_bits",
                      (int)header->key_bits, "sector_size", (int)header->sector_size, "keyslots",
                      (int)header->n_keyslots, "tokens", (int)header->n_tokens, "data_offset",
                      (json_int_t)header->data_offset);
        return !object || output_json(object) < 0 ? EXIT_CLASS_INTERNAL : 0;
    }
    print_row("Header", path);
    print_row("UUID", header->uuid);
    (void)snprintf(text, sizeof(text), "aes-xts-plain64, %u bits, sectors of %u bytes",
                   header->key_bits, header->sector_size);
    print_row("Cipher", text);
    (void)snprintf(text, sizeof(text), "%u, and %u tokens", header->n_keyslots, header->n_tokens);
    print_row("Keyslots", text);
    output_note("Everything in this header is accepted. It may be an older one of this disk.");
    return 0;
}

static int check_header(const char *path, bool detached, const Options *options)
{
    _cleanup_findings_ Findings findings = { .source = "attestctl" };
    _cleanup_header_image_ HeaderImage image = { 0 };

    int r = header_image_open(path, detached, &findings, &image);
    if (r < 0)
        return complain_of_errno(r, path);
    return r == HEADER_IMAGE_OK ? print_header(&image.header, path, options)
                                : complain_of_findings(&findings);
}

/* What crypttab says, then the header that it leads to. */
static int check_volume(const VolumeTables *tables, const TableLine *line, const Options *options)
{
    _cleanup_findings_ Findings findings = { .source = "attestctl" };
    _cleanup_free_ char *header = NULL, *device = volume_device_path(line->fields[FIELD_DEVICE]);
    bool detached = volume_header_of(line, &header) == VOLUME_HEADER_DETACHED;

    int r = device ? volume_judge(tables, line, FINDING_FAILURE, &findings) : -ENOMEM;
    if (r < 0)
        return complain_of_errno(r, line->fields[0]);
    int exit_class = complain_of_findings(&findings);
    if (options->root) {
        output_note("The header of another machine's disk is not looked for.");
        return exit_class;
    }
    int found = check_header(detached ? header : device, detached, options);
    return exit_class != 0 ? exit_class : found;
}

int volume_check(const Options *options)
{
    const char *name = options->argument;
    _cleanup_volume_tables_ VolumeTables tables = VOLUME_TABLES_INIT;
    TableLine line;

    if (strpbrk(name, "/=")) {
        _cleanup_free_ char *device = volume_device_path(name);
        return device ? check_header(device, false, options) : complain_of_errno(-ENOMEM, name);
    }
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
