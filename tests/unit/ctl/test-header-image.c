/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/header-image.h"

#include "crypto/digest.h"
#include "luks2.h"
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define USED_SIZE  (32768 + 258048)
#define WHOLE_SIZE (32768 + 16744448)

static void put_checksum(uint8_t *copy)
{
    ByteView parts[3];
    Digest digest;

    luks2_checksum_parts((ByteView){ copy, LUKS2_LAB_COPY }, parts);
    check_int(digest_of_parts(DIGEST_SHA256, parts, 3, &digest), 0);
    memcpy(copy + 448, digest.data, digest.size);
}

/* A disk that begins with METADATA in a header with checksums, and SIZE bytes long. */
static int make_disk(const char *metadata, size_t size)
{
    static uint8_t image[2 * LUKS2_LAB_COPY];
    int fd = memfd_create("disk", MFD_CLOEXEC);

    luks2_lab_header(image, metadata, strlen(metadata));
    put_checksum(image);
    put_checksum(image + LUKS2_LAB_COPY);
    check(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
    size_t n = MIN(sizeof(image), size);
    check(pwrite(fd, image, n, 0) == (ssize_t)n);
    if (size > USED_SIZE)
        check(pwrite(fd, "keyslot", 7, USED_SIZE - 7) == 7 &&
              pwrite(fd, "data", 4, USED_SIZE) == 4);
    return fd;
}

static void check_refused(int fd, const char *name)
{
    _cleanup_findings_ Findings findings = { .source = "test" };
    _cleanup_header_image_ HeaderImage image = { 0 };

    check_int(header_image_read(fd, "disk", false, &findings, &image), HEADER_IMAGE_E_REFUSED);
    check_int(findings.n_items, 1);
    check_str(findings.items[0].name, name);
    check(!image.bytes.data);
    (void)close(fd);
}

static void test_copied(void)
{
    _cleanup_findings_ Findings findings = { .source = "test" };
    _cleanup_header_image_ HeaderImage image = { 0 };
    _cleanup_close_ int fd = make_disk(LUKS2_LAB_JSON, 20 << 20);
    char directory[] = "/tmp/test-header-image.XXXXXX", path[64];
    _cleanup_bytes_ Bytes written = { 0 };
    struct stat status;

    check_int(header_image_read(fd, "disk", false, &findings, &image), HEADER_IMAGE_OK);
    check_int(image.bytes.size, USED_SIZE);
    check_int(findings.n_items, 0);
    check(mkdtemp(directory));
    (void)snprintf(path, sizeof(path), "%s/copy", directory);
    check_int(header_image_write(&image, path), 0);
    check_int(header_image_write(&image, path), 0);
    check(stat(path, &status) == 0);
    check_int(status.st_size, WHOLE_SIZE);
    check_int(status.st_mode & 07777, 0600);
    check_int(file_read(path, WHOLE_SIZE, &written), 0);
    check(memcmp(written.data, image.bytes.data, USED_SIZE) == 0);
    /* What is behind the last keyslot is not part of a header. */
    check(view_is_filled_with((ByteView){ written.data + USED_SIZE, written.size - USED_SIZE }, 0));
    check(unlink(path) == 0 && rmdir(directory) == 0);
    check(header_image_write(&image, path) == -ENOENT);
}

static void test_refused(void)
{
    static char json[8192];

    check_refused(make_disk(LUKS2_LAB_JSON, 4000), "volume-header-absent");
    check_refused(make_disk(LUKS2_LAB_JSON, 0), "volume-header-absent");
    check_refused(make_disk(LUKS2_LAB_JSON, 20000), "volume-header-malformed");
    check_refused(make_disk(LUKS2_LAB_JSON, USED_SIZE - 1), "volume-header-malformed");
    check_refused(make_disk("{}", 20 << 20), "volume-header-malformed");
    (void)snprintf(json, sizeof(json), "%s", LUKS2_LAB_JSON);
    memcpy(strstr(strstr(json, "segments"), "aes-xts-plain64"), "cipher_null-ecb", 15);
    check_refused(make_disk(json, 20 << 20), "volume-header-cipher");
    (void)snprintf(json, sizeof(json), "%s", LUKS2_LAB_JSON);
    memcpy(strstr(json, "luks2\""), "lucks\"", 6);
    check_refused(make_disk(json, 20 << 20), "volume-header-outside");
}

static void test_damaged(void)
{
    static const off_t places[] = { 110, 4100, 16383, 16384 + 110, 16384 + 448, 32767 };

    for (size_t i = 0; i < ELEMENTSOF(places); i++) {
        uint8_t byte;
        int fd = make_disk(LUKS2_LAB_JSON, 20 << 20);
        check(pread(fd, &byte, 1, places[i]) == 1);
        byte ^= 1;
        check(pwrite(fd, &byte, 1, places[i]) == 1);
        check_refused(fd, "volume-header-checksum");
    }
}

static void test_data_within(void)
{
    _cleanup_findings_ Findings findings = { .source = "test" };
    _cleanup_header_image_ HeaderImage image = { 0 };
    static char json[8192];

    (void)snprintf(json, sizeof(json), "%s", LUKS2_LAB_JSON);
    memcpy(strstr(json, "16777216"), "16773120", 8);
    check_refused(make_disk(json, 20 << 20), "volume-header-outside");
    _cleanup_close_ int fd = make_disk(json, 20 << 20);
    check_int(header_image_read(fd, "header", true, &findings, &image), HEADER_IMAGE_OK);
}

static void test_open(void)
{
    _cleanup_findings_ Findings findings = { .source = "test" };
    _cleanup_header_image_ HeaderImage image = { 0 };

    check_int(header_image_open("/nonexistent/disk", false, &findings, &image),
              HEADER_IMAGE_E_REFUSED);
    check_int(header_image_open("/dev/zero", false, &findings, &image), HEADER_IMAGE_E_REFUSED);
    check_int(header_image_open("/tmp", false, &findings, &image), HEADER_IMAGE_E_REFUSED);
    check_int(findings.n_items, 3);
    for (size_t i = 0; i < 3; i++)
        check_str(findings.items[i].name, "volume-device-unreadable");
}

static const Test tests[] = {
    { "a header that is as it should be is copied, and nothing behind it", test_copied },
    { "each kind of header that is not has its name", test_refused },
    { "one bit that the checksum does not know is a refusal", test_damaged },
    { "data does not begin within the header, unless that is elsewhere", test_data_within },
    { "what is neither a disk nor a file is not read", test_open },
};
TEST_MAIN(tests)
