/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every event log: its verdict, its replayed values in every bank, its agreement with the registers
 * stated for it. Headers and events are compared in tests/unit/format/test-vectors.c.
 */
#include "vectors.h"

#include "format/pcr-file.h"
#include "verify/log-values.h"
#include "verify/replay.h"

static unsigned flags_of(const Vector *vector)
{
    return vector_at(vector->expected, "padding_offset") ? EVENT_LOG_PADDED : 0;
}

/* The values computed are those expected: the same banks, the same PCRs, no more. */
static void check_values(const Vector *vector, const LogValues *values)
{
    json_t *expected = json_deep_copy(vector_at(vector->expected, "replayed"));
    const char *name, *pcr;
    json_t *wanted, *value;

    check_int(values->n_banks, json_object_size(expected));
    json_object_foreach (expected, name, wanted) {
        const LogBankValues *bank = log_values_bank(values, tpm_alg_hash_by_name(name));
        check(bank != NULL);
        check_int(__builtin_popcount(bank->pcrs), json_object_size(wanted));
        json_object_foreach (wanted, pcr, value) {
            unsigned n = (unsigned)atoi(pcr);
            check(bank->pcrs & UINT32_C(1) << n);
            vector_check_hex(wanted, pcr, digest_view(&bank->values[n]));
        }
    }
    json_decref(expected);
}

static void check_data(const Vector *vector, ByteView log)
{
    const json_t *expected = vector_at(vector->expected, "digest_equals_hash_of_event_data");
    LogDataCheck found;

    check_int(log_data_check(log, flags_of(vector), &found), EVENT_LOG_OK);
    check_str(tpm_alg_name(found.bank), lab_text(expected, "bank"));
    check_int(found.n_matching, vector_number(expected, "matches"));
    check_int(found.n_differing, vector_number(expected, "differs"));
}

static bool is_listed(const json_t *array, unsigned pcr)
{
    const json_t *item;
    size_t i;

    json_array_foreach (array, i, item)
        if (json_integer_value(item) == pcr)
            return true;
    return false;
}

/* Registers as a file states them, in one bank. */
static void check_stated(const Vector *vector, ByteView log, const EvidencePcrs *stated)
{
    const json_t *banks = vector_at(vector->expected, "compare_with_stated_pcrs");
    const json_t *wanted = json_object_get(banks, tpm_alg_name(stated->bank));
    const ReplayInput input = { .firmware_log = log, .quoted = stated, .all_must_agree = true };
    _cleanup_(replayed_log_freep) ReplayedLog *replayed = NULL;
    _cleanup_findings_ Findings findings = { 0 };

    if (!wanted)
        return;
    check_int(replay(&input, &findings, &replayed), REPLAY_OK);
    if (findings_first_failure(&findings))
        lab_print(&findings);
    check_int(findings_first_failure(&findings) == NULL,
              vector_number(vector->expected, "replay_matches_stated_pcrs"));
    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
        ReplayResult result = replayed_log_result(replayed, pcr);
        if (is_listed(vector_at(wanted, "equal"), pcr))
            check_int(result, REPLAY_PROVEN);
        if (is_listed(vector_at(wanted, "different"), pcr) ||
            is_listed(vector_at(wanted, "extended_outside_log"), pcr))
            check_int(result, REPLAY_MISMATCH);
    }
}

/* One bit of one stated value, of each PCR the log extends: refused by name, but for IMA's. */
static void check_forged(ByteView log, const EvidencePcrs *stated, const LogBankValues *bank)
{
    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
        EvidencePcrs forged = *stated;
        const ReplayInput input = { .firmware_log = log,
                                    .quoted = &forged,
                                    .all_must_agree = true };
        _cleanup_(replayed_log_freep) ReplayedLog *replayed = NULL;
        _cleanup_findings_ Findings findings = { 0 };
        if (!(bank->pcrs & stated->mask & UINT32_C(1) << pcr))
            continue;
        forged.values[pcr][pcr % forged.digest_size] ^= 0x10;
        check_int(replay(&input, &findings, &replayed), REPLAY_OK);
        if (pcr == 10)
            lab_check_warning(&findings, "eventlog-replay-mismatch");
        else
            lab_check_failure(&findings, "eventlog-replay-mismatch");
        check(replayed_log_result(replayed, pcr) != REPLAY_PROVEN);
    }
}

static void check_against_files(const Vector *vector, ByteView log, const LogValues *values)
{
    static const char *const roles[] = { "pcrs.json", "pcrs-sha1.json", "pcrs-sha256.json",
                                         "pcrs-sha384.json" };

    for (size_t i = 0; i < ELEMENTSOF(roles); i++) {
        PcrFile file;
        if (!vector_has(vector, roles[i]))
            continue;
        _cleanup_bytes_ Bytes bytes = vector_read(vector, roles[i]);
        check_int(pcr_file_parse(VIEW(bytes), &file), PCR_FILE_OK);
        for (size_t k = 0; k < file.n_banks; k++) {
            const LogBankValues *bank = log_values_bank(values, file.banks[k].bank);
            check_stated(vector, log, &file.banks[k]);
            if (bank)
                check_forged(log, &file.banks[k], bank);
        }
    }
}

/* The start of PCR 0 as the iterator finds it. */
static void check_start(const Vector *vector, ByteView log)
{
    EventLogSummary summary;

    check_int(event_log_summarise(log, flags_of(vector), NULL, &summary), EVENT_LOG_OK);
    check_int(summary.n_events, vector_number(vector->expected, "events"));
    check_int(summary.has_locality, vector_at(vector->expected, "startup_locality") != NULL);
    if (summary.has_locality)
        check_int(summary.locality, vector_number(vector->expected, "startup_locality"));
    check_int(summary.has_hcrtm, vector_at(vector->expected, "hcrtm_event") != NULL);
}

static void run_log(const Vector *vector)
{
    _cleanup_bytes_ Bytes log = vector_read(vector, "log.bin");
    LogValues values = { 0 };
    size_t at;

    check_int(log.size, vector_number(vector->expected, "size"));
    int r = log_values(VIEW(log), flags_of(vector), &at, &values);
    if (r != EVENT_LOG_OK)
        (void)printf("    event %zu: %s\n", at, event_log_reason(r));
    check(r >= 0);
    check_int(r == EVENT_LOG_OK, vector_passes(vector));
    if (r != EVENT_LOG_OK)
        return;
    check_start(vector, VIEW(log));
    check_values(vector, &values);
    check_data(vector, VIEW(log));
    check_against_files(vector, VIEW(log), &values);
}

static void test_every_log_has_its_verdict(void)
{
    vectors_each("eventlog", 20, run_log);
}

static void test_every_odd_log_has_its_verdict(void)
{
    vectors_each("eventlog-edge", 8, run_log);
}

static void test_every_padded_log_has_its_verdict(void)
{
    vectors_each("ccel", 2, run_log);
}

static void test_a_missing_digest_leaves_a_bank_without_that_value(void)
{
    _cleanup_bytes_ Bytes log = test_vector("eventlog-edge/single-uefivar/log.bin");
    LogValues values;

    check_int(log_values(VIEW(log), 0, NULL, &values), EVENT_LOG_OK);
    check(log_values_bank(&values, TPM_ALG_SHA256) != NULL);
    check(log_values_bank(&values, TPM_ALG_SHA384) == NULL); /* announced, and in no event */
}

static const Test tests[] = {
    { "every log has its verdict", test_every_log_has_its_verdict },
    { "every odd log has its verdict", test_every_odd_log_has_its_verdict },
    { "every padded log has its verdict", test_every_padded_log_has_its_verdict },
    { "a missing digest leaves a bank without that value",
      test_a_missing_digest_leaves_a_bank_without_that_value },
};

TEST_MAIN(tests)
