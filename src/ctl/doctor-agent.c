/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestd as it answers on the bus, and the verdict it holds.
 */
#include "base/clock.h"
#include "ctl/bus-client.h"
#include "ctl/doctor.h"
#include "ctl/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *text_of(const Doctor *doctor, const char *name)
{
    const char *text = json_string_value(json_object_get(doctor->properties, name));

    return text ? text : "";
}

static uint64_t usec_of(const Doctor *doctor, const char *name)
{
    json_int_t value = json_integer_value(json_object_get(doctor->properties, name));

    return value > 0 ? (uint64_t)value : 0;
}

static bool is_trusted(const Doctor *doctor)
{
    const char *state = text_of(doctor, "State");

    return strcmp(state, "TRUSTED") == 0 || strcmp(state, "RENEWING") == 0;
}

int doctor_agent(Doctor *doctor, Check *check)
{
    const char *version = text_of(doctor, "Version");

    if (!doctor->bus)
        return doctor_no(check, "bus-unreachable", "", NULL, NULL);
    if (!doctor->properties)
        return doctor_no(check, "agent-not-running", "attestd", NULL, NULL);
    if (strcmp(version, ATTESTD_VERSION) != 0)
        return doctor_warn(check, "agent-version-differs", "attestd", version, ATTESTD_VERSION);
    return check_say(check, "it runs, version %s", version);
}

/* The row of the property Findings that decided: name, subject, result, found, wanted, … */
static const json_t *decisive(const Doctor *doctor, const char *name)
{
    const json_t *row;
    size_t i;

    json_array_foreach (json_object_get(doctor->properties, "Findings"), i, row) {
        const char *item = json_string_value(json_array_get(row, 0));
        const char *result = json_string_value(json_array_get(row, 2));
        if (item && result && strcmp(item, name) == 0 && strcmp(result, "failure") == 0)
            return row;
    }
    return NULL;
}

/* What attestd last said went wrong, and since when. RESULT: is there a verdict all the same? */
static int take_last_error(const Doctor *doctor, FindingResult result, Check *check)
{
    const json_t *error = json_object_get(doctor->properties, "LastError");
    const char *name = json_string_value(json_array_get(error, 0));
    char since[96], text[FINDING_TEXT_MAX];

    if (!name || !*name)
        return 0;
    format_moment(usec_of(doctor, "StateSinceUSec"), since);
    const json_t *row = decisive(doctor, name);
    const char *subject = json_string_value(json_array_get(row, 1));
    const char *found = json_string_value(json_array_get(row, 3));
    (void)snprintf(text, sizeof(text), "%s%s%s since %s", found ? found : "",
                   found && *found ? "; " : "", text_of(doctor, "State"), since);
    return findings_add(&check->findings, name, subject ? subject : text_of(doctor, "Verifier"),
                        result, text, json_string_value(json_array_get(row, 4)));
}

static int say_verdict(const Doctor *doctor, Check *check)
{
    char since[96], until[96], last[96];

    format_moment(usec_of(doctor, "StateSinceUSec"), since);
    format_moment(usec_of(doctor, "VerdictExpiresUSec"), until);
    format_moment(usec_of(doctor, "LastRoundUSec"), last);
    return check_say(check, "%s since %s, until %s, last round %s", text_of(doctor, "State"), since,
                     until, last);
}

int doctor_verdict(Doctor *doctor, Check *check)
{
    if (!doctor->properties)
        return check_skip(check, "attestd does not run");
    bool trusted = is_trusted(doctor);
    int r = take_last_error(doctor, trusted ? FINDING_WARNING : FINDING_FAILURE, check);
    if (r == 0 && !trusted && !findings_first_failure(&check->findings))
        r = doctor_no(check, "verdict-missing", text_of(doctor, "Verifier"),
                      text_of(doctor, "State"), NULL);
    if (r == 0 && trusted && json_is_true(json_object_get(doctor->properties, "Simulated")))
        r = doctor_warn(check, "verdict-simulated", text_of(doctor, "Verifier"), NULL, NULL);
    return r < 0 ? r : say_verdict(doctor, check);
}

int doctor_layers(Doctor *doctor, Check *check)
{
    const json_t *claims = json_object_get(doctor->properties, "Claims");
    const json_t *open = json_object_get(claims, "uncovered"), *name;
    size_t i;

    if (!doctor->properties || !is_trusted(doctor))
        return check_skip(check, "there is no verdict that could say");
    if (!json_is_array(open))
        return check_skip(check, "the verifier does not say which layers its policy covers");
    json_array_foreach (open, i, name) {
        const char *layer = json_string_value(name);
        int r = doctor_warn(check, "policy-layer-open", layer ? layer : "?", NULL, NULL);
        if (r < 0)
            return r;
    }
    return check_say(check, "the policy covers every layer");
}
