/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A LUKS2 header around any JSON text: both copies, of 16 KiB each, without checksums.
 */
#pragma once

#include <stdint.h>
#include <string.h>

#define LUKS2_LAB_COPY 16384

/* What cryptsetup makes by default, with one thing after another replaced by the tests. */
#define LUKS2_LAB_AREA                                                                             \
    "{\"type\":\"raw\",\"offset\":\"32768\",\"size\":\"258048\",\"encryption\":\"aes-xts-"         \
    "plain64\","                                                                                   \
    "\"key_size\":64}"
#define LUKS2_LAB_KDF                                                                              \
    "{\"type\":\"argon2id\",\"time\":4,\"memory\":1048576,\"cpus\":4,"                             \
    "\"salt\":\"ThxL8YErcKsLnJVKGzam78mkAVbOkr4uAYhFa22FnqU=\"}"
#define LUKS2_LAB_AF "{\"type\":\"luks1\",\"stripes\":4000,\"hash\":\"sha256\"}"
#define LUKS2_LAB_KEYSLOT                                                                          \
    "{\"type\":\"luks2\",\"key_size\":64,\"af\":" LUKS2_LAB_AF ",\"area\":" LUKS2_LAB_AREA         \
    ",\"kdf\":" LUKS2_LAB_KDF "}"
#define LUKS2_LAB_SEGMENT                                                                          \
    "{\"type\":\"crypt\",\"offset\":\"16777216\",\"size\":\"dynamic\",\"iv_tweak\":\"0\","         \
    "\"encryption\":\"aes-xts-plain64\",\"sector_size\":4096}"
#define LUKS2_LAB_DIGEST                                                                           \
    "{\"type\":\"pbkdf2\",\"keyslots\":[\"0\"],\"segments\":[\"0\"],\"hash\":\"sha256\","          \
    "\"iterations\":1000,\"salt\":\"5fzVyYpdDTP41pipP43N+vntEnBf/8sIdbPX1FTAMw0=\","               \
    "\"digest\":\"m+p76L5mYyvUUQli0H74vsp1BSgTpecHvGxOoAJMw40=\"}"
#define LUKS2_LAB_CONFIG "{\"json_size\":\"12288\",\"keyslots_size\":\"16744448\"}"
#define LUKS2_LAB_JSON                                                                             \
    "{\"keyslots\":{\"0\":" LUKS2_LAB_KEYSLOT                                                      \
    "},\"tokens\":{},\"segments\":{\"0\":" LUKS2_LAB_SEGMENT                                       \
    "},\"digests\":{\"0\":" LUKS2_LAB_DIGEST "},\"config\":" LUKS2_LAB_CONFIG "}"

static inline void luks2_lab_copy(uint8_t *copy, uint64_t offset, const void *json, size_t size)
{
    memset(copy, 0, LUKS2_LAB_COPY);
    memcpy(copy, offset == 0 ? "LUKS\xba\xbe\0\2" : "SKUL\xba\xbe\0\2", 8);
    copy[14] = LUKS2_LAB_COPY >> 8; /* hdr_size */
    copy[23] = 3;                   /* seqid */
    memcpy(copy + 72, "sha256", 6); /* csum_alg */
    memcpy(copy + 168, "94848a3c-5393-40ff-8ad4-37477e1a30f5", 36);
    copy[256 + 6] = (uint8_t)(offset >> 8); /* hdr_offset */
    memcpy(copy + 4096, json, size < LUKS2_LAB_COPY - 4097 ? size : LUKS2_LAB_COPY - 4097);
}

/* OUT has two copies' room. */
static inline void luks2_lab_header(uint8_t *out, const void *json, size_t size)
{
    luks2_lab_copy(out, 0, json, size);
    luks2_lab_copy(out + LUKS2_LAB_COPY, LUKS2_LAB_COPY, json, size);
}
