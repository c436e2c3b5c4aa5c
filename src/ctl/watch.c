/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows the standing while something is waited for.
 */
#include "ctl/watch.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>

typedef struct Watch {
    WatchFunction function;
    void *userdata;
    bool changed; /* a signal came: read the state again */
} Watch;

static int on_properties_changed(sd_bus_message *message _unused_, void *userdata,
                                 sd_bus_error *error _unused_)
{
    Watch *watch = userdata;

    watch->changed = true;
    return 0;
}

static int call_with_state(sd_bus *bus, Watch *watch, sd_bus_error *error)
{
    _cleanup_free_ char *state = NULL;

    int r = sd_bus_get_property_string(bus, AGENT_NAME, AGENT_PATH, AGENT_INTERFACE, "State", error,
                                       &state);
    if (r < 0)
        return r;
    watch->changed = false;
    return watch->function(state, watch->userdata);
}

/* One turn: dispatch what is there, else wait for more. */
static int turn(sd_bus *bus, uint64_t deadline)
{
    int r = sd_bus_process(bus, NULL);
    if (r != 0)
        return r < 0 ? r : 0;

    uint64_t now = clock_boottime_usec(&clock_system);
    uint64_t left = deadline == USEC_INFINITY ? USEC_INFINITY : deadline > now ? deadline - now : 0;
    r = sd_bus_wait(bus, left);
    return r < 0 && r != -EINTR ? r : 0;
}

int watch_standing(sd_bus *bus, uint64_t timeout_usec, WatchFunction function, void *userdata,
                   const bool *waited_for, sd_bus_error *error)
{
    _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
    Watch watch = { .function = function, .userdata = userdata, .changed = true };
    uint64_t deadline = timeout_usec == USEC_INFINITY
                            ? USEC_INFINITY
                            : clock_boottime_usec(&clock_system) + timeout_usec;

    int r =
        sd_bus_match_signal(bus, &slot, AGENT_NAME, AGENT_PATH, "org.freedesktop.DBus.Properties",
                            "PropertiesChanged", on_properties_changed, &watch);
    while (r >= 0) {
        if (watch.changed) {
            r = call_with_state(bus, &watch, error);
            if (r != 0)
                return r < 0 ? r : WATCH_OK;
        }
        if (waited_for && *waited_for)
            return WATCH_OK;
        if (deadline <= clock_boottime_usec(&clock_system))
            return WATCH_E_TIMEOUT;
        r = turn(bus, deadline);
    }
    return r;
}
