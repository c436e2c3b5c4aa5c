/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decisions about those who ask. Connections and callers are waiting's, batches serving's.
 */
#include "agent/secrets.h"

#include "agent/secret-socket.h"
#include "agent/serving.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define ACCURACY_USEC    (10 * USEC_PER_MSEC)
#define LEAVE_LIMIT_USEC (20 * USEC_PER_SEC) /* TimeoutStopSec= of attestd.service is 30 s */
#define AT_ONCE_USEC     1

struct Secrets {
    Agent *agent;
    SecretSocket *socket; /* NULL: nobody can ask */
    Waiting *waiting;
    Serving *serving;
    sd_event_source *timer; /* when somebody has waited long enough, or we have */
    bool is_frozen;
    bool is_leaving;
    bool keeps; /* those who wait, for the next run */
};

Secrets *secrets_free(Secrets *secrets)
{
    if (!secrets)
        return NULL;
    (void)serving_free(secrets->serving);
    (void)secret_socket_free(secrets->socket);
    (void)waiting_free(secrets->waiting);
    (void)sd_event_source_disable_unref(secrets->timer);
    free(secrets);
    return NULL;
}

static uint64_t now_usec(const Secrets *secrets)
{
    return clock_boottime_usec(agent_schedule(secrets->agent)->clock);
}

/* Why ASKING must not wait any longer; NULL: it may. */
static const char *reason_to_refuse(const Secrets *secrets, const Asking *asking)
{
    const SecretsConfig *config = &agent_config(secrets->agent)->secrets;

    if (asking_state(asking) != ASKING_WAITING)
        return NULL;
    if (agent_standing(secrets->agent)->state == STATE_REFUSED && !config->wait_when_refused)
        return "asker-verdict-refused";
    if (serving_is_due(secrets->serving, asking) ||
        now_usec(secrets) - asking->since_boottime_usec < config->wait_usec)
        return NULL;
    return "asker-waited-too-long";
}

static int refuse_some(const Secrets *secrets)
{
    int r = 0;

    for (Asking *a = waiting_first(secrets->waiting), *next; a && r == 0; a = next) {
        const char *finding = reason_to_refuse(secrets, a);
        next = a->next;
        if (finding)
            r = turn_away(secrets->agent, a, finding, NULL);
    }
    return r;
}

static int secrets_on_timer(sd_event_source *source _unused_, uint64_t usec _unused_,
                            void *userdata)
{
    Secrets *secrets = userdata;

    if (!secrets->is_leaving && serving_round_boottime_usec(secrets->serving) <= now_usec(secrets))
        return serving_begin_round(secrets->serving);
    if (!secrets->is_leaving)
        return secrets_consider(secrets);
    log_warning("attestd ends before every asker has taken its answer");
    return sd_event_exit(agent_event(secrets->agent), 0);
}

static int set_timer(Secrets *secrets, uint64_t boottime_usec)
{
    if (boottime_usec == USEC_INFINITY)
        return sd_event_source_set_enabled(secrets->timer, SD_EVENT_OFF);
    int r = sd_event_source_set_time(secrets->timer, boottime_usec);
    return r < 0 ? r : sd_event_source_set_enabled(secrets->timer, SD_EVENT_ONESHOT);
}

/* When the next one has waited long enough, gets its round, or the worker is tried again. */
static int arm(Secrets *secrets)
{
    uint64_t wait_usec = agent_config(secrets->agent)->secrets.wait_usec;
    uint64_t first = USEC_INFINITY, retry = serving_retry_boottime_usec(secrets->serving);

    for (const Asking *a = waiting_first(secrets->waiting); a; a = a->next) {
        if (asking_state(a) != ASKING_WAITING || serving_is_due(secrets->serving, a))
            continue;
        first = MIN(first, a->since_boottime_usec + wait_usec);
        if (retry > now_usec(secrets))
            first = MIN(first, retry);
    }
    first = MIN(first, serving_round_boottime_usec(secrets->serving));
    int r = set_timer(secrets, MAX(first, AT_ONCE_USEC));
    return r < 0 ? r : 0;
}

int secrets_consider(Secrets *secrets)
{
    if (secrets->is_frozen)
        return 0;
    int r = serving_begin(secrets->serving);
    if (r == 0)
        r = refuse_some(secrets);
    return r == 0 ? arm(secrets) : r;
}

/* A connection or a release has ended. */
static int go_on(Secrets *secrets)
{
    bool is_quiet = !serving_is_under_way(secrets->serving) &&
                    (secrets->keeps || !waiting_first(secrets->waiting));

    if (secrets->is_leaving && is_quiet)
        return sd_event_exit(agent_event(secrets->agent), 0);
    if (secrets->is_frozen || !secrets->socket)
        return 0;
    return secret_socket_set_open(secrets->socket, !waiting_is_full(secrets->waiting));
}

static int secrets_on_served(void *userdata)
{
    int r = go_on(userdata);

    return r < 0 ? r : secrets_consider(userdata);
}

/* ASKER is counted itself. */
static bool has_room(const Secrets *secrets, const Asker *asker)
{
    return waiting_count(secrets->waiting, asker) <= SECRETS_ASKER_MAX &&
           waiting_count(secrets->waiting, NULL) <= SECRETS_WAITING_MAX;
}

static void note_waiting(const Secrets *secrets, const Asking *asking)
{
    if (!serving_is_ready(secrets->serving))
        log_info("%s waits for the secret %s", asking->asker.text, asking->asker.secret);
}

/* Who is it, and may it wait? Refused at once, or let in. */
static int admit(Secrets *secrets, Asking *asking)
{
    int r = asker_identify(asking->fd, &asking->asker);

    if (r)
        return turn_away(secrets->agent, asking, "asker-unknown",
                         r < 0 ? strerror(-r) : asker_reason(r));
    if (!asking->is_stored)
        return turn_away(secrets->agent, asking, "asker-not-kept", NULL);
    if (!has_room(secrets, &asking->asker))
        return turn_away(secrets->agent, asking, "asker-too-many", NULL);
    note_waiting(secrets, asking);
    return 0;
}

static int secrets_on_accepted(int fd, void *userdata)
{
    Secrets *secrets = userdata;
    Asking *asking;

    int r = waiting_add(secrets->waiting, fd, now_usec(secrets), &asking);
    if (r == 0)
        r = admit(secrets, asking);
    if (r == 0 && waiting_is_full(secrets->waiting))
        r = secret_socket_set_open(secrets->socket, false);
    return r < 0 ? r : secrets_consider(secrets);
}

int secrets_open(Secrets *secrets, const Asker *asker, AskingAnswer *answer, void *userdata,
                 Asking **ret)
{
    Asking *asking;

    if (secrets->is_leaving)
        return SECRETS_E_LEAVING;
    int r =
        waiting_add_caller(secrets->waiting, asker, now_usec(secrets), answer, userdata, &asking);
    if (r < 0)
        return r;
    if (!has_room(secrets, asker)) {
        asking_forget(asking);
        return SECRETS_E_MANY;
    }
    note_waiting(secrets, asking);
    *ret = asking;
    /* Not from here: whoever calls us does not expect an answer yet. */
    r = secrets->is_frozen ? 0 : set_timer(secrets, AT_ONCE_USEC);
    return r < 0 ? r : SECRETS_OK;
}

static void secrets_on_left(const Asking *asking, void *userdata _unused_)
{
    log_info("%s does not wait for the secret %s any longer", asking->asker.text,
             asking->asker.secret);
}

static int secrets_on_end(void *userdata)
{
    return go_on(userdata);
}

void secrets_forget(Secrets *secrets, Asking *asking)
{
    secrets_on_left(asking, secrets);
    asking_forget(asking);
    int r = go_on(secrets);
    if (r < 0)
        (void)sd_event_exit(agent_event(secrets->agent), r);
}

static int open_parts(Secrets *secrets, PassedFds *passed)
{
    const char *runtime_directory = agent_runtime_directory(secrets->agent);
    sd_event *event = agent_event(secrets->agent);
    WaitingHandlers handlers = { .on_left = secrets_on_left,
                                 .on_end = secrets_on_end,
                                 .userdata = secrets };

    int r = sd_event_add_time(event, &secrets->timer, CLOCK_BOOTTIME, USEC_INFINITY, ACCURACY_USEC,
                              secrets_on_timer, secrets);
    if (r >= 0)
        r = set_timer(secrets, USEC_INFINITY);
    if (r >= 0)
        r = sd_event_source_set_description(secrets->timer, "secrets");
    if (r >= 0)
        r = waiting_new(event, passed, &handlers, &secrets->waiting);
    if (r < 0)
        return r;
    r = serving_new(secrets->agent, secrets->waiting, secrets_on_served, secrets,
                    &secrets->serving);
    if (r < 0)
        return r;
    r = secret_socket_new(event, passed, runtime_directory, secrets_on_accepted, secrets,
                          &secrets->socket);
    if (r < 0)
        log_warning("nobody can ask for secrets: no socket: %s", strerror(-r));
    return r == -ENOMEM ? r : 0;
}

int secrets_new(Agent *agent, PassedFds *passed, Secrets **ret)
{
    _cleanup_(secrets_freep) Secrets *secrets = malloc(sizeof(*secrets));

    if (!secrets)
        return -ENOMEM;
    *secrets = (Secrets){ .agent = agent };
    int r = open_parts(secrets, passed);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(secrets);
    return 0;
}

/* What the run before was about to do with ASKING decides. */
static int resume_one(Secrets *secrets, Asking *asking, AskingState state)
{
    switch (state) {
    case ASKING_WAITING:
        return admit(secrets, asking);
    case ASKING_REFUSING:
        /* Said before. What has been written of it does not count: it gets all of it. */
        (void)!asker_identify(asking->fd, &asking->asker);
        return asking_refuse(asking, NULL, NULL);
    case ASKING_NONE:
    case ASKING_RELEASING:
        break;
    }
    (void)!asker_identify(asking->fd, &asking->asker);
    return turn_away(secrets->agent, asking, "asker-interrupted", NULL);
}

int secrets_resume(Secrets *secrets, PassedFds *passed)
{
    AskingState state;
    Asking *asking;
    int r;

    do {
        r = waiting_resume(secrets->waiting, passed, &asking, &state);
        if (r == 0 && asking)
            r = resume_one(secrets, asking, state);
    } while (r == 0 && asking);
    return r < 0 ? r : go_on(secrets);
}

int secrets_adopt(Secrets *secrets, Approvals *approvals)
{
    return serving_adopt(secrets->serving, approvals);
}

void secrets_expire(Secrets *secrets, Approvals *approvals)
{
    serving_expire(secrets->serving, approvals);
}

int secrets_withdraw(Secrets *secrets)
{
    return serving_withdraw(secrets->serving);
}

size_t secrets_n_waiting(const Secrets *secrets)
{
    return waiting_count(secrets->waiting, NULL);
}

int secrets_freeze(Secrets *secrets)
{
    secrets->is_frozen = true;
    int r = set_timer(secrets, USEC_INFINITY);
    if (r < 0 || !secrets->socket)
        return r < 0 ? r : 0;
    return secret_socket_set_open(secrets->socket, false);
}

int secrets_leave(Secrets *secrets, bool keeps)
{
    int r = 0;

    for (Asking *a = waiting_first(secrets->waiting), *next; a && r == 0; a = next) {
        next = a->next;
        /* No next run has a caller. */
        if (asking_state(a) == ASKING_WAITING && (!keeps || asking_is_caller(a)))
            r = turn_away(secrets->agent, a, "asker-daemon-stops", NULL);
    }
    if (r < 0)
        return r;
    secrets->is_frozen = secrets->is_leaving = true;
    secrets->keeps = keeps;
    r = set_timer(secrets, now_usec(secrets) + LEAVE_LIMIT_USEC);
    return r < 0 ? r : go_on(secrets);
}
