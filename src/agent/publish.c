/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Journal fields, message IDs and sd_notify.
 */
#include "agent/publish.h"

#include "base/log-ids.h"
#include "base/log.h"
#include "config/config-show.h"
#include "format/catalog.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#define SKEW_WORTH_SAYING_SEC 600 /* spec/endpoints 7.1 rule 13 */

#define CONTEXT_FIELDS 5
#define CONTEXT_TEXT   256

/* The fields of one message and the memory of those that had to be made. */
typedef struct ContextFields {
    LogField fields[CONTEXT_FIELDS];
    char round[32];
    char kinds[CONTEXT_TEXT];
} ContextFields;

static void join_kinds(const Texts *kinds, char *out, size_t size)
{
    size_t used = 0;

    out[0] = 0;
    for (size_t i = 0; i < kinds->n_items && used < size; i++)
        used +=
            (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? "," : "", kinds->items[i]);
}

static void fill_fields(const PublishContext *context, ContextFields *ret)
{
    const Standing *standing = context->standing;

    (void)snprintf(ret->round, sizeof(ret->round), "%" PRIu64, context->round);
    join_kinds(&standing->verdict.evidence_kinds, ret->kinds, sizeof(ret->kinds));
    ret->fields[0] = (LogField){ "ATTEST_STATE", state_name(standing->state) };
    ret->fields[1] = (LogField){ "ATTEST_ROUND", ret->round };
    ret->fields[2] = (LogField){ "ATTEST_SOURCE", ret->kinds[0] ? ret->kinds : NULL };
    ret->fields[3] = (LogField){ "ATTEST_VERIFIER", context->verifier };
    ret->fields[4] = (LogField){ "ATTEST_FINDING", standing->last_error.name };
}

/* When something LEFT microseconds ahead will be, by the wall clock. */
static void wall_time(const Schedule *schedule, uint64_t left_usec, char out[static 32])
{
    format_timestamp(clock_realtime_usec(schedule->clock) + left_usec, out);
}

/* "TRUSTED until …", "WAITING, next round at …: why" */
static void describe(const PublishContext *context, char *out, size_t size)
{
    const Standing *standing = context->standing;
    const Schedule *schedule = context->schedule;
    uint64_t now = clock_boottime_usec(schedule->clock), next = schedule->next_round_boottime_usec;
    char until[32] = "", then[32] = "";
    bool is_planned = next != USEC_INFINITY && standing->state != STATE_STOPPING;

    if (state_has_verdict(standing->state))
        wall_time(schedule, schedule_verdict_left_usec(schedule), until);
    if (is_planned)
        wall_time(schedule, next > now ? next - now : 0, then);
    (void)snprintf(out, size, "%s%s%s%s%s%s%s", state_name(standing->state),
                   *until ? " until " : "", until, *then ? ", next round at " : "", then,
                   standing->last_error.text ? "; last: " : "",
                   standing->last_error.text ? standing->last_error.text : "");
}

void publish_status(const PublishContext *context)
{
    char text[1024];

    describe(context, text, sizeof(text));
    (void)sd_notifyf(0, "STATUS=%s", text);
    metrics_touch(context->metrics);
}

void publish_state(const PublishContext *context, State old, Event event)
{
    ContextFields fields;
    char text[1024];

    fill_fields(context, &fields);
    describe(context, text, sizeof(text));
    log_fields(LOG_NOTICE, LOG_ID_STATE, fields.fields, CONTEXT_FIELDS, "%s to %s (%s)",
               state_name(old), text, event_name(event));
}

static void publish_error(const PublishContext *context, int level, const char *id,
                          const char *what)
{
    const LastError *error = &context->standing->last_error;
    ContextFields fields;

    fill_fields(context, &fields);
    log_fields(level, id, fields.fields, CONTEXT_FIELDS, "%s: %s; %s", what,
               error->text ? error->text : "", error->remedy ? error->remedy : "");
}

void publish_expired(const PublishContext *context)
{
    ContextFields fields;

    fill_fields(context, &fields);
    log_fields(LOG_WARNING, LOG_ID_VERDICT_EXPIRED, fields.fields, CONTEXT_FIELDS,
               "the verdict expired before another one came");
}

/* The clock goes on while it is looked at: 4.9999 s are 5. */
static int64_t rounded_sec(int64_t usec)
{
    const int64_t half = USEC_PER_SEC / 2;

    return (usec + (usec < 0 ? -half : half)) / (int64_t)USEC_PER_SEC;
}

void publish_clock_set(const PublishContext *context, const ClockChange *change)
{
    ContextFields fields;

    fill_fields(context, &fields);
    log_fields(LOG_NOTICE, LOG_ID_CLOCK_SET, fields.fields, CONTEXT_FIELDS,
               "the wall clock was set by %" PRId64 " s, the machine slept for %" PRIu64
               " s; the next round comes early",
               rounded_sec(change->wall_usec), change->slept_usec / USEC_PER_SEC);
}

void publish_rewound(const PublishContext *context, const char *finding, const char *found)
{
    const CatalogEntry *entry = catalog_find(finding);
    ContextFields fields;

    fill_fields(context, &fields);
    fields.fields[4] = (LogField){ "ATTEST_FINDING", finding };
    log_fields(LOG_WARNING, LOG_ID_REWOUND, fields.fields, CONTEXT_FIELDS, "%s%s%s; %s",
               entry ? entry->text : finding, found ? ": now " : "", found ? found : "",
               entry ? entry->remedy : "");
}

static void publish_skew(const PublishContext *context, int64_t skew_sec)
{
    ContextFields fields;

    fill_fields(context, &fields);
    log_fields(LOG_WARNING, NULL, fields.fields, CONTEXT_FIELDS,
               "the verifier's clock differs from ours by %" PRId64
               " s; check time synchronisation",
               skew_sec);
}

void publish_round(const PublishContext *context, AttemptResult result, const WorkerAnswer *answer)
{
    metrics_note_round(context->metrics, result, answer, context->standing->last_error.name);
    if (result == ATTEMPT_REFUSED)
        publish_error(context, LOG_ERR, LOG_ID_REFUSED, "the verifier refused");
    else if (result == ATTEMPT_FAILED)
        publish_error(context, LOG_WARNING, LOG_ID_ROUND_FAILED, "the round failed");
    if (answer->has_clock_skew && (answer->clock_skew_sec > SKEW_WORTH_SAYING_SEC ||
                                   answer->clock_skew_sec < -SKEW_WORTH_SAYING_SEC))
        publish_skew(context, answer->clock_skew_sec);
}

void publish_restored(const PublishContext *context, const char *found)
{
    ContextFields fields;

    fill_fields(context, &fields);
    if (found)
        log_fields(LOG_WARNING, LOG_ID_RESTORED, fields.fields, CONTEXT_FIELDS,
                   "what the run before left was thrown away: %s", found);
    else
        log_fields(LOG_INFO, LOG_ID_RESTORED, fields.fields, CONTEXT_FIELDS,
                   "the standing of the run before was taken over");
}

void publish_config_errors(const Findings *findings)
{
    for (size_t i = 0; i < findings->n_items; i++) {
        const Finding *finding = &findings->items[i];
        _cleanup_free_ char *text = config_error_text(finding);
        LogField field = { "ATTEST_FINDING", finding->name };

        log_fields(LOG_ERR, LOG_ID_CONFIG_INVALID, &field, 1, "%s", text ? text : finding->name);
    }
}

void publish_reloaded(const PublishContext *context)
{
    ContextFields fields;

    fill_fields(context, &fields);
    log_fields(LOG_INFO, LOG_ID_CONFIG_RELOADED, fields.fields, CONTEXT_FIELDS,
               "the configuration was read again");
}

void publish_evidence_given(const PublishContext *context, uint32_t uid)
{
    ContextFields fields;

    fill_fields(context, &fields);
    log_fields(LOG_NOTICE, LOG_ID_EVIDENCE_GIVEN, fields.fields, CONTEXT_FIELDS,
               "evidence over a nonce of its own was given to user %" PRIu32, uid);
}

void publish_token_given(const PublishContext *context, uint32_t uid)
{
    ContextFields fields;

    fill_fields(context, &fields);
    log_fields(LOG_NOTICE, LOG_ID_TOKEN_GIVEN, fields.fields, CONTEXT_FIELDS,
               "the token with jti \"%s\" was given to user %" PRIu32,
               context->standing->verdict.jti, uid);
}

void publish_bus_lost(const char *reason)
{
    log_fields(LOG_WARNING, LOG_ID_BUS_LOST, NULL, 0,
               "the system bus is not usable: %s; rounds go on, the bus is tried again", reason);
}

void publish_unwritable(const char *finding, const char *subject, int error)
{
    const CatalogEntry *entry = catalog_find(finding);
    LogField field = { "ATTEST_FINDING", finding };

    log_fields(LOG_WARNING, LOG_ID_UNWRITABLE, &field, 1, "%s (%s): found %s; %s",
               entry ? entry->text : finding, subject, strerror(-error),
               entry ? entry->remedy : "");
}

void publish_ready(void)
{
    (void)sd_notify(0, "READY=1");
}

void publish_reloading(void)
{
    struct timespec now = { 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                     (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000);
}

void publish_stopping(void)
{
    (void)sd_notify(0, "STOPPING=1");
}
