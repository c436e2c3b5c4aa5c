/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image load events and device paths.
 */
#include "build.h"
#include "format/uefi-image-load.h"

static const uint8_t end_node[] = { 0x7f, 0xff, 4, 0 };

static void put_node(Bytes *path, uint8_t type, uint8_t subtype, const char *text)
{
    put_le(path, type, 1);
    put_le(path, subtype, 1);
    put_le(path, 4 + 2 * strlen(text) + 2, 2);
    put_utf16(path, text);
    put_le(path, 0, 2);
}

static Bytes make(ByteView path, uint64_t path_size)
{
    Bytes out = { 0 };

    put_le(&out, 0x1000, 8);
    put_le(&out, 0x2000, 8);
    put_le(&out, 0, 8);
    put_le(&out, path_size, 8);
    put_view(&out, path);
    return out;
}

static int try_path(const void *path, size_t size, uint64_t stated_size)
{
    _cleanup_bytes_ Bytes bytes = make((ByteView){ path, size }, stated_size);
    _cleanup_free_ uint8_t *copy = tight_copy(bytes.data, bytes.size);
    UefiImageLoad load;

    return uefi_image_load_parse((ByteView){ copy, bytes.size }, &load);
}

static void test_an_image_load_names_its_file(void)
{
    _cleanup_bytes_ Bytes path = { 0 };
    UefiImageLoad load;
    char file[64];

    put_node(&path, 2, 1, "ignored");
    put_node(&path, 4, 4, "\\EFI\\BOOT\\BOOTX64.EFI");
    put(&path, end_node, sizeof(end_node));
    _cleanup_bytes_ Bytes bytes = make(VIEW(path), path.size);
    check_int(uefi_image_load_parse(VIEW(bytes), &load), UEFI_IMAGE_LOAD_OK);
    check_int(load.address, 0x1000);
    check_int(load.length, 0x2000);
    check(view_equal(load.device_path, VIEW(path)));
    uefi_image_load_file(&load, file, sizeof(file));
    check_str(file, "\\EFI\\BOOT\\BOOTX64.EFI");

    put_fill(&bytes, 0, 8);
    check_int(uefi_image_load_parse(VIEW(bytes), &load), UEFI_IMAGE_LOAD_OK);
    check_int(load.rest.size, 8);
}

static void test_no_device_path_means_no_file(void)
{
    _cleanup_bytes_ Bytes bytes = make((ByteView){ 0 }, 0);
    UefiImageLoad load;
    char file[8];

    check_int(uefi_image_load_parse(VIEW(bytes), &load), UEFI_IMAGE_LOAD_OK);
    uefi_image_load_file(&load, file, sizeof(file));
    check_str(file, "");
}

static void test_broken_device_paths_are_refused(void)
{
    check_int(try_path(end_node, 4, 4), UEFI_IMAGE_LOAD_OK);
    check_int(try_path("\x7f\xff\x03\x00", 4, 4), UEFI_IMAGE_LOAD_E_DEVICE_PATH);
    check_int(try_path("\x04\x04\x00\x00", 4, 4), UEFI_IMAGE_LOAD_E_DEVICE_PATH);
    check_int(try_path("\x04\x04\x05\x00", 4, 4), UEFI_IMAGE_LOAD_E_DEVICE_PATH);
    check_int(try_path("\x04\x04\x04\x00", 4, 4), UEFI_IMAGE_LOAD_E_DEVICE_PATH);
    check_int(try_path("\x04\x04\x04", 3, 3), UEFI_IMAGE_LOAD_E_DEVICE_PATH);
    check_int(try_path("\x7f\xff\x04\x00\x7f\xff\x04\x00", 8, 8), UEFI_IMAGE_LOAD_E_DEVICE_PATH);
    check_int(try_path(end_node, 4, 5), UEFI_IMAGE_LOAD_E_TRUNCATED);
    check_int(try_path(end_node, 4, UINT64_MAX), UEFI_IMAGE_LOAD_E_TRUNCATED);
}

static void test_an_event_cut_anywhere_is_refused(void)
{
    _cleanup_bytes_ Bytes bytes = make(VIEW_OF_ARRAY(end_node), 4);
    UefiImageLoad load;

    for (size_t size = 0; size < bytes.size; size++) {
        _cleanup_free_ uint8_t *copy = tight_copy(bytes.data, size);
        check_int(uefi_image_load_parse((ByteView){ copy, size }, &load),
                  UEFI_IMAGE_LOAD_E_TRUNCATED);
    }
}

static const Test tests[] = {
    { "an image load names its file", test_an_image_load_names_its_file },
    { "no device path means no file", test_no_device_path_means_no_file },
    { "broken device paths are refused", test_broken_device_paths_are_refused },
    { "an event cut anywhere is refused", test_an_event_cut_anywhere_is_refused },
};

TEST_MAIN(tests)
