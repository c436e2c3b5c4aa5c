/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The standing and its record.
 */
#include "agent/standing.h"

#include "format/catalog.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RECORD_VERSION 1

static void last_error_done(LastError *error)
{
    free(error->name);
    free(error->text);
    free(error->remedy);
    *error = (LastError){ 0 };
}

void standing_done(Standing *standing)
{
    last_error_done(&standing->last_error);
    findings_done(&standing->findings);
    verdict_done(&standing->verdict);
    releases_done(&standing->releases);
    free(standing->tpm_clock_tcti);
}

/* "cause (subject): found X, wanted Y" */
static char *error_text(const Finding *failure)
{
    const CatalogEntry *entry = catalog_find(failure->name);
    char *text;

    if (asprintf(&text, "%s (%s)%s%s%s%s", entry ? entry->text : failure->name, failure->subject,
                 *failure->found ? ": found " : "", failure->found,
                 *failure->wanted ? ", wanted " : "", failure->wanted) < 0)
        return NULL;
    return text;
}

int standing_note_round(Standing *standing, Findings *findings, uint64_t now)
{
    const Finding *failure = findings_first_failure(findings);
    LastError error = { 0 };

    if (failure) {
        error.name = strdup(failure->name);
        error.text = error_text(failure);
        error.remedy = strdup(failure->remedy);
        if (!error.name || !error.text || !error.remedy) {
            last_error_done(&error);
            return -ENOMEM;
        }
    }
    last_error_done(&standing->last_error);
    findings_done(&standing->findings);
    standing->last_error = error;
    standing->findings = TAKE_STRUCT(*findings);
    standing->last_round_boottime_usec = now;
    return 0;
}

/* JSON integers are signed; a time beyond that is as good as never. */
static json_int_t time_to_json(uint64_t usec)
{
    return (json_int_t)MIN(usec, (uint64_t)INT64_MAX);
}

static bool set_optional(json_t *object, const char *name, bool is_there, json_t *value)
{
    if (!is_there) {
        json_decref(value);
        return true;
    }
    return json_object_set_new(object, name, value) == 0;
}

static bool set_tpm_clock(json_t *object, const Standing *standing)
{
    const AnswerTpmClock *tpm = &standing->tpm_clock;

    return set_optional(object, "tpm_clock", standing->has_tpm_clock,
                        json_pack("{sI sI sI ss*}", "clock_msec", time_to_json(tpm->clock_msec),
                                  "reset_count", (json_int_t)tpm->reset_count, "restart_count",
                                  (json_int_t)tpm->restart_count, "tcti",
                                  standing->tpm_clock_tcti));
}

char *standing_encode(const Standing *standing, const Schedule *schedule,
                      const StandingOwner *owner, uint64_t token_inode)
{
    const LastError *error = &standing->last_error;
    bool has_verdict = standing->verdict.token_fd >= 0;
    json_auto_t *object = json_pack(
        "{si ss ss ss ss sI sI sI sb sI so sI so}", "attestd_standing", RECORD_VERSION, "boot_id",
        owner->boot_id, "verifier", owner->verifier, "issuer", owner->issuer, "state",
        state_name(standing->state), "since", time_to_json(standing->since_boottime_usec),
        "last_round", time_to_json(standing->last_round_boottime_usec), "n_failures",
        (json_int_t)schedule->n_failures, "is_parked", schedule->is_parked, "next_round",
        time_to_json(schedule->next_round_boottime_usec), "findings",
        findings_to_json(&standing->findings), "token_inode", time_to_json(token_inode), "releases",
        releases_to_json(&standing->releases));

    if (!object)
        return NULL;
    json_t *last_error = error->name ? json_pack("{ss ss ss}", "name", error->name, "text",
                                                 error->text, "remedy", error->remedy)
                                     : NULL;
    json_t *verdict = has_verdict ? verdict_to_json(&standing->verdict) : NULL;
    bool is_complete = set_optional(object, "last_error", error->name != NULL, last_error);
    is_complete = set_optional(object, "verdict", has_verdict, verdict) && is_complete;
    is_complete = set_tpm_clock(object, standing) && is_complete;
    return is_complete ? json_text(object) : NULL;
}

static bool is_text(const json_t *object, const char *name, const char *wanted)
{
    const char *text;

    return json_get_string(object, name, &text) == 0 && strcmp(text, wanted) == 0;
}

static bool owner_matches(const json_t *object, const StandingOwner *owner)
{
    const json_t *verdict = json_object_get(object, "verdict");

    return is_text(object, "boot_id", owner->boot_id) &&
           is_text(object, "verifier", owner->verifier) &&
           is_text(object, "issuer", owner->issuer) &&
           (!verdict || is_text(verdict, "basis", owner->basis));
}

/* Of the record of another owner: what was given out in this boot. */
static int decode_foreign(const json_t *object, const StandingOwner *owner, int reason,
                          Standing *ret)
{
    Releases releases = { 0 };

    if (!is_text(object, "boot_id", owner->boot_id))
        return reason;
    int r = releases_from_json(json_object_get(object, "releases"), &releases);
    if (r < 0)
        return r;
    if (r == RELEASES_OK)
        ret->releases = releases;
    return reason;
}

static int read_last_error(const json_t *object, LastError *ret)
{
    json_t *member = json_object_get(object, "last_error");
    const char *name, *text, *remedy;

    if (!member)
        return STANDING_OK;
    if (json_get_string(member, "name", &name) || json_get_string(member, "text", &text) ||
        json_get_string(member, "remedy", &remedy))
        return STANDING_E_MALFORMED;
    ret->name = strdup(name);
    ret->text = strdup(text);
    ret->remedy = strdup(remedy);
    return ret->name && ret->text && ret->remedy ? STANDING_OK : -ENOMEM;
}

static int read_tpm_clock(const json_t *object, Standing *standing)
{
    json_t *member = json_object_get(object, "tpm_clock");
    uint64_t resets, restarts;
    const char *tcti;

    if (!member)
        return STANDING_OK;
    if (json_get_u64(member, "clock_msec", &standing->tpm_clock.clock_msec) ||
        json_get_u64(member, "reset_count", &resets) || resets > UINT32_MAX ||
        json_get_u64(member, "restart_count", &restarts) || restarts > UINT32_MAX)
        return STANDING_E_MALFORMED;
    standing->tpm_clock.reset_count = (uint32_t)resets;
    standing->tpm_clock.restart_count = (uint32_t)restarts;
    standing->has_tpm_clock = true;
    /* A version before this one did not write it. */
    if (json_get_string(member, "tcti", &tcti) != JSON_OK)
        return STANDING_OK;
    standing->tpm_clock_tcti = strdup(tcti);
    return standing->tpm_clock_tcti ? STANDING_OK : -ENOMEM;
}

static int read_members(const json_t *object, Standing *standing)
{
    const char *state;
    json_t *findings, *verdict = json_object_get(object, "verdict");

    if (json_get_string(object, "state", &state) ||
        json_get_u64(object, "since", &standing->since_boottime_usec) ||
        json_get_u64(object, "last_round", &standing->last_round_boottime_usec) ||
        json_get_array(object, "findings", &findings))
        return STANDING_E_MALFORMED;
    standing->state = state_from_name(state);
    if (standing->state == N_STATES)
        return STANDING_E_MALFORMED;

    int r = findings_from_json(&standing->findings, findings);
    if (r == 0)
        r = read_last_error(object, &standing->last_error);
    if (r == 0 && verdict)
        r = verdict_from_json(verdict, &standing->verdict);
    if (r == 0)
        r = read_tpm_clock(object, standing);
    if (r == 0)
        r = releases_from_json(json_object_get(object, "releases"), &standing->releases);
    return r > 0 ? STANDING_E_MALFORMED : r;
}

static int read_schedule(const json_t *object, Schedule *schedule)
{
    uint64_t n_failures, next_round;

    if (json_get_u64(object, "n_failures", &n_failures) || n_failures > UINT32_MAX ||
        json_get_u64(object, "next_round", &next_round))
        return STANDING_E_MALFORMED;
    /* A version before this one did not write it. */
    schedule->is_parked = json_is_true(json_object_get(object, "is_parked"));
    schedule->n_failures = (unsigned)n_failures;
    schedule->next_round_boottime_usec = next_round == INT64_MAX ? USEC_INFINITY : next_round;
    return STANDING_OK;
}

/* Within a boot, its clock only goes on, unless all of the machine went back. */
static bool is_ahead(const json_t *object, const Schedule *schedule)
{
    uint64_t since = 0, last_round = 0;

    if (json_get_u64(object, "since", &since) || json_get_u64(object, "last_round", &last_round))
        return false;
    return MAX(since, last_round) > clock_boottime_usec(schedule->clock);
}

int standing_decode(ByteView record, const StandingOwner *owner, Schedule *schedule, Standing *ret,
                    uint64_t *ret_token_inode)
{
    _cleanup_standing_ Standing standing = STANDING_INIT;
    json_auto_t *object = NULL;
    uint64_t version = 0, token_inode = 0;
    Schedule planned = *schedule;

    int r = json_parse(record, STANDING_RECORD_MAX, &object);
    if (r < 0)
        return r;
    if (r > 0 || json_get_u64(object, "attestd_standing", &version) || version != RECORD_VERSION ||
        json_get_u64(object, "token_inode", &token_inode))
        return STANDING_E_MALFORMED;
    if (!owner_matches(object, owner))
        return decode_foreign(object, owner, STANDING_E_OWNER, ret);
    if (is_ahead(object, schedule))
        return decode_foreign(object, owner, STANDING_E_AHEAD, ret);
    r = read_members(object, &standing);
    if (r == 0)
        r = read_schedule(object, &planned);
    if (r)
        return r;

    *schedule = planned;
    *ret = standing;
    *ret_token_inode = token_inode;
    standing = STANDING_INIT;
    return STANDING_OK;
}

Event standing_restore(Standing *standing, Schedule *schedule)
{
    bool was_refused = standing->state == STATE_REFUSED;

    schedule_hold_verdict(schedule, standing->verdict.expires_boottime_usec,
                          standing->verdict.expires_realtime_usec);
    bool is_trusted = state_has_verdict(standing->state) && standing->verdict.token_fd >= 0 &&
                      schedule_verdict_left_usec(schedule) > 0;
    if (!is_trusted) {
        verdict_done(&standing->verdict);
        schedule_drop_verdict(schedule);
    }
    if (schedule->next_round_boottime_usec == USEC_INFINITY)
        schedule_retry(schedule, 0);
    standing->state = STATE_UNPROVEN;
    if (is_trusted)
        return EVENT_RESTORED_TRUSTED;
    return was_refused ? EVENT_RESTORED_REFUSED : EVENT_RESTORED_WAITING;
}
