/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl status: how this machine stands, and version.
 */
#include "ctl/bus-client.h"
#include "ctl/output.h"
#include "ctl/verb.h"

#include <stdio.h>

static int run_status(const Options *options)
{
    _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
    json_auto_t *properties = NULL;

    int r = bus_client_open(&bus);
    if (r < 0)
        return EXIT_CLASS_INTERNAL;
    r = bus_client_properties(bus, &error, &properties);
    if (r < 0)
        return bus_client_report(&error, r);

    if (options->json) {
        if (output_standing_json(properties) < 0)
            return EXIT_CLASS_INTERNAL;
    } else {
        output_standing(properties);
    }
    return standing_exit_class(properties);
}

static int run_version(const Options *options _unused_)
{
    (void)puts("attestctl " ATTESTD_VERSION);
    return 0;
}

static const Option status_options[] = { FLAG_OPTION("json", json, "the standing as JSON"), { 0 } };

const Verb verb_status[] = {
    { .name = "status",
      .help = "how this machine stands, what was proven, what failed",
      .run = run_status,
      .options = status_options },
    { 0 },
};

const Verb verb_version[] = {
    { .name = "version", .help = "the version", .run = run_version },
    { 0 },
};
