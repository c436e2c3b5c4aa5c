/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connecting, and what follows when that fails.
 */
#include "agent/bus.h"

#include "agent/bus-object.h"
#include "agent/calls.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#define RECONNECT_MIN_USEC USEC_PER_SEC
#define RECONNECT_MAX_USEC (30 * USEC_PER_SEC)

struct Bus {
    Agent *agent;
    sd_bus *connection; /* NULL: none at the moment */
    sd_bus_slot *object;
    sd_bus_slot *disconnected;
    sd_bus_slot *name;
    Calls *calls;
    sd_event_source *retry;
    uint64_t retry_usec; /* the next wait */
    bool has_name;
    bool is_lost; /* and that has been said */
};

static void bus_drop(Bus *bus)
{
    bus->calls = calls_free(bus->calls);
    bus->object = sd_bus_slot_unref(bus->object);
    bus->disconnected = sd_bus_slot_unref(bus->disconnected);
    bus->name = sd_bus_slot_unref(bus->name);
    bus->connection = sd_bus_close_unref(bus->connection);
    bus->has_name = false;
}

Bus *bus_free(Bus *bus)
{
    if (!bus)
        return NULL;
    (void)sd_event_source_disable_unref(bus->retry);
    /* Those who wait get an answer, and it has left before the connection ends. */
    bus->calls = calls_free(bus->calls);
    if (bus->connection)
        (void)sd_bus_flush(bus->connection);
    bus_drop(bus);
    free(bus);
    return NULL;
}

static int bus_on_retry(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
    return bus_connect(userdata);
}

int bus_new(Agent *agent, Bus **ret)
{
    Bus *bus = malloc(sizeof(*bus));

    if (!bus)
        return -ENOMEM;
    *bus = (Bus){ .agent = agent, .retry_usec = RECONNECT_MIN_USEC };
    *ret = bus;
    return 0;
}

/* Arms the timer of the next try; the connection itself is dropped when it rings. */
static int try_later(Bus *bus, const char *reason)
{
    uint64_t usec = bus->retry_usec;

    bus->has_name = false;
    if (!bus->is_lost)
        publish_bus_lost(reason);
    bus->is_lost = true;
    bus->retry_usec = MIN(2 * usec, RECONNECT_MAX_USEC);
    bus->retry = sd_event_source_disable_unref(bus->retry);
    int r = sd_event_add_time_relative(agent_event(bus->agent), &bus->retry, CLOCK_BOOTTIME, usec,
                                       0, bus_on_retry, bus);
    if (r >= 0)
        r = sd_event_source_set_description(bus->retry, "bus-retry");
    return r < 0 ? r : 0;
}

static int bus_on_disconnected(sd_bus_message *message _unused_, void *userdata,
                               sd_bus_error *error _unused_)
{
    return try_later(userdata, "the connection ended");
}

static int bus_on_name(sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_)
{
    Bus *bus = userdata;
    uint32_t result = 0;

    if (sd_bus_message_is_method_error(reply, NULL))
        return try_later(bus, sd_bus_message_get_error(reply)->message);
    /* 1: primary owner, 4: already ours (D-Bus specification, RequestName). */
    int r = sd_bus_message_read(reply, "u", &result);
    if (r < 0 || (result != 1 && result != 4))
        return try_later(bus, "another process owns " BUS_NAME);
    bus->has_name = true;
    bus->is_lost = false;
    bus->retry_usec = RECONNECT_MIN_USEC;
    /* What changed while the name was on its way was announced to nobody. */
    bus_announce(bus);
    return 0;
}

static int open_connection(Bus *bus)
{
    int r = sd_bus_open_system_with_description(&bus->connection, "attestd");

    if (r >= 0)
        r = sd_bus_attach_event(bus->connection, agent_event(bus->agent), SD_EVENT_PRIORITY_NORMAL);
    if (r >= 0)
        r = sd_bus_match_signal(bus->connection, &bus->disconnected, "org.freedesktop.DBus.Local",
                                "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                "Disconnected", bus_on_disconnected, bus);
    if (r >= 0)
        r = calls_new(bus->agent, &bus->calls);
    if (r >= 0)
        r = bus_object_add(bus->connection, bus->agent, bus->calls, &bus->object);
    if (r >= 0)
        r = sd_bus_request_name_async(bus->connection, &bus->name, BUS_NAME, 0, bus_on_name, bus);
    return r;
}

int bus_connect(Bus *bus)
{
    bus->retry = sd_event_source_disable_unref(bus->retry);
    bus_drop(bus);
    int r = open_connection(bus);
    if (r == -ENOMEM)
        return r;
    return r < 0 ? try_later(bus, strerror(-r)) : 0;
}

void bus_announce(Bus *bus)
{
    if (bus->has_name)
        bus_object_announce(bus->connection);
}

void bus_announce_config(Bus *bus)
{
    if (bus->has_name)
        bus_object_announce_config(bus->connection);
}

void bus_announce_withdrawn(Bus *bus, const char *name)
{
    if (bus->has_name)
        bus_object_announce_withdrawn(bus->connection, name);
}

sd_bus *bus_connection(const Bus *bus)
{
    return bus->connection;
}

void bus_round_ended(Bus *bus)
{
    if (bus->calls)
        calls_round_ended(bus->calls);
}
