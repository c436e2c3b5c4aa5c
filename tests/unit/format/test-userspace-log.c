/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd's measurement log.
 */
#include "build.h"
#include "format/userspace-log.h"

#define SHA256_HEX   "ff5b9d73ff5b9d73ff5b9d73ff5b9d73ff5b9d73ff5b9d73ff5b9d73ff5b9d73"
#define DIGEST       "{\"hashAlg\":\"sha256\",\"digest\":\"" SHA256_HEX "\"}"
#define DIGESTS      "\"digests\":[" DIGEST "]"
#define RECORD(body) "\x1e{" body "}\n"

static int try_text(const char *text)
{
    _cleanup_userspace_log_ UserspaceLog log = { 0 };
    size_t size = strlen(text);
    _cleanup_free_ uint8_t *copy = tight_copy((const uint8_t *)text, size);

    return userspace_log_parse((ByteView){ copy, size }, NULL, &log);
}

static void test_records_are_read(void)
{
    static const char text[] =
        RECORD("\"pcr\":11," DIGESTS ",\"content_type\":\"systemd\",\"content\":{\"string\":"
               "\"enter-initrd\",\"bootId\":\"x\",\"timestamp\":1,\"eventType\":\"phase\"}")
            RECORD("\"nv_index\":30474752," DIGESTS);
    _cleanup_userspace_log_ UserspaceLog log = { 0 };

    check_int(userspace_log_parse(view_of_string(text), NULL, &log), USERSPACE_LOG_OK);
    check_int(log.n_items, 2);
    check(log.items[0].has_pcr && log.items[0].pcr == 11);
    check_str(log.items[0].text, "enter-initrd");
    check_str(log.items[0].type, "phase");
    ByteView digest = userspace_event_digest(&log.items[0], TPM_ALG_SHA256);
    check(digest.size == 32 && digest.data[0] == 0xff && digest.data[3] == 0x73);
    check_int(userspace_event_digest(&log.items[0], TPM_ALG_SHA384).size, 0);
    check(!log.items[1].has_pcr && log.items[1].nv_index == 0x1d10200);
    check(log.items[1].text == NULL && log.items[1].type == NULL);
}

static void test_what_is_written_is_read(void)
{
    static const char text[] =
        RECORD("\"pcr\":15," DIGESTS ",\"content_type\":\"systemd\",\"content\":{\"string\":"
               "\"machine-id:1\",\"eventType\":\"machine-id\"}") RECORD("\"nv_index\":7," DIGESTS);
    _cleanup_userspace_log_ UserspaceLog log = { 0 };
    _cleanup_bytes_ Bytes out = { 0 };

    check_int(userspace_log_parse(view_of_string(text), NULL, &log), USERSPACE_LOG_OK);
    check_int(userspace_log_emit(&log, &out), 0);
    check_str((const char *)out.data, text);
}

static void test_framing_is_strict(void)
{
    check_int(try_text(""), USERSPACE_LOG_E_EMPTY);
    check_int(try_text(RECORD("\"pcr\":1," DIGESTS)), USERSPACE_LOG_OK);
    check_int(try_text("{\"pcr\":1," DIGESTS "}\n"), USERSPACE_LOG_E_FRAMING);
    check_int(try_text("\x1e{\"pcr\":1," DIGESTS "}"), USERSPACE_LOG_E_FRAMING);
    check_int(try_text(RECORD("\"pcr\":1," DIGESTS) "\n"), USERSPACE_LOG_E_FRAMING);
    check_int(try_text(RECORD("\"pcr\":1," DIGESTS) "\x1e"), USERSPACE_LOG_E_FRAMING);
    check_int(try_text("\x1e\n"), USERSPACE_LOG_E_JSON);
}

static void test_json_is_strict(void)
{
    check_int(try_text("\x1e[]\n"), USERSPACE_LOG_E_JSON);
    check_int(try_text("\x1e{\"pcr\":1\n"), USERSPACE_LOG_E_JSON);
    check_int(try_text(RECORD("\"pcr\":1,\"pcr\":2," DIGESTS)), USERSPACE_LOG_E_JSON);
}

static void test_a_record_has_one_target(void)
{
    check_int(try_text(RECORD("\"pcr\":23," DIGESTS)), USERSPACE_LOG_OK);
    check_int(try_text(RECORD("\"pcr\":24," DIGESTS)), USERSPACE_LOG_E_TARGET);
    check_int(try_text(RECORD("\"pcr\":-1," DIGESTS)), USERSPACE_LOG_E_TARGET);
    check_int(try_text(RECORD("\"pcr\":\"1\"," DIGESTS)), USERSPACE_LOG_E_TARGET);
    check_int(try_text(RECORD("\"pcr\":1,\"nv_index\":1," DIGESTS)), USERSPACE_LOG_E_TARGET);
    check_int(try_text(RECORD("\"nv_index\":4294967296," DIGESTS)), USERSPACE_LOG_E_TARGET);
    check_int(try_text(RECORD(DIGESTS)), USERSPACE_LOG_E_TARGET);
}

static void test_digests_are_strict(void)
{
    static const char *const refused[] = {
        RECORD("\"pcr\":1"),
        RECORD("\"pcr\":1,\"digests\":[]"),
        RECORD("\"pcr\":1,\"digests\":{}"),
        RECORD("\"pcr\":1,\"digests\":[1]"),
        RECORD("\"pcr\":1,\"digests\":[{\"hashAlg\":\"sha256\"}]"),
        RECORD("\"pcr\":1,\"digests\":[{\"digest\":\"00\"}]"),
        RECORD("\"pcr\":1,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"00\"}]"),
        RECORD("\"pcr\":1,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"zz\"}]"),
        RECORD("\"pcr\":1,\"digests\":[{\"hashAlg\":\"md5\",\"digest\":\"00\"}]"),
        RECORD("\"pcr\":1,\"digests\":[" DIGEST "," DIGEST "]"),
    };

    for (size_t i = 0; i < ELEMENTSOF(refused); i++)
        check_int(try_text(refused[i]), USERSPACE_LOG_E_DIGESTS);
    check_int(try_text(RECORD("\"pcr\":1,\"digests\":[" DIGEST
                              ",{\"hashAlg\":\"md5\",\"digest\":\"00\"}]")),
              USERSPACE_LOG_OK);
}

static void test_content_must_be_what_it_says(void)
{
#define WITH(content) RECORD("\"pcr\":1," DIGESTS "," content)
    check_int(try_text(WITH("\"content_type\":\"other\",\"content\":7")), USERSPACE_LOG_OK);
    check_int(try_text(WITH("\"content_type\":7")), USERSPACE_LOG_E_CONTENT);
    check_int(try_text(WITH("\"content_type\":\"systemd\"")), USERSPACE_LOG_E_CONTENT);
    check_int(try_text(WITH("\"content_type\":\"systemd\",\"content\":[]")),
              USERSPACE_LOG_E_CONTENT);
    check_int(try_text(WITH("\"content_type\":\"systemd\",\"content\":{\"string\":1}")),
              USERSPACE_LOG_E_CONTENT);
    check_int(try_text(WITH("\"content_type\":\"systemd\",\"content\":{\"eventType\":1}")),
              USERSPACE_LOG_E_CONTENT);
#undef WITH
}

static void test_records_are_counted_and_the_bad_one_named(void)
{
    static const char record[] = RECORD("\"pcr\":1," DIGESTS);
    _cleanup_userspace_log_ UserspaceLog log = { 0 };
    _cleanup_bytes_ Bytes bytes = { 0 }, large = { 0 };
    size_t index = 0;

    for (int i = 0; i < USERSPACE_LOG_RECORDS_MAX; i++)
        put(&bytes, record, sizeof(record) - 1);
    check_int(userspace_log_parse(VIEW(bytes), &index, &log), USERSPACE_LOG_OK);
    userspace_log_done(&log);
    put(&bytes, record, sizeof(record) - 1);
    check_int(userspace_log_parse(VIEW(bytes), &index, &log), USERSPACE_LOG_E_COUNT);
    check_int(index, USERSPACE_LOG_RECORDS_MAX);

    check_int(bytes_new(USERSPACE_LOG_SIZE_MAX + 1, &large), 0);
    check_int(userspace_log_parse(VIEW(large), NULL, &log), USERSPACE_LOG_E_SIZE);
    check(log.items == NULL);
}

static void test_every_refusal_has_a_reason(void)
{
    for (int reason = USERSPACE_LOG_OK; reason <= USERSPACE_LOG_E_COUNT; reason++)
        check(strcmp(userspace_log_reason(reason), "unknown") != 0);
    check_str(userspace_log_reason(99), "unknown");
}

static const Test tests[] = {
    { "records are read", test_records_are_read },
    { "what is written is read", test_what_is_written_is_read },
    { "framing is strict", test_framing_is_strict },
    { "JSON is strict", test_json_is_strict },
    { "a record has one target", test_a_record_has_one_target },
    { "digests are strict", test_digests_are_strict },
    { "content must be what it says", test_content_must_be_what_it_says },
    { "records are counted and the bad one named", test_records_are_counted_and_the_bad_one_named },
    { "every refusal has a reason", test_every_refusal_has_a_reason },
};

TEST_MAIN(tests)
