/* SPDX-License-Identifier: Apache-2.0 */
#include "format/luks2-header.h"

#include "luks2.h"
#include "testing.h"

static uint8_t image[2 * LUKS2_LAB_COPY];

static int parse(char found[static LUKS2_FOUND_SIZE], Luks2Header *header)
{
    return luks2_header_parse(VIEW_OF_ARRAY(image), found, header);
}

/* The default metadata with the first OLD replaced by NEW. */
static int parse_with(const char *old, const char *new, char found[static LUKS2_FOUND_SIZE])
{
    const char *place = strstr(LUKS2_LAB_JSON, old);
    char json[8192];
    Luks2Header header;

    check(place);
    int n = snprintf(json, sizeof(json), "%.*s%s%s", (int)(place - LUKS2_LAB_JSON), LUKS2_LAB_JSON,
                     new, place + strlen(old));
    check(n > 0 && (size_t)n < sizeof(json));
    luks2_lab_header(image, json, (size_t)n);
    *found = 0;
    return parse(found, &header);
}

static void check_refused(const char *old, const char *new, int reason, const char *found)
{
    char said[LUKS2_FOUND_SIZE];

    check_int(parse_with(old, new, said), reason);
    if (!strstr(said, found))
        (void)fprintf(stderr, "found \"%s\", wanted \"%s\"\n", said, found);
    check(strstr(said, found));
}

static void test_default(void)
{
    char found[LUKS2_FOUND_SIZE] = "";
    Luks2Header header;

    luks2_lab_header(image, LUKS2_LAB_JSON, strlen(LUKS2_LAB_JSON));
    check_int(parse(found, &header), LUKS2_OK);
    check_int(header.copy_size, LUKS2_LAB_COPY);
    check_int(header.keyslots_size, 16744448);
    check_int(header.used_size, 32768 + 258048);
    check_int(header.data_offset, 16777216);
    check_int(header.n_keyslots, 1);
    check_int(header.key_bits, 512);
    check_int(header.sector_size, 4096);
    check_str(header.uuid, "94848a3c-5393-40ff-8ad4-37477e1a30f5");
}

static void test_taken(void)
{
    char found[LUKS2_FOUND_SIZE];

    check_int(parse_with("argon2id", "argon2i", found), LUKS2_OK);
    check_int(parse_with(LUKS2_LAB_KDF,
                         "{\"type\":\"pbkdf2\",\"hash\":\"sha512\",\"iterations\":1000,"
                         "\"salt\":\"ThxL8YErcKsLnJVKGzam78mkAVbOkr4uAYhFa22FnqU=\"}",
                         found),
              LUKS2_OK);
    check_int(parse_with("\"tokens\":{}", "\"tokens\":{\"0\":{\"type\":\"systemd-tpm2\"}}", found),
              LUKS2_OK);
    check_int(parse_with("\"key_size\":64,\"af\"", "\"key_size\":32,\"af\"", found), LUKS2_OK);
    check_int(parse_with("\"key_size\":64,\"af\"", "\"key_size\":64,\"priority\":2,\"af\"", found),
              LUKS2_OK);
    check_int(parse_with("\"16744448\"", "\"16744448\",\"flags\":[\"allow-discards\"]", found),
              LUKS2_OK);
    check_int(parse_with("\"sector_size\":4096", "\"sector_size\":512", found), LUKS2_OK);
}

static void test_null_cipher(void)
{
    const char *const bad[] = { "cipher_null-ecb", "null",          "",
                                "aes-cbc-plain64", "aes-xts-plain", "aes-xts-plain64 ",
                                "AES-XTS-PLAIN64" };
    char quoted[128], area[512], segment[512];

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        (void)snprintf(quoted, sizeof(quoted), "\"%s\" in", bad[i]);
        (void)snprintf(area, sizeof(area),
                       "{\"type\":\"raw\",\"offset\":\"32768\",\"size\":\"258048\","
                       "\"encryption\":\"%s\",\"key_size\":64}",
                       bad[i]);
        check_refused(LUKS2_LAB_AREA, area, LUKS2_E_CIPHER, quoted);
        (void)snprintf(segment, sizeof(segment),
                       "{\"type\":\"crypt\",\"offset\":\"16777216\",\"size\":\"dynamic\","
                       "\"iv_tweak\":\"0\",\"encryption\":\"%s\",\"sector_size\":4096}",
                       bad[i]);
        check_refused(LUKS2_LAB_SEGMENT, segment, LUKS2_E_CIPHER, quoted);
    }
    check_refused("\"type\":\"crypt\"", "\"type\":\"linear\"", LUKS2_E_CIPHER, "linear");
    check_refused("\"key_size\":64,\"af\"", "\"key_size\":1,\"af\"", LUKS2_E_CIPHER, "256");
}

static void test_outside(void)
{
    check_refused("\"keyslots_size\"",
                  "\"requirements\":{\"mandatory\":[\"online-reencrypt\"]},\"keyslots_size\"",
                  LUKS2_E_OUTSIDE, "requirements");
    check_refused("\"type\":\"luks2\"", "\"type\":\"reencrypt\"", LUKS2_E_OUTSIDE, "reencrypt");
    check_refused("\"sector_size\"", "\"integrity\":{\"type\":\"hmac(sha256)\"},\"sector_size\"",
                  LUKS2_E_OUTSIDE, "integrity");
    check_refused("\"sector_size\"", "\"flags\":[\"backup-final\"],\"sector_size\"",
                  LUKS2_E_OUTSIDE, "flags");
    check_refused("\"segments\":{", "\"segments\":{\"1\":" LUKS2_LAB_SEGMENT ",", LUKS2_E_OUTSIDE,
                  "one segment");
    check_refused("\"dynamic\"", "\"4096\"", LUKS2_E_OUTSIDE, "whole disk");
    check_refused("\"iv_tweak\":\"0\"", "\"iv_tweak\":\"8\"", LUKS2_E_OUTSIDE, "whole disk");
    check_refused("argon2id", "none", LUKS2_E_OUTSIDE, "kdf \"none\"");
    check_refused("\"memory\":1048576", "\"memory\":1073741824", LUKS2_E_OUTSIDE, "costs");
    check_refused("\"stripes\":4000", "\"stripes\":1", LUKS2_E_OUTSIDE, "4000");
    check_refused("\"hash\":\"sha256\"}", "\"hash\":\"sha1\"}", LUKS2_E_OUTSIDE, "af");
    check_refused("\"keyslots\":[\"0\"]", "\"keyslots\":[]", LUKS2_E_OUTSIDE, "all keyslots");
    check_refused("\"keyslots\":[\"0\"]", "\"keyslots\":[\"1\"]", LUKS2_E_OUTSIDE, "all keyslots");
    check_refused("\"segments\":[\"0\"]", "\"segments\":[]", LUKS2_E_OUTSIDE, "all keyslots");
    check_refused("\"digests\":{\"0\":" LUKS2_LAB_DIGEST "}", "\"digests\":{}", LUKS2_E_OUTSIDE,
                  "digest");
    check_refused("{\"0\":" LUKS2_LAB_KEYSLOT "}", "{}", LUKS2_E_OUTSIDE, "no keyslot");
    check_refused("\"16744448\"", "\"16744448\",\"flags\":[\"no-journal\"]", LUKS2_E_OUTSIDE,
                  "no-journal");
    check_refused("\"tokens\":{}", "\"tokens\":{},\"more\":{}", LUKS2_E_OUTSIDE, "more");
}

static void test_shape(void)
{
    check_refused("\"32768\"", "\"0\"", LUKS2_E_JSON, "elsewhere");
    check_refused("\"32768\"", "\"16777216\"", LUKS2_E_JSON, "elsewhere");
    check_refused("\"258048\"", "\"255999\"", LUKS2_E_JSON, "elsewhere");
    check_refused("\"258048\"", "\"999999999999999999\"", LUKS2_E_JSON, "elsewhere");
    check_refused("\"32768\"", "\"032768\"", LUKS2_E_JSON, "elsewhere");
    check_refused("\"32768\"", "32768", LUKS2_E_JSON, "elsewhere");
    check_refused("\"12288\"", "\"12289\"", LUKS2_E_JSON, "json_size");
    check_refused("\"16744448\"", "\"1674444800\"", LUKS2_E_JSON, "32 MiB");
    check_refused("ThxL8YErcKsLnJVKGzam78mkAVbOkr4uAYhFa22FnqU=", "Thx", LUKS2_E_JSON, "salt");
    check_refused("m+p76L5mYyvUUQli0H74vsp1BSgTpecHvGxOoAJMw40=", "m+o=", LUKS2_E_JSON, "digest");
    check_refused("\"sector_size\":4096", "\"sector_size\":1000", LUKS2_E_JSON, "sector");
    check_refused("\"sector_size\":4096", "\"sector_size\":65536", LUKS2_E_JSON, "sector");
    check_refused("\"keyslots\":{\"0\"", "\"keyslots\":{\"32\"", LUKS2_E_JSON, "32");
    check_refused("\"keyslots\":{\"0\"", "\"keyslots\":{\"\\u001b[2J\"", LUKS2_E_JSON, "?[2J");
    check_refused("\"tokens\":{}", "\"tokens\":[]", LUKS2_E_JSON, "five");
    check_refused("\"tokens\":{}", "\"tokens\":{},\"tokens\":{}", LUKS2_E_JSON, "twice");
    check_refused("\"tokens\":{}", "\"tokens\":{}/* */", LUKS2_E_JSON, "JSON");
}

static void test_binary(void)
{
    static const struct {
        size_t at;
        uint8_t byte;
        int reason;
    } changes[] = {
        { 0, 'X', LUKS2_E_MAGIC },    { 7, 1, LUKS2_E_MAGIC },
        { 14, 0x41, LUKS2_E_SHAPE },  { 8, 1, LUKS2_E_SHAPE },
        { 72, 'm', LUKS2_E_SHAPE },   { 80, 'x', LUKS2_E_SHAPE },
        { 168, '\n', LUKS2_E_SHAPE }, { 262, 1, LUKS2_E_SHAPE },
        { 300, 1, LUKS2_E_SHAPE },    { 500, 1, LUKS2_E_SHAPE },
        { 4000, 1, LUKS2_E_SHAPE },   { 23, 4, LUKS2_E_COPIES },
        { 169, '1', LUKS2_E_COPIES }, { 4096, ' ', LUKS2_E_COPIES },
        { 16383, 1, LUKS2_E_COPIES }, { 14, 0x80, LUKS2_E_TRUNCATED },
    };
    char found[LUKS2_FOUND_SIZE];
    Luks2Header header;

    for (size_t i = 0; i < ELEMENTSOF(changes); i++) {
        luks2_lab_header(image, LUKS2_LAB_JSON, strlen(LUKS2_LAB_JSON));
        image[changes[i].at] = changes[i].byte;
        check_int(parse(found, &header), changes[i].reason);
    }
    luks2_lab_header(image, LUKS2_LAB_JSON, strlen(LUKS2_LAB_JSON));
    memcpy(image + LUKS2_LAB_COPY, "LUKS", 4);
    check_int(parse(found, &header), LUKS2_E_COPIES);
}

static void test_behind(void)
{
    char found[LUKS2_FOUND_SIZE];
    Luks2Header header;

    luks2_lab_header(image, LUKS2_LAB_JSON, strlen(LUKS2_LAB_JSON));
    image[16000] = image[LUKS2_LAB_COPY + 16000] = 'x';
    check_int(parse(found, &header), LUKS2_E_JSON);
    memset(image + 4096, ' ', LUKS2_LAB_COPY - 4096);
    memset(image + LUKS2_LAB_COPY + 4096, ' ', LUKS2_LAB_COPY - 4096);
    check_int(parse(found, &header), LUKS2_E_JSON);
}

static void test_truncated(void)
{
    char found[LUKS2_FOUND_SIZE];
    Luks2Header header = { .key_bits = 7 };

    luks2_lab_header(image, LUKS2_LAB_JSON, strlen(LUKS2_LAB_JSON));
    for (size_t size = 0; size < sizeof(image); size++) {
        check(luks2_header_parse((ByteView){ image, size }, found, &header) == LUKS2_E_TRUNCATED);
        check_int(header.key_bits, 7);
    }
}

static void test_checksum_parts(void)
{
    ByteView parts[3];

    luks2_checksum_parts((ByteView){ image, LUKS2_LAB_COPY }, parts);
    check_int(parts[0].size + parts[1].size + parts[2].size, LUKS2_LAB_COPY);
    check_int(parts[0].size, 448);
    check(view_is_filled_with(parts[1], 0) && parts[1].size == 64);
    check(parts[2].data == image + 512);
}

static const Test tests[] = {
    { "what cryptsetup makes is read", test_default },
    { "so are its other forms", test_taken },
    { "another cipher, or none, is refused wherever it stands", test_null_cipher },
    { "what is not on the list is refused", test_outside },
    { "metadata that is none is refused", test_shape },
    { "the fixed part is what it should be, in both copies", test_binary },
    { "nothing stands behind the JSON", test_behind },
    { "less than the whole header is refused at every length", test_truncated },
    { "the checksum is over the copy without it", test_checksum_parts },
};
TEST_MAIN(tests)
