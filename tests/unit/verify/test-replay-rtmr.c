/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event logs of TDs against RTMRs: public ones, and made-up ones with one thing wrong.
 */
#include "verify/replay-rtmr.h"

#include "format/cc-event-log.h"
#include "verify/genuine-tdx.h"

#include "vectors.h"

/* --- public logs */

static void check_values(const json_t *expected, const ReplayedLog *log)
{
    const char *index;
    json_t *value;

    json_object_foreach (json_object_get(json_object_get(expected, "replayed"), "sha384"), index,
                         value) {
        _cleanup_free_ char *text = hex_encode(replayed_log_value(log, (unsigned)atoi(index)));
        check_str(text, json_string_value(value));
    }
}

static void check_with_quote(const Vector *vector, ByteView bytes)
{
    _cleanup_bytes_ Bytes quote = vector_read(vector, "td_quote.bin");
    const GenuineTdxInput input = { .quote = VIEW(quote), .now_sec = CERTIFICATE_TIME_ANY };
    _cleanup_(replayed_log_freep) ReplayedLog *log = NULL;
    _cleanup_findings_ Findings findings = { 0 };
    GenuineTdx genuine;
    const char *index;
    json_t *equal;

    check_int(genuine_tdx_verify(&input, &findings, NULL, &genuine), GENUINE_TDX_OK);
    check_int(replay_rtmrs(bytes, &genuine.quote.td, &findings, &log), REPLAY_OK);
    lab_check_no_failure(&findings);
    check_values(vector->expected, log);
    json_object_foreach (json_object_get(vector->expected, "rtmr_equal"), index, equal)
        check_int(replayed_log_result(log, (unsigned)atoi(index)),
                  json_is_true(equal) ? REPLAY_PROVEN : REPLAY_MISMATCH);
    check_int(replayed_log_proven(log), 0x1e);
    check(replayed_log_event(log, 0) != NULL);
}

static void check_log(const Vector *vector)
{
    _cleanup_bytes_ Bytes bytes = vector_read(vector, "log.bin");
    _cleanup_(replayed_log_freep) ReplayedLog *log = NULL;
    _cleanup_findings_ Findings findings = { 0 };
    const TdxTdInfo unknown = { .rtmr = { { 1 }, { 1 }, { 1 }, { 1 } } };

    if (vector_has(vector, "td_quote.bin"))
        check_with_quote(vector, VIEW(bytes));
    check_int(replay_rtmrs(VIEW(bytes), &unknown, &findings, &log), REPLAY_OK);
    check_values(vector->expected, log);
    lab_check_failure(&findings, "eventlog-replay-mismatch");
    check(!replayed_log_event(log, 0)); /* nothing proven, nothing to read */
}

static void test_public_logs_replay(void)
{
    vectors_each("ccel", 2, check_log);
}

static void check_table(const Vector *vector)
{
    CcelTable table;

    if (!vector_has(vector, "table.bin"))
        return;
    _cleanup_bytes_ Bytes bytes = vector_read(vector, "table.bin");
    _cleanup_bytes_ Bytes log = vector_read(vector, "log.bin");
    check_int(ccel_table_parse(VIEW(bytes), &table), CCEL_TABLE_OK);
    check_int(table.cc_type, CCEL_TYPE_TDX);
    check_int(table.log_size, log.size);
}

static void test_public_tables_tell_the_size_of_their_log(void)
{
    vectors_each("ccel", 2, check_table);
}

/* The digests of events that RTMRs hold: each flipped bit of one is found, in the right register.
 */
static void test_every_flipped_digest_is_found(void)
{
    _cleanup_bytes_ Bytes bytes = test_vector("ccel/cos-113-tdx/log.bin");
    _cleanup_bytes_ Bytes raw = test_vector("ccel/cos-113-tdx/td_quote.bin");
    TdxQuote quote;
    EventLog log;
    Event event;
    size_t n = 0;

    check_int(tdx_quote_parse(VIEW(raw), &quote), TDX_QUOTE_OK);
    check_int(event_log_open(VIEW(bytes), CC_EVENT_LOG_FLAGS, &log), EVENT_LOG_OK);
    while (event_log_next(&log, &event) == EVENT_LOG_OK) {
        if (!event_is_extended(&event))
            continue;
        _cleanup_(replayed_log_freep) ReplayedLog *replayed = NULL;
        _cleanup_findings_ Findings findings = { 0 };
        const size_t at = (size_t)(event.digests[0].digest.data - bytes.data) + n % 48;
        bytes.data[at] ^= (uint8_t)(1U << n % 8);
        check_int(replay_rtmrs(VIEW(bytes), &quote.td, &findings, &replayed), REPLAY_OK);
        check_int(replayed_log_proven(replayed), 0x1e & ~(1U << event.pcr));
        lab_check_failure(&findings, "eventlog-replay-mismatch");
        bytes.data[at] ^= (uint8_t)(1U << n % 8);
        n++;
    }
    check_int(n, 43);
}

/* --- made-up logs */

/* A boot, and the registers it leads to. */
static void begin(LabLog *log)
{
    lab_log_begin(log, DIGEST_SHA384);
    for (unsigned index = CC_REGISTER_RTMR0; index < CC_REGISTER_MAX; index++)
        lab_log_text(log, index, EV_EFI_ACTION, "boot");
}

static TdxTdInfo registers_of(const LabLog *log)
{
    TdxTdInfo td = { 0 };

    for (unsigned i = 0; i < TDX_RTMR_COUNT; i++)
        memcpy(td.rtmr[i], evidence_pcr(&log->pcrs, CC_REGISTER_RTMR0 + i).data, TDX_REGISTER_SIZE);
    return td;
}

static void check_replay(const LabLog *log, const TdxTdInfo *td, int result, uint32_t proven,
                         const char *finding)
{
    _cleanup_(replayed_log_freep) ReplayedLog *replayed = NULL;
    _cleanup_findings_ Findings findings = { 0 };

    check_int(replay_rtmrs(VIEW(log->bytes), td, &findings, &replayed), result);
    check((result == REPLAY_OK) == (replayed != NULL));
    if (replayed)
        check_int(replayed_log_proven(replayed), proven);
    if (finding)
        lab_check_failure(&findings, finding);
    else
        lab_check_no_failure(&findings);
}

static void test_a_log_may_be_padded(void)
{
    LabLog log;

    for (unsigned padding = 0; padding < 2; padding++) {
        begin(&log);
        const TdxTdInfo td = registers_of(&log);
        for (int i = 0; i < 4096; i++)
            lab_put_le(&log.bytes, padding ? 0xff : 0, 1);
        check_replay(&log, &td, REPLAY_OK, 0x1e, NULL);
        log.bytes.data[log.bytes.size - 9] = 0x55;
        check_replay(&log, &td, REPLAY_E_MALFORMED, 0, "eventlog-malformed");
        lab_log_done(&log);
    }
}

static void test_a_register_that_disagrees_is_named(void)
{
    for (unsigned i = 0; i < TDX_RTMR_COUNT; i++) {
        _cleanup_(replayed_log_freep) ReplayedLog *replayed = NULL;
        _cleanup_findings_ Findings findings = { 0 };
        char subject[16];
        LabLog log;
        begin(&log);
        TdxTdInfo td = registers_of(&log);
        td.rtmr[i][47] ^= 1;
        check_int(replay_rtmrs(VIEW(log.bytes), &td, &findings, &replayed), REPLAY_OK);
        check_int(replayed_log_proven(replayed), 0x1e & ~(2U << i));
        check_int(findings.n_items, 1);
        (void)snprintf(subject, sizeof(subject), "rtmr %u", i);
        check_str(findings.items[0].subject, subject);
        /* Applications extend RTMR3 and log nothing. */
        check_int(findings.items[0].result, i == 3 ? FINDING_WARNING : FINDING_FAILURE);
        for (size_t k = 0; replayed_log_event(replayed, k); k++)
            check(replayed_log_event(replayed, k)->pcr != i + 1);
        lab_log_done(&log);
    }
}

static void test_events_of_mrtd_are_never_proven(void)
{
    LabLog log;

    begin(&log);
    TdxTdInfo td = registers_of(&log);
    lab_log_text(&log, CC_REGISTER_MRTD, EV_EFI_ACTION, "not by the guest");
    memcpy(td.mr_td, evidence_pcr(&log.pcrs, CC_REGISTER_MRTD).data, TDX_REGISTER_SIZE);
    check_replay(&log, &td, REPLAY_OK, 0x1e, NULL);
    lab_log_done(&log);
}

static void test_a_register_that_a_td_lacks_is_refused(void)
{
    for (unsigned index = CC_REGISTER_MAX + 1; index < TPM_PCR_COUNT; index++) {
        LabLog log;
        begin(&log);
        const TdxTdInfo td = registers_of(&log);
        lab_log_text(&log, index, EV_EFI_ACTION, "of a TPM");
        check_replay(&log, &td, REPLAY_E_MALFORMED, 0, "ccel-register-unknown");
        lab_log_done(&log);
    }
}

static void test_a_log_without_the_bank_proves_nothing(void)
{
    LabLog log;

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_text(&log, 1, EV_EFI_ACTION, "boot");
    const TdxTdInfo td = { 0 };
    /* Registers that no event extends are still at zero. */
    check_replay(&log, &td, REPLAY_OK, 0x1c, "eventlog-bank-missing");
    lab_log_done(&log);
}

static void test_what_is_no_log_is_refused(void)
{
    LabLog log = { 0 };
    const TdxTdInfo td = { .rtmr = { { 1 } } };

    lab_put(&log.bytes, "no log at all, but long enough to be read as one", 48);
    check_replay(&log, &td, REPLAY_E_MALFORMED, 0, "eventlog-malformed");
    lab_log_done(&log);
    /* None: what was extended stays unexplained. */
    check_replay(&log, &td, REPLAY_OK, 0x1c, "eventlog-replay-mismatch");
}

static const Test tests[] = {
    { "public logs replay", test_public_logs_replay },
    { "public tables tell the size of their log", test_public_tables_tell_the_size_of_their_log },
    { "every flipped digest is found", test_every_flipped_digest_is_found },
    { "a log may be padded", test_a_log_may_be_padded },
    { "a register that disagrees is named", test_a_register_that_disagrees_is_named },
    { "events of MRTD are never proven", test_events_of_mrtd_are_never_proven },
    { "a register that a TD lacks is refused", test_a_register_that_a_td_lacks_is_refused },
    { "a log without the bank proves nothing", test_a_log_without_the_bank_proves_nothing },
    { "what is no log is refused", test_what_is_no_log_is_refused },
};

TEST_MAIN(tests)
