/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The standing, for a person and as JSON.
 */
#include "ctl/output.h"

#include "base/clock.h"
#include "format/catalog.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool colored;

void output_set_color(ColorMode mode)
{
    const char *term = getenv("TERM");

    colored = mode == COLOR_ALWAYS || (mode == COLOR_AUTO && isatty(STDOUT_FILENO) &&
                                       !getenv("NO_COLOR") && term && strcmp(term, "dumb") != 0);
}

const char *output_tone(Tone tone)
{
    if (!colored)
        return "";
    switch (tone) {
    case TONE_PLAIN:
        return "";
    case TONE_GOOD:
        return "\033[1;32m";
    case TONE_WARN:
        return "\033[1;33m";
    case TONE_BAD:
        return "\033[1;31m";
    case TONE_DIM:
        return "\033[2m";
    case TONE_BOLD:
        return "\033[1m";
    }
    return "";
}

const char *output_reset(void)
{
    return colored ? "\033[0m" : "";
}

static bool state_is(const json_t *properties, const char *state)
{
    const char *found = json_string_value(json_object_get(properties, "State"));

    return found && strcmp(found, state) == 0;
}

Tone output_state_tone(const char *state)
{
    if (strcmp(state, "TRUSTED") == 0 || strcmp(state, "RENEWING") == 0)
        return TONE_GOOD;
    if (strcmp(state, "REFUSED") == 0)
        return TONE_BAD;
    return TONE_WARN;
}

void format_span(uint64_t usec, char out[static 48])
{
    uint64_t seconds = usec / USEC_PER_SEC;

    if (seconds >= 86400)
        (void)snprintf(out, 48, "%" PRIu64 " d %" PRIu64 " h", seconds / 86400,
                       seconds % 86400 / 3600);
    else if (seconds >= 3600)
        (void)snprintf(out, 48, "%" PRIu64 " h %" PRIu64 " min", seconds / 3600,
                       seconds % 3600 / 60);
    else if (seconds >= 60)
        (void)snprintf(out, 48, "%" PRIu64 " min %" PRIu64 " s", seconds / 60, seconds % 60);
    else
        (void)snprintf(out, 48, "%" PRIu64 " s", seconds);
}

void format_moment(uint64_t realtime_usec, char out[static 96])
{
    uint64_t now = clock_realtime_usec(&clock_system);
    char date[32], span[48];

    if (realtime_usec == 0) {
        (void)snprintf(out, 96, "never");
        return;
    }
    format_timestamp(realtime_usec, date);
    format_span(realtime_usec > now ? realtime_usec - now : now - realtime_usec, span);
    (void)snprintf(out, 96, realtime_usec > now ? "%s (in %s)" : "%s (%s ago)", date, span);
}

static const char *text_of(const json_t *properties, const char *name)
{
    const char *text = json_string_value(json_object_get(properties, name));

    return text ? text : "";
}

static uint64_t usec_of(const json_t *properties, const char *name)
{
    json_int_t value = json_integer_value(json_object_get(properties, name));

    return value > 0 ? (uint64_t)value : 0;
}

static void print_row(const char *label, const char *value)
{
    if (*value)
        (void)printf("%s%12s:%s %s\n", output_tone(TONE_DIM), label, output_reset(), value);
}

static void print_moment(const json_t *properties, const char *label, const char *name)
{
    char moment[96];

    if (usec_of(properties, name) == 0)
        return;
    format_moment(usec_of(properties, name), moment);
    print_row(label, moment);
}

static void print_list(const char *label, const json_t *array)
{
    char line[256] = "";
    size_t used = 0, i;
    json_t *item;

    json_array_foreach (array, i, item) {
        const char *text = json_string_value(item);
        if (text && used < sizeof(line))
            used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s", i ? ", " : "", text);
    }
    print_row(label, line);
}

static const char *const headlines[] = {
    "policy",   "vtpm_root", "cpu.product",      "cpu.measurement", "cpu.firmware",
    "cpu.vmpl", "cpu.debug", "vtpm.secure_boot", "vtpm.bank",
};

static void print_fact(const char *label, const char *name, const json_t *value)
{
    _cleanup_free_ char *text = NULL;
    char line[512];

    if (json_is_boolean(value))
        text = strdup(json_is_true(value) ? "yes" : "no");
    else if (json_is_string(value))
        text = strdup(json_string_value(value));
    else
        text = json_text(value);
    (void)snprintf(line, sizeof(line), "%s = %s", name, text ? text : "?");
    print_row(label, line);
}

/* The facts a person asks for first, one a line; --json has all of them. */
static void print_claims(const json_t *claims)
{
    size_t n_shown = 0;

    for (size_t i = 0; i < ELEMENTSOF(headlines); i++) {
        const json_t *value = json_object_get(claims, headlines[i]);
        if (value)
            print_fact(n_shown++ == 0 ? "Proven" : "", headlines[i], value);
    }
    if (json_object_size(claims) > n_shown) {
        char line[80];
        (void)snprintf(line, sizeof(line), "and %zu more facts (--json)",
                       json_object_size(claims) - n_shown);
        print_row("", line);
    }
}

static void print_last_error(const json_t *properties)
{
    const json_t *error = json_object_get(properties, "LastError");
    const char *name = json_string_value(json_array_get(error, 0));
    const char *text = json_string_value(json_array_get(error, 1));
    const char *remedy = json_string_value(json_array_get(error, 2));
    char line[1200];

    if (!name || !*name)
        return;
    (void)snprintf(line, sizeof(line), "%s%s%s: %s", output_tone(TONE_BAD), name, output_reset(),
                   text ? text : "");
    print_row("Last error", line);
    print_row("Remedy", remedy ? remedy : "");
}

static const char *column(const json_t *row, size_t index)
{
    const char *text = json_string_value(json_array_get(row, index));

    return text ? text : "";
}

/* Each finding: name, subject, result, found, wanted, remedy, source. */
static void print_findings(const json_t *findings)
{
    const char *label = "Findings";
    size_t i;
    json_t *row;

    json_array_foreach (findings, i, row) {
        char line[1600];
        Tone tone = strcmp(column(row, 2), "failure") == 0 ? TONE_BAD : TONE_WARN;
        int used = snprintf(line, sizeof(line), "%s%s%s (%s)", output_tone(tone), column(row, 0),
                            output_reset(), column(row, 1));
        if (*column(row, 3) && used < (int)sizeof(line))
            used += snprintf(line + used, sizeof(line) - (size_t)used, " found %s", column(row, 3));
        if (*column(row, 4) && used < (int)sizeof(line))
            (void)snprintf(line + used, sizeof(line) - (size_t)used, ", wanted %s", column(row, 4));
        print_row(label, line);
        label = "";
    }
}

void output_standing(const json_t *properties)
{
    const char *state = text_of(properties, "State");
    char verifier[512];

    (void)printf("%s%12s:%s %s%s%s%s\n", output_tone(TONE_DIM), "Standing", output_reset(),
                 output_tone(output_state_tone(state)), state, output_reset(),
                 json_is_true(json_object_get(properties, "Simulated"))
                     ? " (simulated hardware: proves nothing)"
                     : "");
    print_moment(properties, "Since", "StateSinceUSec");
    if (state_is(properties, "TRUSTED") || state_is(properties, "RENEWING") ||
        usec_of(properties, "VerdictExpiresUSec") > 0)
        print_moment(properties, "Until", "VerdictExpiresUSec");
    (void)snprintf(verifier, sizeof(verifier), "%s (%s)", text_of(properties, "Verifier"),
                   text_of(properties, "Protocol"));
    if (*text_of(properties, "Verifier"))
        print_row("By", verifier);
    print_list("Evidence", json_object_get(properties, "EvidenceKinds"));
    print_claims(json_object_get(properties, "Claims"));
    print_moment(properties, "Last round", "LastRoundUSec");
    print_moment(properties, "Next round", "NextRoundUSec");
    print_last_error(properties);
    print_findings(json_object_get(properties, "Findings"));
}

/* "StateSinceUSec" to "state_since_usec". */
static void snake_case(const char *name, char *out, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; name[i] && n + 2 < size; i++) {
        bool upper = isupper((unsigned char)name[i]);
        if (upper && i > 0 && !isupper((unsigned char)name[i - 1]))
            out[n++] = '_';
        out[n++] = (char)tolower((unsigned char)name[i]);
    }
    out[n] = 0;
}

/* Rows of fixed columns become objects. */
static json_t *name_columns(const json_t *row, const char *const *names, size_t n_names)
{
    json_t *object = json_object();

    for (size_t i = 0; object && i < n_names; i++)
        if (json_object_set_new(object, names[i], json_string(column(row, i))) < 0) {
            json_decref(object);
            return NULL;
        }
    return object;
}

static json_t *readable(const char *name, json_t *value)
{
    static const char *const error_columns[] = { "name", "text", "remedy" };
    static const char *const finding_columns[] = { "name",   "subject", "result", "found",
                                                   "wanted", "remedy",  "source" };
    size_t i;
    json_t *row;

    if (strcmp(name, "LastError") == 0)
        return *column(value, 0) ? name_columns(value, error_columns, ELEMENTSOF(error_columns))
                                 : json_null();
    if (strcmp(name, "Findings") != 0)
        return json_incref(value);

    json_t *rows = json_array();
    json_array_foreach (value, i, row) {
        if (json_array_append_new(
                rows, name_columns(row, finding_columns, ELEMENTSOF(finding_columns))) < 0) {
            json_decref(rows);
            return NULL;
        }
    }
    return rows;
}

void output_note(const char *text)
{
    (void)fflush(stdout);
    (void)fprintf(stderr, "%s\n", text);
}

int output_json(const json_t *value)
{
    _cleanup_free_ char *text = json_dumps(value, JSON_INDENT(2));

    if (!text)
        return -ENOMEM;
    (void)puts(text);
    return 0;
}

int output_standing_json(const json_t *properties)
{
    json_auto_t *object = json_object();
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)properties, name, value) {
        char key[64];
        snake_case(name, key, sizeof(key));
        if (json_object_set_new(object, key, readable(name, value)) < 0)
            return -ENOMEM;
    }
    return output_json(object);
}

int standing_exit_class(const json_t *properties)
{
    const CatalogEntry *error = catalog_find(column(json_object_get(properties, "LastError"), 0));

    if (state_is(properties, "TRUSTED") || state_is(properties, "RENEWING"))
        return EXIT_CLASS_ATTESTED;
    if (state_is(properties, "REFUSED"))
        return EXIT_CLASS_REFUSED;
    if (error && (error->exit_class == EXIT_CLASS_UNREACHABLE ||
                  error->exit_class == EXIT_CLASS_NOT_CONFIDENTIAL))
        return (int)error->exit_class;
    return EXIT_CLASS_NOT_ATTESTED;
}
