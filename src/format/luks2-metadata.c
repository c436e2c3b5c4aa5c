/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LUKS2 On-Disk Format Specification, "JSON Metadata". Every member of every object is named here:
 * what is not, is refused. So another parser (cryptsetup's) has nothing left to understand
 * differently.
 */
#include "format/luks2-metadata.h"

#include "base/encode.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CIPHER             "aes-xts-plain64"
#define KEYSLOTS_MAX       32                  /* LUKS2_KEYSLOTS_MAX of cryptsetup */
#define STRIPES            4000                /* the only value of af "luks1" */
#define ARGON2_MEMORY_MAX  (4UL * 1024 * 1024) /* KiB; cryptsetup's own limit */
#define SALT_MAX           64                  /* bytes */
#define DIGEST_SHA256_SIZE 32
#define DIGEST_SHA512_SIZE 64
#define SECTOR_MAX         4096

/* Who is asked, and where the answer is written. */
typedef struct Judge {
    char *found;
    Luks2Header *header;
    json_t *keyslots;
} Judge;

_printf_(3, 4) static int refuse(Judge *judge, int reason, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(judge->found, LUKS2_FOUND_SIZE, format, arguments);
    va_end(arguments);
    for (char *c = judge->found; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    return reason;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text;

    return json_get_string(object, name, &text) == JSON_OK ? text : "";
}

static bool is_one_of(const char *text, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(text, *list) == 0)
            return true;
    return false;
}

static bool is_hash(const char *text)
{
    static const char *const hashes[] = { "sha256", "sha512", NULL };

    return is_one_of(text, hashes);
}

/* "16384": the format has numbers beyond 32 bits as text. No sign, no leading zero. */
static bool read_decimal(const json_t *object, const char *name, uint64_t *ret)
{
    const char *text = text_of(object, name);
    uint64_t value = 0;

    if (!*text || strlen(text) > 18 || (*text == '0' && text[1]))
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    *ret = value;
    return true;
}

/* An integer from LOW to HIGH. */
static bool read_number(const json_t *object, const char *name, uint64_t low, uint64_t high,
                        uint64_t *ret)
{
    uint64_t value;

    if (json_get_u64(object, name, &value) != JSON_OK || value < low || value > high)
        return false;
    if (ret)
        *ret = value;
    return true;
}

/* Base64 of LOW to HIGH bytes. 0, LUKS2_E_JSON, -ENOMEM. */
static int check_base64(Judge *judge, const json_t *object, const char *name, size_t low,
                        size_t high)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = base64_decode(view_of_string(text_of(object, name)), &bytes);
    if (r < 0)
        return r;
    if (r != ENCODE_OK || bytes.size < low || bytes.size > high)
        return refuse(judge, LUKS2_E_JSON, "a %s that is none", name);
    return LUKS2_OK;
}

static int check_members(Judge *judge, json_t *object, const char *const *known, const char *what)
{
    const char *unknown = json_is_object(object) ? json_unknown_member(object, known) : "";

    return unknown ? refuse(judge, LUKS2_E_OUTSIDE, "\"%.40s\" in %s", unknown, what) : LUKS2_OK;
}

/* A cipher by its name: the one, or what CVE-2025-59054 is about. */
static int check_cipher(Judge *judge, const json_t *object, const char *where)
{
    const char *cipher = text_of(object, "encryption");

    return strcmp(cipher, CIPHER) == 0
               ? LUKS2_OK
               : refuse(judge, LUKS2_E_CIPHER, "\"%.48s\" in %s", cipher, where);
}

static bool read_key_size(const json_t *object, uint64_t *ret)
{
    return read_number(object, "key_size", 32, 64, ret) && (*ret == 32 || *ret == 64);
}

static int check_pbkdf2(Judge *judge, json_t *kdf)
{
    static const char *const known[] = { "type", "hash", "iterations", "salt", NULL };

    int r = check_members(judge, kdf, known, "a kdf");
    if (r != LUKS2_OK)
        return r;
    if (!is_hash(text_of(kdf, "hash")) || !read_number(kdf, "iterations", 1, UINT32_MAX, NULL))
        return refuse(judge, LUKS2_E_OUTSIDE, "pbkdf2 with hash \"%.24s\"", text_of(kdf, "hash"));
    return check_base64(judge, kdf, "salt", 16, SALT_MAX);
}

static int check_argon2(Judge *judge, json_t *kdf)
{
    static const char *const known[] = { "type", "time", "memory", "cpus", "salt", NULL };

    int r = check_members(judge, kdf, known, "a kdf");
    if (r != LUKS2_OK)
        return r;
    if (!read_number(kdf, "time", 1, UINT32_MAX, NULL) ||
        !read_number(kdf, "memory", 1, ARGON2_MEMORY_MAX, NULL) ||
        !read_number(kdf, "cpus", 1, 16, NULL))
        return refuse(judge, LUKS2_E_OUTSIDE, "argon2 with costs out of range");
    return check_base64(judge, kdf, "salt", 16, SALT_MAX);
}

static int check_kdf(Judge *judge, json_t *kdf)
{
    const char *type = text_of(kdf, "type");

    if (strcmp(type, "pbkdf2") == 0)
        return check_pbkdf2(judge, kdf);
    if (strcmp(type, "argon2id") == 0 || strcmp(type, "argon2i") == 0)
        return check_argon2(judge, kdf);
    return refuse(judge, LUKS2_E_OUTSIDE, "kdf \"%.40s\"", type);
}

static int check_af(Judge *judge, json_t *af)
{
    static const char *const known[] = { "type", "stripes", "hash", NULL };

    int r = check_members(judge, af, known, "an af");
    if (r != LUKS2_OK)
        return r;
    if (strcmp(text_of(af, "type"), "luks1") != 0 || !is_hash(text_of(af, "hash")) ||
        !read_number(af, "stripes", STRIPES, STRIPES, NULL))
        return refuse(judge, LUKS2_E_OUTSIDE, "an af other than luks1 with 4000 stripes");
    return LUKS2_OK;
}

/* The area lies behind both copies and within the keyslots area; it holds KEY_SIZE in stripes. */
static int check_area(Judge *judge, json_t *area, uint64_t key_size)
{
    static const char *const known[] = { "type", "offset", "size", "encryption", "key_size", NULL };
    uint64_t begin = 2 * judge->header->copy_size, end = begin + judge->header->keyslots_size;
    uint64_t offset, size, area_key_size;

    int r = check_members(judge, area, known, "a keyslot's area");
    if (r == LUKS2_OK)
        r = check_cipher(judge, area, "a keyslot");
    if (r != LUKS2_OK)
        return r;
    if (strcmp(text_of(area, "type"), "raw") != 0 || !read_key_size(area, &area_key_size))
        return refuse(judge, LUKS2_E_OUTSIDE, "a keyslot's area of type \"%.40s\"",
                      text_of(area, "type"));
    if (!read_decimal(area, "offset", &offset) || !read_decimal(area, "size", &size) ||
        offset < begin || offset > end || size > end - offset || size < key_size * STRIPES)
        return refuse(judge, LUKS2_E_JSON, "a keyslot's area that lies elsewhere");
    judge->header->used_size = MAX(judge->header->used_size, offset + size);
    return LUKS2_OK;
}

static int check_keyslot(Judge *judge, json_t *keyslot)
{
    static const char *const known[] = {
        "type", "key_size", "af", "area", "kdf", "priority", NULL
    };
    uint64_t key_size;

    int r = check_members(judge, keyslot, known, "a keyslot");
    if (r != LUKS2_OK)
        return r;
    if (strcmp(text_of(keyslot, "type"), "luks2") != 0)
        return refuse(judge, LUKS2_E_OUTSIDE, "a keyslot of type \"%.40s\"",
                      text_of(keyslot, "type"));
    if (!read_key_size(keyslot, &key_size))
        return refuse(judge, LUKS2_E_CIPHER, "a key of neither 256 nor 512 bits");
    if (judge->header->key_bits != 0 && judge->header->key_bits != key_size * 8)
        return refuse(judge, LUKS2_E_OUTSIDE, "keyslots with keys of different sizes");
    if (json_object_get(keyslot, "priority") && !read_number(keyslot, "priority", 0, 2, NULL))
        return refuse(judge, LUKS2_E_JSON, "a priority that is none");
    judge->header->key_bits = (unsigned)key_size * 8;

    r = check_area(judge, json_object_get(keyslot, "area"), key_size);
    if (r == LUKS2_OK)
        r = check_af(judge, json_object_get(keyslot, "af"));
    return r == LUKS2_OK ? check_kdf(judge, json_object_get(keyslot, "kdf")) : r;
}

/* "0" to "31". */
static bool is_slot_name(const char *name)
{
    size_t length = strlen(name);

    if (length < 1 || length > 2 || strspn(name, "0123456789") != length)
        return false;
    return (length == 1 || *name != '0') && atoi(name) < KEYSLOTS_MAX;
}

static int check_keyslots(Judge *judge)
{
    const char *name;
    json_t *keyslot;

    json_object_foreach (judge->keyslots, name, keyslot) {
        if (!is_slot_name(name))
            return refuse(judge, LUKS2_E_JSON, "a keyslot called \"%.40s\"", name);
        int r = check_keyslot(judge, keyslot);
        if (r != LUKS2_OK)
            return r;
    }
    judge->header->n_keyslots = (unsigned)json_object_size(judge->keyslots);
    return judge->header->n_keyslots > 0 ? LUKS2_OK : refuse(judge, LUKS2_E_OUTSIDE, "no keyslot");
}

/* One segment, called "0", which is all that is not header. */
static int check_segments(Judge *judge, json_t *segments)
{
    static const char *const known[] = { "type",       "offset",      "size", "iv_tweak",
                                         "encryption", "sector_size", NULL };
    json_t *segment = json_object_get(segments, "0");
    uint64_t sector_size;

    if (!segment || json_object_size(segments) != 1)
        return refuse(judge, LUKS2_E_OUTSIDE, "not one segment, called 0");
    if (strcmp(text_of(segment, "type"), "crypt") != 0)
        return refuse(judge, LUKS2_E_CIPHER, "a segment of type \"%.40s\"",
                      text_of(segment, "type"));
    int r = check_cipher(judge, segment, "the segment");
    if (r == LUKS2_OK)
        r = check_members(judge, segment, known, "the segment");
    if (r != LUKS2_OK)
        return r;
    if (strcmp(text_of(segment, "size"), "dynamic") != 0 ||
        strcmp(text_of(segment, "iv_tweak"), "0") != 0)
        return refuse(judge, LUKS2_E_OUTSIDE, "a segment that is not the whole disk");
    if (!read_number(segment, "sector_size", 512, SECTOR_MAX, &sector_size) ||
        (sector_size & (sector_size - 1)) != 0)
        return refuse(judge, LUKS2_E_JSON, "a sector size that is none");
    if (!read_decimal(segment, "offset", &judge->header->data_offset))
        return refuse(judge, LUKS2_E_JSON, "a segment without an offset");
    judge->header->sector_size = (unsigned)sector_size;
    return LUKS2_OK;
}

/* Every keyslot opens the key that the digest is of: all of their names, each once. */
static bool has_all_keyslots(const Judge *judge, const json_t *names)
{
    const json_t *item;
    size_t i;

    if (json_array_size(names) != json_object_size(judge->keyslots))
        return false;
    json_array_foreach (names, i, item) {
        const char *name = json_string_value(item);
        if (!name || !json_object_get(judge->keyslots, name))
            return false;
        for (size_t k = 0; k < i; k++)
            if (json_equal(json_array_get(names, k), item))
                return false;
    }
    return true;
}

static int check_digest(Judge *judge, json_t *digest)
{
    static const char *const known[] = { "type",       "keyslots", "segments", "hash",
                                         "iterations", "salt",     "digest",   NULL };
    const json_t *segments = json_object_get(digest, "segments");
    const char *hash = text_of(digest, "hash");
    size_t size = strcmp(hash, "sha512") == 0 ? DIGEST_SHA512_SIZE : DIGEST_SHA256_SIZE;

    int r = check_members(judge, digest, known, "the digest");
    if (r != LUKS2_OK)
        return r;
    if (strcmp(text_of(digest, "type"), "pbkdf2") != 0 || !is_hash(hash) ||
        !read_number(digest, "iterations", 1, UINT32_MAX, NULL))
        return refuse(judge, LUKS2_E_OUTSIDE, "a digest of type \"%.24s\" with hash \"%.24s\"",
                      text_of(digest, "type"), hash);
    const char *segment = json_string_value(json_array_get(segments, 0));
    if (json_array_size(segments) != 1 || !segment || strcmp(segment, "0") != 0 ||
        !has_all_keyslots(judge, json_object_get(digest, "keyslots")))
        return refuse(judge, LUKS2_E_OUTSIDE, "a digest that is not of all keyslots and segments");
    r = check_base64(judge, digest, "salt", 16, SALT_MAX);
    return r == LUKS2_OK ? check_base64(judge, digest, "digest", size, size) : r;
}

static int check_digests(Judge *judge, json_t *digests)
{
    json_t *digest = json_object_iter_value(json_object_iter(digests));

    if (json_object_size(digests) != 1 ||
        !is_slot_name(json_object_iter_key(json_object_iter(digests))))
        return refuse(judge, LUKS2_E_OUTSIDE, "not one digest");
    return check_digest(judge, digest);
}

/* Flags that choose speed, and discarding, but not what is encrypted. */
static int check_flags(Judge *judge, const json_t *flags)
{
    static const char *const known[] = { "allow-discards",     "same-cpu-crypt",
                                         "no-read-workqueue",  "submit-from-crypt-cpus",
                                         "no-write-workqueue", NULL };
    const json_t *item;
    size_t i;

    if (flags && !json_is_array(flags))
        return refuse(judge, LUKS2_E_JSON, "flags that are none");
    json_array_foreach (flags, i, item) {
        const char *flag = json_string_value(item) ? json_string_value(item) : "";
        if (!is_one_of(flag, known))
            return refuse(judge, LUKS2_E_OUTSIDE, "flag \"%.40s\"", flag);
    }
    return LUKS2_OK;
}

/* Requirements, reencryption among them, are refused by not being known. */
static int check_config(Judge *judge, json_t *config)
{
    static const char *const known[] = { "json_size", "keyslots_size", "flags", NULL };
    uint64_t json_size, keyslots_size;

    if (json_object_get(config, "requirements"))
        return refuse(judge, LUKS2_E_OUTSIDE, "requirements (a reencryption?)");
    int r = check_members(judge, config, known, "the config");
    if (r != LUKS2_OK)
        return r;
    if (!read_decimal(config, "json_size", &json_size) ||
        json_size != judge->header->copy_size - LUKS2_BINARY_SIZE)
        return refuse(judge, LUKS2_E_JSON, "another json_size");
    if (!read_decimal(config, "keyslots_size", &keyslots_size) || keyslots_size % 4096 != 0 ||
        keyslots_size > LUKS2_KEYSLOTS_SIZE_MAX)
        return refuse(judge, LUKS2_E_JSON, "a keyslots_size that is none, or above 32 MiB");
    judge->header->keyslots_size = keyslots_size;
    return check_flags(judge, json_object_get(config, "flags"));
}

int luks2_metadata_read(json_t *metadata, char found[static LUKS2_FOUND_SIZE], Luks2Header *header)
{
    static const char *const known[] = {
        "keyslots", "tokens", "segments", "digests", "config", NULL
    };
    Judge judge = { .found = found, .header = header };
    json_t *tokens, *segments, *digests, *config;

    int r = check_members(&judge, metadata, known, "the metadata");
    if (r != LUKS2_OK)
        return r;
    if (json_get_object(metadata, "keyslots", &judge.keyslots) != JSON_OK ||
        json_get_object(metadata, "tokens", &tokens) != JSON_OK ||
        json_get_object(metadata, "segments", &segments) != JSON_OK ||
        json_get_object(metadata, "digests", &digests) != JSON_OK ||
        json_get_object(metadata, "config", &config) != JSON_OK)
        return refuse(&judge, LUKS2_E_JSON, "not all five objects");
    header->n_tokens = (unsigned)json_object_size(tokens);
    r = check_config(&judge, config);
    if (r == LUKS2_OK)
        r = check_segments(&judge, segments);
    if (r == LUKS2_OK)
        r = check_keyslots(&judge);
    return r == LUKS2_OK ? check_digests(&judge, digests) : r;
}
