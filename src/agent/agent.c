/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events in, state through one door, actions out.
 */
#include "agent/agent-parts.h"

#include "agent/withdrawal.h"
#include "base/log.h"
#include "format/catalog.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

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
                             .round = agent->history.last,
                             .metrics = agent->metrics };
}

const Gates *agent_gates(const Agent *agent)
{
    return &agent->settings.gates;
}

const char *agent_runtime_directory(const Agent *agent)
{
    return agent->runtime_directory;
}

size_t agent_n_waiting(const Agent *agent)
{
    return agent->secrets ? secrets_n_waiting(agent->secrets) : 0;
}

StandingOwner agent_owner(const Agent *agent)
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

    history_begin(&agent->history, agent->schedule.reason, agent->standing.state,
                  agent->schedule.clock);
    agent->has_newer_config = false;
    schedule_quiet(&agent->schedule);
    int r = tpm_watch_begin(&agent->tpm_watch, &agent->settings.config->evidence);
    return r < 0 ? r : attempt_new(agent->event, &request, agent_on_round, agent, &agent->round);
}

void agent_report(int r, const char *what)
{
    if (r < 0)
        log_warning("%s: %s", what, strerror(-r));
}

/* A stop loses nothing; a machine that is put back while a restart goes on does. */
static bool is_lost(const Agent *agent)
{
    return !agent->is_deliberate &&
           (agent->standing.state != STATE_STOPPING || agent->is_restarting);
}

/* For the journal; NULL where nothing was wrong: a stop, other settings. */
static const char *loss_of(const Agent *agent)
{
    if (!is_lost(agent))
        return NULL;
    return agent->loss ? agent->loss : agent->standing.last_error.name;
}

/*
 * First of all the record says so, so that a run that is killed here is finished by the next. Then
 * approvals go, before anybody hears of it.
 */
int agent_let_go(Agent *agent)
{
    PublishContext context = agent_context(agent);
    Withdrawal withdrawal = { .context = &context,
                              .releases = &agent->standing.releases,
                              .files = &agent->files,
                              .bus = agent->bus,
                              .finding = loss_of(agent),
                              .may_power_off = is_lost(agent) };

    if (agent->standing.state != STATE_UNPROVEN)
        agent_store_standing(agent);
    agent_report(standing_files_distrust(&agent->files), "attested.target cannot be taken down");
    int r = secrets_withdraw(agent->secrets);
    approvals_done(&agent->standing.verdict.approvals);
    withdrawal_carry_out(&withdrawal);
    releases_done(&agent->standing.releases);
    return r;
}

/* A restart lets go of nothing: the next run finds it where it is. */
int agent_withdraw(Agent *agent)
{
    int r = 0;

    if (!agent->is_restarting) {
        r = agent_let_go(agent);
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

/* What a verdict should have brought and did not is a finding of its round; said once. */
static void note_trouble(Agent *agent, int r, const char *name, const char *subject)
{
    Findings *findings = &agent->standing.findings;

    if (r >= 0 || findings_has(findings, name))
        return;
    log_warning("%s: %s", catalog_find(name)->text, strerror(-r));
    findings->source = "agent";
    agent_report(findings_add(findings, name, subject, FINDING_WARNING, strerror(-r), NULL),
                 "a finding is lost");
}

static void adopt(Agent *agent)
{
    verdict_done(&agent->standing.verdict);
    agent->standing.verdict = agent->incoming;
    agent->incoming = VERDICT_NONE;
    schedule_hold_verdict(&agent->schedule, agent->standing.verdict.expires_boottime_usec,
                          agent->standing.verdict.expires_realtime_usec);
    note_trouble(agent, secrets_adopt(agent->secrets, &agent->standing.verdict.approvals),
                 "approval-not-stored", "approvals");
    plan_approvals(agent);
}

static int perform(Agent *agent, Action action)
{
    switch (action) {
    case ACTION_CANCEL_ROUND:
        agent->round = attempt_free(agent->round);
        return 0;
    case ACTION_WITHDRAW:
        return agent_withdraw(agent);
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
    StandingOwner owner = agent_owner(agent);

    if (is_leaving && !agent->is_restarting)
        return;
    /* The next run goes on where this one was, with what is given out meanwhile. */
    if (is_leaving) {
        standing.state = agent->left_state;
        standing.since_boottime_usec = agent->left_since_boottime_usec;
    }
    agent_report(standing_store_save(&agent->store, &owner, &standing, schedule),
                 "the standing cannot be stored for the next run");
}

int agent_note_released(Agent *agent, const Release *release)
{
    return releases_note(&agent->standing.releases, release);
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
        note_trouble(
            agent,
            standing_files_trust(&agent->files, clock_boottime_usec(agent->schedule.clock) + left),
            "target-not-raised", "standing");
}

int agent_settle(Agent *agent)
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
    int r = agent_settle(agent);
    if (r == 0 && !state_has_round(transition->next))
        bus_round_ended(agent->bus);
    return r;
}

int agent_dispatch(Agent *agent, Event event)
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

int agent_lose(Agent *agent, Event event, const char *finding)
{
    agent->loss = finding;
    agent->is_deliberate = !finding;
    int r = agent_dispatch(agent, event);
    agent->is_deliberate = false;
    agent->loss = NULL;
    return r;
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

/* Said with every round until one is judged. */
static int note_rewound(Agent *agent, AttemptOutcome *outcome)
{
    if (!agent->was_rewound)
        return 0;
    agent->was_rewound = outcome->result == ATTEMPT_FAILED;
    return findings_add(&outcome->answer.findings, AGENT_REWOUND, "machine", FINDING_WARNING, NULL,
                        NULL);
}

static int agent_on_round(AttemptOutcome *outcome, void *userdata)
{
    Agent *agent = userdata;
    uint64_t now = clock_boottime_usec(agent->schedule.clock);
    HistoryEnd end = { .begun = agent->history.begun,
                       .verifier = agent->settings.config->verifier,
                       .standing = &agent->standing,
                       .schedule = &agent->schedule,
                       .outcome = outcome };
    int r = 0;

    agent->round = attempt_free(agent->round);
    agent->retry_after_sec = outcome->answer.retry_after_sec;
    if (outcome->basis && strcmp(outcome->basis, agent->settings.basis) != 0)
        r = attempt_supersede(outcome);
    if (r == 0)
        r = agent_note_tpm(agent, outcome);
    if (r == 0)
        r = note_rewound(agent, outcome);
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
    history_end(&agent->history, &end);
    if (r == 0 && agent->has_newer_config) {
        agent->has_newer_config = false;
        schedule_reconsider(&agent->schedule, &agent->settings.config->schedule);
        r = agent_settle(agent);
    }
    /* A round's answer is the most memory attestd ever uses; it waits for minutes now. */
    (void)malloc_trim(0);
    return r;
}

int agent_on_round_due(void *userdata)
{
    return agent_dispatch(userdata, EVENT_TIMER);
}

int agent_on_verdict_end(void *userdata)
{
    Agent *agent = userdata;
    PublishContext context = agent_context(agent);

    /* The wall clock may have been set back between the timer and us. */
    if (schedule_verdict_left_usec(&agent->schedule) > 0)
        return alarms_set(agent->alarms, &agent->schedule);
    publish_expired(&context);
    return agent_dispatch(agent, EVENT_VERDICT_EXPIRED);
}

int agent_on_clock_set(void *userdata)
{
    Agent *agent = userdata;
    ClockChange change = clock_watch_look(&agent->clock_watch, agent->schedule.clock);

    if (!clock_change_is_jump(&change))
        return 0;
    PublishContext context = agent_context(agent);
    publish_clock_set(&context, &change);
    schedule_hurry(&agent->schedule);
    return agent_settle(agent);
}

int agent_on_approval_end(void *userdata)
{
    Agent *agent = userdata;

    secrets_expire(agent->secrets, &agent->standing.verdict.approvals);
    plan_approvals(agent);
    return agent_settle(agent);
}

int agent_request_round(Agent *agent)
{
    if (!state_has_round(agent->standing.state))
        agent->schedule.reason = ROUND_REQUESTED;
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
