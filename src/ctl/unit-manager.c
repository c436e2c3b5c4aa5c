/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls and their errors.
 */
#include "ctl/unit-manager.h"

#include "ctl/complain.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>

#define MANAGER           "org.freedesktop.systemd1"
#define MANAGER_PATH      "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE MANAGER ".Manager"
#define NO_SUCH_UNIT      MANAGER ".NoSuchUnit"

#define STOP_WAIT_USEC (90 * USEC_PER_SEC) /* DefaultTimeoutStopSec= of systemd */
#define STOP_POLL_USEC (20 * USEC_PER_MSEC)
#define RELOAD_USEC    (90 * USEC_PER_SEC) /* generators run meanwhile */

struct UnitManager {
    sd_bus *bus;
};

int unit_manager_new(UnitManager **ret)
{
    _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;

    int r = sd_bus_open_system(&bus);
    if (r >= 0)
        r = sd_bus_set_method_call_timeout(bus, UNIT_MANAGER_WAIT_USEC);
    if (r < 0)
        return r;
    UnitManager *manager = malloc(sizeof(*manager));
    if (!manager)
        return -ENOMEM;
    *manager = (UnitManager){ .bus = TAKE_PTR(bus) };
    *ret = manager;
    return 0;
}

UnitManager *unit_manager_free(UnitManager *manager)
{
    if (!manager)
        return NULL;
    sd_bus_flush_close_unref(manager->bus);
    free(manager);
    return NULL;
}

/* METHOD of the manager with one unit and a job mode. */
static int queue(UnitManager *manager, const char *method, const char *unit, const char *mode)
{
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

    int r = sd_bus_call_method(manager->bus, MANAGER, MANAGER_PATH, MANAGER_INTERFACE, method,
                               &error, NULL, "ss", unit, mode);
    if (r < 0 && sd_bus_error_has_name(&error, NO_SUCH_UNIT))
        return -ENOENT;
    return MIN(r, 0);
}

int unit_manager_stop(UnitManager *manager, const char *unit)
{
    int r = queue(manager, "StopUnit", unit, "replace");

    return r == -ENOENT ? 0 : r;
}

int unit_manager_power_off(UnitManager *manager)
{
    return queue(manager, "StartUnit", "poweroff.target", "replace-irreversibly");
}

/* 0, -EBUSY while it is not down, or another negative errno. */
static int is_down(UnitManager *manager, const char *unit)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    _cleanup_free_ char *state = NULL;
    const char *path;

    int r = sd_bus_call_method(manager->bus, MANAGER, MANAGER_PATH, MANAGER_INTERFACE, "LoadUnit",
                               NULL, &reply, "s", unit);
    if (r >= 0)
        r = sd_bus_message_read(reply, "o", &path);
    if (r >= 0)
        r = sd_bus_get_property_string(manager->bus, MANAGER, path, MANAGER ".Unit", "ActiveState",
                                       NULL, &state);
    if (r < 0)
        return r;
    return strcmp(state, "inactive") == 0 || strcmp(state, "failed") == 0 ? 0 : -EBUSY;
}

int unit_manager_stop_and_wait(UnitManager *manager, const char *unit)
{
    uint64_t end = clock_boottime_usec(&clock_system) + STOP_WAIT_USEC;

    int r = unit_manager_stop(manager, unit);
    while (r == 0) {
        r = is_down(manager, unit);
        if (r != -EBUSY)
            return r;
        r = clock_boottime_usec(&clock_system) < end ? 0 : -ETIMEDOUT;
        (void)usleep(STOP_POLL_USEC);
    }
    return r;
}

int unit_manager_reload(UnitManager *manager)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

    int r = sd_bus_message_new_method_call(manager->bus, &call, MANAGER, MANAGER_PATH,
                                           MANAGER_INTERFACE, "Reload");
    if (r >= 0)
        r = sd_bus_call(manager->bus, call, RELOAD_USEC, NULL, NULL);
    return MIN(r, 0);
}

bool unit_manager_is_here(void)
{
    return sd_booted() > 0;
}

void unit_manager_reload_here(const char *root)
{
    _cleanup_(unit_manager_freep) UnitManager *manager = NULL;

    if (root || !unit_manager_is_here())
        return;
    int r = unit_manager_new(&manager);
    if (r == 0)
        r = unit_manager_reload(manager);
    if (r < 0)
        (void)complain("unit-manager-unreachable", "", strerror(-r));
}
