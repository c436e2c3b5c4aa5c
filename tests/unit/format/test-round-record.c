/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of rounds: all of it goes through a file, and nothing else does.
 */
#include "format/redact.h"
#include "format/round-record.h"
#include "testing.h"

#define SECRET_HEX "00112233445566778899aabbccddeeff"

static char *copy(const char *text)
{
    char *own = strdup(text);

    check(own);
    return own;
}

static RoundRecord sample(void)
{
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    RoundRecord record = ROUND_RECORD_INIT;

    record.number = 17;
    record.version = copy("1.2.3");
    record.boot = copy("0a1b2c3d");
    record.reason = ROUND_AFTER_REFUSAL;
    record.result = ROUND_REFUSED;
    record.verifier = copy("lab");
    record.protocol = copy("native");
    record.before = copy("PROVING");
    record.after = copy("REFUSED");
    record.begun_boottime_usec = 1;
    record.begun_realtime_usec = 2;
    record.ended_boottime_usec = 3;
    record.ended_realtime_usec = 4;
    record.expires_realtime_usec = 5;
    record.next_round_realtime_usec = 6;
    record.n_failures = 7;
    record.retry_after_sec = 8;
    record.n_approvals = 9;
    record.simulated = true;
    record.has_clock_skew = true;
    record.clock_skew_sec = -10;
    record.evidence_kinds[0] = copy("cpu");
    record.evidence_kinds[1] = copy("vtpm");
    record.n_evidence_kinds = 2;
    record.timings_usec[TIMING_COLLECT] = 11;
    record.timings_usec[TIMING_TOTAL] = 12;
    check(findings_add(&findings, "verifier-busy", "verifier", FINDING_WARNING, "", "") == 0);
    check(findings_add(&findings, "verifier-refused", "cpu", FINDING_FAILURE, "chip " SECRET_HEX,
                       "6.12") == 0);
    check(round_record_take_findings(&record, &findings) == 0);
    return record;
}

static void a_record_reads_back(void)
{
    _cleanup_round_record_ RoundRecord record = sample(), read = ROUND_RECORD_INIT;
    _cleanup_free_ char *text = round_record_encode(&record);

    check(text && text[strlen(text) - 1] == '\n');
    check_int(round_record_decode(view_of_string(text), &read), ROUND_RECORD_OK);
    _cleanup_free_ char *again = round_record_encode(&read);
    check_str(again, text);
    check_int(read.number, 17);
    check_str(read.after, "REFUSED");
    check_int(read.reason, ROUND_AFTER_REFUSAL);
    check_int(read.clock_skew_sec, -10);
    check_int(read.timings_usec[TIMING_COLLECT], 11);
    check(read.timings_usec[TIMING_QUOTE] == UINT64_MAX);
    check_int(read.findings.n_items, 2);
    check_str(read.findings.items[1].source, "verifier");
    check_str(read.findings.items[1].wanted, "6.12");
}

static void what_could_identify_is_not_kept(void)
{
    _cleanup_round_record_ RoundRecord record = sample();

    check_str(record.findings.items[1].found, "chip " REDACTED);
    _cleanup_free_ char *text = round_record_encode(&record);
    check(!strstr(text, SECRET_HEX));
}

/* A long text that is cut must not be cut into parts too short to be known. */
static void what_is_cut_is_hidden_before(void)
{
    _cleanup_round_record_ RoundRecord record = ROUND_RECORD_INIT;
    _cleanup_findings_ Findings findings = { 0 };
    char text[FINDING_TEXT_MAX + 1];

    memset(text, ' ', sizeof(text));
    memcpy(text + ROUND_FINDING_TEXT - 10, SECRET_HEX, strlen(SECRET_HEX));
    text[FINDING_TEXT_MAX] = 0;
    check(findings_add(&findings, "verifier-refused", "cpu", FINDING_FAILURE, text, "") == 0);
    check(round_record_take_findings(&record, &findings) == 0);
    check_int(strlen(record.findings.items[0].found), ROUND_FINDING_TEXT);
    check(!strstr(record.findings.items[0].found, "0011"));
}

static void what_decided_is_never_left_out(void)
{
    _cleanup_round_record_ RoundRecord record = sample();
    _cleanup_findings_ Findings findings = { 0 };
    char worst[FINDING_TEXT_MAX + 1];

    memset(worst, '"', sizeof(worst));
    worst[FINDING_TEXT_MAX] = 0;
    for (int i = 0; i < FINDINGS_MAX - 1; i++)
        check(findings_add(&findings, worst, worst, FINDING_WARNING, worst, worst) == 0);
    check(findings_add(&findings, "verifier-refused", "cpu", FINDING_FAILURE, worst, worst) == 0);
    check(round_record_take_findings(&record, &findings) == 0);
    check_int(record.findings.n_items, ROUND_FINDINGS_MAX);
    check_int(record.n_left_out, FINDINGS_MAX - ROUND_FINDINGS_MAX);
    check_str(findings_first_failure(&record.findings)->name, "verifier-refused");
    _cleanup_free_ char *text = round_record_encode(&record);
    check(text && strlen(text) <= ROUND_RECORD_MAX);
    _cleanup_round_record_ RoundRecord read = ROUND_RECORD_INIT;
    check_int(round_record_decode(view_of_string(text), &read), ROUND_RECORD_OK);
    check_int(read.n_left_out, FINDINGS_MAX - ROUND_FINDINGS_MAX);
}

/* TEXT with member NAME replaced by VALUE in JSON; without it where that is NULL. */
static char *changed(const char *text, const char *name, const char *value)
{
    json_auto_t *object = json_loads(text, 0, NULL);

    check(object);
    if (value)
        check(json_object_set_new(object, name, json_loads(value, JSON_DECODE_ANY, NULL)) == 0);
    else
        check(json_object_del(object, name) == 0);
    char *out = json_text(object);
    check(out);
    return out;
}

static void refuse(const char *text, const char *name, const char *value)
{
    RoundRecord read = ROUND_RECORD_INIT;
    _cleanup_free_ char *other = changed(text, name, value);

    int r = round_record_decode(view_of_string(other), &read);
    if (r != ROUND_RECORD_E_MALFORMED)
        (void)fprintf(stderr, "%s = %s\n", name, value ? value : "absent");
    check_int(r, ROUND_RECORD_E_MALFORMED);
    check_int(read.number, 0);
}

static void each_member_is_needed_and_strict(void)
{
    _cleanup_round_record_ RoundRecord record = sample();
    _cleanup_free_ char *text = round_record_encode(&record);
    json_auto_t *object = json_loads(text, 0, NULL);
    const char *name;
    json_t *value;

    json_object_foreach (object, name, value)
        if (strcmp(name, "clock_skew_sec") != 0)
            refuse(text, name, NULL);
    json_object_foreach (object, name, value)
        refuse(text, name, "null");
    refuse(text, "attestd_round", "2");
    refuse(text, "number", "0");
    refuse(text, "number", "10000000000");
    refuse(text, "reason", "\"because\"");
    refuse(text, "result", "\"maybe\"");
    refuse(text, "verifier", "\"a\\u001bb\"");
    refuse(text, "version",
           "\"0123456789012345678901234567890123456789012345678901234567890123456789\"");
    refuse(text, "evidence_kinds", "[1]");
    refuse(text, "evidence_kinds", "[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]");
    refuse(text, "timings_usec", "{\"dinner\":1}");
    refuse(text, "timings_usec", "{\"total\":-1}");
    refuse(text, "findings", "[1]");
    refuse(text, "surprise", "1");
}

static void what_is_no_record_is_refused(void)
{
    static const char *const texts[] = { "", "{", "[]", "{}", "null", "\"\"" };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        RoundRecord read = ROUND_RECORD_INIT;
        check_int(round_record_decode(view_of_string(texts[i]), &read), ROUND_RECORD_E_MALFORMED);
    }
}

static void files_are_named_by_their_number(void)
{
    static const char *const others[] = {
        "",         ".new",    "0.json",  "017.json", "17",
        "17.json~", "-1.json", "1 .json", "17.JSON",  "99999999999.json"
    };
    char name[ROUND_FILE_NAME_SIZE];

    round_file_name(17, name);
    check_str(name, "17.json");
    check_int(round_file_number("17.json"), 17);
    check_int(round_file_number("9999999999.json"), ROUND_NUMBER_MAX);
    for (size_t i = 0; i < ELEMENTSOF(others); i++)
        check_int(round_file_number(others[i]), 0);
}

static const Test tests[] = {
    { "a record reads back", a_record_reads_back },
    { "what could identify is not kept", what_could_identify_is_not_kept },
    { "what is cut is hidden before", what_is_cut_is_hidden_before },
    { "what decided is never left out", what_decided_is_never_left_out },
    { "each member is needed and strict", each_member_is_needed_and_strict },
    { "what is no record is refused", what_is_no_record_is_refused },
    { "files are named by their number", files_are_named_by_their_number },
};

TEST_MAIN(tests)
