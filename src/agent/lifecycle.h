/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The standing over time: a const table and a pure function. What the states mean is said here;
 * what follows from an event is in the table of lifecycle.c, from which the diagram of
 * docs/architecture.md is printed.
 */
#pragma once

#include "base/macro.h"

typedef enum State {
    STATE_UNPROVEN, /* just started: no round has run, nothing is held */
    STATE_PROVING,  /* no verdict is held; a round is running */
    STATE_TRUSTED,  /* a verdict is held; the next round waits for its time */
    STATE_RENEWING, /* a verdict is held; a round is running */
    STATE_WAITING,  /* no verdict is held; backing off until the next round */
    STATE_REFUSED,  /* a verifier said no; withdrawn; a long wait until the next round */
    STATE_STOPPING, /* the daemon ends; nothing is held any more */
    N_STATES,
} State;

typedef enum Event {
    EVENT_START,            /* the daemon is ready and found no standing of a run before */
    EVENT_RESTORED_TRUSTED, /* a run before left a verdict that still holds */
    EVENT_RESTORED_WAITING, /* a run before had no verdict and was backing off or proving */
    EVENT_RESTORED_REFUSED, /* a run before had been refused */
    EVENT_TIMER,            /* the time of the next round has come */
    EVENT_ROUND_PASSED,     /* a verifier's signed result says yes */
    EVENT_ROUND_REFUSED,    /* a verifier's signed result says no */
    EVENT_ROUND_FAILED,     /* anything else became of the round */
    EVENT_VERDICT_EXPIRED,  /* on either clock */
    EVENT_REQUESTED,        /* someone who may asks for a round now */
    EVENT_REWOUND,          /* the machine was put back to an earlier moment, or copied */
    EVENT_STOP,             /* the daemon is told to end */
    N_EVENTS,
} Event;

/* What a step asks the agent to do, in this order. */
typedef enum Action {
    ACTION_CANCEL_ROUND = 1 << 0,     /* drop the running round, if there is one */
    ACTION_WITHDRAW = 1 << 1,         /* let go of the verdict and all that hangs on it */
    ACTION_ADOPT = 1 << 2,            /* hold the verdict the round brought */
    ACTION_START_ROUND = 1 << 3,      /* begin a round; the timer is quiet meanwhile */
    ACTION_SCHEDULE_RENEWAL = 1 << 4, /* next round well before the verdict expires */
    ACTION_SCHEDULE_RETRY = 1 << 5,   /* next round after the backoff of a failure */
    ACTION_SCHEDULE_REFUSED = 1 << 6, /* next round not sooner than RetryMaxSec */
    ACTION_SCHEDULE_EXPIRED = 1 << 7, /* next round as planned, at once if that was a renewal */
} Action;

#define N_ACTIONS 8

typedef struct Transition {
    State next;
    unsigned actions; /* set of Action */
} Transition;

enum {
    LIFECYCLE_OK,
    LIFECYCLE_E_IMPOSSIBLE, /* this event cannot happen in this state: a defect of the agent */
};

/* Pure. */
_must_check_ int lifecycle_step(State state, Event event, Transition *ret);

/* Did the author of the table think of this cell? For its test. */
bool lifecycle_is_spelled(State state, Event event);

/* Is a verdict held in this state? */
bool state_has_verdict(State state);
/* Is a round running in this state? */
bool state_has_round(State state);

/* Names as D-Bus and journal spell them: "TRUSTED", "ROUND_PASSED", "START_ROUND". Static. */
const char *state_name(State state);
const char *event_name(Event event);
const char *action_name(Action action);
/* N_STATES when there is no such name. */
State state_from_name(const char *name);
