/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestd as attestctl sees it: the properties of org.attestd.Agent1 as JSON, its methods, and
 * what went wrong as an exit class with a remedy.
 */
#pragma once

#include "base/json.h"
#include "format/catalog.h"

#include <systemd/sd-bus.h>

#define AGENT_NAME      "org.attestd.Agent1"
#define AGENT_PATH      "/org/attestd/Agent1"
#define AGENT_INTERFACE "org.attestd.Agent1"

/* Connects to the system bus; says on stderr why not. RET is closed with sd_bus_flush_close_unref.
 */
_must_check_ int bus_client_open(sd_bus **ret);

/*
 * Reads all properties into an object with their D-Bus names: numbers, strings, booleans, arrays,
 * objects for dictionaries. Does not start attestd. -EBADMSG when a type is none of these. ERROR is
 * set on a bus failure.
 */
_must_check_ int bus_client_properties(sd_bus *bus, sd_bus_error *error, json_t **ret);

/* Converts what is left of MESSAGE's current container into one JSON value. */
_must_check_ int message_to_json(sd_bus_message *message, json_t **ret);

/* Prints a failed call with its remedy and returns the exit class. */
int bus_client_report(const sd_bus_error *error, int r);
/* Likewise, with SUBJECT in front of what attestd said of it; NULL: nothing. */
int bus_client_report_on(const char *subject, const sd_bus_error *error, int r);
