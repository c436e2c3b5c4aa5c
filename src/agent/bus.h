/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection to the system bus: made, named, lost and made again. The daemon lives without it.
 */
#pragma once

#include "agent/agent.h"

#include <systemd/sd-bus.h>

#define BUS_NAME      "org.attestd.Agent1"
#define BUS_PATH      "/org/attestd/Agent1"
#define BUS_INTERFACE "org.attestd.Agent1"

typedef struct Bus Bus;

/* Not yet connected. AGENT is borrowed. -ENOMEM. */
_must_check_ int bus_new(Agent *agent, Bus **ret);
Bus *bus_free(Bus *bus);
DEFINE_CLEANUP(Bus *, bus_free);

/* Connects, or tries again later. Negative errno when the loop fails. */
_must_check_ int bus_connect(Bus *bus);

/* Properties of the standing, or of the configuration, have changed. */
void bus_announce(Bus *bus);
void bus_announce_config(Bus *bus);
/* The secret NAME, given out before, is withdrawn. */
void bus_announce_withdrawn(Bus *bus, const char *name);
/* Borrowed; NULL: none at the moment. */
sd_bus *bus_connection(const Bus *bus);
/* No round is running any more: whoever waits for one gets the state. */
void bus_round_ended(Bus *bus);
