/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an agent is told by signals: that the machine was put back, that it is to read its
 * configuration again, that it is to end.
 */
#include "agent/agent-parts.h"

#include "base/log.h"

#include <errno.h>

/* The next run gets no verdict. What waits is kept: it is of another past, and nothing is out. */
static int lose_what_was_left(Agent *agent)
{
    agent->left_state = STATE_WAITING;
    schedule_drop_verdict(&agent->left_schedule);
    agent->loss = AGENT_REWOUND;
    int r = agent_let_go(agent);
    agent->loss = NULL;
    verdict_done(&agent->standing.verdict);
    agent_store_standing(agent);
    return r;
}

/* What was asked before is of another machine's past: so is the round that runs. */
int agent_on_rewound(void *userdata)
{
    Agent *agent = userdata;
    bool is_leaving = agent->standing.state == STATE_STOPPING;

    if (is_leaving && !agent->is_restarting)
        return 0;
    PublishContext context = agent_context(agent);
    publish_rewound(&context, AGENT_REWOUND, NULL);
    agent->was_rewound = true;
    if (is_leaving)
        return lose_what_was_left(agent);
    agent->schedule.reason = ROUND_SNAPSHOT;
    return agent_lose(agent, EVENT_REWOUND, AGENT_REWOUND);
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

int agent_on_stop(void *userdata)
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

/* FINDINGS gets what is wrong with the settings. */
static int reload(Agent *agent, Findings *findings)
{
    bool is_other;

    int r = settings_reload(&agent->settings, findings, &is_other);
    if (r > 0) {
        log_error("the configuration in force stays as it was");
        return AGENT_E_SETTINGS;
    }
    if (r < 0)
        return r;
    agent->has_newer_config = agent->round != NULL;
    PublishContext context = agent_context(agent);
    publish_reloaded(&context);
    bus_announce_config(agent->bus);
    if (is_other && state_has_verdict(agent->standing.state)) {
        log_notice("the settings that the verdict rests on have changed; it is withdrawn");
        r = agent_lose(agent, EVENT_VERDICT_EXPIRED, NULL);
        if (r < 0)
            return r;
    }
    schedule_reconsider(&agent->schedule, &agent->settings.config->schedule);
    return agent_settle(agent);
}

int agent_reload(Agent *agent, Findings *findings)
{
    if (agent->stop_reason || agent->standing.state == STATE_STOPPING)
        return AGENT_E_LEAVING;
    publish_reloading();
    int r = reload(agent, findings);
    publish_ready();
    return r;
}

/* Nobody is there to be told what the journal is told. */
int agent_on_reload(void *userdata)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };

    int r = agent_reload(userdata, &findings);
    return r < 0 ? r : 0;
}
