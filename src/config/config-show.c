/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Effective settings as JSON, errors as lines.
 */
#include "config/config-show.h"

#include "config/config-table.h"
#include "format/catalog.h"

#include <stdio.h>
#include <string.h>

static json_t *show_files(const Config *config)
{
    json_auto_t *files = json_array();

    for (size_t i = 0; files && i < config->files.n_items; i++)
        if (json_array_append_new(files, json_string(config->files.items[i])) < 0)
            return NULL;
    return TAKE_PTR(files);
}

/* One row of one section as an object. */
static json_t *show_setting(const char *section, size_t row, const void *field, const char *origin)
{
    json_t *value = config_keys[row].type->show(field);

    return json_pack("{ss ss so ss}", "section", section, "key", config_keys[row].key, "value",
                     value, "origin", origin ? origin : "default");
}

/* Appends the rows of SECTION; VERIFIER is the one to show, or NULL for the other sections. */
static bool show_section(const Config *config, const VerifierConfig *verifier, const char *section,
                         json_t *settings)
{
    char title[128];

    (void)snprintf(title, sizeof(title), "%s%s%s", section, verifier ? " " : "",
                   verifier ? verifier->name : "");
    for (size_t row = 0; row < n_config_keys; row++) {
        if (strcmp(config_keys[row].section, section) != 0)
            continue;
        const void *field = config_field_const(config, verifier, row);
        const char *origin = verifier ? verifier->origins[row] : config->origins[row];
        if (json_array_append_new(settings, show_setting(title, row, field, origin)) < 0)
            return false;
    }
    return true;
}

json_t *config_to_json(const Config *config)
{
    json_auto_t *settings = json_array();

    if (!settings || !show_section(config, NULL, "Evidence", settings))
        return NULL;
    for (size_t v = 0; v < config->n_verifiers; v++)
        if (!show_section(config, &config->verifiers[v], "Verifier", settings))
            return NULL;
    if (!show_section(config, NULL, "Schedule", settings) ||
        !show_section(config, NULL, "Secrets", settings))
        return NULL;
    return json_pack("{so sO}", "files", show_files(config), "settings", settings);
}

char *config_error_text(const Finding *finding)
{
    const CatalogEntry *entry = catalog_find(finding->name);
    bool has_found = *finding->found, has_wanted = *finding->wanted;
    char *text;

    if (asprintf(&text, "%s: %s%s%s%s%s; %s", finding->subject, entry ? entry->text : finding->name,
                 has_found ? ": found " : "", finding->found, has_wanted ? ", wanted " : "",
                 finding->wanted, finding->remedy) < 0)
        return NULL;
    return text;
}
