/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Build tool: prints the lifecycle as the Mermaid diagram that docs/architecture.md contains. Not
 * installed.
 */
#include "agent/lifecycle.h"

#include <stdio.h>

static void print_actions(unsigned actions)
{
    for (unsigned i = 0; i < N_ACTIONS; i++)
        if (actions & 1U << i)
            (void)printf("<br/>%s", action_name((Action)(1U << i)));
}

static void print_state(State state)
{
    for (Event event = 0; event < N_EVENTS; event++) {
        Transition step;
        if (lifecycle_step(state, event, &step) || (step.next == state && step.actions == 0))
            continue;
        (void)printf("    %s --> %s: %s", state_name(state), state_name(step.next),
                     event_name(event));
        print_actions(step.actions);
        (void)printf("\n");
    }
}

int main(void)
{
    (void)printf("```mermaid\nstateDiagram-v2\n    [*] --> %s\n", state_name(STATE_UNPROVEN));
    for (State state = 0; state < N_STATES; state++)
        print_state(state);
    (void)printf("    %s --> [*]\n```\n", state_name(STATE_STOPPING));
    return 0;
}
