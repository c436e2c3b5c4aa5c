/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nonce = u64 BE seconds ‖ random(16) ‖ HMAC-SHA-256(key, "attestd nonce 1" ‖ 00 ‖ u16 BE size ‖
 * verifier id ‖ seconds ‖ random).
 */
#include "verifier/nonce.h"

#include "base/file.h"
#include "base/reader.h"
#include "crypto/digest.h"
#include "crypto/random.h"

#include <errno.h>
#include <string.h>

static const char label[] = "attestd nonce 1"; /* its NUL counts */

void nonce_keys_done(NonceKeys *keys)
{
    keys->current = secret_free(keys->current);
    keys->previous = secret_free(keys->previous);
}

int nonce_keys_load(const char *path, NonceKeys *ret)
{
    _cleanup_nonce_keys_ NonceKeys keys = { 0 };
    _cleanup_wiped_bytes_ Bytes file = { 0 };

    int r = file_read(path, 2 * NONCE_KEY_SIZE, &file);
    if (r == -EFBIG)
        return NONCE_E_KEYS;
    if (r < 0)
        return r;
    if (file.size != NONCE_KEY_SIZE && file.size != 2 * NONCE_KEY_SIZE)
        return NONCE_E_KEYS;

    r = secret_new((ByteView){ .data = file.data, .size = NONCE_KEY_SIZE }, &keys.current);
    if (r == 0 && file.size > NONCE_KEY_SIZE)
        r = secret_new((ByteView){ .data = file.data + NONCE_KEY_SIZE, .size = NONCE_KEY_SIZE },
                       &keys.previous);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(keys);
    return NONCE_OK;
}

int nonce_keys_write(const char *path, const NonceKeys *old)
{
    uint8_t file[2 * NONCE_KEY_SIZE];
    size_t size = NONCE_KEY_SIZE;

    int r = random_fill(file, NONCE_KEY_SIZE);
    if (r < 0)
        return r;
    if (old) {
        memcpy(file + NONCE_KEY_SIZE, secret_view(old->current).data, NONCE_KEY_SIZE);
        size = sizeof(file);
    }
    r = file_write_atomic(path, (ByteView){ .data = file, .size = size }, 0600);
    wipe(file, sizeof(file));
    return r;
}

static int nonce_mac(const Secret *key, const char *verifier_id, ByteView head, Digest *ret)
{
    size_t size = strlen(verifier_id);
    const uint8_t length[2] = { (uint8_t)(size >> 8), (uint8_t)size };
    const ByteView parts[] = {
        { .data = (const uint8_t *)label, .size = sizeof(label) },
        VIEW_OF_ARRAY(length),
        view_of_string(verifier_id),
        head,
    };

    if (size > UINT16_MAX)
        return -EINVAL;
    return digest_hmac(DIGEST_SHA256, secret_view(key), parts, ELEMENTSOF(parts), ret);
}

int nonce_make(const NonceKeys *keys, const char *verifier_id, uint64_t now_sec, Bytes *ret)
{
    _cleanup_bytes_ Bytes nonce = { 0 };
    uint8_t random[NONCE_RANDOM_SIZE];
    Digest mac;

    int r = random_fill(random, sizeof(random));
    if (r == 0)
        r = bytes_append_be64(&nonce, now_sec);
    if (r == 0)
        r = bytes_append(&nonce, VIEW_OF_ARRAY(random));
    if (r == 0)
        r = nonce_mac(keys->current, verifier_id, VIEW(nonce), &mac);
    if (r == 0)
        r = bytes_append(&nonce, digest_view(&mac));
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(nonce);
    return NONCE_OK;
}

static int made_with(const Secret *key, const char *verifier_id, ByteView nonce)
{
    const ByteView head = { .data = nonce.data, .size = NONCE_SIZE - NONCE_MAC_SIZE };
    const ByteView mac = { .data = nonce.data + head.size, .size = NONCE_MAC_SIZE };
    Digest wanted;

    int r = nonce_mac(key, verifier_id, head, &wanted);
    if (r < 0)
        return r;
    return equal_constant_time(mac, digest_view(&wanted)) ? NONCE_OK : NONCE_E_UNKNOWN;
}

int nonce_verify(const NonceKeys *keys, const char *verifier_id, ByteView nonce, uint64_t now_sec,
                 NonceFacts *ret)
{
    const Secret *key = keys->current;

    if (nonce.size != NONCE_SIZE)
        return NONCE_E_UNKNOWN;
    int r = made_with(key, verifier_id, nonce);
    if (r == NONCE_E_UNKNOWN && keys->previous) {
        key = keys->previous;
        r = made_with(key, verifier_id, nonce);
    }
    if (r)
        return r;

    Reader reader = reader_over(nonce);
    uint64_t issued_sec = reader_be64(&reader);
    if (issued_sec > now_sec + NONCE_SKEW_SEC)
        return NONCE_E_EARLY;
    if (now_sec > issued_sec + NONCE_LIFE_SEC)
        return NONCE_E_EXPIRED;
    *ret = (NonceFacts){ .issued_sec = issued_sec, .key = key };
    return NONCE_OK;
}
