/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl wait: until the verifier has decided.
 */
#include "base/clock.h"
#include "ctl/output.h"
#include "ctl/verb.h"
#include "ctl/watch.h"

#include <stdio.h>
#include <string.h>

/* Remembers the exit class of a decided state. */
static int on_state(const char *state, void *userdata)
{
    int *exit_class = userdata;

    if (strcmp(state, "TRUSTED") == 0 || strcmp(state, "RENEWING") == 0)
        *exit_class = EXIT_CLASS_ATTESTED;
    else if (strcmp(state, "REFUSED") == 0)
        *exit_class = EXIT_CLASS_REFUSED;
    else
        return 0;
    return 1;
}

int verb_wait(const Options *options)
{
    _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
    int exit_class = EXIT_CLASS_NOT_ATTESTED;

    if (bus_client_open(&bus) < 0)
        return EXIT_CLASS_INTERNAL;
    int r = watch_standing(bus, options->timeout_usec, on_state, &exit_class,
                           /* waited_for= */ NULL, &error);
    if (r < 0)
        return bus_client_report(&error, r);
    if (r == WATCH_E_TIMEOUT)
        (void)fprintf(stderr, "attestctl: no decision within the given time\n"
                              "Remedy: \"attestctl status\" says what the rounds fail on.\n");
    return exit_class;
}
