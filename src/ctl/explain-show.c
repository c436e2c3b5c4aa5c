/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns, and a bar for each step.
 */
#include "ctl/explain-show.h"

#include "base/clock.h"
#include "ctl/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BAR_MAX 40 /* columns of the longest */

static Tone result_tone(RoundResult result)
{
    static const Tone tones[N_ROUND_RESULTS] = {
        [ROUND_PASSED] = TONE_GOOD,
        [ROUND_REFUSED] = TONE_BAD,
        [ROUND_FAILED] = TONE_WARN,
    };

    return tones[result];
}

static double seconds(uint64_t usec)
{
    return (double)usec / (double)USEC_PER_SEC;
}

static uint64_t took_usec(const RoundRecord *record)
{
    return record->ended_boottime_usec -
           MIN(record->begun_boottime_usec, record->ended_boottime_usec);
}

static const char *decisive(const RoundRecord *record)
{
    const Finding *failure = findings_first_failure(&record->findings);

    return failure && record->result != ROUND_PASSED ? failure->name : "";
}

void explain_show_list(const Rounds *rounds)
{
    (void)printf("%s%10s  %-20s  %-13s  %-7s  %8s  %-8s  %s%s\n", output_tone(TONE_DIM), "ROUND",
                 "ENDED", "WHY", "RESULT", "TOOK", "STANDING", "FINDING", output_reset());
    for (size_t i = 0; i < rounds->n_items; i++) {
        const RoundRecord *record = &rounds->items[i];
        char ended[32];
        format_timestamp(record->ended_realtime_usec, ended);
        (void)printf("%10" PRIu64 "  %-20s  %-13s  %s%-7s%s  %6.2f s  %s%-8s%s  %s\n",
                     record->number, ended, round_reason_name(record->reason),
                     output_tone(result_tone(record->result)), round_result_name(record->result),
                     output_reset(), seconds(took_usec(record)),
                     output_tone(output_state_tone(record->after)), record->after, output_reset(),
                     decisive(record));
    }
}

static void print_row(const char *label, const char *value)
{
    if (*value)
        (void)printf("%s%12s:%s %s\n", output_tone(TONE_DIM), label, output_reset(), value);
}

static void print_moment(const char *label, uint64_t realtime_usec)
{
    char moment[96];

    if (realtime_usec == 0)
        return;
    format_moment(realtime_usec, moment);
    print_row(label, moment);
}

static void print_number(const char *label, const char *unit, int64_t number)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "%" PRId64 "%s", number, unit);
    if (number != 0)
        print_row(label, text);
}

static void print_head(const RoundRecord *record)
{
    char text[160], kinds[160] = "";

    (void)printf("%s%12s:%s %" PRIu64 ", %s%s%s%s\n", output_tone(TONE_DIM), "Round",
                 output_reset(), record->number, output_tone(result_tone(record->result)),
                 round_result_name(record->result), output_reset(),
                 record->simulated ? " (simulated hardware: proves nothing)" : "");
    print_row("Why", round_reason_name(record->reason));
    print_moment("Begun", record->begun_realtime_usec);
    (void)snprintf(text, sizeof(text), "%.3f s", seconds(took_usec(record)));
    print_row("Took", text);
    (void)snprintf(text, sizeof(text), "%s to %s", record->before, record->after);
    print_row("Standing", text);
    (void)snprintf(text, sizeof(text), "%s (%s)", record->verifier, record->protocol);
    print_row("By", text);
    for (size_t i = 0, used = 0; i < record->n_evidence_kinds && used < sizeof(kinds); i++)
        used += (size_t)snprintf(kinds + used, sizeof(kinds) - used, "%s%s", i > 0 ? ", " : "",
                                 record->evidence_kinds[i]);
    print_row("Evidence", kinds);
    print_number("Gates open", "", (int64_t)record->n_approvals);
    print_moment("Until", record->expires_realtime_usec);
    print_moment("Next round", record->next_round_realtime_usec);
    print_number("Asked wait", " s, by the verifier", (int64_t)record->retry_after_sec);
    print_number("Clock", " s, the verifier's minus ours", record->clock_skew_sec);
    if (record->result != ROUND_PASSED)
        print_number("Failures", " in a row", (int64_t)record->n_failures);
    print_row("attestd", record->version);
    print_row("Boot", record->boot);
}

/* Those that are part of the step before. */
static bool is_part(AnswerTiming timing)
{
    return timing == TIMING_REPORT || timing == TIMING_PACING;
}

static void print_step(const char *name, bool is_part_of_another, uint64_t usec, uint64_t longest)
{
    char bar[BAR_MAX + 1] = "", label[32];
    size_t n = longest > 0 ? (size_t)(usec * BAR_MAX / longest) : 0;

    memset(bar, '#', MIN(n, (size_t)BAR_MAX));
    (void)snprintf(label, sizeof(label), "%s%s", is_part_of_another ? "  " : "", name);
    (void)printf("%14s%-13s %9.3f s  %s%s%s\n", "", label, seconds(usec), output_tone(TONE_DIM),
                 bar, output_reset());
}

/* What the steps leave of the whole: starting the worker, and what is not a step. */
static void print_steps(const RoundRecord *record)
{
    uint64_t whole = took_usec(record), named = 0;
    bool is_any = false;

    for (int i = 0; i < N_TIMINGS; i++) {
        uint64_t usec = record->timings_usec[i];
        if (usec > INT64_MAX || i == TIMING_TOTAL)
            continue;
        if (!is_any)
            (void)printf("%s%12s:%s\n", output_tone(TONE_DIM), "Steps", output_reset());
        is_any = true;
        print_step(answer_timing_name((AnswerTiming)i), is_part((AnswerTiming)i), usec,
                   MAX(whole, usec));
        named += is_part((AnswerTiming)i) ? 0 : usec;
    }
    if (is_any && whole > named)
        print_step("other", false, whole - named, whole);
}

static void print_finding(const Finding *finding)
{
    const CatalogEntry *entry = catalog_find(finding->name);
    Tone tone = finding->result == FINDING_FAILURE ? TONE_BAD : TONE_WARN;

    (void)printf("\n%s%s%s (%s), says the %s\n", output_tone(tone), finding->name, output_reset(),
                 finding->subject, finding->source);
    print_row("Cause", entry ? entry->text : "not known to this version");
    print_row("Found", finding->found);
    print_row("Wanted", finding->wanted);
    print_row("Remedy", finding->remedy);
}

void explain_show_round(const RoundRecord *record)
{
    print_head(record);
    print_steps(record);
    for (size_t i = 0; i < record->findings.n_items; i++)
        print_finding(&record->findings.items[i]);
    if (record->n_left_out > 0)
        (void)printf("\nand %" PRIu64 " more findings, which are not kept\n", record->n_left_out);
}

const char *explain_exit_class(ExitClass exit_class)
{
    switch (exit_class) {
    case EXIT_CLASS_ATTESTED:
        return "attested";
    case EXIT_CLASS_INTERNAL:
        return "internal";
    case EXIT_CLASS_USAGE:
        return "usage or configuration";
    case EXIT_CLASS_NOT_ATTESTED:
        return "not attested";
    case EXIT_CLASS_UNREACHABLE:
        return "verifier unreachable";
    case EXIT_CLASS_REFUSED:
        return "refused";
    case EXIT_CLASS_NOT_CONFIDENTIAL:
        return "not a confidential VM";
    }
    return "internal";
}

void explain_show_entry(const CatalogEntry *entry)
{
    char class[64];

    (void)snprintf(class, sizeof(class), "%d, %s", (int)entry->exit_class,
                   explain_exit_class(entry->exit_class));
    print_row("Finding", entry->name);
    print_row("Cause", entry->text);
    print_row("Remedy", entry->remedy);
    print_row("Exit class", class);
}
