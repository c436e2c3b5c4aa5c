/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The LUKS2 header of a disk that its host can write at any moment: each byte is read once, and
 * what was checked is what is written. Checksums are verified; they show damage, not malice.
 */
#pragma once

#include "format/finding.h"
#include "format/luks2-header.h"

typedef struct HeaderImage {
    Bytes bytes; /* both copies, and the keyslots area up to its last keyslot */
    Luks2Header header;
} HeaderImage;

void header_image_done(HeaderImage *image);
#define _cleanup_header_image_ _cleanup_(header_image_done)

enum { HEADER_IMAGE_OK, HEADER_IMAGE_E_REFUSED /* FINDINGS says why */ };

/*
 * Reads and checks what FD begins with, a block device or a file; SUBJECT names it. DETACHED: it
 * holds a header and no data. HEADER_IMAGE_OK, HEADER_IMAGE_E_REFUSED; -ENOMEM, -EIO.
 */
_must_check_ int header_image_read(int fd, const char *subject, bool detached, Findings *findings,
                                   HeaderImage *ret);
/* The same of a path. */
_must_check_ int header_image_open(const char *path, bool detached, Findings *findings,
                                   HeaderImage *ret);
/*
 * Writes it as a file that cryptsetup takes for a header (--header, header=), root's alone, in the
 * place of what is there. Negative errno.
 */
_must_check_ int header_image_write(const HeaderImage *image, const char *path);
