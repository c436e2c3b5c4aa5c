/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl config: the settings in force and where each came from.
 */
#include "config/config-show.h"
#include "ctl/output.h"
#include "ctl/settings.h"
#include "ctl/verb.h"
#include "format/catalog.h"

#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

/* A list's items are joined with blanks, as they would be written. */
static void print_value(const json_t *value)
{
    size_t i;
    json_t *item;

    if (json_is_string(value))
        (void)fputs(json_string_value(value), stdout);
    json_array_foreach (value, i, item)
        (void)printf("%s%s", i > 0 ? " " : "", json_string_value(item));
}

static void print_settings(const json_t *settings)
{
    const char *section = "";
    size_t i;
    json_t *setting;

    json_array_foreach (settings, i, setting) {
        if (strcmp(section, text_of(setting, "section")) != 0) {
            section = text_of(setting, "section");
            (void)printf("%s%s[%s]%s\n", i > 0 ? "\n" : "", output_tone(TONE_BOLD), section,
                         output_reset());
        }
        (void)printf("%s=", text_of(setting, "key"));
        print_value(json_object_get(setting, "value"));
        (void)printf("  %s# %s%s\n", output_tone(TONE_DIM), text_of(setting, "origin"),
                     output_reset());
    }
}

static int run(const Options *options)
{
    _cleanup_(config_freep) Config *config = NULL;

    int r = settings_load(options, &config);
    if (r != 0)
        return r;

    json_auto_t *shown = config_to_json(config);
    if (!shown)
        return EXIT_CLASS_INTERNAL;
    if (options->json)
        return output_json(shown) < 0 ? EXIT_CLASS_INTERNAL : 0;
    print_settings(json_object_get(shown, "settings"));
    return 0;
}

static const Option config_options[] = {
    TEXT_OPTION("config", config, "FILE", "read FILE"),
    FLAG_OPTION("json", json, "the settings as JSON"),
    { 0 },
};

const Verb verb_config[] = {
    { .name = "config",
      .help = "the settings in force and where each came from",
      .run = run,
      .options = config_options },
    { 0 },
};
