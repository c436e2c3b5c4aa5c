/* SPDX-License-Identifier: Apache-2.0 */
#include "secret/secret-cipher.h"

#include "sample.h"

static int decrypt(SecretFile *file, uint8_t key_fill)
{
    _cleanup_(secret_freep) Secret *key = sample_key(key_fill);
    _cleanup_opened_secret_ OpenedSecret opened = { 0 };

    int r = secret_decrypt(file, key, &opened);
    check((r == SECRET_CIPHER_OK) == (opened.bytes.data != NULL));
    return r;
}

static void test_a_secret_comes_back_with_its_header(void)
{
    _cleanup_secret_file_ SecretFile file = sample_file("db", 1);
    _cleanup_(secret_freep) Secret *key = sample_key(0x44);
    _cleanup_opened_secret_ OpenedSecret opened = { 0 };

    check_int(secret_decrypt(&file, key, &opened), SECRET_CIPHER_OK);
    check(view_equal(VIEW(opened.bytes), view_of_string(SAMPLE_SECRET)));
    check_str(opened.header.name, "db");
    check(!file.header.name);
}

static void test_who_counts_once_it_is_open(void)
{
    _cleanup_secret_file_ SecretFile file = sample_file("db", 1);
    _cleanup_(secret_freep) Secret *key = sample_key(0x44);
    _cleanup_opened_secret_ OpenedSecret opened = { 0 };

    check_int(secret_decrypt(&file, key, &opened), SECRET_CIPHER_OK);
    check(opened_secret_is_for(&opened, "unit:db.service"));
    check(opened_secret_is_for(&opened, "unit:db@one.service"));
    check(!opened_secret_is_for(&opened, "unit:web.service"));
    check(!opened_secret_is_for(&opened, "unit:db@*.service"));
    check(!opened_secret_is_for(&opened, ""));
}

static void test_root_may_always_ask_under_its_own_name(void)
{
    _cleanup_secret_file_ SecretFile file = sample_file("db", 1);
    _cleanup_(secret_freep) Secret *key = sample_key(0x44);
    _cleanup_opened_secret_ OpenedSecret opened = { 0 };

    check_int(secret_decrypt(&file, key, &opened), SECRET_CIPHER_OK);
    check(opened_secret_is_for(&opened, "user:0"));
    check(!opened_secret_is_for(&opened, "user:00"));
    check(!opened_secret_is_for(&opened, "user:1"));
    check(!opened_secret_is_for(&opened, "user:"));
}

/* Each flipped bit of the header that leaves it JSON of ours is noticed, as is every other one. */
static void test_every_bit_of_header_nonce_and_ciphertext_is_authenticated(void)
{
    _cleanup_secret_file_ SecretFile file = sample_file("db", 1);
    const ByteView parts[] = { VIEW(file.header_bytes), VIEW_OF_ARRAY(file.nonce),
                               VIEW(file.ciphertext) };

    for (size_t i = 0; i < ELEMENTSOF(parts); i++)
        for (size_t bit = 0; bit < parts[i].size * 8; bit++) {
            uint8_t *byte = (uint8_t *)(uintptr_t)parts[i].data + bit / 8;
            *byte ^= (uint8_t)(1 << bit % 8);
            check_int(decrypt(&file, 0x44), SECRET_CIPHER_E_TAMPERED);
            *byte ^= (uint8_t)(1 << bit % 8);
        }
    check_int(decrypt(&file, 0x44), SECRET_CIPHER_OK);
}

/* FILE with one member of its header changed to VALUE, as whoever edits it would; well-formed. */
static void edit(SecretFile *file, const char *member, const char *value)
{
    _cleanup_secret_file_ SecretFile read = { 0 };
    json_auto_t *header = NULL;
    _cleanup_bytes_ Bytes json = { 0 };

    check_int(json_parse(VIEW(file->header_bytes), SECRET_HEADER_SIZE_MAX, &header), JSON_OK);
    check(json_object_set_new(header, member, json_loads(value, JSON_DECODE_ANY, NULL)) == 0);
    _cleanup_free_ char *text = json_text_sorted(header);
    bytes_done(&file->header_bytes);
    check_int(bytes_copy(view_of_string(text), &file->header_bytes), 0);
    check_int(secret_file_emit(file, &json), 0);
    check_int(secret_file_parse(VIEW(json), &read, NULL), SECRET_FILE_OK);
}

static void test_every_member_of_a_header_is_authenticated_whatever_its_kind(void)
{
#define VERIFIER   (1u << GATE_KIND_VERIFIER)
#define PCR        (1u << GATE_KIND_PCR)
#define WRAPPED    (1u << GATE_KIND_REWRAP | 1u << GATE_KIND_KEY_RELEASE)
#define IN_TPM     (VERIFIER | PCR)
#define ALL        (IN_TPM | WRAPPED)
#define OTHER      "AAsREREREREREREREREREREREREREREREREREREREREREQ"
#define OTHER_NAME "\"AAt3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3dw\""
#define ZEROS      "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""
    static const struct {
        unsigned kinds; /* that have it */
        const char *member, *value;
    } edits[] = {
        { ALL, "name", "\"other\"" },
        { ALL, "id", "\"AAAAAAAAAAAAAAAAAAAAAA\"" },
        { ALL, "version", "8" },
        { ALL, "gate", "\"other\"" },
        { ALL, "who", "[\"unit:evil.service\"]" },
        { ALL, "on_loss", "\"keep\"" },
        { ALL, "on_change", "\"restart\"" },
        { ALL, "vtpm_root_minimum", "\"host\"" },
        { ALL, "created_sec", "1" },
        { ALL, "recovery", "\"e30.QQ.QQ.QQ.Qg\"" },
        { IN_TPM, "parent_name", OTHER_NAME },
        { IN_TPM, "counter", "{\"index\":25168384,\"value\":42,\"name\":\"" OTHER "\"}" },
        { IN_TPM, "counter", "{\"index\":25168391,\"value\":43,\"name\":\"" OTHER "\"}" },
        { VERIFIER, "release_key_name", OTHER_NAME },
        { VERIFIER, "next_release_key_name", OTHER_NAME },
        { VERIFIER, "ak_name", OTHER_NAME },
        { VERIFIER, "cap", "{\"pcr\":13,\"value\":" ZEROS "}" },
        { VERIFIER, "cap", "{\"pcr\":12,\"value\":" ZEROS "}" },
        { PCR, "pcrs", "{\"4\":" ZEROS ",\"9\":" ZEROS "}" },
        { PCR, "pcrs", "{\"4\":" ZEROS "}" },
        { WRAPPED, "wrapped", "\"e30.QQ.QQ.QQ.Qg\"" },
    };

    for (unsigned kind = 0; kind < N_GATE_KINDS; kind++)
        for (size_t i = 0; i < ELEMENTSOF(edits); i++) {
            if (!(edits[i].kinds & 1u << kind))
                continue;
            _cleanup_secret_file_ SecretFile file =
                sample_file_of(sample_whole("db", 7, (GateKind)kind));
            edit(&file, edits[i].member, edits[i].value);
            check_int(decrypt(&file, 0x44), SECRET_CIPHER_E_TAMPERED);
        }
}

static void test_another_data_key_is_refused(void)
{
    _cleanup_secret_file_ SecretFile file = sample_file("db", 1);

    check_int(decrypt(&file, 0x45), SECRET_CIPHER_E_TAMPERED);
}

/* Header of one file, contents of another under the same key: versions do not mix. */
static void test_parts_of_two_files_do_not_mix(void)
{
    _cleanup_secret_file_ SecretFile file = sample_file("db", 1), newer = sample_file("db", 2);
    const SecretFile whole = file;

    file.header_bytes = newer.header_bytes;
    check_int(decrypt(&file, 0x44), SECRET_CIPHER_E_TAMPERED);
    file.header_bytes = whole.header_bytes;
    file.ciphertext = newer.ciphertext;
    check_int(decrypt(&file, 0x44), SECRET_CIPHER_E_TAMPERED);
    file.ciphertext = whole.ciphertext;
    memcpy(file.nonce, newer.nonce, sizeof(file.nonce));
    check_int(decrypt(&file, 0x44), SECRET_CIPHER_E_TAMPERED);
}

static void test_nothing_and_too_much_are_refused(void)
{
    _cleanup_(secret_freep) Secret *key = sample_key(0x44);
    _cleanup_secret_header_ SecretHeader header = sample_header("db", 1);
    _cleanup_secret_file_ SecretFile file = { 0 };
    _cleanup_bytes_ Bytes large = { 0 };

    check_int(secret_encrypt(&header, key, (ByteView){ 0 }, &file), SECRET_CIPHER_E_SIZE);
    check_int(bytes_new(SECRET_SIZE_MAX + 1, &large), 0);
    check_int(secret_encrypt(&header, key, VIEW(large), &file), SECRET_CIPHER_E_SIZE);
    check(header.name && !file.header.name);
    large.size--;
    check_int(secret_encrypt(&header, key, VIEW(large), &file), SECRET_CIPHER_OK);
    check(!header.name && file.header.name);
}

static void test_the_same_secret_is_never_the_same_file(void)
{
    _cleanup_bytes_ Bytes one = sample_json("db", 1), other = sample_json("db", 1);

    check(!view_equal(VIEW(one), VIEW(other)));
}

static const Test tests[] = {
    { "a secret comes back with its header", test_a_secret_comes_back_with_its_header },
    { "who counts once it is open", test_who_counts_once_it_is_open },
    { "root may always ask under its own name", test_root_may_always_ask_under_its_own_name },
    { "every bit of header, nonce and ciphertext is authenticated",
      test_every_bit_of_header_nonce_and_ciphertext_is_authenticated },
    { "every member of a header is authenticated, whatever its kind",
      test_every_member_of_a_header_is_authenticated_whatever_its_kind },
    { "another data key is refused", test_another_data_key_is_refused },
    { "parts of two files do not mix", test_parts_of_two_files_do_not_mix },
    { "nothing and too much are refused", test_nothing_and_too_much_are_refused },
    { "the same secret is never the same file", test_the_same_secret_is_never_the_same_file },
};

TEST_MAIN(tests)
