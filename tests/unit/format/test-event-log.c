/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event log iterator: both layouts, every limit, every refusal by its name.
 */
#include "build.h"
#include "format/event-log.h"

#define AGILE_HEADER_SIZE 69 /* with two banks and no vendor info */

static void put_legacy(Bytes *log, uint32_t pcr, uint32_t type, const void *data, size_t size)
{
    put_le(log, pcr, 4);
    put_le(log, type, 4);
    put_fill(log, type == EV_NO_ACTION ? 0 : 0x5a, 20);
    put_le(log, size, 4);
    put(log, data, size);
}

/* Spec ID event announcing BANKS, {algorithm, size} each. */
static void put_spec_id(Bytes *log, const uint16_t (*banks)[2], size_t n_banks, uint8_t vendor_size)
{
    _cleanup_bytes_ Bytes data = { 0 };

    put(&data, "Spec ID Event03", 16);
    put_le(&data, 0, 4);
    put(&data, "\x00\x02\x00\x02", 4);
    put_le(&data, n_banks, 4);
    for (size_t i = 0; i < n_banks; i++) {
        put_le(&data, banks[i][0], 2);
        put_le(&data, banks[i][1], 2);
    }
    put_le(&data, vendor_size, 1);
    put_fill(&data, 0x77, vendor_size);
    put_legacy(log, 0, EV_NO_ACTION, data.data, data.size);
}

static const uint16_t two_banks[][2] = { { TPM_ALG_SHA1, 20 }, { TPM_ALG_SHA256, 32 } };

/* One agile event with digests of ALGS, in that order. */
static void put_agile(Bytes *log, uint32_t pcr, uint32_t type, const uint16_t *algs, size_t n_algs)
{
    put_le(log, pcr, 4);
    put_le(log, type, 4);
    put_le(log, n_algs, 4);
    for (size_t i = 0; i < n_algs; i++) {
        put_le(log, algs[i], 2);
        put_fill(log, (uint8_t)algs[i], algs[i] == TPM_ALG_SHA1 ? 20 : 32);
    }
    put_le(log, 4, 4);
    put(log, "data", 4);
}

static const uint16_t sha1_sha256[] = { TPM_ALG_SHA1, TPM_ALG_SHA256 };
static const uint16_t sha256_sha1[] = { TPM_ALG_SHA256, TPM_ALG_SHA1 };
static const uint16_t sha1_twice[] = { TPM_ALG_SHA1, TPM_ALG_SHA1 };
static const uint16_t sha384_only[] = { TPM_ALG_SHA384 };

static Bytes make_agile(void)
{
    Bytes log = { 0 };

    put_spec_id(&log, two_banks, 2, 0);
    put_agile(&log, 7, EV_SEPARATOR, sha1_sha256, 2);
    put_agile(&log, 4, EV_EFI_ACTION, sha256_sha1, 2);
    return log;
}

static int summarise(ByteView view, unsigned flags, EventLogSummary *ret)
{
    _cleanup_free_ uint8_t *copy = tight_copy(view.data, view.size);
    size_t index = 0;

    return event_log_summarise((ByteView){ copy, view.size }, flags, &index, ret);
}

static int try_view(ByteView view, unsigned flags)
{
    EventLogSummary summary;

    return summarise(view, flags, &summary);
}

static void test_an_agile_log_is_walked(void)
{
    _cleanup_bytes_ Bytes bytes = make_agile();
    EventLog log;
    Event event;

    check_int(event_log_open(VIEW(bytes), 0, &log), EVENT_LOG_OK);
    check(log.is_agile && log.n_banks == 2 && log.uintn_size == 2 && log.version_major == 2);
    check_int(event_log_next(&log, &event), EVENT_LOG_OK);
    check(event.index == 0 && event.type == EV_NO_ACTION && !event_is_extended(&event));
    check_int(event_log_next(&log, &event), EVENT_LOG_OK);
    check(event.index == 1 && event.offset == AGILE_HEADER_SIZE && event.pcr == 7);
    check(event_is_extended(&event) && event.n_digests == 2);
    check_int(event_log_next(&log, &event), EVENT_LOG_OK);
    check(event.pcr == 4 && event.data.size == 4);
    check(event_digest(&event, TPM_ALG_SHA1).size == 20);
    check(view_is_filled_with(event_digest(&event, TPM_ALG_SHA256), TPM_ALG_SHA256));
    check_int(event_digest(&event, TPM_ALG_SHA384).size, 0);
    check_int(event_log_next(&log, &event), EVENT_LOG_END);
    check_int(event_log_next(&log, &event), EVENT_LOG_END);
}

static void test_a_legacy_log_is_walked(void)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    EventLog log;
    Event event;

    put_legacy(&bytes, 0, EV_S_CRTM_VERSION, "v\0", 2);
    put_legacy(&bytes, 4, EV_SEPARATOR, "\0\0\0", 4);
    check_int(event_log_open(VIEW(bytes), 0, &log), EVENT_LOG_OK);
    check(!log.is_agile && log.n_banks == 1 && log.banks[0].alg == TPM_ALG_SHA1);
    check_int(event_log_next(&log, &event), EVENT_LOG_OK);
    check_int(event.type, EV_S_CRTM_VERSION);
    check_int(event_log_next(&log, &event), EVENT_LOG_OK);
    check(view_is_filled_with(event_digest(&event, TPM_ALG_SHA1), 0x5a));
    check_int(event_log_next(&log, &event), EVENT_LOG_END);
}

static void test_a_log_cut_anywhere_is_refused(void)
{
    _cleanup_bytes_ Bytes bytes = make_agile();
    size_t second = AGILE_HEADER_SIZE + 12 + 22 + 34 + 8;

    check_int(try_view((ByteView){ 0 }, 0), EVENT_LOG_E_EMPTY);
    for (size_t size = 1; size < bytes.size; size++)
        check_int(try_view((ByteView){ bytes.data, size }, 0),
                  size == AGILE_HEADER_SIZE || size == second ? EVENT_LOG_OK
                                                              : EVENT_LOG_E_TRUNCATED);
    check_int(try_view(VIEW(bytes), 0), EVENT_LOG_OK);
    put_fill(&bytes, 0xee, 1);
    check_int(try_view(VIEW(bytes), 0), EVENT_LOG_E_TRUNCATED);
}

static void test_a_refusal_stays_and_names_its_event(void)
{
    _cleanup_bytes_ Bytes bytes = make_agile();
    EventLogSummary summary;
    size_t index = 99;
    EventLog log;
    Event event;

    put_agile(&bytes, 24, EV_SEPARATOR, sha1_sha256, 2);
    put_agile(&bytes, 1, EV_SEPARATOR, sha1_sha256, 2);
    check_int(event_log_summarise(VIEW(bytes), 0, &index, &summary), EVENT_LOG_E_PCR);
    check_int(index, 3);
    check_int(event_log_open(VIEW(bytes), 0, &log), EVENT_LOG_OK);
    for (int i = 0; i < 3; i++)
        check_int(event_log_next(&log, &event), EVENT_LOG_OK);
    check_int(event_log_next(&log, &event), EVENT_LOG_E_PCR);
    check_int(event_log_next(&log, &event), EVENT_LOG_E_TRUNCATED);
}

static void test_digests_must_be_of_announced_banks(void)
{
    _cleanup_bytes_ Bytes twice = make_agile(), foreign = make_agile(), many = make_agile();
    _cleanup_bytes_ Bytes none = make_agile();

    put_agile(&twice, 1, EV_IPL, sha1_twice, 2);
    check_int(try_view(VIEW(twice), 0), EVENT_LOG_E_DIGESTS);
    put_agile(&foreign, 1, EV_IPL, sha384_only, 1);
    check_int(try_view(VIEW(foreign), 0), EVENT_LOG_E_DIGESTS);
    put_le(&many, 1, 4);
    put_le(&many, EV_IPL, 4);
    put_le(&many, 0xffffffff, 4);
    check_int(try_view(VIEW(many), 0), EVENT_LOG_E_DIGESTS);
    put_agile(&none, 1, EV_NO_ACTION, NULL, 0);
    check_int(try_view(VIEW(none), 0), EVENT_LOG_OK);
    put_agile(&none, 1, EV_IPL, NULL, 0);
    check_int(try_view(VIEW(none), 0), EVENT_LOG_E_DIGESTS);
}

static int try_banks(const uint16_t (*banks)[2], size_t n_banks)
{
    _cleanup_bytes_ Bytes log = { 0 };

    put_spec_id(&log, banks, n_banks, 0);
    return try_view(VIEW(log), 0);
}

static void test_announced_banks_must_make_sense(void)
{
    static const uint16_t wrong_size[][2] = { { TPM_ALG_SHA256, 20 } };
    static const uint16_t repeated[][2] = { { TPM_ALG_SHA1, 20 }, { TPM_ALG_SHA1, 20 } };
    static const uint16_t unknown[][2] = { { 0x7777, 64 } };
    static const uint16_t empty[][2] = { { 0x7777, 0 } };
    static const uint16_t huge[][2] = { { 0x7777, 65 } };
    static const uint16_t nine[9][2] = { { 1, 1 }, { 2, 1 }, { 3, 1 }, { 5, 1 }, { 6, 1 },
                                         { 7, 1 }, { 8, 1 }, { 9, 1 }, { 10, 1 } };

    check_int(try_banks(two_banks, 2), EVENT_LOG_OK);
    check_int(try_banks(unknown, 1), EVENT_LOG_OK);
    check_int(try_banks(two_banks, 0), EVENT_LOG_E_ALGORITHMS);
    check_int(try_banks(nine, 9), EVENT_LOG_E_ALGORITHMS);
    check_int(try_banks(wrong_size, 1), EVENT_LOG_E_ALGORITHMS);
    check_int(try_banks(repeated, 2), EVENT_LOG_E_ALGORITHMS);
    check_int(try_banks(empty, 1), EVENT_LOG_E_ALGORITHMS);
    check_int(try_banks(huge, 1), EVENT_LOG_E_ALGORITHMS);
}

static void test_the_header_must_agree_with_itself(void)
{
    _cleanup_bytes_ Bytes bytes = { 0 }, vendor = { 0 };
    EventLog log;

    put_spec_id(&vendor, two_banks, 2, 4);
    check_int(event_log_open(VIEW(vendor), 0, &log), EVENT_LOG_OK);
    check(log.vendor_info.size == 4 && view_is_filled_with(log.vendor_info, 0x77));

    put_spec_id(&bytes, two_banks, 2, 0);
    bytes.data[AGILE_HEADER_SIZE - 1] = 4;
    check_int(try_view(VIEW(bytes), 0), EVENT_LOG_E_HEADER);
    bytes.data[AGILE_HEADER_SIZE - 1] = 0;
    bytes.data[32 + 24] = 1; /* one bank of two */
    check_int(try_view(VIEW(bytes), 0), EVENT_LOG_E_HEADER);
}

static void test_only_registers_below_24_are_extended(void)
{
    _cleanup_bytes_ Bytes bytes = make_agile(), noted = make_agile();

    put_agile(&bytes, 23, EV_IPL, sha1_sha256, 2);
    check_int(try_view(VIEW(bytes), 0), EVENT_LOG_OK);
    put_agile(&bytes, 24, EV_IPL, sha1_sha256, 2);
    check_int(try_view(VIEW(bytes), 0), EVENT_LOG_E_PCR);
    put_agile(&noted, 0xffffffff, EV_NO_ACTION, sha1_sha256, 2);
    check_int(try_view(VIEW(noted), 0), EVENT_LOG_OK);
}

static void test_sizes_are_bounded(void)
{
    _cleanup_bytes_ Bytes large = { 0 }, data = { 0 }, event = { 0 };

    check_int(bytes_new(EVENT_LOG_SIZE_MAX + 1, &large), 0);
    check_int(try_view(VIEW(large), 0), EVENT_LOG_E_SIZE);

    check_int(bytes_new(EVENT_DATA_SIZE_MAX + 1, &data), 0);
    put_legacy(&event, 1, EV_IPL, data.data, data.size);
    check_int(try_view(VIEW(event), 0), EVENT_LOG_E_DATA_SIZE);
    bytes_done(&event);
    put_legacy(&event, 1, EV_IPL, data.data, data.size - 1);
    check_int(try_view(VIEW(event), 0), EVENT_LOG_OK);
}

static void test_events_are_counted(void)
{
    size_t event_size = 32;
    _cleanup_bytes_ Bytes bytes = { 0 };

    check_int(bytes_new(event_size * (EVENT_LOG_EVENTS_MAX + 1), &bytes), 0);
    for (size_t i = 0; i <= EVENT_LOG_EVENTS_MAX; i++)
        bytes.data[i * event_size + 4] = EV_IPL;
    check_int(try_view(VIEW(bytes), 0), EVENT_LOG_E_COUNT);
    check_int(try_view((ByteView){ bytes.data, bytes.size - event_size }, 0), EVENT_LOG_OK);
}

static void put_locality(Bytes *log, uint8_t locality, size_t size)
{
    uint8_t data[18] = "StartupLocality";

    data[16] = locality;
    put_legacy(log, 0, EV_NO_ACTION, data, size);
}

static void test_startup_locality_comes_once_and_first(void)
{
    _cleanup_bytes_ Bytes log = { 0 };
    EventLogSummary summary;

    put_legacy(&log, 7, EV_IPL, "x", 1);
    put_locality(&log, 3, 17);
    put_legacy(&log, 0, EV_S_CRTM_VERSION, "x", 1);
    check_int(summarise(VIEW(log), 0, &summary), EVENT_LOG_OK);
    check(summary.has_locality && summary.locality == 3 && !summary.has_hcrtm);
    check_int(summary.pcrs, 1 << 0 | 1 << 7);

    put_locality(&log, 3, 17);
    check_int(try_view(VIEW(log), 0), EVENT_LOG_E_LOCALITY);
    bytes_done(&log);
    put_legacy(&log, 0, EV_S_CRTM_VERSION, "x", 1);
    put_locality(&log, 3, 17);
    check_int(try_view(VIEW(log), 0), EVENT_LOG_E_LOCALITY);
    bytes_done(&log);
    put_locality(&log, 3, 17);
    put_locality(&log, 3, 17);
    check_int(try_view(VIEW(log), 0), EVENT_LOG_E_LOCALITY);
}

static void test_startup_locality_must_be_well_formed(void)
{
    _cleanup_bytes_ Bytes log = { 0 };

    put_locality(&log, 5, 17);
    check_int(try_view(VIEW(log), 0), EVENT_LOG_E_LOCALITY);
    bytes_done(&log);
    put_locality(&log, 3, 18);
    check_int(try_view(VIEW(log), 0), EVENT_LOG_E_LOCALITY);
    bytes_done(&log);
    put_locality(&log, 3, 16);
    check_int(try_view(VIEW(log), 0), EVENT_LOG_E_LOCALITY);
    bytes_done(&log);
    put_locality(&log, 4, 17);
    check_int(try_view(VIEW(log), 0), EVENT_LOG_OK);
}

static void test_an_hcrtm_event_is_seen(void)
{
    _cleanup_bytes_ Bytes log = { 0 };
    EventLogSummary summary;

    put_legacy(&log, 1, EV_EFI_HCRTM_EVENT, "HCRTM", 5);
    check_int(summarise(VIEW(log), 0, &summary), EVENT_LOG_OK);
    check(!summary.has_hcrtm);
    put_legacy(&log, 0, EV_EFI_HCRTM_EVENT, "HCRTM", 5);
    check_int(summarise(VIEW(log), 0, &summary), EVENT_LOG_OK);
    check(summary.has_hcrtm);
}

static void test_padding_is_read_only_on_request(void)
{
    static const uint8_t fills[] = { 0x00, 0xff };

    for (size_t i = 0; i < ELEMENTSOF(fills); i++) {
        _cleanup_bytes_ Bytes bytes = make_agile();
        EventLogSummary summary;
        size_t size = bytes.size;
        put_fill(&bytes, fills[i], 777);
        check(try_view(VIEW(bytes), 0) != EVENT_LOG_OK);
        check_int(summarise(VIEW(bytes), EVENT_LOG_PADDED, &summary), EVENT_LOG_OK);
        check_int(summary.n_events, 3);
        check_int(try_view((ByteView){ bytes.data, size }, EVENT_LOG_PADDED), EVENT_LOG_OK);
        bytes.data[size + 500] = 0x42;
        check(try_view(VIEW(bytes), EVENT_LOG_PADDED) != EVENT_LOG_OK);
    }
}

static void test_padding_with_something_in_it_is_refused(void)
{
    _cleanup_bytes_ Bytes bytes = make_agile();

    put_fill(&bytes, 0xff, 100);
    put_fill(&bytes, 0x42, 1);
    put_fill(&bytes, 0xff, 100);
    check_int(try_view(VIEW(bytes), EVENT_LOG_PADDED), EVENT_LOG_E_PADDING);
}

static void test_types_have_names_both_ways(void)
{
    uint32_t type = 0;

    check_str(event_type_name(EV_SEPARATOR), "EV_SEPARATOR");
    check_str(event_type_name(EV_EFI_VARIABLE_AUTHORITY), "EV_EFI_VARIABLE_AUTHORITY");
    check(event_type_name(0x1234) == NULL);
    check(event_type_by_name("EV_EFI_GPT_EVENT", &type));
    check_int(type, EV_EFI_GPT_EVENT);
    check(!event_type_by_name("EV_NONE", &type));
    check_int(type, EV_EFI_GPT_EVENT);
}

static void test_every_refusal_has_a_reason(void)
{
    for (int reason = EVENT_LOG_OK; reason <= EVENT_LOG_E_PADDING; reason++)
        check(strcmp(event_log_reason(reason), "unknown") != 0);
    check_str(event_log_reason(99), "unknown");
}

static const Test tests[] = {
    { "an agile log is walked", test_an_agile_log_is_walked },
    { "a legacy log is walked", test_a_legacy_log_is_walked },
    { "a log cut anywhere is refused", test_a_log_cut_anywhere_is_refused },
    { "a refusal stays and names its event", test_a_refusal_stays_and_names_its_event },
    { "digests must be of announced banks", test_digests_must_be_of_announced_banks },
    { "announced banks must make sense", test_announced_banks_must_make_sense },
    { "the header must agree with itself", test_the_header_must_agree_with_itself },
    { "only registers below 24 are extended", test_only_registers_below_24_are_extended },
    { "sizes are bounded", test_sizes_are_bounded },
    { "events are counted", test_events_are_counted },
    { "startup locality comes once and first", test_startup_locality_comes_once_and_first },
    { "startup locality must be well-formed", test_startup_locality_must_be_well_formed },
    { "an H-CRTM event is seen", test_an_hcrtm_event_is_seen },
    { "padding is read only on request", test_padding_is_read_only_on_request },
    { "padding with something in it is refused", test_padding_with_something_in_it_is_refused },
    { "types have names both ways", test_types_have_names_both_ways },
    { "every refusal has a reason", test_every_refusal_has_a_reason },
};

TEST_MAIN(tests)
