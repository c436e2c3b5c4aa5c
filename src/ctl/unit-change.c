/* SPDX-License-Identifier: Apache-2.0 */
/*
 * org.freedesktop.systemd1: which units are active, a job for each, and how the jobs ended.
 */
#include "ctl/unit-change.h"

#include "base/clock.h"
#include "secret/secret-name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define MANAGER           "org.freedesktop.systemd1"
#define MANAGER_PATH      "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE "org.freedesktop.systemd1.Manager"

#define CHANGES_MAX       256                  /* units; more instances are left as they are */
#define CHANGES_WAIT_USEC (300 * USEC_PER_SEC) /* for all; systemd itself gives a unit 90 s */
#define ASKER_SIZE        (SECRET_UNIT_LIMIT + sizeof("unit:"))

/* One unit, and what became of it. */
typedef struct Change {
    char *unit;
    char *job;    /* object path; NULL: there is none */
    char *result; /* of the job: "done", "failed", …; NULL: not known yet */
} Change;

typedef struct Changes {
    const json_t *who;
    Change items[CHANGES_MAX];
    size_t n_items;
    size_t n_open; /* jobs that have not ended */
    int r;         /* of the callback */
} Changes;

static void changes_done(Changes *changes)
{
    for (size_t i = 0; i < changes->n_items; i++) {
        free(changes->items[i].unit);
        free(changes->items[i].job);
        free(changes->items[i].result);
    }
}

/* By the comparison that also grants. */
static bool is_named(const json_t *who, const char *unit)
{
    char asker[ASKER_SIZE];
    const json_t *item;
    size_t i;

    (void)snprintf(asker, sizeof(asker), "unit:%s", unit);
    json_array_foreach (who, i, item)
        if (secret_who_names(json_string_value(item), asker))
            return true;
    return false;
}

/* What ListUnitsByPatterns of systemd matches, backslashes as they stand. */
static int append_patterns(sd_bus_message *call, const json_t *who)
{
    const json_t *item;
    size_t i;

    int r = sd_bus_message_open_container(call, 'a', "s");
    json_array_foreach (who, i, item) {
        const char *text = json_string_value(item);
        if (r >= 0 && strncmp(text, "unit:", strlen("unit:")) == 0)
            r = sd_bus_message_append(call, "s", text + strlen("unit:"));
    }
    return r < 0 ? r : sd_bus_message_close_container(call);
}

static int add_unit(Changes *changes, const char *unit)
{
    if (!is_named(changes->who, unit) || changes->n_items == CHANGES_MAX)
        return 0;
    Change *change = &changes->items[changes->n_items];
    change->unit = strdup(unit);
    if (!change->unit)
        return -ENOMEM;
    changes->n_items++;
    return 0;
}

static int read_units(sd_bus_message *reply, Changes *changes)
{
    const char *unit;

    int r = sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");
    while (r >= 0) {
        r = sd_bus_message_read(reply, "(ssssssouso)", &unit, NULL, NULL, NULL, NULL, NULL, NULL,
                                NULL, NULL, NULL);
        if (r == 0)
            return 0;
        if (r > 0)
            r = add_unit(changes, unit);
    }
    return r;
}

static int find_units(sd_bus *bus, sd_bus_error *error, Changes *changes)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;

    int r = sd_bus_message_new_method_call(bus, &call, MANAGER, MANAGER_PATH, MANAGER_INTERFACE,
                                           "ListUnitsByPatterns");
    if (r >= 0)
        r = sd_bus_message_append(call, "as", 2, "active", "reloading");
    if (r >= 0)
        r = append_patterns(call, changes->who);
    if (r >= 0)
        r = sd_bus_call(bus, call, /* usec= */ 0, error, &reply);
    return r < 0 ? r : read_units(reply, changes);
}

static int on_job_removed(sd_bus_message *signal, void *userdata, sd_bus_error *error _unused_)
{
    Changes *changes = userdata;
    const char *job, *unit, *result;
    uint32_t id;

    int r = sd_bus_message_read(signal, "uoss", &id, &job, &unit, &result);
    for (size_t i = 0; r >= 0 && i < changes->n_items; i++) {
        Change *change = &changes->items[i];
        if (!change->job || change->result || strcmp(change->job, job) != 0)
            continue;
        change->result = strdup(result);
        changes->n_open--;
        if (!change->result)
            changes->r = -ENOMEM;
    }
    return 0;
}

/* What the service manager does not take is that unit's failure alone. */
static int start_job(sd_bus *bus, const char *method, Changes *changes, Change *change)
{
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    const char *job;

    int r = sd_bus_call_method(bus, MANAGER, MANAGER_PATH, MANAGER_INTERFACE, method, &error,
                               &reply, "ss", change->unit, "replace");
    if (r < 0) {
        change->result = strdup(error.message ? error.message : strerror(-r));
        return change->result ? 0 : -ENOMEM;
    }
    r = sd_bus_message_read(reply, "o", &job);
    if (r < 0)
        return r;
    change->job = strdup(job);
    if (!change->job)
        return -ENOMEM;
    changes->n_open++;
    return 0;
}

static int wait_for_jobs(sd_bus *bus, Changes *changes)
{
    uint64_t end = clock_boottime_usec(&clock_system) + CHANGES_WAIT_USEC;

    while (changes->n_open > 0 && changes->r == 0) {
        uint64_t now = clock_boottime_usec(&clock_system);
        if (now >= end)
            return 0;
        int r = sd_bus_process(bus, NULL);
        if (r == 0)
            r = sd_bus_wait(bus, end - now);
        if (r < 0 && r != -EINTR)
            return r;
    }
    return changes->r;
}

/* The signal is asked for before there is a job that could end unseen. */
static int run_jobs(sd_bus *bus, const char *method, sd_bus_error *error, Changes *changes)
{
    _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;

    int r = sd_bus_match_signal(bus, &slot, MANAGER, MANAGER_PATH, MANAGER_INTERFACE, "JobRemoved",
                                on_job_removed, changes);
    if (r >= 0)
        r = sd_bus_call_method(bus, MANAGER, MANAGER_PATH, MANAGER_INTERFACE, "Subscribe", error,
                               NULL, NULL);
    for (size_t i = 0; r >= 0 && i < changes->n_items; i++)
        r = start_job(bus, method, changes, &changes->items[i]);
    return r < 0 ? r : wait_for_jobs(bus, changes);
}

static void report(const Changes *changes, OnChange on_change, FILE *out)
{
    bool reload = on_change == ON_CHANGE_RELOAD;

    for (size_t i = 0; i < changes->n_items; i++) {
        const Change *change = &changes->items[i];
        if (change->result && strcmp(change->result, "done") == 0)
            (void)fprintf(out, "%s %s.\n", reload ? "Reloaded" : "Restarted", change->unit);
        else
            (void)fprintf(stderr,
                          "attestctl: warning: %s is not %s: %s\n"
                          "Remedy: the secret is sealed; see systemctl status %s.\n",
                          change->unit, reload ? "reloaded" : "restarted",
                          change->result ? change->result : "the service manager has not ended it",
                          change->unit);
    }
    if (changes->n_items == 0)
        (void)fprintf(out, "None of its units is active.\n");
}

static int change_units(sd_bus *bus, OnChange on_change, sd_bus_error *error, Changes *changes)
{
    int r = find_units(bus, error, changes);

    if (r >= 0 && changes->n_items > 0)
        r = run_jobs(bus,
                     on_change == ON_CHANGE_RELOAD ? "ReloadOrTryRestartUnit" : "TryRestartUnit",
                     error, changes);
    return r;
}

static bool has_units(const json_t *who)
{
    const json_t *item;
    size_t i;

    json_array_foreach (who, i, item)
        if (strncmp(json_string_value(item), "unit:", strlen("unit:")) == 0)
            return true;
    return false;
}

void unit_change(const json_t *who, OnChange on_change, bool to_stderr)
{
    _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
    _cleanup_(changes_done) Changes changes = { .who = who };

    if (on_change == ON_CHANGE_KEEP || !has_units(who))
        return;
    int r = sd_bus_open_system(&bus);
    if (r >= 0)
        r = change_units(bus, on_change, &error, &changes);
    if (r < 0)
        (void)fprintf(stderr,
                      "attestctl: warning: the units of this secret are as they were: %s\n"
                      "Remedy: the secret is sealed; %s its units yourself.\n",
                      error.message ? error.message : strerror(-r), on_change_name(on_change));
    else
        report(&changes, on_change, to_stderr ? stderr : stdout);
}
