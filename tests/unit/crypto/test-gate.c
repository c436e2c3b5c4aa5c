/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names, messages and policy digests of gates against values computed elsewhere.
 */
#include "crypto/gate-policy.h"

#include "base/encode.h"
#include "forge.h"
#include "testing.h"

#define NAME_HEX "000baaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* The base point of P-256: the key whose private half is 1. */
#define BASE_X "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define BASE_Y "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"

static Bytes unhex(const char *text)
{
    Bytes bytes = { 0 };

    check_int(hex_decode(text, &bytes), ENCODE_OK);
    return bytes;
}

static void check_hex(ByteView found, const char *wanted)
{
    _cleanup_free_ char *hex = hex_encode(found);

    check_str(hex, wanted);
}

static uint8_t nonce[GATE_NONCE_SIZE] = "twenty-four bytes of it.";
static uint8_t reference[GATE_POLICY_SIZE] = "thirty-two bytes of a policyRef.";

static GateApproval approval(void)
{
    return (GateApproval){
        .nonce_tpm = VIEW_OF_ARRAY(nonce),
        .expiration_sec = -600,
        .policy_ref = VIEW_OF_ARRAY(reference),
    };
}

static void names_follow_their_grammar(void)
{
    static const char longest[] = "a23456789-123456789-123456789-123456789-123456789-123456789-123";
    static const char *const good[] = { "a", "0", "db", "db-2", "a-", longest };
    static const char *const bad[] = {
        "", "-", "-a", "A", "dB", "a_b", "a.b", "a/b", "..", "a b", "a\n", "\xc3\xa4", "a\x7f",
    };
    char too_long[sizeof(longest) + 1];

    check_int(strlen(longest), GATE_NAME_LIMIT);
    for (size_t i = 0; i < ELEMENTSOF(good); i++)
        check(gate_name_is_valid(good[i]));
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        check(!gate_name_is_valid(bad[i]));
    check(!gate_name_is_valid(NULL));
    (void)snprintf(too_long, sizeof(too_long), "%s4", longest);
    check(!gate_name_is_valid(too_long));
}

static void the_policy_ref_is_the_hash_it_is_said_to_be(void)
{
    _cleanup_bytes_ Bytes name = unhex(NAME_HEX);
    Digest found, other;

    check_int(gate_policy_ref("db", VIEW(name), &found), GATE_OK);
    check_hex(digest_view(&found),
              "1fa374473ba12a53936257ddd437a613f589059089b0fef51170ba43495f6659");
    check_int(gate_policy_ref("db2", VIEW(name), &other), GATE_OK);
    check(!digest_equal(&found, &other));
    name.data[33] ^= 1;
    check_int(gate_policy_ref("db", VIEW(name), &other), GATE_OK);
    check(!digest_equal(&found, &other));
}

static void a_policy_ref_is_of_a_gate_and_a_whole_name(void)
{
    _cleanup_bytes_ Bytes name = unhex(NAME_HEX "aaaa");
    Digest none;

    check_int(gate_policy_ref("Db", VIEW(name), &none), GATE_E_NAME);
    check_int(gate_policy_ref(NULL, VIEW(name), &none), GATE_E_NAME);
    for (size_t size = 0; size <= name.size; size++)
        if (size != TPM_NAME_SIZE)
            check_int(gate_policy_ref("db", (ByteView){ name.data, size }, &none), GATE_E_TPM_NAME);
    name.data[1] = 0x0c; /* SHA-384 */
    check_int(gate_policy_ref("db", (ByteView){ name.data, TPM_NAME_SIZE }, &none),
              GATE_E_TPM_NAME);
}

static void the_message_is_nonce_expiration_and_policy_ref(void)
{
    uint8_t message[GATE_MESSAGE_SIZE], ones[GATE_NONCE_SIZE], twos[GATE_POLICY_SIZE];

    memset(ones, 0x11, sizeof(ones));
    memset(twos, 0x22, sizeof(twos));
    const GateApproval wanted = { VIEW_OF_ARRAY(ones), -60, VIEW_OF_ARRAY(twos) };
    check_int(gate_message(&wanted, message), GATE_OK);
    check_hex(VIEW_OF_ARRAY(message),
              "111111111111111111111111111111111111111111111111ffffffc4"
              "2222222222222222222222222222222222222222222222222222222222222222");
}

static void a_nonce_of_another_size_is_never_signed(void)
{
    _cleanup_(key_freep) Key *key = forge_key("P-256");
    const uint8_t bytes[64] = { 1 };
    Bytes none = { 0 };

    for (size_t size = 0; size <= sizeof(bytes); size++) {
        GateApproval wanted = approval();
        if (size == GATE_NONCE_SIZE)
            continue;
        wanted.nonce_tpm = (ByteView){ bytes, size };
        check_int(gate_sign(key, &wanted, &none), GATE_E_NONCE);
        check(none.data == NULL);
    }
}

static void an_expiration_out_of_bounds_is_never_signed(void)
{
    static const int64_t bad[] = {
        0,           1,           600,
        -3601,       INT32_MAX,   INT32_MIN,
        INT64_MAX,   INT64_MIN,   4294967295 /* -1 as u32 */,
        -4294967297, -4294967296,
    };
    _cleanup_(key_freep) Key *key = forge_key("P-256");
    GateApproval wanted = approval();
    Bytes none = { 0 };

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        wanted.expiration_sec = bad[i];
        check_int(gate_sign(key, &wanted, &none), GATE_E_EXPIRATION);
        check(none.data == NULL);
    }
    static const int64_t good[] = { -1, -3600 };
    for (size_t i = 0; i < ELEMENTSOF(good); i++) {
        _cleanup_bytes_ Bytes signature = { 0 };
        wanted.expiration_sec = good[i];
        check_int(gate_sign(key, &wanted, &signature), GATE_OK);
    }
}

static void a_policy_ref_of_another_size_is_never_signed(void)
{
    _cleanup_(key_freep) Key *key = forge_key("P-256");
    const uint8_t bytes[40] = { 1 };
    Bytes none = { 0 };

    for (size_t size = 0; size <= sizeof(bytes); size++) {
        GateApproval wanted = approval();
        if (size == GATE_POLICY_SIZE)
            continue;
        wanted.policy_ref = (ByteView){ bytes, size };
        check_int(gate_sign(key, &wanted, &none), GATE_E_POLICY_REF);
    }
}

static void a_signature_verifies_for_what_was_signed_alone(void)
{
    static uint8_t other_nonce[GATE_NONCE_SIZE] = "twenty-four other bytes.";
    static uint8_t other_reference[GATE_POLICY_SIZE] = "thirty-two bytes of another one.";
    _cleanup_(key_freep) Key *key = forge_key("P-256");
    _cleanup_(key_freep) Key *other_key = forge_key("P-256");
    _cleanup_bytes_ Bytes signature = { 0 };
    const GateApproval signed_one = approval();
    GateApproval other = approval();

    check_int(gate_sign(key, &signed_one, &signature), GATE_OK);
    check_int(signature.size, GATE_SIGNATURE_SIZE);
    check_int(gate_verify(key, &signed_one, VIEW(signature)), GATE_OK);
    check_int(gate_verify(other_key, &signed_one, VIEW(signature)), GATE_E_SIGNATURE);
    other.nonce_tpm = VIEW_OF_ARRAY(other_nonce);
    check_int(gate_verify(key, &other, VIEW(signature)), GATE_E_SIGNATURE);
    other = approval();
    other.policy_ref = VIEW_OF_ARRAY(other_reference);
    check_int(gate_verify(key, &other, VIEW(signature)), GATE_E_SIGNATURE);
    other = approval();
    other.expiration_sec--;
    check_int(gate_verify(key, &other, VIEW(signature)), GATE_E_SIGNATURE);
    other.expiration_sec = 0;
    check_int(gate_verify(key, &other, VIEW(signature)), GATE_E_EXPIRATION);
}

static void a_signature_with_any_bit_flipped_or_of_another_size_is_refused(void)
{
    _cleanup_(key_freep) Key *key = forge_key("P-256");
    _cleanup_bytes_ Bytes signature = { 0 };
    const GateApproval wanted = approval();

    check_int(gate_sign(key, &wanted, &signature), GATE_OK);
    for (size_t i = 0; i < signature.size; i++) {
        signature.data[i] ^= (uint8_t)(1 << i % 8);
        check_int(gate_verify(key, &wanted, VIEW(signature)), GATE_E_SIGNATURE);
        signature.data[i] ^= (uint8_t)(1 << i % 8);
    }
    for (size_t size = 0; size < signature.size; size++)
        check_int(gate_verify(key, &wanted, (ByteView){ signature.data, size }), GATE_E_SIGNATURE);
    check_int(bytes_append_u8(&signature, 0), 0);
    check_int(gate_verify(key, &wanted, VIEW(signature)), GATE_E_SIGNATURE);
}

static void another_kind_of_key_is_named(void)
{
    static const char *const kinds[] = { "P-384", "P-521", "RSA-2048", "ED25519" };
    const GateApproval wanted = approval();
    Bytes none = { 0 };
    TpmName no_name;

    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        _cleanup_(key_freep) Key *key = forge_key(kinds[i]);
        check_int(gate_sign(key, &wanted, &none), GATE_E_KEY);
        check_int(gate_verify(key, &wanted, VIEW_OF_ARRAY(nonce)), GATE_E_KEY);
        check_int(gate_key_public(key, &none), GATE_E_KEY);
        check_int(gate_key_name(key, &no_name), GATE_E_KEY);
    }
}

static Key *base_key(void)
{
    _cleanup_bytes_ Bytes x = unhex(BASE_X);
    _cleanup_bytes_ Bytes y = unhex(BASE_Y);
    Key *key = NULL;

    check_int(key_from_ec(KEY_P256, VIEW(x), VIEW(y), &key), KEY_OK);
    return key;
}

static void a_public_key_does_not_sign(void)
{
    _cleanup_(key_freep) Key *key = base_key();
    const GateApproval wanted = approval();
    Bytes none = { 0 };

    check_int(gate_sign(key, &wanted, &none), GATE_E_KEY);
}

static void the_release_keys_template_is_frozen(void)
{
    _cleanup_(key_freep) Key *key = base_key();
    _cleanup_bytes_ Bytes area = { 0 };
    TpmName name;

    check_int(gate_key_public(key, &area), GATE_OK);
    check_hex(VIEW(area), "0023000b00040040000000100010000300100020" BASE_X "0020" BASE_Y);
    check_int(gate_key_name(key, &name), GATE_OK);
    check_hex(tpm_name_view(&name),
              "000b04a8d8db137338ba19ca9c059f8cf5a7f838c7a42a4420c9a8fc83136f04bd41");
}

static void a_name_is_made_of_sha256_areas_alone(void)
{
    static const uint8_t sha384[] = { 0x00, 0x23, 0x00, 0x0c, 0x00, 0x05 };
    static const uint8_t sha256[] = { 0x00, 0x23, 0x00, 0x0b };
    TpmName name;

    check_int(tpm_name_of(VIEW_OF_ARRAY(sha384), &name), GATE_E_PUBLIC);
    for (size_t size = 0; size < sizeof(sha256); size++)
        check_int(tpm_name_of((ByteView){ sha256, size }, &name), GATE_E_PUBLIC);
    check_int(tpm_name_of(VIEW_OF_ARRAY(sha256), &name), GATE_OK);
}

/* Measured on a TPM: PolicySigned with this Name and policyRef "ref"; PolicySecret(owner). */
static void policy_digests_are_those_of_a_tpm(void)
{
    _cleanup_bytes_ Bytes name = unhex(NAME_HEX);
    _cleanup_bytes_ Bytes owner =
        unhex("0d84f55daf6e43ac97966e62c9bb989d3397777d25c5f749868055d65394f952");
    Digest by_signature, by_owner = { .size = owner.size }, either;

    memcpy(by_owner.data, owner.data, owner.size);
    check_int(gate_policy_signed(VIEW(name), view_of_string("ref"), &by_signature), GATE_OK);
    check_hex(digest_view(&by_signature),
              "543dfc437645d39c789e6cd56e53d29cd3472b20076aaa5e3b08b2196bd5fc99");
    check_int(gate_policy_or(&by_signature, &by_owner, &either), 0);
    check_hex(digest_view(&either),
              "9876b921730a7146eeb7710b9fa412cb3d6f151dcd261e51aa847d2b90853753");
    name.size--;
    check_int(gate_policy_signed(VIEW(name), view_of_string("ref"), &either), GATE_E_TPM_NAME);
}

/* spec/tpm 8: PCR 7 is all zeros. */
static void register_policies_are_those_of_a_tpm(void)
{
    _cleanup_bytes_ Bytes name = unhex(NAME_HEX);
    const GatePcrs zeros = { .mask = 1 << 7 };
    Digest from, policy, values;

    check_int(gate_pcrs_digest(&zeros, &values), GATE_OK);
    check_hex(digest_view(&values),
              "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925");
    check_int(gate_policy_pcr(NULL, &zeros, &policy), GATE_OK);
    check_hex(digest_view(&policy),
              "8b5682d81b29435d08d79278150611dc7e5923b2fefcce684a09577b40130a8b");
    check_int(gate_policy_signed(VIEW(name), view_of_string("ref"), &from), GATE_OK);
    check_int(gate_policy_pcr(&from, &zeros, &policy), GATE_OK);
    check_hex(digest_view(&policy),
              "ce59ab6282c4284f02101f65a9522661808c60d06332dff25a5ce76e179c3853");
}

static void registers_that_can_be_reset_or_none_have_no_policy(void)
{
    const uint32_t bad[] = { 0, 1u << 16, 1u << 23 | 1u << 4, 1u << 31 };
    Digest policy;

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        const GatePcrs pcrs = { .mask = bad[i] };
        check_int(gate_policy_pcr(NULL, &pcrs, &policy), GATE_E_PCRS);
    }
}

static void registers_are_listed_as_people_do(void)
{
    static const struct {
        uint32_t mask;
        const char *text;
    } cases[] = {
        { 0, "" },
        { 1 << 4, "4" },
        { 1 << 4 | 1 << 9, "4 and 9" },
        { 1 << 4 | 1 << 7 | 1 << 9, "4, 7 and 9" },
        { 0xffffffff, "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 and 15" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_free_ char *text = gate_pcrs_text(cases[i].mask);
        check_str(text, cases[i].text);
    }
}

/* TPMS_NV_PUBLIC and the arguments, put together by hand. */
static void a_counters_policy_is_the_hash_it_is_said_to_be(void)
{
    _cleanup_bytes_ Bytes area =
        unhex("01800a00000b220600120020"
              "c2b74175384d3139fc3e6b7b2277101ab7c0fdfb92bb2830f23383ed67367e65"
              "0008");
    _cleanup_bytes_ Bytes operands = unhex("000000000000002a00000009");
    static const uint8_t zeros[GATE_POLICY_SIZE] = { 0 };
    static const uint8_t code[] = { 0, 0, 1, 0x49 };
    Digest digest, arguments, wanted, policy;
    TpmName name;

    check_int(gate_counter_name(0x01800a00, "other", &name), GATE_OK);
    check_int(digest_of(DIGEST_SHA256, VIEW(area), &digest), 0);
    check(memcmp(name.data + 2, digest.data, digest.size) != 0);
    check_int(gate_counter_name(0x01800a00, "db-password", &name), GATE_OK);
    check(name.data[0] == 0x00 && name.data[1] == 0x0b);
    check(memcmp(name.data + 2, digest.data, digest.size) == 0);

    check_int(digest_of(DIGEST_SHA256, VIEW(operands), &arguments), 0);
    const ByteView parts[] = { VIEW_OF_ARRAY(zeros), VIEW_OF_ARRAY(code), digest_view(&arguments),
                               tpm_name_view(&name) };
    check_int(digest_of_parts(DIGEST_SHA256, parts, ELEMENTSOF(parts), &wanted), 0);
    check_int(gate_policy_nv(NULL, tpm_name_view(&name), 42, &policy), GATE_OK);
    check(digest_equal(&policy, &wanted));
    name.data[1] = 0x0c;
    check_int(gate_policy_nv(NULL, tpm_name_view(&name), 42, &policy), GATE_E_TPM_NAME);
}

static void every_no_has_a_word(void)
{
    for (int no = GATE_OK; no <= GATE_E_PCRS; no++)
        check(strcmp(gate_reason(no), "unknown") != 0);
    check_str(gate_reason(GATE_E_PCRS + 1), "unknown");
}

static const Test tests[] = {
    { "names follow their grammar", names_follow_their_grammar },
    { "the policyRef is the hash it is said to be", the_policy_ref_is_the_hash_it_is_said_to_be },
    { "a policyRef is of a gate and a whole Name", a_policy_ref_is_of_a_gate_and_a_whole_name },
    { "the message is nonce, expiration and policyRef",
      the_message_is_nonce_expiration_and_policy_ref },
    { "a nonce of another size, or an empty one, is never signed",
      a_nonce_of_another_size_is_never_signed },
    { "an expiration that is 0, positive or too long is never signed",
      an_expiration_out_of_bounds_is_never_signed },
    { "a policyRef of another size is never signed", a_policy_ref_of_another_size_is_never_signed },
    { "a signature verifies for what was signed alone",
      a_signature_verifies_for_what_was_signed_alone },
    { "a signature with any bit flipped, or of another size, is refused",
      a_signature_with_any_bit_flipped_or_of_another_size_is_refused },
    { "another kind of key is named", another_kind_of_key_is_named },
    { "a public key does not sign", a_public_key_does_not_sign },
    { "the release key's template is frozen", the_release_keys_template_is_frozen },
    { "a Name is made of SHA-256 areas alone", a_name_is_made_of_sha256_areas_alone },
    { "policy digests are those of a TPM", policy_digests_are_those_of_a_tpm },
    { "register policies are those of a TPM", register_policies_are_those_of_a_tpm },
    { "registers that can be reset, or none, have no policy",
      registers_that_can_be_reset_or_none_have_no_policy },
    { "registers are listed as people do", registers_are_listed_as_people_do },
    { "a counter's policy is the hash it is said to be",
      a_counters_policy_is_the_hash_it_is_said_to_be },
    { "every no has a word", every_no_has_a_word },
};

TEST_MAIN(tests)
