/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an Agent is made of, for the files that are called agent: agent-start.c makes, begins and
 * ends it, agent.c lets it live, agent-tpm.c looks at its TPM, agent-signals.c does what signals
 * ask.
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
#include "agent/tpm-watch.h"

#define AGENT_REWOUND "machine-rewound" /* the finding */

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
    TpmWatch tpm_watch;
    bool has_newer_config; /* than the running round */
    bool was_rewound;      /* since the last round ended */
    bool is_restarting;    /* what is held goes to the next run */
    bool is_deliberate;    /* what is let go of was not lost */
    const char *loss;      /* what costs the verdict, where it is not what the last round found */
};

/* Takes the standing through its one door. Negative errno. */
_must_check_ int agent_dispatch(Agent *agent, Event event);
/*
 * Likewise, where that costs the verdict for another reason than the last round's: FINDING of the
 * catalogue; NULL: somebody wanted it.
 */
_must_check_ int agent_lose(Agent *agent, Event event, const char *finding);
/*
 * What is planned or held has changed: timers, record, bus, status and those who ask follow.
 * Negative errno.
 */
_must_check_ int agent_settle(Agent *agent);
/* Takes back what the verdict gave. Negative errno. */
_must_check_ int agent_let_go(Agent *agent);
/* Lets go of the verdict and of all that hangs on it, unless this is a restart. Negative errno. */
_must_check_ int agent_withdraw(Agent *agent);
/*
 * What a round says of TPM and attestation key, before it is judged: a break of either is added to
 * its findings. Negative errno.
 */
_must_check_ int agent_note_tpm(Agent *agent, AttemptOutcome *outcome);
StandingOwner agent_owner(const Agent *agent);
/* Warns of an R below 0: WHAT, and why. */
void agent_report(int r, const char *what);

/* Handlers of alarms; USERDATA is the agent. */
int agent_on_round_due(void *userdata);
int agent_on_verdict_end(void *userdata);
int agent_on_approval_end(void *userdata);
int agent_on_clock_set(void *userdata);
/* Those of signals, in agent-signals.c. */
int agent_on_stop(void *userdata);
int agent_on_reload(void *userdata);
int agent_on_rewound(void *userdata);
