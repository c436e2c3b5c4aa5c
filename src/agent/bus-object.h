/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The object of docs/dbus/org.attestd.Agent1.xml: vtable and translation, nothing else.
 */
#pragma once

#include "agent/agent.h"
#include "agent/calls.h"

#include <systemd/sd-bus.h>

/* AGENT and CALLS are borrowed. Negative errno. */
_must_check_ int bus_object_add(sd_bus *connection, Agent *agent, Calls *calls,
                                sd_bus_slot **ret_slot);

/* PropertiesChanged; what cannot be sent is not sent. */
void bus_object_announce(sd_bus *connection);
void bus_object_announce_config(sd_bus *connection);
/* SecretWithdrawn. */
void bus_object_announce_withdrawn(sd_bus *connection, const char *name);
