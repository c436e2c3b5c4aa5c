/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cursor over borrowed bytes that cannot overrun. The first read past the end marks it failed;
 * from then on every read yields zero or an empty view, so a parser reads as its specification's
 * table and asks once, at the end of each table, whether all of it was there.
 */
#pragma once

#include "base/bytes.h"

typedef struct Reader {
    ByteView left; /* what has not been read */
    size_t offset; /* bytes read so far */
    bool failed;   /* something was not there */
} Reader;

enum { READER_OK, READER_E_TRUNCATED, READER_E_TRAILING };

Reader reader_over(ByteView bytes);
uint8_t reader_u8(Reader *reader);
uint16_t reader_le16(Reader *reader);
uint32_t reader_le32(Reader *reader);
uint64_t reader_le64(Reader *reader);
uint16_t reader_be16(Reader *reader);
uint32_t reader_be32(Reader *reader);
uint64_t reader_be64(Reader *reader);
/* Borrows the next SIZE bytes. */
ByteView reader_view(Reader *reader, uint64_t size);
/* Copies the next SIZE bytes to OUT, or zeroes OUT. */
void reader_copy(Reader *reader, uint8_t *out, size_t size);
void reader_skip(Reader *reader, uint64_t size);
/* A TPM2B: u16 big-endian length, at most LIMIT, then the bytes (TPM 2.0 Part 2, 10.4). */
ByteView reader_tpm2b(Reader *reader, uint16_t limit);
/* Has everything so far been there? READER_OK or READER_E_TRUNCATED. */
_must_check_ int reader_check(const Reader *reader);
/* The same, and nothing is left: READER_OK, READER_E_TRUNCATED or READER_E_TRAILING. */
_must_check_ int reader_end(const Reader *reader);
