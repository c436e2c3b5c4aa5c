/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report, part by part. What a part may say is a list here or a grammar; the rest is hidden.
 */
#include "ctl/explain-report.h"

#include "config/config-show.h"
#include "config/config-table.h"
#include "ctl/explain-machine.h"
#include "format/catalog.h"
#include "format/redact.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REPORT_VERSION 1

static json_t *foreign_text(const char *text)
{
    _cleanup_free_ char *shown = redact_foreign(text ? text : "");

    return shown ? json_string(shown) : NULL;
}

static const char *finding_name(const char *name)
{
    return catalog_find(name) ? name : REDACTED;
}

static json_t *show_finding(const Finding *finding)
{
    return json_pack("{ss so ss so so so}", "name", finding_name(finding->name), "subject",
                     foreign_text(finding->subject), "result",
                     finding->result == FINDING_FAILURE ? "failure" : "warning", "found",
                     foreign_text(finding->found), "wanted", foreign_text(finding->wanted),
                     "source", foreign_text(finding->source));
}

static json_t *show_findings(const Findings *findings)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < findings->n_items; i++)
        if (json_array_append_new(array, show_finding(&findings->items[i])) < 0)
            return NULL;
    return TAKE_PTR(array);
}

/* TEXT where it is one of NAMES. */
static const char *one_of(const char *text, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(*names, text) == 0)
            return text;
    return REDACTED;
}

/* "1.2.3"; four numbers would be an address. */
static bool is_version(const char *text)
{
    size_t n_dots = 0;

    for (const char *c = text; *c; c++)
        n_dots += *c == '.';
    return n_dots <= 2 && strspn(text, "0123456789.") == strlen(text);
}

/* What should be one of a few words may be any, in attestd's files and on the bus. */
static const char *const states[] = { "UNPROVEN", "PROVING", "TRUSTED",  "RENEWING",
                                      "WAITING",  "REFUSED", "STOPPING", NULL };
static const char *const protocols[] = { "native", "maa", NULL };

static int set_words(json_t *object, const RoundRecord *record)
{
    json_auto_t *words =
        json_pack("{ss ss ss ss}", "before", one_of(record->before, states), "after",
                  one_of(record->after, states), "protocol", one_of(record->protocol, protocols),
                  "version", is_version(record->version) ? record->version : REDACTED);

    return words && json_object_update(object, words) == 0 ? 0 : -ENOMEM;
}

json_t *explain_report_round(const RoundRecord *record, size_t boot)
{
    json_auto_t *object = round_record_to_json(record);
    json_t *kinds;
    size_t i;
    json_t *kind;

    if (!object || json_object_del(object, "verifier") < 0 ||
        json_object_set_new(object, "boot", json_integer((json_int_t)boot)) < 0 ||
        json_object_set_new(object, "findings", show_findings(&record->findings)) < 0 ||
        set_words(object, record) < 0)
        return NULL;
    kinds = json_object_get(object, "evidence_kinds");
    json_array_foreach (kinds, i, kind)
        if (json_array_set_new(kinds, i, foreign_text(json_string_value(kind))) < 0)
            return NULL;
    return TAKE_PTR(object);
}

static json_t *show_rounds(const Rounds *rounds)
{
    json_auto_t *array = json_array();
    size_t boot = 0;

    for (size_t i = 0; array && i < rounds->n_items; i++) {
        const RoundRecord *record = &rounds->items[i];
        bool is_new = i == 0 || strcmp(record->boot, rounds->items[i - 1].boot) != 0;
        boot += is_new;
        if (json_array_append_new(array, explain_report_round(record, boot)) < 0)
            return NULL;
    }
    return TAKE_PTR(array);
}

/* Kinds of which no value names anything outside of attestd. */
static bool is_harmless(const ConfigKey *key)
{
    static const ConfigValueType *const types[] = {
        &config_value_choice, &config_value_bool, &config_value_time,
        &config_value_handle, &config_value_pcrs, &config_value_algorithms,
    };

    for (size_t i = 0; i < ELEMENTSOF(types); i++)
        if (key->type == types[i])
            return true;
    return false;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

/* ROW of config_to_json(); a list that is hidden says how long it is. */
static json_t *show_setting(const json_t *row)
{
    char section[32];
    const json_t *value = json_object_get(row, "value");
    bool is_default = strcmp(text_of(row, "origin"), "default") == 0;

    (void)snprintf(section, sizeof(section), "%.*s", (int)strcspn(text_of(row, "section"), " "),
                   text_of(row, "section"));
    size_t index = config_key_find(section, text_of(row, "key"));
    bool shows = is_default || (index < n_config_keys && is_harmless(&config_keys[index]));
    json_t *shown = shows ? json_deep_copy(value)
                    : json_is_array(value)
                        ? json_pack("{sI}", "items", (json_int_t)json_array_size(value))
                        : json_string(REDACTED);
    return json_pack("{ss ss so sb}", "section", section, "key", text_of(row, "key"), "value",
                     shown, "is_default", is_default);
}

json_t *explain_report_settings(const Config *config)
{
    json_auto_t *all = config_to_json(config), *array = json_array();
    size_t i;
    json_t *row;

    if (!all || !array)
        return NULL;
    json_array_foreach (json_object_get(all, "settings"), i, row)
        if (json_array_append_new(array, show_setting(row)) < 0)
            return NULL;
    return json_pack("{sI sO}", "files", (json_int_t)json_array_size(json_object_get(all, "files")),
                     "settings", array);
}

/* Settings in error, or those in force; NULL: no memory. */
static json_t *show_settings(const Options *options)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    _cleanup_(config_freep) Config *config = NULL;

    int r =
        config_load(options->config ? options->config : CONFIG_PATH_DEFAULT, &findings, &config);
    if (r < 0)
        return r == -ENOMEM ? NULL : json_null();
    return r > 0 ? json_pack("{so}", "errors", show_findings(&findings))
                 : explain_report_settings(config);
}

/* Rows of the property Findings: name, subject, result, found, wanted, remedy, source. */
static json_t *show_bus_findings(const json_t *rows)
{
    json_auto_t *array = json_array();
    size_t i;
    json_t *row;

    json_array_foreach (rows, i, row) {
        const char *columns[5];
        for (size_t c = 0; c < ELEMENTSOF(columns); c++)
            columns[c] = json_string_value(json_array_get(row, c));
        bool is_failure = columns[2] && strcmp(columns[2], "failure") == 0;
        json_t *item = json_pack(
            "{ss so ss so so}", "name", finding_name(columns[0] ? columns[0] : ""), "subject",
            foreign_text(columns[1]), "result", is_failure ? "failure" : "warning", "found",
            foreign_text(columns[3]), "wanted", foreign_text(columns[4]));
        if (json_array_append_new(array, item) < 0)
            return NULL;
    }
    return TAKE_PTR(array);
}

json_t *explain_report_standing(const json_t *properties)
{
    static const char *const numbers[] = { "StateSinceUSec", "VerdictExpiresUSec", "NextRoundUSec",
                                           "LastRoundUSec" };
    const char *version = text_of(properties, "Version");
    json_auto_t *object =
        json_pack("{ss ss ss sb}", "State", one_of(text_of(properties, "State"), states),
                  "Protocol", one_of(text_of(properties, "Protocol"), protocols), "Version",
                  is_version(version) ? version : REDACTED, "Simulated",
                  json_is_true(json_object_get(properties, "Simulated")));

    for (size_t i = 0; object && i < ELEMENTSOF(numbers); i++) {
        json_t *value = json_object_get(properties, numbers[i]);
        if (json_is_integer(value) && json_object_set(object, numbers[i], value) < 0)
            return NULL;
    }
    if (json_object_set_new(object, "Findings",
                            show_bus_findings(json_object_get(properties, "Findings"))) < 0)
        return NULL;
    return TAKE_PTR(object);
}

static json_t *show_standing(void)
{
    json_auto_t *properties = explain_machine_properties();

    return properties ? explain_report_standing(properties) : json_null();
}

json_t *explain_report(const Options *options, const Rounds *rounds)
{
    return json_pack("{si so so so so so so}", "attestd_report", REPORT_VERSION, "versions",
                     explain_machine_versions(), "standing", show_standing(), "settings",
                     show_settings(options), "units", explain_machine_units(), "metrics",
                     explain_machine_metrics(options->runtime_directory), "rounds",
                     show_rounds(rounds));
}
