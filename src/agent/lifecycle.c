/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of the standing. Every cell is spelled; a row that lacks one fails its test.
 */
#include "agent/lifecycle.h"

#include <string.h>

typedef enum CellKind {
    CELL_ABSENT, /* nobody wrote this cell */
    CELL_IMPOSSIBLE,
    CELL_TRANSITION,
} CellKind;

typedef struct Cell {
    CellKind kind;
    Transition transition;
} Cell;

#define IMPOSSIBLE                                                                                 \
    {                                                                                              \
        .kind = CELL_IMPOSSIBLE                                                                    \
    }
#define TO(state, set)                                                                             \
    {                                                                                              \
        .kind = CELL_TRANSITION, .transition = {.next = STATE_##state, .actions = (set) }          \
    }
#define STAY(state) TO(state, 0)

/* clang-format off */
static const Cell table[N_STATES][N_EVENTS] = {
    [STATE_UNPROVEN] = {
        [EVENT_START]            = TO(PROVING, ACTION_START_ROUND),
        [EVENT_RESTORED_TRUSTED] = TO(TRUSTED, ACTION_ADOPT),
        [EVENT_RESTORED_WAITING] = STAY(WAITING),
        [EVENT_RESTORED_REFUSED] = STAY(REFUSED),
        [EVENT_TIMER]            = IMPOSSIBLE, /* none is armed */
        [EVENT_ROUND_PASSED]     = IMPOSSIBLE, /* none runs */
        [EVENT_ROUND_REFUSED]    = IMPOSSIBLE,
        [EVENT_ROUND_FAILED]     = IMPOSSIBLE,
        [EVENT_VERDICT_EXPIRED]  = IMPOSSIBLE, /* none is held */
        [EVENT_REQUESTED]        = IMPOSSIBLE, /* the bus is joined after the start */
        [EVENT_REWOUND]          = IMPOSSIBLE, /* signals are heard after the start */
        [EVENT_STOP]             = STAY(STOPPING),
    },
    [STATE_PROVING] = {
        [EVENT_START]            = IMPOSSIBLE,
        [EVENT_RESTORED_TRUSTED] = IMPOSSIBLE,
        [EVENT_RESTORED_WAITING] = IMPOSSIBLE,
        [EVENT_RESTORED_REFUSED] = IMPOSSIBLE,
        [EVENT_TIMER]            = IMPOSSIBLE, /* quiet while a round runs */
        [EVENT_ROUND_PASSED]     = TO(TRUSTED, ACTION_ADOPT | ACTION_SCHEDULE_RENEWAL),
        [EVENT_ROUND_REFUSED]    = TO(REFUSED, ACTION_SCHEDULE_REFUSED),
        [EVENT_ROUND_FAILED]     = TO(WAITING, ACTION_SCHEDULE_RETRY),
        [EVENT_VERDICT_EXPIRED]  = IMPOSSIBLE, /* none is held */
        [EVENT_REQUESTED]        = STAY(PROVING), /* the running round answers */
        [EVENT_REWOUND]          = TO(PROVING, ACTION_CANCEL_ROUND | ACTION_START_ROUND),
        [EVENT_STOP]             = TO(STOPPING, ACTION_CANCEL_ROUND),
    },
    [STATE_TRUSTED] = {
        [EVENT_START]            = IMPOSSIBLE,
        [EVENT_RESTORED_TRUSTED] = IMPOSSIBLE,
        [EVENT_RESTORED_WAITING] = IMPOSSIBLE,
        [EVENT_RESTORED_REFUSED] = IMPOSSIBLE,
        [EVENT_TIMER]            = TO(RENEWING, ACTION_START_ROUND),
        [EVENT_ROUND_PASSED]     = IMPOSSIBLE, /* none runs */
        [EVENT_ROUND_REFUSED]    = IMPOSSIBLE,
        [EVENT_ROUND_FAILED]     = IMPOSSIBLE,
        [EVENT_VERDICT_EXPIRED]  = TO(WAITING, ACTION_WITHDRAW | ACTION_SCHEDULE_EXPIRED),
        [EVENT_REQUESTED]        = TO(RENEWING, ACTION_START_ROUND),
        [EVENT_REWOUND]          = TO(PROVING, ACTION_WITHDRAW | ACTION_START_ROUND),
        [EVENT_STOP]             = TO(STOPPING, ACTION_WITHDRAW),
    },
    [STATE_RENEWING] = {
        [EVENT_START]            = IMPOSSIBLE,
        [EVENT_RESTORED_TRUSTED] = IMPOSSIBLE,
        [EVENT_RESTORED_WAITING] = IMPOSSIBLE,
        [EVENT_RESTORED_REFUSED] = IMPOSSIBLE,
        [EVENT_TIMER]            = IMPOSSIBLE, /* quiet while a round runs */
        [EVENT_ROUND_PASSED]     = TO(TRUSTED, ACTION_ADOPT | ACTION_SCHEDULE_RENEWAL),
        [EVENT_ROUND_REFUSED]    = TO(REFUSED, ACTION_WITHDRAW | ACTION_SCHEDULE_REFUSED),
        [EVENT_ROUND_FAILED]     = TO(TRUSTED, ACTION_SCHEDULE_RETRY), /* the verdict still holds */
        [EVENT_VERDICT_EXPIRED]  = TO(PROVING, ACTION_WITHDRAW), /* the round goes on */
        [EVENT_REQUESTED]        = STAY(RENEWING), /* the running round answers */
        [EVENT_REWOUND]          = TO(PROVING, ACTION_CANCEL_ROUND | ACTION_WITHDRAW | ACTION_START_ROUND),
        [EVENT_STOP]             = TO(STOPPING, ACTION_CANCEL_ROUND | ACTION_WITHDRAW),
    },
    [STATE_WAITING] = {
        [EVENT_START]            = IMPOSSIBLE,
        [EVENT_RESTORED_TRUSTED] = IMPOSSIBLE,
        [EVENT_RESTORED_WAITING] = IMPOSSIBLE,
        [EVENT_RESTORED_REFUSED] = IMPOSSIBLE,
        [EVENT_TIMER]            = TO(PROVING, ACTION_START_ROUND),
        [EVENT_ROUND_PASSED]     = IMPOSSIBLE, /* none runs */
        [EVENT_ROUND_REFUSED]    = IMPOSSIBLE,
        [EVENT_ROUND_FAILED]     = IMPOSSIBLE,
        [EVENT_VERDICT_EXPIRED]  = IMPOSSIBLE, /* none is held */
        [EVENT_REQUESTED]        = TO(PROVING, ACTION_START_ROUND),
        [EVENT_REWOUND]          = TO(PROVING, ACTION_START_ROUND),
        [EVENT_STOP]             = STAY(STOPPING),
    },
    [STATE_REFUSED] = {
        [EVENT_START]            = IMPOSSIBLE,
        [EVENT_RESTORED_TRUSTED] = IMPOSSIBLE,
        [EVENT_RESTORED_WAITING] = IMPOSSIBLE,
        [EVENT_RESTORED_REFUSED] = IMPOSSIBLE,
        [EVENT_TIMER]            = TO(PROVING, ACTION_START_ROUND),
        [EVENT_ROUND_PASSED]     = IMPOSSIBLE, /* none runs */
        [EVENT_ROUND_REFUSED]    = IMPOSSIBLE,
        [EVENT_ROUND_FAILED]     = IMPOSSIBLE,
        [EVENT_VERDICT_EXPIRED]  = IMPOSSIBLE, /* none is held */
        [EVENT_REQUESTED]        = TO(PROVING, ACTION_START_ROUND),
        [EVENT_REWOUND]          = TO(PROVING, ACTION_START_ROUND),
        [EVENT_STOP]             = STAY(STOPPING),
    },
    [STATE_STOPPING] = {
        [EVENT_START]            = IMPOSSIBLE,
        [EVENT_RESTORED_TRUSTED] = IMPOSSIBLE,
        [EVENT_RESTORED_WAITING] = IMPOSSIBLE,
        [EVENT_RESTORED_REFUSED] = IMPOSSIBLE,
        [EVENT_TIMER]            = IMPOSSIBLE, /* the loop has ended */
        [EVENT_ROUND_PASSED]     = IMPOSSIBLE,
        [EVENT_ROUND_REFUSED]    = IMPOSSIBLE,
        [EVENT_ROUND_FAILED]     = IMPOSSIBLE,
        [EVENT_VERDICT_EXPIRED]  = IMPOSSIBLE,
        [EVENT_REQUESTED]        = STAY(STOPPING), /* answered with agent-stopping */
        [EVENT_REWOUND]          = STAY(STOPPING),
        [EVENT_STOP]             = STAY(STOPPING), /* told twice */
    },
};
/* clang-format on */

int lifecycle_step(State state, Event event, Transition *ret)
{
    if (state >= N_STATES || event >= N_EVENTS)
        return LIFECYCLE_E_IMPOSSIBLE;
    const Cell *cell = &table[state][event];
    if (cell->kind != CELL_TRANSITION)
        return LIFECYCLE_E_IMPOSSIBLE;
    *ret = cell->transition;
    return LIFECYCLE_OK;
}

bool lifecycle_is_spelled(State state, Event event)
{
    return table[state][event].kind != CELL_ABSENT;
}

bool state_has_verdict(State state)
{
    return state == STATE_TRUSTED || state == STATE_RENEWING;
}

bool state_has_round(State state)
{
    return state == STATE_PROVING || state == STATE_RENEWING;
}

static const char *const state_names[N_STATES] = {
    [STATE_UNPROVEN] = "UNPROVEN", [STATE_PROVING] = "PROVING", [STATE_TRUSTED] = "TRUSTED",
    [STATE_RENEWING] = "RENEWING", [STATE_WAITING] = "WAITING", [STATE_REFUSED] = "REFUSED",
    [STATE_STOPPING] = "STOPPING",
};

static const char *const event_names[N_EVENTS] = {
    [EVENT_START] = "START",
    [EVENT_RESTORED_TRUSTED] = "RESTORED_TRUSTED",
    [EVENT_RESTORED_WAITING] = "RESTORED_WAITING",
    [EVENT_RESTORED_REFUSED] = "RESTORED_REFUSED",
    [EVENT_TIMER] = "TIMER",
    [EVENT_ROUND_PASSED] = "ROUND_PASSED",
    [EVENT_ROUND_REFUSED] = "ROUND_REFUSED",
    [EVENT_ROUND_FAILED] = "ROUND_FAILED",
    [EVENT_VERDICT_EXPIRED] = "VERDICT_EXPIRED",
    [EVENT_REQUESTED] = "REQUESTED",
    [EVENT_REWOUND] = "REWOUND",
    [EVENT_STOP] = "STOP",
};

const char *state_name(State state)
{
    return state_names[state];
}

const char *event_name(Event event)
{
    return event_names[event];
}

const char *action_name(Action action)
{
    switch (action) {
    case ACTION_CANCEL_ROUND:
        return "CANCEL_ROUND";
    case ACTION_WITHDRAW:
        return "WITHDRAW";
    case ACTION_ADOPT:
        return "ADOPT";
    case ACTION_START_ROUND:
        return "START_ROUND";
    case ACTION_SCHEDULE_RENEWAL:
        return "SCHEDULE_RENEWAL";
    case ACTION_SCHEDULE_RETRY:
        return "SCHEDULE_RETRY";
    case ACTION_SCHEDULE_REFUSED:
        return "SCHEDULE_REFUSED";
    case ACTION_SCHEDULE_EXPIRED:
        return "SCHEDULE_EXPIRED";
    }
    return "";
}

State state_from_name(const char *name)
{
    State state = 0;

    while (state < N_STATES && strcmp(state_names[state], name) != 0)
        state++;
    return state;
}
