/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of rounds, read: what a file says goes to a terminal and into reports, so that nothing
 * but what attestd itself would have written is taken.
 */
#include "format/redact.h"
#include "format/round-record.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define RECORD_VERSION 1

/* A name: short and printable. */
static int take_text(const json_t *object, const char *name, char **ret)
{
    const char *text;

    if (json_get_string(object, name, &text) != JSON_OK || strlen(text) > ROUND_TEXT_MAX)
        return ROUND_RECORD_E_MALFORMED;
    for (const char *c = text; *c; c++)
        if (!isascii((unsigned char)*c) || !isprint((unsigned char)*c))
            return ROUND_RECORD_E_MALFORMED;
    *ret = strdup(text);
    return *ret ? ROUND_RECORD_OK : -ENOMEM;
}

static int take_names(const json_t *object, RoundRecord *record)
{
    const struct {
        const char *name;
        char **ret;
    } members[] = {
        { "version", &record->version },   { "boot", &record->boot },
        { "verifier", &record->verifier }, { "protocol", &record->protocol },
        { "before", &record->before },     { "after", &record->after },
    };
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(members) && r == 0; i++)
        r = take_text(object, members[i].name, members[i].ret);
    return r;
}

static int take_reason(const json_t *object, RoundReason *ret)
{
    const char *name;

    if (json_get_string(object, "reason", &name) != JSON_OK)
        return ROUND_RECORD_E_MALFORMED;
    for (int i = 0; i < N_ROUND_REASONS; i++)
        if (strcmp(name, round_reason_name((RoundReason)i)) == 0) {
            *ret = (RoundReason)i;
            return ROUND_RECORD_OK;
        }
    return ROUND_RECORD_E_MALFORMED;
}

static int take_result(const json_t *object, RoundResult *ret)
{
    const char *name;

    if (json_get_string(object, "result", &name) != JSON_OK)
        return ROUND_RECORD_E_MALFORMED;
    for (int i = 0; i < N_ROUND_RESULTS; i++)
        if (strcmp(name, round_result_name((RoundResult)i)) == 0) {
            *ret = (RoundResult)i;
            return ROUND_RECORD_OK;
        }
    return ROUND_RECORD_E_MALFORMED;
}

static int take_numbers(const json_t *object, RoundRecord *record)
{
    const struct {
        const char *name;
        uint64_t *ret;
    } members[] = {
        { "number", &record->number },
        { "begun_boottime_usec", &record->begun_boottime_usec },
        { "begun_realtime_usec", &record->begun_realtime_usec },
        { "ended_boottime_usec", &record->ended_boottime_usec },
        { "ended_realtime_usec", &record->ended_realtime_usec },
        { "expires_realtime_usec", &record->expires_realtime_usec },
        { "next_round_realtime_usec", &record->next_round_realtime_usec },
        { "n_failures", &record->n_failures },
        { "retry_after_sec", &record->retry_after_sec },
        { "n_approvals", &record->n_approvals },
        { "n_left_out", &record->n_left_out },
    };

    for (size_t i = 0; i < ELEMENTSOF(members); i++)
        if (json_get_u64(object, members[i].name, members[i].ret) != JSON_OK)
            return ROUND_RECORD_E_MALFORMED;
    if (json_get_bool(object, "simulated", &record->simulated) != JSON_OK || record->number == 0 ||
        record->number > ROUND_NUMBER_MAX)
        return ROUND_RECORD_E_MALFORMED;
    return ROUND_RECORD_OK;
}

static int take_clock_skew(const json_t *object, RoundRecord *record)
{
    const json_t *member = json_object_get(object, "clock_skew_sec");

    if (!member)
        return ROUND_RECORD_OK;
    if (!json_is_integer(member))
        return ROUND_RECORD_E_MALFORMED;
    record->has_clock_skew = true;
    record->clock_skew_sec = json_integer_value(member);
    return ROUND_RECORD_OK;
}

static int take_kinds(const json_t *object, RoundRecord *record)
{
    json_t *array;

    if (json_get_array(object, "evidence_kinds", &array) != JSON_OK ||
        json_array_size(array) > ANSWER_KINDS_MAX)
        return ROUND_RECORD_E_MALFORMED;
    for (size_t i = 0; i < json_array_size(array); i++) {
        json_auto_t *one = json_pack("{sO}", "kind", json_array_get(array, i));
        if (!one)
            return -ENOMEM;
        int r = take_text(one, "kind", &record->evidence_kinds[i]);
        if (r)
            return r;
        record->n_evidence_kinds++;
    }
    return ROUND_RECORD_OK;
}

static int take_timings(const json_t *object, RoundRecord *record)
{
    json_t *timings;
    size_t n_known = 0;

    if (json_get_object(object, "timings_usec", &timings) != JSON_OK)
        return ROUND_RECORD_E_MALFORMED;
    for (int i = 0; i < N_TIMINGS; i++) {
        const char *name = answer_timing_name((AnswerTiming)i);
        if (!json_object_get(timings, name))
            continue;
        if (json_get_u64(timings, name, &record->timings_usec[i]) != JSON_OK)
            return ROUND_RECORD_E_MALFORMED;
        n_known++;
    }
    return n_known == json_object_size(timings) ? ROUND_RECORD_OK : ROUND_RECORD_E_MALFORMED;
}

/* Once more without what they should not have: the file may be somebody else's work. */
static int take_findings(const json_t *object, RoundRecord *record)
{
    _cleanup_findings_ Findings findings = { 0 };
    const json_t *array = json_object_get(object, "findings");
    uint64_t n_left_out = record->n_left_out;

    if (json_array_size(array) > ROUND_FINDINGS_MAX)
        return ROUND_RECORD_E_MALFORMED;
    int r = findings_from_json(&findings, array);
    if (r)
        return r < 0 ? r : ROUND_RECORD_E_MALFORMED;
    r = round_record_take_findings(record, &findings);
    record->n_left_out = n_left_out;
    return r;
}

static int take_members(json_t *object, RoundRecord *record)
{
    static const char *const known[] = { "attestd_round",
                                         "number",
                                         "version",
                                         "boot",
                                         "reason",
                                         "result",
                                         "verifier",
                                         "protocol",
                                         "before",
                                         "after",
                                         "begun_boottime_usec",
                                         "begun_realtime_usec",
                                         "ended_boottime_usec",
                                         "ended_realtime_usec",
                                         "expires_realtime_usec",
                                         "next_round_realtime_usec",
                                         "n_failures",
                                         "retry_after_sec",
                                         "n_approvals",
                                         "simulated",
                                         "evidence_kinds",
                                         "timings_usec",
                                         "findings",
                                         "n_left_out",
                                         "clock_skew_sec",
                                         NULL };
    uint64_t version;

    if (json_get_u64(object, "attestd_round", &version) != JSON_OK || version != RECORD_VERSION ||
        json_unknown_member(object, known))
        return ROUND_RECORD_E_MALFORMED;
    int r = take_names(object, record);
    if (r == 0)
        r = take_reason(object, &record->reason);
    if (r == 0)
        r = take_result(object, &record->result);
    if (r == 0)
        r = take_numbers(object, record);
    if (r == 0)
        r = take_clock_skew(object, record);
    if (r == 0)
        r = take_kinds(object, record);
    if (r == 0)
        r = take_timings(object, record);
    return r ? r : take_findings(object, record);
}

int round_record_decode(ByteView text, RoundRecord *ret)
{
    _cleanup_round_record_ RoundRecord record = ROUND_RECORD_INIT;
    json_auto_t *object = NULL;

    int r = json_parse(text, ROUND_RECORD_MAX, &object);
    if (r == 0)
        r = take_members(object, &record);
    if (r)
        return r < 0 ? r : ROUND_RECORD_E_MALFORMED;
    *ret = record;
    record = ROUND_RECORD_INIT;
    return ROUND_RECORD_OK;
}
