/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sizes come from the first 4096 bytes, within limits, and are not read again.
 */
#include "ctl/header-image.h"

#include "base/file.h"
#include "crypto/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define COPY_MODE 0600

void header_image_done(HeaderImage *image)
{
    bytes_done(&image->bytes);
    *image = (HeaderImage){ 0 };
}

/* Grows BYTES to SIZE from where FD stands. LUKS2_OK, LUKS2_E_TRUNCATED or negative errno. */
static int read_up_to(int fd, uint64_t size, Bytes *bytes)
{
    _cleanup_bytes_ Bytes grown = { 0 };
    size_t done = bytes->size;

    int r = bytes_new(size, &grown);
    if (r < 0)
        return r;
    if (done > 0)
        memcpy(grown.data, bytes->data, done);
    while (done < size) {
        ssize_t n = read(fd, grown.data + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return LUKS2_E_TRUNCATED;
        done += (size_t)n;
    }
    bytes_done(bytes);
    *bytes = TAKE_STRUCT(grown);
    return LUKS2_OK;
}

static const char *finding_of(int reason)
{
    switch (reason) {
    case LUKS2_E_MAGIC:
        return "volume-header-absent";
    case LUKS2_E_CIPHER:
        return "volume-header-cipher";
    case LUKS2_E_OUTSIDE:
        return "volume-header-outside";
    }
    return "volume-header-malformed";
}

static int refuse(Findings *findings, const char *name, const char *subject, const char *found)
{
    int r = findings_add(findings, name, subject, FINDING_FAILURE, found, NULL);

    return r < 0 ? r : HEADER_IMAGE_E_REFUSED;
}

/* A reason of luks2-header.h, or an error of reading. */
static int refuse_reason(Findings *findings, int reason, const char *subject, const char *found)
{
    if (reason == -ENOMEM)
        return reason;
    if (reason < 0)
        return refuse(findings, "volume-device-unreadable", subject, strerror(-reason));
    return refuse(findings, finding_of(reason), subject, found ? found : luks2_reason(reason));
}

/* Does COPY match the checksum in it? 0, HEADER_IMAGE_E_REFUSED or negative errno. */
static int check_sum(ByteView copy, uint64_t offset)
{
    ByteView parts[3];
    Luks2Binary binary;
    Digest digest;

    if (luks2_binary_parse((ByteView){ copy.data, LUKS2_BINARY_SIZE }, offset, &binary) != LUKS2_OK)
        return HEADER_IMAGE_OK; /* refused as what it is, by luks2_header_parse() */
    luks2_checksum_parts(copy, parts);
    int r = digest_of_parts(DIGEST_SHA256, parts, ELEMENTSOF(parts), &digest);
    if (r < 0)
        return r;
    return view_equal(digest_view(&digest), VIEW_OF_ARRAY(binary.checksum))
               ? HEADER_IMAGE_OK
               : HEADER_IMAGE_E_REFUSED;
}

/* Both copies, as they were read. */
static int judge(ByteView copies, const char *subject, Findings *findings, Luks2Header *ret)
{
    const size_t size = copies.size / 2;
    char found[LUKS2_FOUND_SIZE] = "";

    int r = check_sum((ByteView){ copies.data, size }, 0);
    if (r == HEADER_IMAGE_OK)
        r = check_sum((ByteView){ copies.data + size, size }, size);
    if (r == HEADER_IMAGE_E_REFUSED)
        return refuse(findings, "volume-header-checksum", subject, NULL);
    if (r < 0)
        return r;
    r = luks2_header_parse(copies, found, ret);
    return r == LUKS2_OK ? HEADER_IMAGE_OK : refuse_reason(findings, r, subject, found);
}

static int read_copies(int fd, Bytes *bytes)
{
    Luks2Binary binary;

    int r = read_up_to(fd, LUKS2_BINARY_SIZE, bytes);
    if (r == LUKS2_E_TRUNCATED)
        return LUKS2_E_MAGIC; /* too short to have one */
    if (r == LUKS2_OK)
        r = luks2_binary_parse(VIEW(*bytes), 0, &binary);
    return r == LUKS2_OK ? read_up_to(fd, 2 * binary.size, bytes) : r;
}

/* Data that begins in the header would be written over it. */
static bool is_apart(const Luks2Header *header)
{
    return header->data_offset >= 2 * header->copy_size + header->keyslots_size;
}

int header_image_read(int fd, const char *subject, bool detached, Findings *findings,
                      HeaderImage *ret)
{
    _cleanup_header_image_ HeaderImage image = { 0 };

    int r = read_copies(fd, &image.bytes);
    if (r != LUKS2_OK)
        return refuse_reason(findings, r, subject, NULL);
    r = judge(VIEW(image.bytes), subject, findings, &image.header);
    if (r != HEADER_IMAGE_OK)
        return r;
    if (!detached && !is_apart(&image.header))
        return refuse(findings, "volume-header-outside", subject,
                      "data that begins within the header");
    r = read_up_to(fd, image.header.used_size, &image.bytes);
    if (r != LUKS2_OK)
        return refuse_reason(findings, r, subject, NULL);
    *ret = TAKE_STRUCT(image);
    return HEADER_IMAGE_OK;
}

int header_image_open(const char *path, bool detached, Findings *findings, HeaderImage *ret)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) < 0)
        return refuse(findings, "volume-device-unreadable", path, strerror(errno));
    if (!S_ISBLK(status.st_mode) && !S_ISREG(status.st_mode))
        return refuse(findings, "volume-device-unreadable", path, "neither a disk nor a file");
    return header_image_read(fd, path, detached, findings, ret);
}

/* The whole of the area, though most of it is a hole: cryptsetup wants it to be there. */
static int fill(int fd, const HeaderImage *image)
{
    int r = fd_write_all(fd, VIEW(image->bytes));

    if (r < 0)
        return r;
    uint64_t size = 2 * image->header.copy_size + image->header.keyslots_size;
    return ftruncate(fd, (off_t)size) < 0 ? -errno : 0;
}

int header_image_write(const HeaderImage *image, const char *path)
{
    _cleanup_free_ char *temporary = NULL;

    if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
        temporary = NULL;
        return -ENOMEM;
    }
    _cleanup_close_ int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = fchmod(fd, COPY_MODE) < 0 ? -errno : fill(fd, image);
    if (r == 0 && rename(temporary, path) < 0)
        r = -errno;
    if (r < 0)
        (void)unlink(temporary);
    return r;
}
