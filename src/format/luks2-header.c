/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LUKS2 On-Disk Format Specification: "Binary Header", with its two copies, and "JSON Area".
 */
#include "format/luks2-header.h"

#include "base/reader.h"
#include "format/luks2-metadata.h"

#include <stdio.h>
#include <string.h>

#define MAGIC_SIZE         6
#define VERSION            2
#define LABEL_SIZE         48
#define ALGORITHM_SIZE     32
#define SALT_SIZE          64
#define SUBSYSTEM_SIZE     48
#define PADDING_SIZE       184
#define CHECKSUM_OFFSET    448
#define CHECKSUM_AREA      64
#define PADDING_4096_SIZE  (7 * 512)
#define COPY_SIZE_MIN      16384
#define ALGORITHM          "sha256"
#define FOUND(text_, what) (void)snprintf((text_), LUKS2_FOUND_SIZE, "%s", (what))

static const uint8_t magic_first[MAGIC_SIZE] = { 'L', 'U', 'K', 'S', 0xba, 0xbe };
static const uint8_t magic_second[MAGIC_SIZE] = { 'S', 'K', 'U', 'L', 0xba, 0xbe };

const char *luks2_reason(int reason)
{
    switch (reason) {
    case LUKS2_OK:
        return "ok";
    case LUKS2_E_MAGIC:
        return "no LUKS2 header";
    case LUKS2_E_SHAPE:
        return "sizes or reserved bytes that are none";
    case LUKS2_E_TRUNCATED:
        return "truncated";
    case LUKS2_E_COPIES:
        return "its two copies differ";
    case LUKS2_E_JSON:
        return "its metadata is not as LUKS2 has it";
    case LUKS2_E_CIPHER:
        return "another cipher than aes-xts-plain64";
    case LUKS2_E_OUTSIDE:
        return "something that is not taken";
    }
    return "unknown";
}

/* "Binary Header": a power of two from 16 KiB to 4 MiB. */
static bool size_is_valid(uint64_t size)
{
    return size >= COPY_SIZE_MIN && size <= LUKS2_COPY_SIZE_MAX && (size & (size - 1)) == 0;
}

/* A text field: ended by NUL, and all NUL from there. */
static bool is_text(ByteView field)
{
    const uint8_t *end = memchr(field.data, 0, field.size);

    return end &&
           view_is_filled_with((ByteView){ end, field.size - (size_t)(end - field.data) }, 0);
}

/* Hexadecimal digits and dashes only: it is shown to a person. */
static bool is_uuid(ByteView field)
{
    return is_text(field) && strspn((const char *)field.data, "0123456789abcdefABCDEF-") ==
                                 strlen((const char *)field.data);
}

static bool is_checksum_of_sha256(ByteView field)
{
    return is_text(field) && strcmp((const char *)field.data, ALGORITHM) == 0;
}

int luks2_binary_parse(ByteView bytes, uint64_t offset, Luks2Binary *ret)
{
    Luks2Binary binary = { 0 };
    Reader reader = reader_over(bytes);

    ByteView magic = reader_view(&reader, MAGIC_SIZE);
    uint16_t version = reader_be16(&reader);
    if (reader_check(&reader) != READER_OK || version != VERSION ||
        !view_equal(magic, offset == 0 ? VIEW_OF_ARRAY(magic_first) : VIEW_OF_ARRAY(magic_second)))
        return LUKS2_E_MAGIC;

    binary.size = reader_be64(&reader);
    binary.sequence = reader_be64(&reader);
    ByteView label = reader_view(&reader, LABEL_SIZE);
    ByteView algorithm = reader_view(&reader, ALGORITHM_SIZE);
    reader_skip(&reader, SALT_SIZE);
    ByteView uuid = reader_view(&reader, LUKS2_UUID_SIZE);
    ByteView subsystem = reader_view(&reader, SUBSYSTEM_SIZE);
    uint64_t own_offset = reader_be64(&reader);
    ByteView padding = reader_view(&reader, PADDING_SIZE);
    reader_copy(&reader, binary.checksum, LUKS2_CHECKSUM_SIZE);
    ByteView rest = reader_view(&reader, CHECKSUM_AREA - LUKS2_CHECKSUM_SIZE);
    ByteView padding_4096 = reader_view(&reader, PADDING_4096_SIZE);

    if (reader_end(&reader) != READER_OK || !size_is_valid(binary.size) || own_offset != offset ||
        !is_text(label) || !is_checksum_of_sha256(algorithm) || !is_uuid(uuid) ||
        !is_text(subsystem) || !view_is_filled_with(padding, 0) || !view_is_filled_with(rest, 0) ||
        !view_is_filled_with(padding_4096, 0))
        return LUKS2_E_SHAPE;
    memcpy(binary.uuid, uuid.data, uuid.size);
    *ret = binary;
    return LUKS2_OK;
}

void luks2_checksum_parts(ByteView copy, ByteView ret_parts[static 3])
{
    static const uint8_t zeros[CHECKSUM_AREA] = { 0 };
    const size_t behind = CHECKSUM_OFFSET + CHECKSUM_AREA;

    ret_parts[0] = (ByteView){ copy.data, CHECKSUM_OFFSET };
    ret_parts[1] = VIEW_OF_ARRAY(zeros);
    ret_parts[2] = (ByteView){ copy.data + behind, copy.size - behind };
}

/* The text before the first NUL, behind which there must be nothing. */
static int json_of(ByteView area, ByteView *ret)
{
    const uint8_t *end = memchr(area.data, 0, area.size);

    if (!end)
        return LUKS2_E_JSON;
    size_t length = (size_t)(end - area.data);
    if (!view_is_filled_with((ByteView){ end, area.size - length }, 0))
        return LUKS2_E_JSON;
    *ret = (ByteView){ area.data, length };
    return LUKS2_OK;
}

static int read_json(ByteView area, char found[static LUKS2_FOUND_SIZE], Luks2Header *header)
{
    json_auto_t *metadata = NULL;
    ByteView text;

    if (json_of(area, &text) != LUKS2_OK) {
        FOUND(found, "bytes behind the JSON, or no end of it");
        return LUKS2_E_JSON;
    }
    int r = json_parse(text, LUKS2_COPY_SIZE_MAX, &metadata);
    if (r < 0)
        return r;
    if (r != JSON_OK) {
        FOUND(found, json_reason(r));
        return LUKS2_E_JSON;
    }
    return luks2_metadata_read(metadata, found, header);
}

/* The second copy says what the first one says. */
static int compare(ByteView copies, const Luks2Binary *first)
{
    const uint64_t size = first->size;
    Luks2Binary second;

    int r = luks2_binary_parse((ByteView){ copies.data + size, LUKS2_BINARY_SIZE }, size, &second);
    if (r != LUKS2_OK)
        return r == LUKS2_E_MAGIC ? LUKS2_E_COPIES : r;
    return second.size == size && second.sequence == first->sequence &&
                   strcmp(second.uuid, first->uuid) == 0 &&
                   memcmp(copies.data + LUKS2_BINARY_SIZE, copies.data + size + LUKS2_BINARY_SIZE,
                          size - LUKS2_BINARY_SIZE) == 0
               ? LUKS2_OK
               : LUKS2_E_COPIES;
}

int luks2_header_parse(ByteView copies, char ret_found[static LUKS2_FOUND_SIZE], Luks2Header *ret)
{
    Luks2Header header = { 0 };
    Luks2Binary first;

    if (copies.size < LUKS2_BINARY_SIZE) {
        FOUND(ret_found, "less than the first 4096 bytes");
        return LUKS2_E_TRUNCATED;
    }
    int r = luks2_binary_parse((ByteView){ copies.data, LUKS2_BINARY_SIZE }, 0, &first);
    if (r == LUKS2_OK && copies.size != 2 * first.size)
        r = LUKS2_E_TRUNCATED;
    if (r == LUKS2_OK)
        r = compare(copies, &first);
    if (r != LUKS2_OK) {
        FOUND(ret_found, luks2_reason(r));
        return r;
    }
    header.copy_size = first.size;
    memcpy(header.uuid, first.uuid, sizeof(header.uuid));
    r = read_json((ByteView){ copies.data + LUKS2_BINARY_SIZE, first.size - LUKS2_BINARY_SIZE },
                  ret_found, &header);
    if (r != LUKS2_OK)
        return r;
    *ret = header;
    return LUKS2_OK;
}
