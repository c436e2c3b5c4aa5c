/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three questions to PID 1, each with the answer to the one before: which unit are we, which job
 * does it have, of which type is that. Whatever goes wrong is no restart.
 */
#include "agent/stop-reason.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MANAGER      "org.freedesktop.systemd1"
#define LIMIT_USEC   (2 * USEC_PER_SEC) /* for all of it; TimeoutStopSec= is 30 s */
#define NO_WAIT_USEC 0

struct StopReason {
    sd_bus *bus; /* borrowed */
    sd_bus_slot *question;
    sd_event_source *limit;
    StopReasonDone *done;
    void *userdata;
};

StopReason *stop_reason_free(StopReason *reason)
{
    if (!reason)
        return NULL;
    (void)sd_bus_slot_unref(reason->question);
    (void)sd_event_source_disable_unref(reason->limit);
    free(reason);
    return NULL;
}

/* Errors of a bus handler would only drop the connection: a defect ends the loop instead. */
static int tell(StopReason *reason, sd_event *event, bool is_restart)
{
    int r = reason->done(is_restart, reason->userdata);

    return r < 0 ? sd_event_exit(event, r) : 0;
}

static int tell_answer(StopReason *reason, bool is_restart)
{
    return tell(reason, sd_bus_get_event(reason->bus), is_restart);
}

static int reason_on_limit(sd_event_source *source, uint64_t usec _unused_, void *userdata)
{
    return tell(userdata, sd_event_source_get_event(source), false);
}

static int get_property(StopReason *reason, const char *path, const char *interface,
                        const char *property, sd_bus_message_handler_t handler)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

    int r = sd_bus_message_new_method_call(reason->bus, &call, MANAGER, path,
                                           "org.freedesktop.DBus.Properties", "Get");
    if (r >= 0)
        r = sd_bus_message_append(call, "ss", interface, property);
    reason->question = sd_bus_slot_unref(reason->question);
    if (r >= 0)
        r = sd_bus_call_async(reason->bus, &reason->question, call, handler, reason, LIMIT_USEC);
    return r < 0 ? tell_answer(reason, false) : 0;
}

static int reason_on_type(sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_)
{
    const char *type = "";

    if (sd_bus_message_is_method_error(reply, NULL) ||
        sd_bus_message_read(reply, "v", "s", &type) < 0)
        type = "";
    return tell_answer(userdata, strcmp(type, "restart") == 0);
}

static int reason_on_job(sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_)
{
    uint32_t number = 0;
    const char *path = NULL;

    /* No job is number 0, as when somebody sent the signal by hand. */
    if (sd_bus_message_is_method_error(reply, NULL) ||
        sd_bus_message_read(reply, "v", "(uo)", &number, &path) < 0 || number == 0)
        return tell_answer(userdata, false);
    return get_property(userdata, path, MANAGER ".Job", "JobType", reason_on_type);
}

static int reason_on_unit(sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_)
{
    const char *path = NULL;

    if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_read(reply, "o", &path) < 0)
        return tell_answer(userdata, false);
    return get_property(userdata, path, MANAGER ".Unit", "Job", reason_on_job);
}

static int ask_unit(StopReason *reason)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

    int r = sd_bus_message_new_method_call(reason->bus, &call, MANAGER, "/org/freedesktop/systemd1",
                                           MANAGER ".Manager", "GetUnitByPID");
    if (r >= 0)
        r = sd_bus_message_append(call, "u", (uint32_t)getpid());
    if (r >= 0)
        r = sd_bus_call_async(reason->bus, &reason->question, call, reason_on_unit, reason,
                              LIMIT_USEC);
    return r;
}

int stop_reason_ask(sd_event *event, sd_bus *bus, StopReasonDone *done, void *userdata,
                    StopReason **ret)
{
    _cleanup_(stop_reason_freep) StopReason *reason = malloc(sizeof(*reason));

    if (!reason)
        return -ENOMEM;
    *reason = (StopReason){ .bus = bus, .done = done, .userdata = userdata };
    int asked = bus ? ask_unit(reason) : -ENOTCONN;
    int r = sd_event_add_time_relative(event, &reason->limit, CLOCK_BOOTTIME,
                                       asked < 0 ? NO_WAIT_USEC : LIMIT_USEC, 0, reason_on_limit,
                                       reason);
    if (r >= 0)
        r = sd_event_source_set_description(reason->limit, "stop-reason");
    if (r < 0)
        return r;
    *ret = TAKE_PTR(reason);
    return 0;
}
