/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl wait: until the verifier has decided.
 */
#include "base/clock.h"
#include "ctl/complain.h"
#include "ctl/moment.h"
#include "ctl/output.h"
#include "ctl/verb.h"
#include "ctl/watch.h"

#include <stdio.h>
#include <string.h>

#define TIMEOUT_MAX_SEC INT64_C(1000000000)

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

/* USEC_INFINITY without a text. EXIT_CLASS_USAGE, which was said. */
static int parse_timeout(const char *text, uint64_t *ret_usec)
{
    int64_t seconds;

    if (!text) {
        *ret_usec = USEC_INFINITY;
        return 0;
    }
    if (seconds_parse(text, TIMEOUT_MAX_SEC, &seconds) != MOMENT_OK)
        return complain_of_usage("see \"attestctl wait --help\"",
                                 "--timeout=%s is not a number of seconds", text);
    *ret_usec = (uint64_t)seconds * USEC_PER_SEC;
    return 0;
}

static int run(const Options *options)
{
    _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
    int exit_class = EXIT_CLASS_NOT_ATTESTED;
    uint64_t timeout_usec = USEC_INFINITY;

    if (parse_timeout(options->timeout, &timeout_usec) != 0)
        return EXIT_CLASS_USAGE;
    if (bus_client_open(&bus) < 0)
        return EXIT_CLASS_INTERNAL;
    int r = watch_standing(bus, timeout_usec, on_state, &exit_class,
                           /* waited_for= */ NULL, &error);
    if (r < 0)
        return bus_client_report(&error, r);
    if (r == WATCH_E_TIMEOUT)
        (void)fprintf(stderr, "attestctl: no decision within the given time\n"
                              "Remedy: \"attestctl status\" says what the rounds fail on.\n");
    return exit_class;
}

static const Option wait_options[] = {
    TEXT_OPTION("timeout", timeout, "SECONDS", "give up after this long"),
    { 0 },
};

const Verb verb_wait[] = {
    { .name = "wait",
      .help = "wait until the verifier has decided",
      .run = run,
      .options = wait_options },
    { 0 },
};
