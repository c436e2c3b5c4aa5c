/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows the standing while something is waited for.
 */
#pragma once

#include "ctl/bus-client.h"

/* Called with each new state. Returns 0 to go on, > 0 to stop. */
typedef int (*WatchFunction)(const char *state, void *userdata);

/*
 * Subscribes to the standing's changes on BUS and calls FUNCTION for the present state and for each
 * change until it says stop or TIMEOUT_USEC (boot clock) has passed. WAITED_FOR, when not NULL, is
 * set by someone else's callback to end the wait. 0 stopped, WATCH_E_TIMEOUT; negative errno with
 * ERROR set on a bus failure.
 */
enum { WATCH_OK, WATCH_E_TIMEOUT };
_must_check_ int watch_standing(sd_bus *bus, uint64_t timeout_usec, WatchFunction function,
                                void *userdata, const bool *waited_for, sd_bus_error *error);
