/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes against published values.
 */
#include "crypto/digest.h"

#include "base/encode.h"
#include "crypto/random.h"
#include "testing.h"

static void check_hex(const Digest *digest, const char *wanted)
{
    _cleanup_free_ char *hex = hex_encode(digest_view(digest));

    check_str(hex, wanted);
}

/* FIPS 180-2 appendices, message "abc". */
static void abc_has_its_published_hashes(void)
{
    static const char *const wanted[] = {
        [DIGEST_SHA1] = "a9993e364706816aba3e25717850c26c9cd0d89d",
        [DIGEST_SHA256] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        [DIGEST_SHA384] = "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                          "8086072ba1e7cc2358baeca134c825a7",
        [DIGEST_SHA512] = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                          "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    };

    for (size_t i = 0; i < ELEMENTSOF(wanted); i++) {
        Digest digest;
        check_int(digest_of((DigestAlgorithm)i, view_of_string("abc"), &digest), 0);
        check_int(digest.size, digest_size((DigestAlgorithm)i));
        check_hex(&digest, wanted[i]);
    }
}

static void parts_hash_like_the_whole(void)
{
    ByteView parts[] = { view_of_string("a"), view_of_string(""), view_of_string("bc") };
    Digest whole;
    Digest joined;

    check_int(digest_of(DIGEST_SHA256, view_of_string("abc"), &whole), 0);
    check_int(digest_of_parts(DIGEST_SHA256, parts, ELEMENTSOF(parts), &joined), 0);
    check(digest_equal(&whole, &joined));
}

static void the_empty_message_has_a_hash(void)
{
    Digest digest;

    check_int(digest_of(DIGEST_SHA256, (ByteView){ 0 }, &digest), 0);
    check_hex(&digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231 4.3. */
static void hmac_matches_rfc_4231_case_2(void)
{
    ByteView parts[] = { view_of_string("what do ya want "), view_of_string("for nothing?") };
    Digest digest;

    check_int(digest_hmac(DIGEST_SHA256, view_of_string("Jefe"), parts, 2, &digest), 0);
    check_hex(&digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    check_int(digest_hmac(DIGEST_SHA384, view_of_string("Jefe"), parts, 2, &digest), 0);
    check_hex(&digest, "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
                       "8e2240ca5e69e2c78b3239ecfab21649");
}

static void an_hmac_without_key_is_refused(void)
{
    Digest digest;

    check_int(digest_hmac(DIGEST_SHA256, (ByteView){ 0 }, NULL, 0, &digest), -22);
}

/* A separator event: the digest of four zero bytes into a PCR of zeros. */
static void extending_a_separator_gives_the_known_pcr(void)
{
    static const uint8_t separator[4] = { 0 };
    _cleanup_(hasher_freep) Hasher *hasher = NULL;
    Digest pcr = { .size = 32 };
    Digest event;

    check_int(hasher_new(DIGEST_SHA256, &hasher), 0);
    check_int(hasher_update(hasher, VIEW_OF_ARRAY(separator)), 0);
    check_int(hasher_finish(hasher, &event), 0);
    check_int(hasher_extend(hasher, &pcr, digest_view(&event)), 0);
    check_hex(&pcr, "3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969");
}

static void extending_with_a_digest_of_another_bank_is_refused(void)
{
    _cleanup_(hasher_freep) Hasher *hasher = NULL;
    Digest pcr = { .size = 32 };
    Digest before = pcr;
    uint8_t sha1[20] = { 1 };

    check_int(hasher_new(DIGEST_SHA256, &hasher), 0);
    check_int(hasher_extend(hasher, &pcr, VIEW_OF_ARRAY(sha1)), -22);
    check(digest_equal(&pcr, &before));
    check_int(hasher_update(hasher, VIEW_OF_ARRAY(sha1)), 0);
    check_int(hasher_extend(hasher, &pcr, digest_view(&before)), -22);
}

static void a_hasher_is_empty_after_each_message(void)
{
    _cleanup_(hasher_freep) Hasher *hasher = NULL;
    Digest first;
    Digest second;

    check_int(hasher_new(DIGEST_SHA384, &hasher), 0);
    check_int(hasher_algorithm(hasher), DIGEST_SHA384);
    for (int i = 0; i < 2; i++) {
        check_int(hasher_update(hasher, view_of_string("abc")), 0);
        check_int(hasher_finish(hasher, i == 0 ? &first : &second), 0);
    }
    check(digest_equal(&first, &second));
}

static void names_and_numbers_lead_back(void)
{
    DigestAlgorithm algorithm;

    for (int i = DIGEST_SHA1; i <= DIGEST_SHA512; i++) {
        check_int(digest_from_name(digest_name((DigestAlgorithm)i), &algorithm), DIGEST_OK);
        check_int(algorithm, i);
        check_int(digest_from_tpm_id(digest_tpm_id((DigestAlgorithm)i), &algorithm), DIGEST_OK);
        check_int(algorithm, i);
    }
    check_int(digest_from_name("md5", &algorithm), DIGEST_E_UNKNOWN);
    check_int(digest_from_name("SHA256", &algorithm), DIGEST_E_UNKNOWN);
    check_int(digest_from_tpm_id(0x0010, &algorithm), DIGEST_E_UNKNOWN);
}

static void random_bytes_differ(void)
{
    uint8_t a[32] = { 0 };
    uint8_t b[32] = { 0 };

    check_int(random_fill(a, sizeof(a)), 0);
    check_int(random_fill(b, sizeof(b)), 0);
    check(memcmp(a, b, sizeof(a)) != 0);
    check(!view_is_filled_with(VIEW_OF_ARRAY(a), 0));
}

static const Test tests[] = {
    { "abc has its published hashes", abc_has_its_published_hashes },
    { "parts hash like the whole", parts_hash_like_the_whole },
    { "the empty message has a hash", the_empty_message_has_a_hash },
    { "HMAC matches RFC 4231 case 2", hmac_matches_rfc_4231_case_2 },
    { "an HMAC without key is refused", an_hmac_without_key_is_refused },
    { "extending a separator gives the known PCR", extending_a_separator_gives_the_known_pcr },
    { "extending with a digest of another bank is refused",
      extending_with_a_digest_of_another_bank_is_refused },
    { "a hasher is empty after each message", a_hasher_is_empty_after_each_message },
    { "names and numbers lead back", names_and_numbers_lead_back },
    { "random bytes differ", random_bytes_differ },
};

TEST_MAIN(tests)
