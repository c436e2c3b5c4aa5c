/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Properties of org.freedesktop.systemd1. Looking at a unit loads it; nothing is started.
 */
#include "ctl/doctor-manager.h"

#include "base/clock.h"
#include "ctl/bus-client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MANAGER           "org.freedesktop.systemd1"
#define MANAGER_PATH      "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE MANAGER ".Manager"
#define UNIT_INTERFACE    MANAGER ".Unit"
#define SERVICE_INTERFACE MANAGER ".Service"

#define WAIT_USEC    (5 * USEC_PER_SEC) /* a call; systemd answers in milliseconds */
#define SERVICES_MAX 4096

struct DoctorManager {
    sd_bus *bus;
    bool is_silent; /* it did not answer in time */
};

/* Who is not answered is not asked again, by anybody: R, for the caller to return. */
static int note(DoctorManager *manager, int r)
{
    manager->is_silent = manager->is_silent || r == -ETIMEDOUT;
    return r;
}

int doctor_manager_new(sd_bus *bus, DoctorManager **ret)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    int is_there = 0;

    int r = sd_bus_set_method_call_timeout(bus, WAIT_USEC);
    if (r >= 0)
        r = sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                               "org.freedesktop.DBus", "NameHasOwner", NULL, &reply, "s", MANAGER);
    if (r >= 0)
        r = sd_bus_message_read(reply, "b", &is_there);
    if (r < 0)
        return r;
    if (!is_there)
        return -ESRCH;
    DoctorManager *manager = malloc(sizeof(*manager));
    if (!manager)
        return -ENOMEM;
    *manager = (DoctorManager){ .bus = sd_bus_ref(bus) };
    *ret = manager;
    return 0;
}

DoctorManager *doctor_manager_free(DoctorManager *manager)
{
    if (!manager)
        return NULL;
    sd_bus_unref(manager->bus);
    free(manager);
    return NULL;
}

int doctor_manager_version(DoctorManager *manager)
{
    _cleanup_free_ char *version = NULL;

    if (manager->is_silent)
        return -ETIMEDOUT;
    int r = sd_bus_get_property_string(manager->bus, MANAGER, MANAGER_PATH, MANAGER_INTERFACE,
                                       "Version", NULL, &version);
    if (r < 0)
        return note(manager, r);
    /* "252.39-1", "v256" and the like. */
    long number = strtol(version + strcspn(version, "0123456789"), NULL, 10);
    return number > 0 && number < 100000 ? (int)number : 0;
}

void doctor_unit_done(DoctorUnit *unit)
{
    free(unit->load_state);
    free(unit->active_state);
    free(unit->file_state);
    json_decref(unit->bound_by);
    json_decref(unit->binds_to);
    json_decref(unit->wanted_by);
    json_decref(unit->credentials);
    *unit = (DoctorUnit){ 0 };
}

static int read_all(DoctorManager *manager, const char *path, const char *interface, json_t **ret)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;

    int r = sd_bus_message_new_method_call(manager->bus, &call, MANAGER, path,
                                           "org.freedesktop.DBus.Properties", "GetAll");
    if (r >= 0)
        r = sd_bus_message_append(call, "s", interface);
    if (r >= 0)
        r = sd_bus_call(manager->bus, call, /* usec= */ 0, NULL, &reply);
    return r < 0 ? r : message_to_json(reply, ret);
}

static char *copy_text(const json_t *properties, const char *name)
{
    const char *text = json_string_value(json_object_get(properties, name));

    return strdup(text ? text : "");
}

/* A new reference; empty where there is no such property. */
static json_t *take_list(const json_t *properties, const char *name)
{
    json_t *list = json_object_get(properties, name);

    return json_is_array(list) ? json_incref(list) : json_array();
}

static json_t *take_wanted_by(const json_t *properties)
{
    json_auto_t *all = json_array(), *wanted = take_list(properties, "WantedBy"),
                *required = take_list(properties, "RequiredBy");

    if (!all || json_array_extend(all, wanted) < 0 || json_array_extend(all, required) < 0)
        return NULL;
    return TAKE_PTR(all);
}

/* What is no service has no such property, which is an error of the bus and none here. */
static json_t *read_credentials(DoctorManager *manager, const char *path)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    json_t *credentials = NULL;

    if (manager->is_silent)
        return json_array();
    int r = note(manager, sd_bus_get_property(manager->bus, MANAGER, path, SERVICE_INTERFACE,
                                              "LoadCredential", NULL, &reply, "a(ss)"));
    if (r >= 0)
        r = message_to_json(reply, &credentials);
    return r < 0 ? json_array() : credentials;
}

int doctor_manager_unit(DoctorManager *manager, const char *name, DoctorUnit *ret)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    _cleanup_doctor_unit_ DoctorUnit unit = { 0 };
    json_auto_t *properties = NULL;
    const char *path;

    if (manager->is_silent)
        return -ETIMEDOUT;
    int r = sd_bus_call_method(manager->bus, MANAGER, MANAGER_PATH, MANAGER_INTERFACE, "LoadUnit",
                               NULL, &reply, "s", name);
    if (r >= 0)
        r = sd_bus_message_read(reply, "o", &path);
    if (r >= 0)
        r = read_all(manager, path, UNIT_INTERFACE, &properties);
    if (r < 0)
        return note(manager, r);
    unit = (DoctorUnit){
        .load_state = copy_text(properties, "LoadState"),
        .active_state = copy_text(properties, "ActiveState"),
        .file_state = copy_text(properties, "UnitFileState"),
        .bound_by = take_list(properties, "BoundBy"),
        .binds_to = take_list(properties, "BindsTo"),
        .wanted_by = take_wanted_by(properties),
        .credentials = read_credentials(manager, path),
    };
    if (!unit.load_state || !unit.active_state || !unit.file_state || !unit.bound_by ||
        !unit.binds_to || !unit.wanted_by || !unit.credentials)
        return -ENOMEM;
    *ret = TAKE_STRUCT(unit);
    return 0;
}

/* A row of ListUnitsByPatterns: its name first, its object the seventh. */
static int add_asker(DoctorManager *manager, const json_t *row, const char *path, json_t *askers)
{
    const char *unit = json_string_value(json_array_get(row, 0));
    const char *object = json_string_value(json_array_get(row, 6));
    json_auto_t *credentials = unit && object ? read_credentials(manager, object) : json_array();
    size_t i;
    const json_t *item;

    json_array_foreach (credentials, i, item) {
        const char *id = json_string_value(json_array_get(item, 0));
        const char *from = json_string_value(json_array_get(item, 1));
        if (id && from && strcmp(from, path) == 0 &&
            json_array_append_new(askers, json_pack("[ss]", unit, id)) < 0)
            return -ENOMEM;
    }
    return credentials ? 0 : -ENOMEM;
}

int doctor_manager_askers(DoctorManager *manager, const char *path, json_t **ret)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    json_auto_t *units = NULL, *askers = json_array();

    if (manager->is_silent)
        return -ETIMEDOUT;
    if (!askers)
        return -ENOMEM;
    int r = sd_bus_call_method(manager->bus, MANAGER, MANAGER_PATH, MANAGER_INTERFACE,
                               "ListUnitsByPatterns", NULL, &reply, "asas", 0, 1, "*.service");
    if (r >= 0)
        r = message_to_json(reply, &units);
    if (r < 0)
        return note(manager, r);
    for (size_t i = 0; i < MIN(json_array_size(units), (size_t)SERVICES_MAX) && r >= 0; i++)
        r = add_asker(manager, json_array_get(units, i), path, askers);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(askers);
    return 0;
}

bool doctor_list_has(const json_t *list, const char *text)
{
    size_t i;
    const json_t *item;

    json_array_foreach (list, i, item)
        if (json_is_string(item) && strcmp(json_string_value(item), text) == 0)
            return true;
    return false;
}
