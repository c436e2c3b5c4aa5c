/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of rounds, written. round-record-decode.c reads them.
 */
#include "format/round-record.h"

#include "format/redact.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define RECORD_VERSION 1

void round_record_done(RoundRecord *record)
{
    free(record->version);
    free(record->boot);
    free(record->verifier);
    free(record->protocol);
    free(record->before);
    free(record->after);
    for (size_t i = 0; i < record->n_evidence_kinds; i++)
        free(record->evidence_kinds[i]);
    findings_done(&record->findings);
    *record = ROUND_RECORD_INIT;
}

const char *round_reason_name(RoundReason reason)
{
    static const char *const names[N_ROUND_REASONS] = {
        [ROUND_STARTED] = "started",     [ROUND_RENEWAL] = "renewal",
        [ROUND_RETRY] = "retry",         [ROUND_AFTER_REFUSAL] = "after-refusal",
        [ROUND_EXPIRED] = "expired",     [ROUND_REQUESTED] = "requested",
        [ROUND_CLOCK_SET] = "clock-set", [ROUND_SNAPSHOT] = "snapshot",
        [ROUND_SETTINGS] = "settings",
    };

    return names[reason];
}

const char *round_result_name(RoundResult result)
{
    static const char *const names[N_ROUND_RESULTS] = {
        [ROUND_PASSED] = "passed",
        [ROUND_REFUSED] = "refused",
        [ROUND_FAILED] = "failed",
    };

    return names[result];
}

/* TEXT as it may be kept, owned. */
static char *kept_text(const char *text)
{
    char *kept = strndup(text, FINDING_TEXT_MAX);

    if (!kept)
        return NULL;
    /* A key that is cut would be too short to be known as one; and what is cut may look like one.
     */
    redact_opaque(kept);
    if (strlen(kept) > ROUND_FINDING_TEXT)
        kept[ROUND_FINDING_TEXT] = 0;
    redact_opaque(kept);
    return kept;
}

static int add_finding(Findings *findings, const Finding *finding)
{
    _cleanup_free_ char *subject = kept_text(finding->subject), *found = kept_text(finding->found),
                        *wanted = kept_text(finding->wanted), *remedy = kept_text(finding->remedy);

    if (!subject || !found || !wanted || !remedy)
        return -ENOMEM;
    int r = findings_add(findings, finding->name, subject, finding->result, found, wanted);
    if (r < 0)
        return r;
    /* What a verifier says stays what it said. */
    Finding *added = &findings->items[findings->n_items - 1];
    _cleanup_free_ char *source = strndup(finding->source, ROUND_TEXT_MAX);
    if (!source)
        return -ENOMEM;
    redact_opaque(added->name);
    if (strlen(added->name) > ROUND_TEXT_MAX)
        added->name[ROUND_TEXT_MAX] = 0;
    redact_opaque(added->name);
    free(added->remedy);
    added->remedy = TAKE_PTR(remedy);
    free(added->source);
    added->source = TAKE_PTR(source);
    return 0;
}

int round_record_take_findings(RoundRecord *record, const Findings *findings)
{
    const Finding *decisive = findings_first_failure(findings);
    _cleanup_findings_ Findings kept = { 0 };
    int r = 0;

    for (size_t i = 0; i < findings->n_items && r == 0; i++) {
        const Finding *finding = &findings->items[i];
        bool is_last = kept.n_items + 1 == ROUND_FINDINGS_MAX;
        bool is_decisive_to_come = decisive && decisive > finding;
        if (kept.n_items < ROUND_FINDINGS_MAX && !(is_last && is_decisive_to_come))
            r = add_finding(&kept, finding);
    }
    if (r < 0)
        return r;
    record->n_left_out = findings->n_items - kept.n_items;
    findings_done(&record->findings);
    record->findings = TAKE_STRUCT(kept);
    return 0;
}

/* JSON integers are signed; a time beyond that is as good as never. */
static json_int_t number_to_json(uint64_t number)
{
    return (json_int_t)MIN(number, (uint64_t)INT64_MAX);
}

static json_t *timings_to_json(const RoundRecord *record)
{
    json_auto_t *object = json_object();

    for (int i = 0; object && i < N_TIMINGS; i++)
        if (record->timings_usec[i] <= INT64_MAX &&
            json_object_set_new(object, answer_timing_name((AnswerTiming)i),
                                json_integer((json_int_t)record->timings_usec[i])) < 0)
            return NULL;
    return TAKE_PTR(object);
}

static json_t *kinds_to_json(const RoundRecord *record)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < record->n_evidence_kinds; i++)
        if (json_array_append_new(array, json_string(record->evidence_kinds[i])) < 0)
            return NULL;
    return TAKE_PTR(array);
}

json_t *round_record_to_json(const RoundRecord *record)
{
    json_auto_t *object =
        json_pack("{si sI ss ss ss ss ss ss ss ss}", "attestd_round", RECORD_VERSION, "number",
                  number_to_json(record->number), "version", record->version, "boot", record->boot,
                  "reason", round_reason_name(record->reason), "result",
                  round_result_name(record->result), "verifier", record->verifier, "protocol",
                  record->protocol, "before", record->before, "after", record->after);
    json_auto_t *times = json_pack(
        "{sI sI sI sI sI sI}", "begun_boottime_usec", number_to_json(record->begun_boottime_usec),
        "begun_realtime_usec", number_to_json(record->begun_realtime_usec), "ended_boottime_usec",
        number_to_json(record->ended_boottime_usec), "ended_realtime_usec",
        number_to_json(record->ended_realtime_usec), "expires_realtime_usec",
        number_to_json(record->expires_realtime_usec), "next_round_realtime_usec",
        number_to_json(record->next_round_realtime_usec));
    json_auto_t *rest = json_pack(
        "{sI sI sI sb so so so sI}", "n_failures", number_to_json(record->n_failures),
        "retry_after_sec", number_to_json(record->retry_after_sec), "n_approvals",
        number_to_json(record->n_approvals), "simulated", record->simulated, "evidence_kinds",
        kinds_to_json(record), "timings_usec", timings_to_json(record), "findings",
        findings_to_json(&record->findings), "n_left_out", number_to_json(record->n_left_out));

    if (!object || !times || !rest || json_object_update(object, times) < 0 ||
        json_object_update(object, rest) < 0)
        return NULL;
    if (record->has_clock_skew &&
        json_object_set_new(object, "clock_skew_sec", json_integer(record->clock_skew_sec)) < 0)
        return NULL;
    return TAKE_PTR(object);
}

char *round_record_encode(const RoundRecord *record)
{
    json_auto_t *object = round_record_to_json(record);
    _cleanup_free_ char *text = object ? json_text(object) : NULL;
    char *line;

    if (!text || asprintf(&line, "%s\n", text) < 0)
        return NULL;
    return line;
}

void round_file_name(uint64_t number, char out[static ROUND_FILE_NAME_SIZE])
{
    (void)snprintf(out, ROUND_FILE_NAME_SIZE, "%" PRIu64 ".json", MIN(number, ROUND_NUMBER_MAX));
}

uint64_t round_file_number(const char *name)
{
    size_t n = strspn(name, "0123456789");
    char again[ROUND_FILE_NAME_SIZE];

    if (n == 0 || n > strlen("9999999999"))
        return 0;
    uint64_t number = strtoull(name, NULL, 10);
    round_file_name(number, again);
    return strcmp(again, name) == 0 ? number : 0;
}
