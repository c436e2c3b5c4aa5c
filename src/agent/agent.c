/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events in, state through one door, actions out.
 */
#include "agent/agent.h"

#include "agent/alarms.h"
#include "agent/bus.h"
#include "agent/secrets.h"
#include "agent/settings.h"
#include "agent/signals.h"
#include "agent/standing-store.h"
#include "agent/stop-reason.h"
#include "agent/withdrawal.h"
#include "base/log.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

struct Agent {
    char *runtime_directory;
    PassedFds passed; /* until the start is over */
    Settings settings;
    sd_event *event;
    Signals *signals;
    Alarms *alarms;
    Bus *bus;
    Secrets *secrets;
    StopReason *stop_reason; /* being asked for; NULL: nobody told us to end, or it is known */
    Standing standing;
    StandingStore store;
    StandingFiles files;
    Schedule schedule;
    State left_state; /* how things stood when it was told to end */
    uint64_t left_since_boottime_usec;
    Schedule left_schedule;
    Attempt *round;           /* the running one; NULL: none */
    Verdict incoming;         /* what ACTION_ADOPT takes */
    uint64_t retry_after_sec; /* what the last round was asked for */
    uint64_t n_rounds;
    bool has_newer_config; /* than the running round */
    bool is_restarting;    /* what is held goes to the next run */
    bool is_deliberate;    /* what is let go of was not lost */
};

Agent *agent_free(Agent *agent)
{
    if (!agent)
        return NULL;
    (void)stop_reason_free(agent->stop_reason);
    agent->secrets = secrets_free(agent->secrets); /* calls that wait for it end after it */
    (void)bus_free(agent->bus);
    (void)attempt_free(agent->round);
    (void)alarms_free(agent->alarms);
    (void)signals_free(agent->signals);
    (void)sd_event_unref(agent->event);
    standing_store_done(&agent->store);
    standing_files_done(&agent->files);
    standing_done(&agent->standing);
    verdict_done(&agent->incoming);
    passed_fds_done(&agent->passed);
    settings_done(&agent->settings);
    free(agent->runtime_directory);
    free(agent);
    return NULL;
}

sd_event *agent_event(const Agent *agent)
{
    return agent->event;
}

const Standing *agent_standing(const Agent *agent)
{
    return &agent->standing;
}

const Schedule *agent_schedule(const Agent *agent)
{
    return &agent->schedule;
}

const Config *agent_config(const Agent *agent)
{
    return agent->settings.config;
}

PublishContext agent_context(const Agent *agent)
{
    return (PublishContext){ .standing = &agent->standing,
                             .schedule = &agent->schedule,
                             .verifier = agent->settings.config->verifier->name,
                             .n_rounds = agent->n_rounds };
}

const Gates *agent_gates(const Agent *agent)
{
    return &agent->settings.gates;
}

const char *agent_runtime_directory(const Agent *agent)
{
    return agent->runtime_directory;
}

static StandingOwner store_owner(const Agent *agent)
{
    return (StandingOwner){ .boot_id = agent->store.boot_id,
                            .verifier = agent->settings.config->verifier->name,
                            .issuer = agent->settings.config->verifier->issuer,
                            .basis = agent->settings.basis };
}

static int agent_on_round(AttemptOutcome *outcome, void *userdata);

static int start_round(Agent *agent)
{
    AttemptRequest request = { .config = agent->settings.config,
                               .gates = &agent->settings.gates,
                               .runtime_directory = agent->runtime_directory,
                               .clock = agent->schedule.clock };

    agent->n_rounds++;
    agent->has_newer_config = false;
    schedule_quiet(&agent->schedule);
    return attempt_new(agent->event, &request, agent_on_round, agent, &agent->round);
}

static void report(int r, const char *what)
{
    if (r < 0)
        log_warning("%s: %s", what, strerror(-r));
}

/*
 * First of all the record says so, so that a run that is killed here is finished by the next. Then
 * approvals go, before anybody hears of it.
 */
static int let_go(Agent *agent)
{
    PublishContext context = agent_context(agent);
    Withdrawal withdrawal = { .context = &context,
                              .releases = &agent->standing.releases,
                              .files = &agent->files,
                              .bus = agent->bus,
                              .may_power_off = !agent->is_deliberate &&
                                               agent->standing.state != STATE_STOPPING };

    if (agent->standing.state != STATE_UNPROVEN)
        agent_store_standing(agent);
    report(standing_files_distrust(&agent->files), "attested.target cannot be taken down");
    int r = secrets_withdraw(agent->secrets);
    approvals_done(&agent->standing.verdict.approvals);
    withdrawal_carry_out(&withdrawal);
    releases_done(&agent->standing.releases);
    return r;
}

/* A restart lets go of nothing: the next run finds it where it is. */
static int withdraw(Agent *agent)
{
    int r = 0;

    if (!agent->is_restarting) {
        r = let_go(agent);
        verdict_done(&agent->standing.verdict);
    }
    schedule_drop_verdict(&agent->schedule);
    return r;
}

static void plan_approvals(Agent *agent)
{
    const Approvals *approvals = &agent->standing.verdict.approvals;

    schedule_hold_approvals(&agent->schedule, approvals_first_end_usec(approvals));
}

static void adopt(Agent *agent)
{
    verdict_done(&agent->standing.verdict);
    agent->standing.verdict = agent->incoming;
    agent->incoming = VERDICT_NONE;
    schedule_hold_verdict(&agent->schedule, agent->standing.verdict.expires_boottime_usec,
                          agent->standing.verdict.expires_realtime_usec);
    secrets_adopt(agent->secrets, &agent->standing.verdict.approvals);
    plan_approvals(agent);
}

static int perform(Agent *agent, Action action)
{
    switch (action) {
    case ACTION_CANCEL_ROUND:
        agent->round = attempt_free(agent->round);
        return 0;
    case ACTION_WITHDRAW:
        return withdraw(agent);
    case ACTION_ADOPT:
        adopt(agent);
        return 0;
    case ACTION_START_ROUND:
        return start_round(agent);
    case ACTION_SCHEDULE_RENEWAL:
        schedule_renewal(&agent->schedule);
        return 0;
    case ACTION_SCHEDULE_RETRY:
        schedule_retry(&agent->schedule, agent->retry_after_sec);
        return 0;
    case ACTION_SCHEDULE_REFUSED:
        schedule_refused(&agent->schedule, agent->retry_after_sec);
        return 0;
    case ACTION_SCHEDULE_EXPIRED:
        schedule_expired(&agent->schedule);
        return 0;
    }
    return -EINVAL;
}

void agent_store_standing(Agent *agent)
{
    bool is_leaving = agent->standing.state == STATE_STOPPING;
    const Schedule *schedule = is_leaving ? &agent->left_schedule : &agent->schedule;
    Standing standing = agent->standing;
    StandingOwner owner = store_owner(agent);

    if (is_leaving && !agent->is_restarting)
        return;
    /* The next run goes on where this one was, with what is given out meanwhile. */
    if (is_leaving) {
        standing.state = agent->left_state;
        standing.since_boottime_usec = agent->left_since_boottime_usec;
    }
    report(standing_store_save(&agent->store, &owner, &standing, schedule),
           "the standing cannot be stored for the next run");
}

int agent_note_released(Agent *agent, const char *secret, const char *asker, OnLoss on_loss)
{
    return releases_note(&agent->standing.releases, secret, asker, on_loss);
}

int agent_open_secret(Agent *agent, uid_t uid, const char *secret, AskingAnswer *answer,
                      void *userdata, Asking **ret)
{
    Asker asker = asker_of_user(uid, secret);

    return secrets_open(agent->secrets, &asker, answer, userdata, ret);
}

void agent_forget_asking(Agent *agent, Asking *asking)
{
    if (agent->secrets)
        secrets_forget(agent->secrets, asking);
}

/* The end that the stricter clock gives it, for those who have only the boot clock. */
static void show_verdict(Agent *agent)
{
    uint64_t left = schedule_verdict_left_usec(&agent->schedule);

    if (state_has_verdict(agent->standing.state) && left > 0)
        report(
            standing_files_trust(&agent->files, clock_boottime_usec(agent->schedule.clock) + left),
            "attested.target cannot be brought up");
}

/* What is planned or held has changed: timers, record, bus, status and those who ask follow. */
static int settle(Agent *agent)
{
    PublishContext context = agent_context(agent);

    int r = alarms_set(agent->alarms, &agent->schedule);
    if (r < 0)
        return r;
    agent_store_standing(agent);
    show_verdict(agent);
    publish_status(&context);
    bus_announce(agent->bus);
    return secrets_consider(agent->secrets);
}

/* The only writer of the state. Actions first: nobody is told of a verdict that is gone. */
static int agent_enter_state(Agent *agent, Event event, const Transition *transition)
{
    State old = agent->standing.state;
    /* A standing taken over from the run before keeps its time. */
    bool is_restored = old == STATE_UNPROVEN && agent->standing.since_boottime_usec > 0;

    if (transition->next != old && !is_restored)
        agent->standing.since_boottime_usec = clock_boottime_usec(agent->schedule.clock);
    agent->standing.state = transition->next;
    for (unsigned i = 0; i < N_ACTIONS; i++) {
        int r = transition->actions & 1U << i ? perform(agent, (Action)(1U << i)) : 0;
        if (r < 0)
            return r;
    }
    if (transition->next != old) {
        PublishContext context = agent_context(agent);
        publish_state(&context, old, event);
    }
    int r = settle(agent);
    if (r == 0 && !state_has_round(transition->next))
        bus_round_ended(agent->bus);
    return r;
}

static int agent_dispatch(Agent *agent, Event event)
{
    Transition transition;

    if (lifecycle_step(agent->standing.state, event, &transition) != LIFECYCLE_OK) {
        log_error("a defect of attestd: %s in %s cannot happen", event_name(event),
                  state_name(agent->standing.state));
        return -ENOTRECOVERABLE;
    }
    if (transition.next == agent->standing.state && transition.actions == 0)
        return 0;
    return agent_enter_state(agent, event, &transition);
}

static Event round_event(AttemptResult result)
{
    switch (result) {
    case ATTEMPT_PASSED:
        return EVENT_ROUND_PASSED;
    case ATTEMPT_REFUSED:
        return EVENT_ROUND_REFUSED;
    case ATTEMPT_FAILED:
        break;
    }
    return EVENT_ROUND_FAILED;
}

static int agent_on_round(AttemptOutcome *outcome, void *userdata)
{
    Agent *agent = userdata;
    uint64_t now = clock_boottime_usec(agent->schedule.clock);
    int r = 0;

    agent->round = attempt_free(agent->round);
    agent->retry_after_sec = outcome->answer.retry_after_sec;
    if (outcome->basis && strcmp(outcome->basis, agent->settings.basis) != 0)
        r = attempt_supersede(outcome);
    if (r < 0)
        return r;
    agent->incoming = outcome->verdict;
    outcome->verdict = VERDICT_NONE;
    if (outcome->result == ATTEMPT_PASSED)
        agent->incoming.basis = TAKE_PTR(outcome->basis);
    r = standing_note_round(&agent->standing, &outcome->answer.findings, now);
    if (r < 0)
        return r;
    PublishContext context = agent_context(agent);
    publish_round(&context, outcome->result, &outcome->answer);
    r = agent_dispatch(agent, round_event(outcome->result));
    if (r == 0 && agent->has_newer_config) {
        agent->has_newer_config = false;
        schedule_reconsider(&agent->schedule, &agent->settings.config->schedule);
        r = settle(agent);
    }
    /* A round's answer is the most memory attestd ever uses; it waits for minutes now. */
    (void)malloc_trim(0);
    return r;
}

static int agent_on_round_due(void *userdata)
{
    return agent_dispatch(userdata, EVENT_TIMER);
}

static int agent_on_verdict_end(void *userdata)
{
    Agent *agent = userdata;
    PublishContext context = agent_context(agent);

    /* The wall clock may have been set back between the timer and us. */
    if (schedule_verdict_left_usec(&agent->schedule) > 0)
        return alarms_set(agent->alarms, &agent->schedule);
    publish_expired(&context);
    return agent_dispatch(agent, EVENT_VERDICT_EXPIRED);
}

static int agent_on_clock_set(void *userdata)
{
    Agent *agent = userdata;

    log_info("the wall clock was set, or the machine resumed; the next round comes early");
    schedule_hurry(&agent->schedule);
    return settle(agent);
}

static int agent_on_approval_end(void *userdata)
{
    Agent *agent = userdata;

    secrets_expire(agent->secrets, &agent->standing.verdict.approvals);
    plan_approvals(agent);
    return settle(agent);
}

/* Withdraws, and ends the loop when nobody waits for an answer any more. */
static int agent_leave(bool is_restart, void *userdata)
{
    Agent *agent = userdata;

    agent->stop_reason = stop_reason_free(agent->stop_reason);
    agent->is_restarting = is_restart && agent->store.has_manager;
    agent->left_state = agent->standing.state;
    agent->left_since_boottime_usec = agent->standing.since_boottime_usec;
    agent->left_schedule = agent->schedule;
    int r = agent_dispatch(agent, EVENT_STOP);
    if (r < 0)
        return r;
    schedule_quiet(&agent->schedule);
    r = alarms_set(agent->alarms, &agent->schedule);
    return r < 0 ? r : secrets_leave(agent->secrets, agent->is_restarting);
}

static int agent_on_stop(void *userdata)
{
    Agent *agent = userdata;

    if (agent->stop_reason || agent->standing.state == STATE_STOPPING)
        return 0;
    publish_stopping();
    int r = secrets_freeze(agent->secrets);
    if (r < 0)
        return r;
    return stop_reason_ask(agent->event, bus_connection(agent->bus), agent_leave, agent,
                           &agent->stop_reason);
}

static int reload(Agent *agent)
{
    bool is_other;

    int r = settings_reload(&agent->settings, &is_other);
    if (r > 0) {
        log_error("the configuration in force stays as it was");
        return 0;
    }
    if (r < 0)
        return r;
    agent->has_newer_config = agent->round != NULL;
    PublishContext context = agent_context(agent);
    publish_reloaded(&context);
    bus_announce_config(agent->bus);
    if (is_other && state_has_verdict(agent->standing.state)) {
        log_notice("the settings that the verdict rests on have changed; it is withdrawn");
        agent->is_deliberate = true;
        r = agent_dispatch(agent, EVENT_VERDICT_EXPIRED);
        agent->is_deliberate = false;
        if (r < 0)
            return r;
    }
    schedule_reconsider(&agent->schedule, &agent->settings.config->schedule);
    return settle(agent);
}

static int agent_on_reload(void *userdata)
{
    const Agent *agent = userdata;

    if (agent->stop_reason || agent->standing.state == STATE_STOPPING)
        return 0;
    publish_reloading();
    int r = reload(userdata);
    publish_ready();
    return r;
}

int agent_request_round(Agent *agent)
{
    return agent_dispatch(agent, EVENT_REQUESTED);
}

int agent_collect_evidence(Agent *agent, ByteView nonce, AttemptDone *done, void *userdata,
                           Attempt **ret)
{
    AttemptRequest request = { .config = agent->settings.config,
                               .runtime_directory = agent->runtime_directory,
                               .clock = agent->schedule.clock,
                               .nonce = nonce };

    return attempt_new(agent->event, &request, done, userdata, ret);
}

static int add_sources(Agent *agent)
{
    AlarmHandlers handlers = { .on_round_due = agent_on_round_due,
                               .on_verdict_end = agent_on_verdict_end,
                               .on_approval_end = agent_on_approval_end,
                               .on_clock_set = agent_on_clock_set,
                               .userdata = agent };
    SignalHandlers signal_handlers = { .on_stop = agent_on_stop,
                                       .on_reload = agent_on_reload,
                                       .userdata = agent };

    int r = sd_event_new(&agent->event);
    if (r >= 0)
        r = sd_event_set_watchdog(agent->event, 1);
    if (r >= 0)
        r = signals_new(agent->event, &signal_handlers, &agent->signals);
    if (r >= 0)
        r = alarms_new(agent->event, &handlers, &agent->alarms);
    if (r >= 0)
        r = bus_new(agent, &agent->bus);
    if (r >= 0)
        r = secrets_new(agent, &agent->passed, &agent->secrets);
    return r < 0 ? r : 0;
}

int agent_new(const AgentOptions *options, Config *config, Agent **ret)
{
    _cleanup_(agent_freep) Agent *agent = malloc(sizeof(*agent));

    if (!agent)
        return -ENOMEM;
    *agent = (Agent){
        .runtime_directory = strdup(options->runtime_directory),
        .standing = STANDING_INIT,
        .store = STANDING_STORE_INIT,
        .files = STANDING_FILES_INIT,
        .incoming = VERDICT_NONE,
        .schedule = schedule_make(&clock_system, &random_system, &config->schedule),
    };
    if (!agent->runtime_directory)
        return -ENOMEM;
    int r = passed_fds_open(&agent->passed);
    if (r < 0)
        return r;
    standing_store_open(&agent->passed, &agent->store);
    report(standing_files_open(options->runtime_directory, &agent->files),
           "there is no place for what attested.target and attestd-loss.service watch");
    r = settings_open(options->config_path, options->state_directory, config, &agent->settings);
    if (r == 0)
        r = add_sources(agent);
    if (r < 0) {
        agent->settings.config = NULL; /* the caller's still */
        return r;
    }
    *ret = TAKE_PTR(agent);
    return 0;
}

/* The first event of the lifecycle: goes on with what a run before left, or starts afresh. */
static int begin(Agent *agent)
{
    static const char *const reasons[] = {
        [STANDING_STORE_E_FOREIGN] =
            "it belongs to another boot, or to other settings of the verifier",
        [STANDING_STORE_E_BROKEN] = "its record is torn"
    };
    StandingOwner owner = store_owner(agent);

    int r = standing_store_load(&agent->store, &owner, &agent->schedule, &agent->standing);
    if (r < 0)
        return r;
    PublishContext context = agent_context(agent);
    if (r > 0) {
        if (r != STANDING_STORE_E_NOTHING)
            publish_restored(&context, reasons[r]);
        /* Other settings: somebody wanted that. */
        agent->is_deliberate = r == STANDING_STORE_E_FOREIGN;
        r = withdraw(agent);
        agent->is_deliberate = false;
        return r < 0 ? r : agent_dispatch(agent, EVENT_START);
    }

    Event event = standing_restore(&agent->standing, &agent->schedule);
    agent->incoming = agent->standing.verdict;
    agent->standing.verdict = VERDICT_NONE;
    publish_restored(&context, NULL);
    r = event == EVENT_RESTORED_TRUSTED ? 0 : withdraw(agent);
    return r < 0 ? r : agent_dispatch(agent, event);
}

/* Those who waited when the run before ended. */
static int resume_askers(Agent *agent)
{
    int r = secrets_resume(agent->secrets, &agent->passed);

    passed_fds_done(&agent->passed);
    return r < 0 ? r : secrets_consider(agent->secrets);
}

int agent_run(Agent *agent)
{
    int r = begin(agent);

    if (r == 0)
        r = resume_askers(agent);
    if (r == 0)
        r = bus_connect(agent->bus);
    if (r < 0)
        return r;
    publish_ready();
    return sd_event_loop(agent->event);
}
