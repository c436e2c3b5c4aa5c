/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the control file; what is misspelt is an error.
 */
#include "sim-paravisor-control.h"

#include "base/file.h"
#include "base/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CONTROL_LIMIT 65536u /* bytes */

static int complain(const char *what, const char *name)
{
    (void)fprintf(stderr, "sim-paravisor: control file: %s \"%s\"\n", what, name);
    return -EBADMSG;
}

void sim_paravisor_control_done(SimParavisorControl *control)
{
    json_decref(control->json);
    *control = (SimParavisorControl){ 0 };
}

static bool *fault_of(SimParavisorControl *control, const char *name)
{
    const struct {
        const char *name;
        bool *flag;
    } names[] = {
        { "stale", &control->stale },
        { "torn", &control->torn },
        { "retry", &control->retry },
        { "denied", &control->denied },
        { "broken", &control->broken },
        { "wrong-hash", &control->faults.wrong_hash },
        { "wrong-user-data", &control->faults.wrong_user_data },
        { "no-user-data", &control->faults.no_user_data },
        { "zero-ak", &control->faults.zero_ak },
        { "other-ak", &control->faults.other_ak },
        { "tdx", &control->faults.tdx },
    };

    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (strcmp(names[i].name, name) == 0)
            return names[i].flag;
    return NULL;
}

static int read_faults(SimParavisorControl *control)
{
    json_t *faults = json_object_get(control->json, "faults");

    if (faults && !json_is_array(faults))
        return complain("no list:", "faults");
    for (size_t i = 0; i < json_array_size(faults); i++) {
        const char *name = json_string_value(json_array_get(faults, i));
        bool *flag = name ? fault_of(control, name) : NULL;
        if (!flag)
            return complain("no fault", name ? name : "?");
        *flag = true;
    }
    return 0;
}

static int read_number(const SimParavisorControl *control, const char *name, uint64_t *ret)
{
    int r = json_get_u64(control->json, name, ret);

    return r == JSON_OK || r == JSON_E_MISSING ? 0 : complain("no number:", name);
}

static int read_members(SimParavisorControl *control)
{
    static const char *const known[] = { "faults", "count",   "window_ms", "log",
                                         "report", "comment", NULL };
    const char *unknown = json_unknown_member(control->json, known);

    if (unknown)
        return complain("unknown member", unknown);
    control->log = json_string_value(json_object_get(control->json, "log"));
    int r = read_number(control, "window_ms", &control->window_msec);
    if (r == 0)
        r = read_number(control, "count", &control->count);
    return r == 0 ? read_faults(control) : r;
}

int sim_paravisor_control_read(const char *path, SimParavisorControl *ret)
{
    _cleanup_sim_paravisor_control_ SimParavisorControl control = {
        .window_msec = SIM_WINDOW_DEFAULT_MSEC,
        .count = UINT64_MAX,
    };
    _cleanup_bytes_ Bytes text = { 0 };

    if (path) {
        int r = file_read(path, CONTROL_LIMIT, &text);
        if (r < 0)
            return complain(strerror(-r), path);
        r = json_parse(VIEW(text), CONTROL_LIMIT, &control.json);
        if (r != JSON_OK || !json_is_object(control.json))
            return complain("no JSON object:", path);
        r = read_members(&control);
        if (r < 0)
            return r;
    }
    *ret = TAKE_STRUCT(control);
    return 0;
}

int sim_paravisor_control_set(const SimParavisorControl *control, SimReport *report)
{
    json_t *fields = json_object_get(control->json, "report"), *value;
    const char *name;

    json_object_foreach (fields, name, value)
        if (!json_is_string(value) ||
            sim_report_set(report, name, json_string_value(value)) != SIM_OK)
            return complain("report field", name);
    return 0;
}
