/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decisions about those who ask. The connections are waiting's, the batch is release-link's.
 */
#include "agent/secrets.h"

#include "agent/publish-secrets.h"
#include "agent/release-link.h"
#include "agent/secret-socket.h"
#include "base/log.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <time.h>

#define ACCURACY_USEC     (10 * USEC_PER_MSEC)
#define LEAVE_LIMIT_USEC  (20 * USEC_PER_SEC)  /* TimeoutStopSec= of attestd.service is 30 s */
#define STAYS_SHUT        "secret-no-approval" /* the worker's word for a gate that is not open */
#define WORKER_IS_MISSING "release-worker-unreachable"

struct Secrets {
    Agent *agent;
    SecretSocket *socket; /* NULL: nobody can ask */
    Waiting *waiting;
    ApprovalStore store;
    sd_event_source *timer; /* when somebody has waited long enough, or we have */
    ReleaseLink *release;   /* NULL: nobody is being served */
    Asking *batch[WAITING_SLOTS];
    size_t n_batch;
    uint64_t adoption;            /* counts verdicts; who was tried under one waits for the next */
    uint64_t retry_boottime_usec; /* not before that: the worker could not be reached */
    bool is_frozen;
    bool is_leaving;
    bool keeps; /* those who wait, for the next run */
};

Secrets *secrets_free(Secrets *secrets)
{
    if (!secrets)
        return NULL;
    (void)release_link_free(secrets->release);
    (void)secret_socket_free(secrets->socket);
    (void)waiting_free(secrets->waiting);
    (void)sd_event_source_disable_unref(secrets->timer);
    approval_store_done(&secrets->store);
    free(secrets);
    return NULL;
}

static uint64_t now_usec(const Secrets *secrets)
{
    return clock_boottime_usec(agent_schedule(secrets->agent)->clock);
}

/* FOUND may be NULL. */
static int refuse(const Secrets *secrets, Asking *asking, const char *finding, const char *found)
{
    PublishContext context = agent_context(secrets->agent);

    publish_asker_refused(&context, asking->asker.text, asking->asker.secret, finding, found);
    return asking_refuse(asking);
}

/* Is there anything to serve with? */
static bool can_serve(const Secrets *secrets)
{
    const Standing *standing = agent_standing(secrets->agent);

    return state_has_verdict(standing->state) && standing->verdict.approvals.n_items > 0 &&
           now_usec(secrets) >= secrets->retry_boottime_usec;
}

static bool is_due(const Secrets *secrets, const Asking *asking)
{
    return asking_state(asking) == ASKING_WAITING && asking->tried < secrets->adoption &&
           can_serve(secrets);
}

static int secrets_on_released(const AnswerReleased *released, const char *error, void *userdata);

static void choose_batch(Secrets *secrets)
{
    secrets->n_batch = 0;
    for (Asking *a = waiting_first(secrets->waiting); a; a = a->next)
        if (is_due(secrets, a))
            secrets->batch[secrets->n_batch++] = a;
}

static int serve(Secrets *secrets)
{
    choose_batch(secrets);
    if (secrets->n_batch == 0)
        return 0;
    for (size_t i = 0; i < secrets->n_batch; i++)
        secrets->batch[i]->tried = secrets->adoption;

    ReleaseBatch batch = {
        .config = agent_config(secrets->agent),
        .runtime_directory = agent_runtime_directory(secrets->agent),
        .approvals = &agent_standing(secrets->agent)->verdict.approvals,
        .store = &secrets->store,
        .askings = secrets->batch,
        .n_askings = secrets->n_batch,
    };
    int r = release_link_new(agent_event(secrets->agent), &batch, secrets_on_released, secrets,
                             &secrets->release);
    for (size_t i = 0; i < secrets->n_batch && r == 0; i++)
        r = asking_lend(secrets->batch[i]);
    return r == RELEASE_LINK_E_NO_APPROVAL ? 0 : r;
}

/* Why ASKING must not wait any longer; NULL: it may. */
static const char *reason_to_refuse(const Secrets *secrets, const Asking *asking)
{
    const SecretsConfig *config = &agent_config(secrets->agent)->secrets;

    if (asking_state(asking) != ASKING_WAITING)
        return NULL;
    if (agent_standing(secrets->agent)->state == STATE_REFUSED && !config->wait_when_refused)
        return "asker-verdict-refused";
    if (is_due(secrets, asking) ||
        now_usec(secrets) - asking->since_boottime_usec < config->wait_usec)
        return NULL;
    return "asker-waited-too-long";
}

static int refuse_some(const Secrets *secrets)
{
    int r = 0;

    for (Asking *a = waiting_first(secrets->waiting); a && r == 0; a = a->next) {
        const char *finding = reason_to_refuse(secrets, a);
        if (finding)
            r = refuse(secrets, a, finding, NULL);
    }
    return r;
}

static int secrets_on_timer(sd_event_source *source _unused_, uint64_t usec _unused_,
                            void *userdata)
{
    Secrets *secrets = userdata;

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

/* When the next one has waited long enough, or the worker is tried again. */
static int arm(Secrets *secrets)
{
    uint64_t wait_usec = agent_config(secrets->agent)->secrets.wait_usec;
    uint64_t first = USEC_INFINITY, retry = secrets->retry_boottime_usec;

    for (const Asking *a = waiting_first(secrets->waiting); a; a = a->next) {
        if (asking_state(a) != ASKING_WAITING || is_due(secrets, a))
            continue;
        first = MIN(first, a->since_boottime_usec + wait_usec);
        if (retry > now_usec(secrets))
            first = MIN(first, retry);
    }
    int r = set_timer(secrets, first);
    return r < 0 ? r : 0;
}

int secrets_consider(Secrets *secrets)
{
    if (secrets->is_frozen)
        return 0;
    int r = secrets->release ? 0 : serve(secrets);
    if (r == 0)
        r = refuse_some(secrets);
    return r == 0 ? arm(secrets) : r;
}

/* A connection or a release has ended. */
static int go_on(Secrets *secrets)
{
    bool is_quiet = !secrets->release && (secrets->keeps || !waiting_first(secrets->waiting));

    if (secrets->is_leaving && is_quiet)
        return sd_event_exit(agent_event(secrets->agent), 0);
    if (secrets->is_frozen || !secrets->socket)
        return 0;
    return secret_socket_set_open(secrets->socket, !waiting_is_full(secrets->waiting));
}

/* It is known what is out before anybody has it: until its end of stream a peer has nothing. */
static int note_released(const Secrets *secrets, const AnswerReleased *released)
{
    PublishContext context = agent_context(secrets->agent);
    bool is_any = false;

    for (size_t i = 0; i < secrets->n_batch; i++) {
        const Asker *asker = &secrets->batch[i]->asker;
        if (!released[i].ok)
            continue;
        publish_released(&context, asker->text, asker->secret);
        int r = agent_note_released(secrets->agent, asker->secret);
        if (r < 0)
            return r;
        is_any = true;
    }
    if (is_any)
        agent_store_standing(secrets->agent);
    return 0;
}

static int settle_one(const Secrets *secrets, Asking *asking, const AnswerReleased *released)
{
    if (released->ok) {
        asking_finish(asking);
        return 0;
    }
    /* Nothing was written; another verdict may open the gate. */
    if (strcmp(released->finding, STAYS_SHUT) == 0)
        return asking_take_back(asking);
    return refuse(secrets, asking, released->finding, NULL);
}

/* No worker ever saw the batch: it waits, and is due again. */
static int take_back(Secrets *secrets)
{
    uint64_t pause_usec = agent_config(secrets->agent)->schedule.retry_min_usec;
    int r = 0;

    publish_release_failed(WORKER_IS_MISSING);
    secrets->retry_boottime_usec = now_usec(secrets) + pause_usec;
    for (size_t i = 0; i < secrets->n_batch && r == 0; i++) {
        secrets->batch[i]->tried = 0;
        r = asking_take_back(secrets->batch[i]);
    }
    return r;
}

static int settle_batch(Secrets *secrets, const AnswerReleased *released, const char *error)
{
    int r = 0;

    if (!released && strcmp(error, WORKER_IS_MISSING) == 0)
        return take_back(secrets);
    if (released)
        r = note_released(secrets, released);
    for (size_t i = 0; i < secrets->n_batch && r == 0; i++)
        r = released ? settle_one(secrets, secrets->batch[i], &released[i])
                     : refuse(secrets, secrets->batch[i], error, NULL);
    return r;
}

static int secrets_on_released(const AnswerReleased *released, const char *error, void *userdata)
{
    Secrets *secrets = userdata;

    int r = settle_batch(secrets, released, error);
    secrets->n_batch = 0;
    secrets->release = release_link_free(secrets->release);
    if (r == 0)
        r = go_on(secrets);
    if (r >= 0)
        r = secrets_consider(secrets);
    (void)malloc_trim(0);
    return r;
}

/* No answer is waited for any more. Whatever the worker still does, they get more than a secret. */
static int break_off(Secrets *secrets, const char *finding)
{
    int r = 0;

    if (!secrets->release)
        return 0;
    secrets->release = release_link_free(secrets->release);
    for (size_t i = 0; i < secrets->n_batch && r == 0; i++)
        r = refuse(secrets, secrets->batch[i], finding, NULL);
    secrets->n_batch = 0;
    return r;
}

static void report(int r, const char *what)
{
    if (r < 0)
        log_warning("%s: %s", what, strerror(-r));
}

void secrets_adopt(Secrets *secrets, Approvals *approvals)
{
    secrets->adoption++;
    report(approval_store_keep(&secrets->store, approvals, now_usec(secrets)),
           "approvals cannot be stored, their gates stay shut");
}

void secrets_expire(Secrets *secrets, Approvals *approvals)
{
    report(approval_store_keep(&secrets->store, approvals, now_usec(secrets)),
           "an expired approval cannot be wiped");
}

int secrets_withdraw(Secrets *secrets)
{
    report(approval_store_wipe(&secrets->store), "approvals cannot be wiped");
    bool is_stopping = agent_standing(secrets->agent)->state == STATE_STOPPING;
    return break_off(secrets, is_stopping ? "asker-daemon-stops" : "asker-verdict-lost");
}

/* Who is it, and may it wait? Refused at once, or let in. */
static int admit(Secrets *secrets, Asking *asking)
{
    int r = asker_identify(asking->fd, &asking->asker);

    if (r)
        return refuse(secrets, asking, "asker-unknown", r < 0 ? strerror(-r) : asker_reason(r));
    if (asking->asker.kind == ASKER_VOLUME)
        return refuse(secrets, asking, "asker-volume", NULL);
    if (!asking->is_stored)
        return refuse(secrets, asking, "asker-not-kept", NULL);
    if (waiting_count(secrets->waiting, &asking->asker) > SECRETS_ASKER_MAX ||
        waiting_count(secrets->waiting, NULL) > SECRETS_WAITING_MAX)
        return refuse(secrets, asking, "asker-too-many", NULL);
    if (!can_serve(secrets))
        log_info("%s waits for the secret %s", asking->asker.text, asking->asker.secret);
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

static void secrets_on_left(const Asking *asking, void *userdata _unused_)
{
    log_info("%s does not wait for the secret %s any longer", asking->asker.text,
             asking->asker.secret);
}

static int secrets_on_end(void *userdata)
{
    return go_on(userdata);
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
    r = approval_store_open(runtime_directory, &secrets->store);
    report(r, "there is no place for approvals");
    if (r != -ENOMEM) {
        r = secret_socket_new(event, passed, runtime_directory, secrets_on_accepted, secrets,
                              &secrets->socket);
        report(r, "nobody can ask for secrets: no socket");
    }
    return r == -ENOMEM ? r : 0;
}

int secrets_new(Agent *agent, PassedFds *passed, Secrets **ret)
{
    _cleanup_(secrets_freep) Secrets *secrets = malloc(sizeof(*secrets));

    if (!secrets)
        return -ENOMEM;
    *secrets = (Secrets){ .agent = agent, .store = APPROVAL_STORE_INIT };
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
        return asking_refuse(asking);
    case ASKING_NONE:
    case ASKING_RELEASING:
        break;
    }
    (void)!asker_identify(asking->fd, &asking->asker);
    return refuse(secrets, asking, "asker-interrupted", NULL);
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

    for (Asking *a = waiting_first(secrets->waiting); a && r == 0 && !keeps; a = a->next)
        if (asking_state(a) == ASKING_WAITING)
            r = refuse(secrets, a, "asker-daemon-stops", NULL);
    if (r < 0)
        return r;
    secrets->is_frozen = secrets->is_leaving = true;
    secrets->keeps = keeps;
    r = set_timer(secrets, now_usec(secrets) + LEAVE_LIMIT_USEC);
    return r < 0 ? r : go_on(secrets);
}
