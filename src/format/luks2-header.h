/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header of a LUKS2 volume (LUKS2 On-Disk Format Specification), read to be refused: whoever
 * can write the disk can write this, and a header that says "no cipher" has plain text written to
 * the disk, whatever the key. What passes is what cryptsetup makes with its defaults and nothing
 * else.
 */
#pragma once

#include "base/bytes.h"

#define LUKS2_BINARY_SIZE       4096               /* bytes; the fixed part, "Binary Header" */
#define LUKS2_COPY_SIZE_MAX     (4 * 1024 * 1024)  /* bytes; fixed part and JSON area */
#define LUKS2_KEYSLOTS_SIZE_MAX (32 * 1024 * 1024) /* bytes; cryptsetup makes just below 16 MiB */
#define LUKS2_CHECKSUM_SIZE     32                 /* bytes; SHA-256 */
#define LUKS2_UUID_SIZE         40                 /* bytes, NUL included */
#define LUKS2_FOUND_SIZE        128                /* bytes, NUL included */

enum {
    LUKS2_OK,
    LUKS2_E_MAGIC,     /* no LUKS header of version 2 */
    LUKS2_E_SHAPE,     /* sizes, offsets or reserved bytes that are none */
    LUKS2_E_TRUNCATED, /* less than the header says */
    LUKS2_E_COPIES,    /* the two copies say different things */
    LUKS2_E_JSON,      /* no JSON, or not as the format has it */
    LUKS2_E_CIPHER,    /* another cipher than aes-xts-plain64, or none at all */
    LUKS2_E_OUTSIDE,   /* something that is not on the list of what is taken */
};

/* One of the two copies: its fixed part. */
typedef struct Luks2Binary {
    uint64_t size;     /* bytes, JSON area included */
    uint64_t sequence; /* seqid */
    uint8_t checksum[LUKS2_CHECKSUM_SIZE];
    char uuid[LUKS2_UUID_SIZE];
} Luks2Binary;

/* What both copies say. */
typedef struct Luks2Header {
    uint64_t copy_size;     /* bytes of one copy */
    uint64_t keyslots_size; /* bytes of the area behind both */
    uint64_t used_size;     /* bytes from 0 to the end of the last keyslot */
    uint64_t data_offset;   /* bytes; where the encrypted data begins */
    unsigned n_keyslots;
    unsigned n_tokens;
    unsigned key_bits;    /* 256 or 512 */
    unsigned sector_size; /* bytes */
    char uuid[LUKS2_UUID_SIZE];
} Luks2Header;

/* A word for each of the above. */
const char *luks2_reason(int reason);

/*
 * The fixed part of the copy that lies at OFFSET (0: the first), in LUKS2_BINARY_SIZE bytes.
 * Nothing has been authenticated. LUKS2_OK, _E_MAGIC or _E_SHAPE.
 */
_must_check_ int luks2_binary_parse(ByteView bytes, uint64_t offset, Luks2Binary *ret);
/*
 * What the checksum of COPY is computed over, in this order: COPY with 64 zero bytes in the place
 * of the checksum ("Binary Header"). COPY has at least LUKS2_BINARY_SIZE bytes.
 */
void luks2_checksum_parts(ByteView copy, ByteView ret_parts[static 3]);

/*
 * Both copies, the second right behind the first. Checksums are the caller's. FOUND says what is
 * wrong, in printable characters. A named no; -ENOMEM.
 */
_must_check_ int luks2_header_parse(ByteView copies, char ret_found[static LUKS2_FOUND_SIZE],
                                    Luks2Header *ret);
