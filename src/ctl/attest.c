/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl attest: asks for a round now and shows it going on.
 */
#include "base/clock.h"
#include "ctl/output.h"
#include "ctl/verb.h"
#include "ctl/watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A round may take RoundTimeoutSec (180 s) plus the one that runs already. */
#define ATTEST_TIMEOUT_USEC (400 * USEC_PER_SEC)

typedef struct Attempt {
    bool answered;
    int r;
    sd_bus_error error;
    uint64_t began_usec;
    char last_state[32];
} Attempt;

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_)
{
    Attempt *attempt = userdata;

    attempt->answered = true;
    if (sd_bus_message_is_method_error(reply, NULL))
        attempt->r = sd_bus_error_copy(&attempt->error, sd_bus_message_get_error(reply));
    return 0;
}

static int on_state(const char *state, void *userdata)
{
    Attempt *attempt = userdata;
    uint64_t passed = clock_boottime_usec(&clock_system) - attempt->began_usec;

    if (strcmp(attempt->last_state, state) != 0)
        (void)fprintf(stderr, "%s%6.2f s%s  %s%s%s\n", output_tone(TONE_DIM),
                      (double)passed / (double)USEC_PER_SEC, output_reset(),
                      output_tone(output_state_tone(state)), state, output_reset());
    (void)snprintf(attempt->last_state, sizeof(attempt->last_state), "%s", state);
    return attempt->answered ? 1 : 0;
}

static int attest_and_follow(sd_bus *bus, Attempt *attempt)
{
    _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

    int r = sd_bus_message_new_method_call(bus, &call, AGENT_NAME, AGENT_PATH, AGENT_INTERFACE,
                                           "Attest");
    if (r < 0)
        return r;
    r = sd_bus_message_set_allow_interactive_authorization(call, 1);
    if (r < 0)
        return r;
    r = sd_bus_call_async(bus, &slot, call, on_answer, attempt, ATTEST_TIMEOUT_USEC);
    if (r < 0)
        return r;
    return watch_standing(bus, ATTEST_TIMEOUT_USEC, on_state, attempt, &attempt->answered,
                          &attempt->error);
}

static int run(const Options *options)
{
    _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
    Attempt attempt = { .error = SD_BUS_ERROR_NULL,
                        .began_usec = clock_boottime_usec(&clock_system) };

    if (bus_client_open(&bus) < 0)
        return EXIT_CLASS_INTERNAL;
    int r = attest_and_follow(bus, &attempt);
    if (r < 0 || attempt.r < 0 || sd_bus_error_is_set(&attempt.error)) {
        int exit_class = bus_client_report(&attempt.error, r < 0 ? r : attempt.r);
        sd_bus_error_free(&attempt.error);
        return exit_class;
    }

    json_auto_t *properties = NULL;
    r = bus_client_properties(bus, &error, &properties);
    if (r < 0)
        return bus_client_report(&error, r);
    if (options->json)
        r = output_standing_json(properties);
    else
        output_standing(properties);
    return r < 0 ? EXIT_CLASS_INTERNAL : standing_exit_class(properties);
}

static const Option attest_options[] = { FLAG_OPTION("json", json, "the standing as JSON"), { 0 } };

const Verb verb_attest[] = {
    { .name = "attest",
      .help = "attest now and wait for the result",
      .run = run,
      .options = attest_options },
    { 0 },
};
