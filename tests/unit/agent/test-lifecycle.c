/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every cell of the lifecycle, and what must hold whichever way the table is written.
 */
#include "agent/lifecycle.h"
#include "testing.h"

#define NO N_STATES /* impossible */

/* Row by state, column by event, as docs/architecture.md tells them. */
/* clang-format off */
static const struct {
    State next;
    unsigned actions;
} wanted[N_STATES][N_EVENTS] = {
    [STATE_UNPROVEN] = {
        [EVENT_START] = { STATE_PROVING, ACTION_START_ROUND },
        [EVENT_RESTORED_TRUSTED] = { STATE_TRUSTED, ACTION_ADOPT },
        [EVENT_RESTORED_WAITING] = { STATE_WAITING, 0 },
        [EVENT_RESTORED_REFUSED] = { STATE_REFUSED, 0 },
        [EVENT_TIMER] = { NO, 0 },
        [EVENT_ROUND_PASSED] = { NO, 0 },
        [EVENT_ROUND_REFUSED] = { NO, 0 },
        [EVENT_ROUND_FAILED] = { NO, 0 },
        [EVENT_VERDICT_EXPIRED] = { NO, 0 },
        [EVENT_REQUESTED] = { NO, 0 },
        [EVENT_REWOUND] = { NO, 0 },
        [EVENT_STOP] = { STATE_STOPPING, 0 },
    },
    [STATE_PROVING] = {
        [EVENT_START] = { NO, 0 },
        [EVENT_RESTORED_TRUSTED] = { NO, 0 },
        [EVENT_RESTORED_WAITING] = { NO, 0 },
        [EVENT_RESTORED_REFUSED] = { NO, 0 },
        [EVENT_TIMER] = { NO, 0 },
        [EVENT_ROUND_PASSED] = { STATE_TRUSTED, ACTION_ADOPT | ACTION_SCHEDULE_RENEWAL },
        [EVENT_ROUND_REFUSED] = { STATE_REFUSED, ACTION_SCHEDULE_REFUSED },
        [EVENT_ROUND_FAILED] = { STATE_WAITING, ACTION_SCHEDULE_RETRY },
        [EVENT_VERDICT_EXPIRED] = { NO, 0 },
        [EVENT_REQUESTED] = { STATE_PROVING, 0 },
        [EVENT_REWOUND] = { STATE_PROVING, ACTION_CANCEL_ROUND | ACTION_START_ROUND },
        [EVENT_STOP] = { STATE_STOPPING, ACTION_CANCEL_ROUND },
    },
    [STATE_TRUSTED] = {
        [EVENT_START] = { NO, 0 },
        [EVENT_RESTORED_TRUSTED] = { NO, 0 },
        [EVENT_RESTORED_WAITING] = { NO, 0 },
        [EVENT_RESTORED_REFUSED] = { NO, 0 },
        [EVENT_TIMER] = { STATE_RENEWING, ACTION_START_ROUND },
        [EVENT_ROUND_PASSED] = { NO, 0 },
        [EVENT_ROUND_REFUSED] = { NO, 0 },
        [EVENT_ROUND_FAILED] = { NO, 0 },
        [EVENT_VERDICT_EXPIRED] = { STATE_WAITING, ACTION_WITHDRAW | ACTION_SCHEDULE_EXPIRED },
        [EVENT_REQUESTED] = { STATE_RENEWING, ACTION_START_ROUND },
        [EVENT_REWOUND] = { STATE_PROVING, ACTION_WITHDRAW | ACTION_START_ROUND },
        [EVENT_STOP] = { STATE_STOPPING, ACTION_WITHDRAW },
    },
    [STATE_RENEWING] = {
        [EVENT_START] = { NO, 0 },
        [EVENT_RESTORED_TRUSTED] = { NO, 0 },
        [EVENT_RESTORED_WAITING] = { NO, 0 },
        [EVENT_RESTORED_REFUSED] = { NO, 0 },
        [EVENT_TIMER] = { NO, 0 },
        [EVENT_ROUND_PASSED] = { STATE_TRUSTED, ACTION_ADOPT | ACTION_SCHEDULE_RENEWAL },
        [EVENT_ROUND_REFUSED] = { STATE_REFUSED, ACTION_WITHDRAW | ACTION_SCHEDULE_REFUSED },
        [EVENT_ROUND_FAILED] = { STATE_TRUSTED, ACTION_SCHEDULE_RETRY },
        [EVENT_VERDICT_EXPIRED] = { STATE_PROVING, ACTION_WITHDRAW },
        [EVENT_REQUESTED] = { STATE_RENEWING, 0 },
        [EVENT_REWOUND] = { STATE_PROVING, ACTION_CANCEL_ROUND | ACTION_WITHDRAW | ACTION_START_ROUND },
        [EVENT_STOP] = { STATE_STOPPING, ACTION_CANCEL_ROUND | ACTION_WITHDRAW },
    },
    [STATE_WAITING] = {
        [EVENT_START] = { NO, 0 },
        [EVENT_RESTORED_TRUSTED] = { NO, 0 },
        [EVENT_RESTORED_WAITING] = { NO, 0 },
        [EVENT_RESTORED_REFUSED] = { NO, 0 },
        [EVENT_TIMER] = { STATE_PROVING, ACTION_START_ROUND },
        [EVENT_ROUND_PASSED] = { NO, 0 },
        [EVENT_ROUND_REFUSED] = { NO, 0 },
        [EVENT_ROUND_FAILED] = { NO, 0 },
        [EVENT_VERDICT_EXPIRED] = { NO, 0 },
        [EVENT_REQUESTED] = { STATE_PROVING, ACTION_START_ROUND },
        [EVENT_REWOUND] = { STATE_PROVING, ACTION_START_ROUND },
        [EVENT_STOP] = { STATE_STOPPING, 0 },
    },
    [STATE_REFUSED] = {
        [EVENT_START] = { NO, 0 },
        [EVENT_RESTORED_TRUSTED] = { NO, 0 },
        [EVENT_RESTORED_WAITING] = { NO, 0 },
        [EVENT_RESTORED_REFUSED] = { NO, 0 },
        [EVENT_TIMER] = { STATE_PROVING, ACTION_START_ROUND },
        [EVENT_ROUND_PASSED] = { NO, 0 },
        [EVENT_ROUND_REFUSED] = { NO, 0 },
        [EVENT_ROUND_FAILED] = { NO, 0 },
        [EVENT_VERDICT_EXPIRED] = { NO, 0 },
        [EVENT_REQUESTED] = { STATE_PROVING, ACTION_START_ROUND },
        [EVENT_REWOUND] = { STATE_PROVING, ACTION_START_ROUND },
        [EVENT_STOP] = { STATE_STOPPING, 0 },
    },
    [STATE_STOPPING] = {
        [EVENT_START] = { NO, 0 },
        [EVENT_RESTORED_TRUSTED] = { NO, 0 },
        [EVENT_RESTORED_WAITING] = { NO, 0 },
        [EVENT_RESTORED_REFUSED] = { NO, 0 },
        [EVENT_TIMER] = { NO, 0 },
        [EVENT_ROUND_PASSED] = { NO, 0 },
        [EVENT_ROUND_REFUSED] = { NO, 0 },
        [EVENT_ROUND_FAILED] = { NO, 0 },
        [EVENT_VERDICT_EXPIRED] = { NO, 0 },
        [EVENT_REQUESTED] = { STATE_STOPPING, 0 },
        [EVENT_REWOUND] = { STATE_STOPPING, 0 },
        [EVENT_STOP] = { STATE_STOPPING, 0 },
    },
};
/* clang-format on */

static void every_cell_is_as_documented(void)
{
    for (State state = 0; state < N_STATES; state++)
        for (Event event = 0; event < N_EVENTS; event++) {
            Transition step = { .next = NO };
            int r = lifecycle_step(state, event, &step);

            check(lifecycle_is_spelled(state, event));
            check_int(r, wanted[state][event].next == NO ? LIFECYCLE_E_IMPOSSIBLE : LIFECYCLE_OK);
            check_int(step.next, wanted[state][event].next);
            check_int(step.actions, wanted[state][event].actions);
        }
}

static void nothing_beyond_the_table_is_possible(void)
{
    Transition step;

    check_int(lifecycle_step(N_STATES, EVENT_TIMER, &step), LIFECYCLE_E_IMPOSSIBLE);
    check_int(lifecycle_step(STATE_TRUSTED, N_EVENTS, &step), LIFECYCLE_E_IMPOSSIBLE);
}

static bool steps(State state, Event event, Transition *ret)
{
    return lifecycle_step(state, event, ret) == LIFECYCLE_OK;
}

static void a_verdict_is_adopted_and_withdrawn_in_pairs(void)
{
    for (State state = 0; state < N_STATES; state++)
        for (Event event = 0; event < N_EVENTS; event++) {
            Transition step;
            if (!steps(state, event, &step))
                continue;
            bool had = state_has_verdict(state), has = state_has_verdict(step.next);
            if (had && !has)
                check(step.actions & ACTION_WITHDRAW);
            if (!had && has)
                check(step.actions & ACTION_ADOPT);
            if (!had)
                check(!(step.actions & ACTION_WITHDRAW));
        }
}

static void a_refusal_never_leaves_a_verdict(void)
{
    for (State state = 0; state < N_STATES; state++) {
        Transition step;
        if (steps(state, EVENT_ROUND_REFUSED, &step))
            check_int(step.next, STATE_REFUSED);
        if (steps(state, EVENT_VERDICT_EXPIRED, &step))
            check(!state_has_verdict(step.next));
    }
}

static void a_machine_that_was_put_back_has_no_verdict_and_no_round_of_before(void)
{
    for (State state = STATE_PROVING; state < STATE_STOPPING; state++) {
        Transition step;
        check(steps(state, EVENT_REWOUND, &step));
        check_int(step.next, STATE_PROVING);
        check(step.actions & ACTION_START_ROUND);
        check(!state_has_round(state) || step.actions & ACTION_CANCEL_ROUND);
        check(!state_has_verdict(state) || step.actions & ACTION_WITHDRAW);
    }
}

static void only_a_passed_round_brings_a_verdict(void)
{
    for (State state = 0; state < N_STATES; state++)
        for (Event event = 0; event < N_EVENTS; event++) {
            Transition step;
            if (steps(state, event, &step) && step.actions & ACTION_ADOPT)
                check(event == EVENT_ROUND_PASSED || event == EVENT_RESTORED_TRUSTED);
        }
}

static void rounds_start_where_none_runs_and_end_planned(void)
{
    const unsigned plans = ACTION_SCHEDULE_RENEWAL | ACTION_SCHEDULE_RETRY |
                           ACTION_SCHEDULE_REFUSED | ACTION_SCHEDULE_EXPIRED;

    for (State state = 0; state < N_STATES; state++)
        for (Event event = 0; event < N_EVENTS; event++) {
            Transition step;
            if (!steps(state, event, &step))
                continue;
            if (step.actions & ACTION_START_ROUND)
                check((!state_has_round(state) || step.actions & ACTION_CANCEL_ROUND) &&
                      state_has_round(step.next));
            if (!state_has_round(state) && state_has_round(step.next))
                check(step.actions & ACTION_START_ROUND);
            if (state_has_round(state) && !state_has_round(step.next))
                check(step.next == STATE_STOPPING ? step.actions & ACTION_CANCEL_ROUND
                                                  : step.actions & plans);
        }
}

static void stopping_is_final(void)
{
    for (Event event = 0; event < N_EVENTS; event++) {
        Transition step;
        if (steps(STATE_STOPPING, event, &step))
            check_int(step.next, STATE_STOPPING);
    }
    for (State state = 0; state < N_STATES; state++) {
        Transition step;
        check(steps(state, EVENT_STOP, &step));
        check_int(step.next, STATE_STOPPING);
    }
}

/* What the agent has, as the actions that it is told to perform make it. */
typedef struct World {
    bool has_verdict;
    bool has_round;
    bool is_planned;
} World;

static void perform(World *world, Action action)
{
    switch (action) {
    case ACTION_CANCEL_ROUND:
        check(world->has_round);
        world->has_round = false;
        break;
    case ACTION_WITHDRAW:
        check(world->has_verdict);
        world->has_verdict = false;
        break;
    case ACTION_ADOPT:
        world->has_verdict = true;
        break;
    case ACTION_START_ROUND:
        check(!world->has_round);
        world->has_round = true;
        world->is_planned = false;
        break;
    case ACTION_SCHEDULE_RENEWAL:
    case ACTION_SCHEDULE_RETRY:
    case ACTION_SCHEDULE_REFUSED:
    case ACTION_SCHEDULE_EXPIRED:
        check(!world->has_round);
        world->is_planned = true;
        break;
    }
}

/* Could EVENT come in such a world? */
static bool can_happen(const World *world, State state, Event event)
{
    switch (event) {
    case EVENT_START:
    case EVENT_RESTORED_TRUSTED:
    case EVENT_RESTORED_WAITING:
    case EVENT_RESTORED_REFUSED:
        return state == STATE_UNPROVEN;
    case EVENT_TIMER:
        return world->is_planned;
    case EVENT_ROUND_PASSED:
    case EVENT_ROUND_REFUSED:
    case EVENT_ROUND_FAILED:
        return world->has_round;
    case EVENT_VERDICT_EXPIRED:
        return world->has_verdict;
    case EVENT_REQUESTED:
    case EVENT_REWOUND:
        return state != STATE_UNPROVEN;
    case EVENT_STOP:
    case N_EVENTS:
        break;
    }
    return event == EVENT_STOP;
}

static void walk_one(World *world, State *state, Event event)
{
    Transition step;

    if (event == EVENT_ROUND_PASSED || event == EVENT_ROUND_REFUSED || event == EVENT_ROUND_FAILED)
        world->has_round = false;
    if (event == EVENT_TIMER)
        world->is_planned = false;
    if (*state == STATE_UNPROVEN)
        world->is_planned = event != EVENT_START; /* restored with its standing */
    check(steps(*state, event, &step));
    for (unsigned i = 0; i < N_ACTIONS; i++)
        if (step.actions & 1U << i)
            perform(world, (Action)(1U << i));
    *state = step.next;
    check_int(world->has_verdict, state_has_verdict(*state));
    check_int(world->has_round, state_has_round(*state));
    if (*state != STATE_STOPPING)
        check(world->has_round != world->is_planned); /* something always comes next */
}

static void whatever_comes_in_whatever_order_the_agent_has_what_its_state_says(void)
{
    unsigned seed = 1;

    for (int i = 0; i < 2000; i++) {
        World world = { 0 };
        State state = STATE_UNPROVEN;
        for (int n = 0; n < 200 && state != STATE_STOPPING; n++) {
            Event event = (Event)((unsigned)rand_r(&seed) % N_EVENTS);
            /* Told to end rarely, or no walk would be long. */
            if (can_happen(&world, state, event) &&
                (event != EVENT_STOP || rand_r(&seed) % 50 == 0))
                walk_one(&world, &state, event);
        }
    }
}

static void names_lead_back(void)
{
    for (State state = 0; state < N_STATES; state++)
        check_int(state_from_name(state_name(state)), state);
    check_int(state_from_name("BLESSED"), N_STATES);
    check_int(state_from_name(""), N_STATES);
    for (Event event = 0; event < N_EVENTS; event++)
        check(event_name(event) && *event_name(event));
    for (unsigned i = 0; i < N_ACTIONS; i++)
        check(*action_name((Action)(1U << i)));
}

static const Test tests[] = {
    { "every cell is as documented", every_cell_is_as_documented },
    { "nothing beyond the table is possible", nothing_beyond_the_table_is_possible },
    { "a verdict is adopted and withdrawn in pairs", a_verdict_is_adopted_and_withdrawn_in_pairs },
    { "a refusal never leaves a verdict", a_refusal_never_leaves_a_verdict },
    { "a machine that was put back has no verdict and no round of before",
      a_machine_that_was_put_back_has_no_verdict_and_no_round_of_before },
    { "only a passed round brings a verdict", only_a_passed_round_brings_a_verdict },
    { "rounds start where none runs and end planned",
      rounds_start_where_none_runs_and_end_planned },
    { "stopping is final", stopping_is_final },
    { "whatever comes in whatever order, the agent has what its state says",
      whatever_comes_in_whatever_order_the_agent_has_what_its_state_says },
    { "names lead back", names_lead_back },
};

TEST_MAIN(tests)
