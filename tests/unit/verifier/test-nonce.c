/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nonces: ours, for us and fresh, or refused.
 */
#include "testing.h"

#include "base/reader.h"
#include "verifier/nonce.h"

#include <sys/stat.h>

#define ID  "urn:uuid:test"
#define NOW UINT64_C(1800000000)

static char directory[] = "/tmp/test-nonce-XXXXXX";
static char path[64];

static NonceKeys fresh_keys(void)
{
    NonceKeys keys = { 0 };

    check_int(nonce_keys_write(path, NULL), 0);
    check_int(nonce_keys_load(path, &keys), NONCE_OK);
    return keys;
}

static Bytes fresh_nonce(const NonceKeys *keys)
{
    Bytes nonce = { 0 };

    check_int(nonce_make(keys, ID, NOW, &nonce), NONCE_OK);
    return nonce;
}

static int judge(const NonceKeys *keys, const Bytes *nonce, uint64_t now)
{
    NonceFacts facts;

    return nonce_verify(keys, ID, VIEW(*nonce), now, &facts);
}

static void it_is_accepted(void)
{
    _cleanup_nonce_keys_ NonceKeys keys = fresh_keys();
    _cleanup_bytes_ Bytes nonce = fresh_nonce(&keys);
    NonceFacts facts = { 0 };

    check_int(nonce.size, 56);
    Reader reader = reader_over(VIEW(nonce));
    check_int(reader_be64(&reader), NOW);
    check_int(nonce_verify(&keys, ID, VIEW(nonce), NOW + NONCE_LIFE_SEC, &facts), NONCE_OK);
    check_int(facts.issued_sec, NOW);
    check(facts.key == keys.current);
}

static void two_differ(void)
{
    _cleanup_nonce_keys_ NonceKeys keys = fresh_keys();
    _cleanup_bytes_ Bytes a = fresh_nonce(&keys), b = fresh_nonce(&keys);

    check(!view_equal(VIEW(a), VIEW(b)));
}

static void it_expires(void)
{
    _cleanup_nonce_keys_ NonceKeys keys = fresh_keys();
    _cleanup_bytes_ Bytes nonce = fresh_nonce(&keys);

    check_int(judge(&keys, &nonce, NOW + NONCE_LIFE_SEC + 1), NONCE_E_EXPIRED);
    check_int(judge(&keys, &nonce, UINT64_MAX / 2), NONCE_E_EXPIRED);
}

static void the_future_is_refused(void)
{
    _cleanup_nonce_keys_ NonceKeys keys = fresh_keys();
    _cleanup_bytes_ Bytes nonce = fresh_nonce(&keys);

    check_int(judge(&keys, &nonce, NOW - NONCE_SKEW_SEC), NONCE_OK);
    check_int(judge(&keys, &nonce, NOW - NONCE_SKEW_SEC - 1), NONCE_E_EARLY);
}

static void each_flipped_bit_is_refused(void)
{
    _cleanup_nonce_keys_ NonceKeys keys = fresh_keys();
    _cleanup_bytes_ Bytes nonce = fresh_nonce(&keys);

    for (size_t bit = 0; bit < nonce.size * 8; bit++) {
        nonce.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        check_int(judge(&keys, &nonce, NOW), NONCE_E_UNKNOWN);
        nonce.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    check_int(judge(&keys, &nonce, NOW), NONCE_OK);
}

static void another_size_is_refused(void)
{
    _cleanup_nonce_keys_ NonceKeys keys = fresh_keys();
    _cleanup_bytes_ Bytes nonce = fresh_nonce(&keys);
    NonceFacts facts;

    for (size_t size = 0; size < nonce.size; size++)
        check_int(
            nonce_verify(&keys, ID, (ByteView){ .data = nonce.data, .size = size }, NOW, &facts),
            NONCE_E_UNKNOWN);
    check_int(bytes_append_u8(&nonce, 0), 0);
    check_int(judge(&keys, &nonce, NOW), NONCE_E_UNKNOWN);
}

static void another_verifier_is_refused(void)
{
    _cleanup_nonce_keys_ NonceKeys keys = fresh_keys();
    _cleanup_bytes_ Bytes nonce = fresh_nonce(&keys);
    NonceFacts facts;

    check_int(nonce_verify(&keys, "urn:uuid:tes", VIEW(nonce), NOW, &facts), NONCE_E_UNKNOWN);
}

static void another_key_is_refused(void)
{
    _cleanup_nonce_keys_ NonceKeys keys = fresh_keys(), others = fresh_keys();
    _cleanup_bytes_ Bytes nonce = fresh_nonce(&keys);

    check_int(judge(&others, &nonce, NOW), NONCE_E_UNKNOWN);
}

static void one_rotation_is_survived(void)
{
    _cleanup_nonce_keys_ NonceKeys first = fresh_keys(), second = { 0 }, third = { 0 };
    _cleanup_bytes_ Bytes nonce = fresh_nonce(&first);
    NonceFacts facts = { 0 };

    check_int(nonce_keys_write(path, &first), 0);
    check_int(nonce_keys_load(path, &second), NONCE_OK);
    check_int(nonce_verify(&second, ID, VIEW(nonce), NOW, &facts), NONCE_OK);
    check(facts.key == second.previous);

    check_int(nonce_keys_write(path, &second), 0);
    check_int(nonce_keys_load(path, &third), NONCE_OK);
    check_int(judge(&third, &nonce, NOW), NONCE_E_UNKNOWN);
}

static void the_key_file_is_private_and_of_its_size(void)
{
    static const uint8_t bytes[65];
    NonceKeys keys = { 0 };
    struct stat st;

    check_int(nonce_keys_write(path, NULL), 0);
    check(stat(path, &st) == 0);
    check_int(st.st_mode & 07777, 0600);
    check_int(st.st_size, 32);
    static const size_t sizes[] = { 0, 31, 33, 63, 65 };
    for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
        check_int(file_write_atomic(path, (ByteView){ bytes, sizes[i] }, 0600), 0);
        check_int(nonce_keys_load(path, &keys), NONCE_E_KEYS);
    }
    check(keys.current == NULL);
}

static const Test tests[] = {
    { "a nonce of ours is accepted until its time is over", it_is_accepted },
    { "two nonces of one second differ", two_differ },
    { "an expired nonce is refused", it_expires },
    { "a nonce from the future is refused", the_future_is_refused },
    { "each flipped bit is refused", each_flipped_bit_is_refused },
    { "another size is refused", another_size_is_refused },
    { "a nonce for another verifier is refused", another_verifier_is_refused },
    { "a nonce under another key is refused", another_key_is_refused },
    { "a nonce survives one rotation of the key, not two", one_rotation_is_survived },
    { "the key file is private and has 32 or 64 bytes", the_key_file_is_private_and_of_its_size },
};

int main(int argc, char **argv)
{
    check(mkdtemp(directory) != NULL);
    (void)snprintf(path, sizeof(path), "%s/nonce.key", directory);
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    (void)unlink(path);
    (void)rmdir(directory);
    return r;
}
