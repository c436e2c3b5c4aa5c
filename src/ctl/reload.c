/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl reload: the configuration again, and whether it can be used.
 */
#include "ctl/bus-client.h"
#include "ctl/output.h"
#include "ctl/verb.h"

#include <errno.h>

static int reload(sd_bus *bus, sd_bus_error *error)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

    int r = sd_bus_message_new_method_call(bus, &call, AGENT_NAME, AGENT_PATH, AGENT_INTERFACE,
                                           "Reload");
    if (r >= 0)
        r = sd_bus_message_set_allow_interactive_authorization(call, 1);
    /* One that is started now has read it. */
    if (r >= 0)
        r = sd_bus_message_set_auto_start(call, 0);
    return r < 0 ? r : sd_bus_call(bus, call, /* usec= */ 0, error, NULL);
}

static int run(const Options *options _unused_)
{
    _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

    if (bus_client_open(&bus) < 0)
        return EXIT_CLASS_INTERNAL;
    int r = reload(bus, &error);
    if (r < 0) {
        int exit_class = bus_client_report(&error, r);
        return exit_class != EXIT_CLASS_ATTESTED ? exit_class : EXIT_CLASS_USAGE;
    }
    output_note("attestd has read its configuration again.");
    return 0;
}

const Verb verb_reload[] = {
    { .name = "reload", .help = "have attestd read its configuration and gates again", .run = run },
    { 0 },
};
