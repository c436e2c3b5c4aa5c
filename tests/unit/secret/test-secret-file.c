/* SPDX-License-Identifier: Apache-2.0 */
#include "secret/secret-file.h"

#include "base/encode.h"
#include "sample.h"

#include <errno.h>

static void test_every_member_survives(void)
{
    _cleanup_secret_file_ SecretFile file = sample_file("db-password", 3), read = { 0 };
    _cleanup_bytes_ Bytes json = { 0 }, again = { 0 };
    const char *member = NULL;

    check_int(secret_file_emit(&file, &json), 0);
    check_int(secret_file_parse(VIEW(json), &read, &member), SECRET_FILE_OK);
    check(!member);
    check_str(read.header.name, "db-password");
    check_int(read.header.version, 3);
    check_str(read.header.gate, "db");
    check_int(read.header.n_who, 2);
    check_str(read.header.who[1], "unit:db@*.service");
    check(!read.header.has_next_release_key);
    check_str(read.header.vtpm_root_minimum, "paravisor");
    check_int(read.header.created_sec, 1795327500);
    check(memcmp(read.header.id, file.header.id, SECRET_ID_SIZE) == 0);
    check(memcmp(read.header.parent_name, file.header.parent_name, SECRET_TPM_NAME_SIZE) == 0);
    check(view_equal(VIEW(read.header_bytes), VIEW(file.header_bytes)));
    check(view_equal(VIEW(read.sealed_private), VIEW(file.sealed_private)));
    check(view_equal(VIEW(read.ciphertext), VIEW(file.ciphertext)));

    check_int(secret_file_emit(&read, &again), 0);
    check(view_equal(VIEW(json), VIEW(again)));
}

static void test_two_release_keys_and_nobody_survive(void)
{
    SecretHeader header = sample_header("db", 1);
    _cleanup_secret_file_ SecretFile read = { 0 };
    _cleanup_bytes_ Bytes json = { 0 };

    header.has_next_release_key = true;
    sample_name_of_tpm(header.next_release_key_name, 0x55);
    while (header.n_who > 0) {
        free(header.who[--header.n_who]);
        header.who[header.n_who] = NULL;
    }
    _cleanup_secret_file_ SecretFile file = sample_file_of(header);
    check_int(secret_file_emit(&file, &json), 0);
    check_int(secret_file_parse(VIEW(json), &read, NULL), SECRET_FILE_OK);
    check(read.header.has_next_release_key);
    check_int(read.header.next_release_key_name[2], 0x55);
    check_int(read.header.n_who, 0);
}

static void check_same(const SecretHeader *a, const SecretHeader *b)
{
    check_str(a->name, b->name);
    check_int(a->gate_kind, b->gate_kind);
    check_int(a->on_loss, b->on_loss);
    check_int(a->on_change, b->on_change);
    check_str(a->recovery, b->recovery);
    check_str(a->who[1], b->who[1]);
    check_str(a->vtpm_root_minimum, b->vtpm_root_minimum);
    check(memcmp(a->parent_name, b->parent_name, SECRET_TPM_NAME_SIZE) == 0);
    check(memcmp(a->release_key_name, b->release_key_name, SECRET_TPM_NAME_SIZE) == 0);
    check(memcmp(a->ak_name, b->ak_name, SECRET_TPM_NAME_SIZE) == 0);
    check_int(a->has_counter, b->has_counter);
    check_int(a->counter.index, b->counter.index);
    check_int(a->counter.value, b->counter.value);
    check(memcmp(a->counter.name, b->counter.name, SECRET_TPM_NAME_SIZE) == 0);
    check_int(a->pcrs.mask, b->pcrs.mask);
    check(memcmp(a->pcrs.values, b->pcrs.values, sizeof(a->pcrs.values)) == 0);
    check((a->wrapped != NULL) == (b->wrapped != NULL));
    if (a->wrapped)
        check_str(a->wrapped, b->wrapped);
}

static void test_every_kind_survives_whole(void)
{
    for (unsigned kind = 0; kind < N_GATE_KINDS; kind++) {
        _cleanup_secret_file_ SecretFile file =
            sample_file_of(sample_whole("db", 7, (GateKind)kind));
        _cleanup_secret_file_ SecretFile read = { 0 };
        _cleanup_bytes_ Bytes json = { 0 }, again = { 0 };
        const char *member = NULL;

        check_int(secret_file_emit(&file, &json), 0);
        check_int(secret_file_parse(VIEW(json), &read, &member), SECRET_FILE_OK);
        check_same(&file.header, &read.header);
        check_int(secret_file_emit(&read, &again), 0);
        check(view_equal(VIEW(json), VIEW(again)));
    }
}

/* The file of OUTER and HEADER, parsed. */
static int parse_made(json_t *outer, const json_t *header, const char **member)
{
    _cleanup_secret_file_ SecretFile read = { 0 };
    _cleanup_free_ char *header_text = json_text(header);

    check(header_text);
    if (json_object_get(outer, "header"))
        check_int(json_set_base64url(outer, "header", view_of_string(header_text)), 0);
    _cleanup_free_ char *text = json_text(outer);
    check(text);
    int r = secret_file_parse(view_of_string(text), &read, member);
    check((r == SECRET_FILE_OK) == (read.header.name != NULL));
    return r;
}

static void set(json_t *object, const char *name, const char *value)
{
    if (*value)
        check(json_object_set_new(object, name, json_loads(value, JSON_DECODE_ANY, NULL)) == 0);
    else
        check(json_object_del(object, name) == 0);
}

typedef struct Change {
    const char *name, *value; /* JSON text; "" removes the member */
    int reason;
    const char *member;
} Change;

/* Changes one member of the object that IN_HEADER chooses; the header itself stays well-formed. */
static void check_changes_of(ByteView json, bool in_header, const Change *changes, size_t n)
{
    _cleanup_bytes_ Bytes header_bytes = { 0 };

    for (size_t i = 0; i < n; i++) {
        json_auto_t *outer = NULL, *header = NULL;
        const char *member = NULL;
        bytes_done(&header_bytes);
        check_int(json_parse(json, SECRET_FILE_SIZE_MAX, &outer), JSON_OK);
        check_int(json_get_base64url(outer, "header", SECRET_HEADER_SIZE_MAX, &header_bytes), 0);
        check_int(json_parse(VIEW(header_bytes), SECRET_HEADER_SIZE_MAX, &header), JSON_OK);
        set(in_header ? header : outer, changes[i].name, changes[i].value);
        int r = parse_made(outer, header, &member);
        if (r != changes[i].reason || !member || strcmp(member, changes[i].member) != 0)
            (void)printf("  %s = %s: %s at %s\n", changes[i].name, changes[i].value,
                         secret_file_reason(r), member ? member : "nowhere");
        check_int(r, changes[i].reason);
        check_str(member, changes[i].member);
    }
}

static void check_changes(bool in_header, const Change *changes, size_t n)
{
    _cleanup_bytes_ Bytes json = sample_json("db-password", 3);

    check_changes_of(VIEW(json), in_header, changes, n);
}

static void check_kind(GateKind kind, const Change *changes, size_t n)
{
    _cleanup_secret_file_ SecretFile file = sample_file_of(sample_whole("db", 3, kind));
    _cleanup_bytes_ Bytes json = { 0 };

    check_int(secret_file_emit(&file, &json), 0);
    check_changes_of(VIEW(json), true, changes, n);
}

#define BAD_BYTES "\"AAsREREREREREREREREREREREREREREREREREREREREREQ=\""

static void test_members_of_the_header_are_checked_one_by_one(void)
{
    static const Change changes[] = {
        { "name", "", SECRET_FILE_E_MEMBER, "name" },
        { "name", "\"../x\"", SECRET_FILE_E_MEMBER, "name" },
        { "id", "", SECRET_FILE_E_MEMBER, "id" },
        { "id", "\"AAAA\"", SECRET_FILE_E_MEMBER, "id" },
        { "version", "", SECRET_FILE_E_MEMBER, "version" },
        { "version", "0", SECRET_FILE_E_MEMBER, "version" },
        { "version", "-1", SECRET_FILE_E_MEMBER, "version" },
        { "version", "1.0", SECRET_FILE_E_MEMBER, "version" },
        { "version", "\"1\"", SECRET_FILE_E_MEMBER, "version" },
        { "version", "9007199254740992", SECRET_FILE_E_MEMBER, "version" },
        { "gate", "", SECRET_FILE_E_MEMBER, "gate" },
        { "gate", "\"DB\"", SECRET_FILE_E_MEMBER, "gate" },
        { "gate", "\"-db\"", SECRET_FILE_E_MEMBER, "gate" },
        { "gate_kind", "", SECRET_FILE_E_MEMBER, "gate_kind" },
        { "gate_kind", "7", SECRET_FILE_E_MEMBER, "gate_kind" },
        { "gate_kind", "\"trustee\"", SECRET_FILE_E_GATE_KIND, "gate_kind" },
        { "gate_kind", "\"rewrap\"", SECRET_FILE_E_UNKNOWN, "header" },
        { "gate_kind", "\"pcr\"", SECRET_FILE_E_UNKNOWN, "header" },
        { "on_loss", "\"burn\"", SECRET_FILE_E_MEMBER, "on_loss" },
        { "on_loss", "null", SECRET_FILE_E_MEMBER, "on_loss" },
        { "on_change", "\"stop-units\"", SECRET_FILE_E_MEMBER, "on_change" },
        { "on_change", "1", SECRET_FILE_E_MEMBER, "on_change" },
        { "recovery", "\"\"", SECRET_FILE_E_MEMBER, "recovery" },
        { "recovery", "\"a.b.c.d\"", SECRET_FILE_E_MEMBER, "recovery" },
        { "recovery", "{}", SECRET_FILE_E_MEMBER, "recovery" },
        { "wrapped", "\"" SAMPLE_JWE "\"", SECRET_FILE_E_UNKNOWN, "header" },
        { "pcrs", "{}", SECRET_FILE_E_UNKNOWN, "header" },
        { "who", "", SECRET_FILE_E_MEMBER, "who" },
        { "who", "\"unit:db.service\"", SECRET_FILE_E_MEMBER, "who" },
        { "who", "[\"unit:*\"]", SECRET_FILE_E_MEMBER, "who" },
        { "who", "[\"unit:db.service\",7]", SECRET_FILE_E_MEMBER, "who" },
        { "release_key_name", "", SECRET_FILE_E_MEMBER, "release_key_name" },
        { "release_key_name", "\"AAs\"", SECRET_FILE_E_MEMBER, "release_key_name" },
        { "release_key_name", BAD_BYTES, SECRET_FILE_E_MEMBER, "release_key_name" },
        { "next_release_key_name", "null", SECRET_FILE_E_MEMBER, "next_release_key_name" },
        { "next_release_key_name", "\"\"", SECRET_FILE_E_MEMBER, "next_release_key_name" },
        { "ak_name", "", SECRET_FILE_E_MEMBER, "ak_name" },
        { "ak_name", "\"IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIg\"", SECRET_FILE_E_MEMBER,
          "ak_name" },
        { "parent_name", "", SECRET_FILE_E_MEMBER, "parent_name" },
        { "vtpm_root_minimum", "", SECRET_FILE_E_MEMBER, "vtpm_root_minimum" },
        { "vtpm_root_minimum", "\"none\"", SECRET_FILE_E_MEMBER, "vtpm_root_minimum" },
        { "created_sec", "", SECRET_FILE_E_MEMBER, "created_sec" },
        { "created_sec", "-1", SECRET_FILE_E_MEMBER, "created_sec" },
        { "surprise", "1", SECRET_FILE_E_UNKNOWN, "header" },
    };

    check_changes(true, changes, ELEMENTSOF(changes));
}

#define ZEROS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define NAME  "AAsREREREREREREREREREREREREREREREREREREREREREQ"

static void test_cap_and_counter_are_checked_one_by_one(void)
{
    static const Change changes[] = {
        { "cap", "[]", SECRET_FILE_E_MEMBER, "cap" },
        { "cap", "null", SECRET_FILE_E_MEMBER, "cap" },
        { "cap", "{\"pcr\":7,\"value\":\"" ZEROS "\"}", SECRET_FILE_E_MEMBER, "pcr" },
        { "cap", "{\"pcr\":16,\"value\":\"" ZEROS "\"}", SECRET_FILE_E_MEMBER, "pcr" },
        { "cap", "{\"pcr\":13}", SECRET_FILE_E_MEMBER, "value" },
        { "cap", "{\"pcr\":13,\"value\":\"AAAA\"}", SECRET_FILE_E_MEMBER, "value" },
        { "cap", "{\"pcr\":13,\"value\":\"" ZEROS "\",\"x\":1}", SECRET_FILE_E_UNKNOWN, "cap" },
        { "counter", "7", SECRET_FILE_E_MEMBER, "counter" },
        { "counter", "{\"index\":25168383,\"value\":1,\"name\":\"" NAME "\"}", SECRET_FILE_E_MEMBER,
          "index" },
        { "counter", "{\"index\":25168639,\"value\":1,\"name\":\"" NAME "\"}", SECRET_FILE_E_MEMBER,
          "index" },
        { "counter", "{\"index\":25168384,\"name\":\"" NAME "\"}", SECRET_FILE_E_MEMBER, "value" },
        { "counter", "{\"index\":25168384,\"value\":1,\"name\":\"" ZEROS "\"}",
          SECRET_FILE_E_MEMBER, "name" },
        { "counter", "{\"index\":25168384,\"value\":1,\"name\":\"" NAME "\",\"x\":1}",
          SECRET_FILE_E_UNKNOWN, "counter" },
        { "parent_name", "", SECRET_FILE_E_MEMBER, "parent_name" },
    };

    check_kind(GATE_KIND_VERIFIER, changes, ELEMENTSOF(changes));
}

static void test_registers_are_checked_one_by_one(void)
{
    static const Change changes[] = {
        { "pcr_bank", "", SECRET_FILE_E_MEMBER, "pcr_bank" },
        { "pcr_bank", "\"sha1\"", SECRET_FILE_E_MEMBER, "pcr_bank" },
        { "pcrs", "", SECRET_FILE_E_MEMBER, "pcrs" },
        { "pcrs", "{}", SECRET_FILE_E_MEMBER, "pcrs" },
        { "pcrs", "[]", SECRET_FILE_E_MEMBER, "pcrs" },
        { "pcrs", "{\"16\":\"" ZEROS "\"}", SECRET_FILE_E_UNKNOWN, "pcrs" },
        { "pcrs", "{\"04\":\"" ZEROS "\"}", SECRET_FILE_E_UNKNOWN, "pcrs" },
        { "pcrs", "{\"4\":\"AAAA\"}", SECRET_FILE_E_MEMBER, "4" },
        { "pcrs", "{\"4\":null}", SECRET_FILE_E_MEMBER, "4" },
        { "parent_name", "", SECRET_FILE_E_MEMBER, "parent_name" },
        { "release_key_name", "\"" NAME "\"", SECRET_FILE_E_UNKNOWN, "header" },
        { "cap", "{\"pcr\":13,\"value\":\"" ZEROS "\"}", SECRET_FILE_E_UNKNOWN, "header" },
        { "gate_kind", "\"verifier\"", SECRET_FILE_E_UNKNOWN, "header" },
    };

    check_kind(GATE_KIND_PCR, changes, ELEMENTSOF(changes));
}

static void test_a_wrapped_key_is_checked(void)
{
    static const Change changes[] = {
        { "wrapped", "", SECRET_FILE_E_MEMBER, "wrapped" },
        { "wrapped", "\"a.b.c.d.e.f\"", SECRET_FILE_E_MEMBER, "wrapped" },
        { "parent_name", "\"" NAME "\"", SECRET_FILE_E_UNKNOWN, "header" },
        { "counter", "{}", SECRET_FILE_E_UNKNOWN, "header" },
    };

    check_kind(GATE_KIND_REWRAP, changes, ELEMENTSOF(changes));
    check_kind(GATE_KIND_KEY_RELEASE, changes, ELEMENTSOF(changes));
}

static void test_a_sealed_key_is_there_for_gates_of_the_tpm_and_no_other(void)
{
    SecretHeader rewrap = sample_whole("db", 3, GATE_KIND_REWRAP);
    _cleanup_secret_file_ SecretFile file = sample_file_of(rewrap);
    _cleanup_bytes_ Bytes json = { 0 };
    json_auto_t *outer = NULL;
    _cleanup_secret_file_ SecretFile read = { 0 };
    const char *member = NULL;

    check_int(secret_file_emit(&file, &json), 0);
    check_int(json_parse(VIEW(json), SECRET_FILE_SIZE_MAX, &outer), JSON_OK);
    check(!json_object_get(outer, "sealed"));
    set(outer, "sealed", "{\"public\":\"AAAA\",\"private\":\"AAAA\"}");
    _cleanup_free_ char *text = json_text(outer);
    check_int(secret_file_parse(view_of_string(text), &read, &member), SECRET_FILE_E_MEMBER);
    check_str(member, "sealed");
}

static void test_members_of_the_file_are_checked_one_by_one(void)
{
    static const Change changes[] = {
        { "attestd_secret", "", SECRET_FILE_E_MEMBER, "attestd_secret" },
        { "attestd_secret", "\"1\"", SECRET_FILE_E_MEMBER, "attestd_secret" },
        { "attestd_secret", "2", SECRET_FILE_E_FORMAT, "attestd_secret" },
        { "header", "", SECRET_FILE_E_MEMBER, "header" },
        { "sealed", "", SECRET_FILE_E_MEMBER, "sealed" },
        { "sealed", "[]", SECRET_FILE_E_MEMBER, "sealed" },
        { "sealed", "{\"public\":\"AA\"}", SECRET_FILE_E_MEMBER, "private" },
        { "sealed", "{\"public\":\"\",\"private\":\"AA\"}", SECRET_FILE_E_MEMBER, "public" },
        { "sealed", "{\"public\":\"AA\",\"private\":\"AA\",\"x\":1}", SECRET_FILE_E_UNKNOWN,
          "sealed" },
        { "nonce", "", SECRET_FILE_E_MEMBER, "nonce" },
        { "nonce", "\"AAAA\"", SECRET_FILE_E_MEMBER, "nonce" },
        { "ciphertext", "", SECRET_FILE_E_MEMBER, "ciphertext" },
        { "ciphertext", "\"AAAA\"", SECRET_FILE_E_MEMBER, "ciphertext" },
        { "ciphertext", "\"AAAA=\"", SECRET_FILE_E_MEMBER, "ciphertext" },
        { "surprise", "1", SECRET_FILE_E_UNKNOWN, "secret" },
    };

    check_changes(false, changes, ELEMENTSOF(changes));
}

static void test_what_is_no_object_is_refused(void)
{
    static const char *const texts[] = { "", "[]", "{", "7", "{}{}" };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        _cleanup_secret_file_ SecretFile read = { 0 };
        check_int(secret_file_parse(view_of_string(texts[i]), &read, NULL), SECRET_FILE_E_JSON);
    }
}

static void test_a_member_twice_is_refused(void)
{
    _cleanup_bytes_ Bytes json = sample_json("db", 1), twice = { 0 };
    _cleanup_secret_file_ SecretFile read = { 0 };

    check_int(bytes_copy(view_of_string("{\"attestd_secret\":1,"), &twice), 0);
    check_int(bytes_append(&twice, (ByteView){ json.data + 1, json.size - 1 }), 0);
    check_int(secret_file_parse(VIEW(twice), &read, NULL), SECRET_FILE_E_JSON);
}

static void test_what_is_cut_short_is_refused(void)
{
    _cleanup_bytes_ Bytes json = sample_json("db", 1);

    for (size_t size = 0; size + 2 < json.size; size++) {
        _cleanup_secret_file_ SecretFile read = { 0 };
        check_int(secret_file_parse((ByteView){ json.data, size }, &read, NULL),
                  SECRET_FILE_E_JSON);
    }
}

static void test_sizes_are_bounded(void)
{
    _cleanup_bytes_ Bytes large = { 0 }, json = { 0 };
    _cleanup_secret_file_ SecretFile file = sample_file("db", 1), read = { 0 };

    check_int(bytes_new(SECRET_FILE_SIZE_MAX + 1, &large), 0);
    memset(large.data, ' ', large.size);
    check_int(secret_file_parse(VIEW(large), &read, NULL), SECRET_FILE_E_JSON);

    bytes_done(&file.ciphertext);
    check_int(bytes_new(SECRET_SIZE_MAX + SECRET_TAG_SIZE, &file.ciphertext), 0);
    check_int(secret_file_emit(&file, &json), 0);
    check_int(bytes_append_u8(&file.ciphertext, 0), 0);
    bytes_done(&json);
    check_int(secret_file_emit(&file, &json), -EINVAL);

    bytes_done(&file.ciphertext);
    check_int(bytes_new(SECRET_TAG_SIZE + 1, &file.ciphertext), 0);
    bytes_done(&file.sealed_public);
    check_int(bytes_new(SECRET_SEALED_PART_MAX + 1, &file.sealed_public), 0);
    check_int(secret_file_emit(&file, &json), -EINVAL);
}

static void test_more_askers_than_fit_are_refused(void)
{
    static const char who[] = "unit:db.service";
    json_auto_t *array = json_array();
    _cleanup_free_ char *text = NULL;

    for (size_t i = 0; i <= SECRET_WHO_MAX; i++)
        check(json_array_append_new(array, json_string(who)) == 0);
    text = json_text(array);
    const Change change = { "who", text, SECRET_FILE_E_MEMBER, "who" };
    check_changes(true, &change, 1);
}

static void test_what_would_not_be_read_is_not_written(void)
{
    SecretHeader header = sample_header("db", 1);
    Bytes bytes = { 0 };

    header.version = 0;
    check_int(secret_header_emit(&header, &bytes), -EINVAL);
    header.version = SECRET_VERSION_MAX + 1;
    check_int(secret_header_emit(&header, &bytes), -EINVAL);
    header.version = 1;
    header.ak_name[1] = 0x0c;
    check_int(secret_header_emit(&header, &bytes), -EINVAL);
    header.ak_name[1] = 0x0b;
    header.who[0][0] = 'U';
    check_int(secret_header_emit(&header, &bytes), -EINVAL);
    header.who[0][0] = 'u';
    header.pcrs.mask = 1 << 12 | 1 << 13; /* a cap is one register */
    check_int(secret_header_emit(&header, &bytes), -EINVAL);
    header.pcrs.mask = 1 << 7;
    check_int(secret_header_emit(&header, &bytes), -EINVAL);
    header.pcrs.mask = 0;
    header.gate_kind = GATE_KIND_PCR; /* without registers */
    check_int(secret_header_emit(&header, &bytes), -EINVAL);
    header.pcrs.mask = 1 << 16;
    check_int(secret_header_emit(&header, &bytes), -EINVAL);
    header.gate_kind = GATE_KIND_REWRAP; /* without a wrapped key */
    check_int(secret_header_emit(&header, &bytes), -EINVAL);
    header.gate_kind = N_GATE_KINDS;
    check_int(secret_header_emit(&header, &bytes), -EINVAL);
    check(!bytes.data);
    secret_header_done(&header);
}

static const Test tests[] = {
    { "every member survives", test_every_member_survives },
    { "two release keys and nobody survive", test_two_release_keys_and_nobody_survive },
    { "members of the header are checked one by one",
      test_members_of_the_header_are_checked_one_by_one },
    { "every kind survives whole", test_every_kind_survives_whole },
    { "cap and counter are checked one by one", test_cap_and_counter_are_checked_one_by_one },
    { "registers are checked one by one", test_registers_are_checked_one_by_one },
    { "a wrapped key is checked", test_a_wrapped_key_is_checked },
    { "a sealed key is there for gates of the TPM and no other",
      test_a_sealed_key_is_there_for_gates_of_the_tpm_and_no_other },
    { "members of the file are checked one by one",
      test_members_of_the_file_are_checked_one_by_one },
    { "what is no object is refused", test_what_is_no_object_is_refused },
    { "a member twice is refused", test_a_member_twice_is_refused },
    { "what is cut short is refused", test_what_is_cut_short_is_refused },
    { "sizes are bounded", test_sizes_are_bounded },
    { "more askers than fit are refused", test_more_askers_than_fit_are_refused },
    { "what would not be read is not written", test_what_would_not_be_read_is_not_written },
};

TEST_MAIN(tests)
