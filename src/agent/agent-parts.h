/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an Agent is made of, for the files that are called agent: agent-start.c makes, begins and
 * ends it, agent.c lets it live.
 */
#pragma once

#include "agent/agent.h"
#include "agent/alarms.h"
#include "agent/bus.h"
#include "agent/clock-watch.h"
#include "agent/history.h"
#include "agent/metrics.h"
#include "agent/secrets.h"
#include "agent/settings.h"
#include "agent/signals.h"
#include "agent/standing-files.h"
#include "agent/standing-store.h"
#include "agent/stop-reason.h"

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
    History history;
    Metrics *metrics;
    ClockWatch clock_watch;
    bool has_newer_config; /* than the running round */
    bool was_rewound;      /* since the last round ended */
    bool is_restarting;    /* what is held goes to the next run */
    bool is_deliberate;    /* what is let go of was not lost */
};

/* Takes the standing through its one door. Negative errno. */
_must_check_ int agent_dispatch(Agent *agent, Event event);
/* Lets go of the verdict and of all that hangs on it, unless this is a restart. Negative errno. */
_must_check_ int agent_withdraw(Agent *agent);
StandingOwner agent_owner(const Agent *agent);
/* Warns of an R below 0: WHAT, and why. */
void agent_report(int r, const char *what);

/* Handlers of alarms and signals; USERDATA is the agent. */
int agent_on_round_due(void *userdata);
int agent_on_verdict_end(void *userdata);
int agent_on_approval_end(void *userdata);
int agent_on_clock_set(void *userdata);
int agent_on_stop(void *userdata);
int agent_on_reload(void *userdata);
int agent_on_rewound(void *userdata);
