/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UEFI_IMAGE_LOAD_EVENT and device path nodes.
 */
#include "format/uefi-image-load.h"

#include "format/uefi-variable.h"

#define NODE_HEADER_SIZE 4    /* bytes: type, subtype, length */
#define NODE_END         0x7f /* type */
#define NODE_END_ENTIRE  0xff /* subtype */
#define NODE_MEDIA       0x04 /* type */
#define NODE_FILE_PATH   0x04 /* subtype */

/* One node; false when its length is not possible. */
static bool read_node(Reader *reader, DevicePathNode *ret)
{
    DevicePathNode node = { .type = reader_u8(reader), .subtype = reader_u8(reader) };
    uint16_t length = reader_le16(reader);

    if (length < NODE_HEADER_SIZE)
        return false;
    node.data = reader_view(reader, length - NODE_HEADER_SIZE);
    if (reader_check(reader))
        return false;
    *ret = node;
    return true;
}

static bool is_end(const DevicePathNode *node)
{
    return node->type == NODE_END && node->subtype == NODE_END_ENTIRE;
}

/* Nodes up to an end node, and nothing behind it. */
static bool device_path_is_well_formed(ByteView path)
{
    Reader reader = reader_over(path);
    DevicePathNode node = { .type = NODE_END, .subtype = NODE_END_ENTIRE };

    while (reader.left.size > 0) {
        if (!read_node(&reader, &node))
            return false;
        if (is_end(&node))
            break;
    }
    return reader.left.size == 0 && is_end(&node);
}

int uefi_image_load_parse(ByteView event_data, UefiImageLoad *ret)
{
    UefiImageLoad load = { 0 };
    Reader reader = reader_over(event_data);

    load.address = reader_le64(&reader);
    load.length = reader_le64(&reader);
    load.link_time_address = reader_le64(&reader);
    uint64_t path_size = reader_le64(&reader);
    load.device_path = reader_view(&reader, path_size);
    if (reader_check(&reader))
        return UEFI_IMAGE_LOAD_E_TRUNCATED;
    if (!device_path_is_well_formed(load.device_path))
        return UEFI_IMAGE_LOAD_E_DEVICE_PATH;
    load.rest = reader.left;
    *ret = load;
    return UEFI_IMAGE_LOAD_OK;
}

bool device_path_next(Reader *reader, DevicePathNode *ret)
{
    DevicePathNode node;

    if (reader->left.size == 0 || !read_node(reader, &node) || is_end(&node))
        return false;
    *ret = node;
    return true;
}

void uefi_image_load_file(const UefiImageLoad *load, char *out, size_t size)
{
    Reader reader = reader_over(load->device_path);
    DevicePathNode node;
    ByteView file = { 0 };

    while (device_path_next(&reader, &node))
        if (node.type == NODE_MEDIA && node.subtype == NODE_FILE_PATH)
            file = node.data;
    utf16_to_ascii(file, out, size);
}
