/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent is made whole, goes on where the run before was, and is taken apart.
 */
#include "agent/agent-parts.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>

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
    (void)metrics_free(agent->metrics);
    history_done(&agent->history);
    tpm_watch_done(&agent->tpm_watch);
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

static int add_sources(Agent *agent)
{
    AlarmHandlers handlers = { .on_round_due = agent_on_round_due,
                               .on_verdict_end = agent_on_verdict_end,
                               .on_approval_end = agent_on_approval_end,
                               .on_clock_set = agent_on_clock_set,
                               .userdata = agent };
    SignalHandlers signal_handlers = { .on_stop = agent_on_stop,
                                       .on_reload = agent_on_reload,
                                       .on_rewound = agent_on_rewound,
                                       .userdata = agent };

    int r = sd_event_new(&agent->event);
    if (r >= 0)
        r = sd_event_set_watchdog(agent->event, 1);
    if (r >= 0)
        r = metrics_new(agent, &agent->metrics);
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
        .history = HISTORY_INIT,
        .schedule = schedule_make(&clock_system, &random_system, &config->schedule),
        .clock_watch = clock_watch_begin(&clock_system),
    };
    if (!agent->runtime_directory)
        return -ENOMEM;
    int r = passed_fds_open(&agent->passed);
    if (r < 0)
        return r;
    standing_store_open(&agent->passed, &agent->store);
    agent_report(standing_files_open(options->runtime_directory, &agent->files),
                 "there is no place for what attested.target and attestd-loss.service watch");
    history_open(options->state_directory, &agent->history);
    r = settings_open(options->config_path, options->state_directory, config, &agent->settings);
    if (r == 0)
        r = tpm_watch_open(options->state_directory, &agent->tpm_watch);
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
        [STANDING_STORE_E_BROKEN] = "its record is torn",
        [STANDING_STORE_E_AHEAD] = "it is of a later time than now: the machine was put back"
    };
    StandingOwner owner = agent_owner(agent);

    int r = standing_store_load(&agent->store, &owner, &agent->schedule, &agent->standing);
    if (r < 0)
        return r;
    PublishContext context = agent_context(agent);
    if (r > 0) {
        if (r != STANDING_STORE_E_NOTHING)
            publish_restored(&context, reasons[r]);
        /* Other settings: somebody wanted that. */
        agent->is_deliberate = r == STANDING_STORE_E_FOREIGN;
        agent->loss = r == STANDING_STORE_E_AHEAD ? AGENT_REWOUND : NULL;
        r = agent_withdraw(agent);
        agent->is_deliberate = false;
        agent->loss = NULL;
        return r < 0 ? r : agent_dispatch(agent, EVENT_START);
    }

    Event event = standing_restore(&agent->standing, &agent->schedule);
    agent->incoming = agent->standing.verdict;
    agent->standing.verdict = VERDICT_NONE;
    publish_restored(&context, NULL);
    r = event == EVENT_RESTORED_TRUSTED ? 0 : agent_withdraw(agent);
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
