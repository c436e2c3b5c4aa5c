/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From files to a Config: assignments by the table, trust, defaults, and the checks that need more
 * than one line. Every error is reported, not the first.
 */
#include "config/config.h"

#include "base/file.h"
#include "config/config-check.h"
#include "config/config-file.h"
#include "config/config-table.h"
#include "config/config-trust.h"
#include "config/drop-ins.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void origins_done(char **origins)
{
    for (size_t i = 0; i < CONFIG_KEYS_MAX; i++)
        free(origins[i]);
}

static void verifier_config_done(VerifierConfig *verifier)
{
    free(verifier->name);
    free(verifier->origin);
    free(verifier->ca_pem);
    json_decref(verifier->token_keys);
    texts_done(&verifier->simulated_roots);
    origins_done(verifier->origins);
}

Config *config_free(Config *config)
{
    if (!config)
        return NULL;
    for (size_t row = 0; row < n_config_keys; row++) {
        bool is_verifier = strcmp(config_keys[row].section, "Verifier") == 0;
        size_t n = is_verifier ? config->n_verifiers : 1;
        for (size_t v = 0; v < n; v++)
            config_keys[row].type->reset(config_field(config, &config->verifiers[v], row));
    }
    for (size_t v = 0; v < config->n_verifiers; v++)
        verifier_config_done(&config->verifiers[v]);
    origins_done(config->origins);
    texts_done(&config->files);
    free(config);
    return NULL;
}

typedef struct Loader {
    Config *config;
    Findings *findings;
    VerifierConfig *verifier; /* of the current section, where that is a [Verifier NAME] */
    bool is_ignoring;         /* the current section was refused; its keys would only repeat that */
} Loader;

static int open_verifier(Loader *loader, const ConfigLine *line)
{
    Config *config = loader->config;

    for (size_t v = 0; v < config->n_verifiers; v++)
        if (strcmp(config->verifiers[v].name, line->name) == 0) {
            loader->verifier = &config->verifiers[v];
            return 0;
        }
    if (config->n_verifiers >= CONFIG_VERIFIERS_MAX) {
        loader->is_ignoring = true;
        return config_refuse(loader->findings, "config-list-too-long", line->path, line->line,
                             line->name, "at most 8 [Verifier NAME] sections");
    }
    loader->verifier = &config->verifiers[config->n_verifiers++];
    loader->verifier->name = strdup(line->name);
    if (asprintf(&loader->verifier->origin, "%s:%u", line->path, line->line) < 0)
        loader->verifier->origin = NULL;
    return loader->verifier->name && loader->verifier->origin ? 0 : -ENOMEM;
}

static int open_section(Loader *loader, const ConfigLine *line)
{
    bool is_verifier = strcmp(line->section, "Verifier") == 0;
    char found[FINDING_TEXT_MAX];

    loader->verifier = NULL;
    loader->is_ignoring = false;
    if (config_section_exists(line->section) && is_verifier == (line->name != NULL))
        return is_verifier ? open_verifier(loader, line) : 0;

    loader->is_ignoring = true;
    (void)snprintf(found, sizeof(found), "[%s%s%s]", line->section, line->name ? " " : "",
                   line->name ? line->name : "");
    return config_refuse(loader->findings, "config-section-unknown", line->path, line->line, found,
                         "[Evidence], [Verifier NAME], [Schedule] or [Secrets]");
}

static int refuse_key(Loader *loader, const ConfigLine *line)
{
    _cleanup_free_ char *keys = config_keys_text(line->section);
    char found[FINDING_TEXT_MAX];

    if (!keys)
        return -ENOMEM;
    (void)snprintf(found, sizeof(found), "%s= in [%s]", line->key, line->section);
    return config_refuse(loader->findings, "config-key-unknown", line->path, line->line, found,
                         keys);
}

static const char *value_error(int reason)
{
    switch (reason) {
    case CONFIG_VALUE_E_UNIT:
        return "config-unit-unknown";
    case CONFIG_VALUE_E_MANY:
        return "config-list-too-long";
    }
    return "config-value-invalid";
}

static int refuse_value(Loader *loader, const ConfigLine *line, int reason, const char *what,
                        const ConfigKey *key)
{
    char found[FINDING_TEXT_MAX];

    (void)snprintf(found, sizeof(found), "%s=: %s", line->key, what);
    return config_refuse(loader->findings, value_error(reason), line->path, line->line, found,
                         reason == CONFIG_VALUE_E_UNIT ? "us, ms, s, min, h, d or w"
                                                       : config_key_wanted(key));
}

static int assign(Loader *loader, const ConfigLine *line)
{
    size_t row = config_key_find(line->section, line->key);
    char found[CONFIG_VALUE_WHAT_MAX] = "";

    if (row == n_config_keys)
        return refuse_key(loader, line);
    const ConfigKey *key = &config_keys[row];
    void *field = config_field(loader->config, loader->verifier, row);
    char **origin = config_origin(loader->config, loader->verifier, row);

    if (!*line->value) {
        key->type->reset(field);
        free(*origin);
        *origin = NULL;
        return 0;
    }

    int r = key->type->parse(line->value, key->detail, field, found);
    if (r > 0)
        return refuse_value(loader, line, r, found, key);
    if (r < 0)
        return r;
    free(*origin);
    if (asprintf(origin, "%s:%u", line->path, line->line) < 0) {
        *origin = NULL;
        return -ENOMEM;
    }
    return 0;
}

static int on_line(const ConfigLine *line, void *userdata)
{
    Loader *loader = userdata;

    if (!line->key)
        return open_section(loader, line);
    if (loader->is_ignoring)
        return 0;
    if (loader->verifier)
        loader->verifier->has_lines = true;
    return assign(loader, line);
}

static int load_file(Loader *loader, const char *path)
{
    _cleanup_bytes_ Bytes text = { 0 };

    int r = file_read(path, CONFIG_FILE_MAX, &text);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return config_refuse(loader->findings, "config-file-unreadable", path, 0,
                             r == -EFBIG ? "more than 256 KiB" : strerror(-r),
                             "a readable configuration file");
    r = texts_add(&loader->config->files, path);
    if (r < 0)
        return r;
    return config_file_parse(path, VIEW(text), on_line, loader, loader->findings);
}

/* Rows nobody set get their default. */
static int apply_defaults(Config *config)
{
    char found[CONFIG_VALUE_WHAT_MAX];

    for (size_t row = 0; row < n_config_keys; row++) {
        const ConfigKey *key = &config_keys[row];
        size_t n = strcmp(key->section, "Verifier") == 0 ? config->n_verifiers : 1;
        for (size_t v = 0; v < n && key->fallback; v++) {
            VerifierConfig *verifier = &config->verifiers[v];
            if (*config_origin(config, verifier, row))
                continue;
            int r = key->type->parse(key->fallback, key->detail,
                                     config_field(config, verifier, row), found);
            if (r)
                return r < 0 ? r : -EINVAL;
        }
    }
    return 0;
}

/* A section is enabled unless it says no; known before defaults, since only it loads its files. */
static bool is_enabled(const VerifierConfig *verifier)
{
    return verifier->enabled || !verifier->origins[config_key_find("Verifier", "Enabled")];
}

static int complete(Config *config, const char *path, Findings *findings)
{
    int r = 0;

    for (size_t v = 0; v < config->n_verifiers && r == 0; v++)
        if (is_enabled(&config->verifiers[v]))
            r = config_trust_load(config, &config->verifiers[v], findings);
    if (r == 0)
        r = apply_defaults(config);
    if (r == 0)
        r = config_check(config, path, findings);
    return r;
}

/* Where drop-ins are looked for, strongest first. Borrowed. */
typedef struct DropInPlaces {
    const char *const *directories;
    size_t n_directories;
} DropInPlaces;

static int find_drop_ins(Loader *loader, const char *path, const char *const *directories,
                         size_t n_directories, Texts *ret)
{
    int r = drop_ins_find(directories, n_directories, ret);

    if (r == 0 || r == -ENOMEM)
        return r;
    return config_refuse(loader->findings, "config-file-unreadable", path, 0, strerror(-r),
                         "readable drop-in directories with at most 64 files");
}

static int load_files(const char *path, const char *const *directories, size_t n_directories,
                      Loader *loader)
{
    Texts drop_ins = { 0 };

    int r = load_file(loader, path);
    if (r == 0)
        r = find_drop_ins(loader, path, directories, n_directories, &drop_ins);
    for (size_t i = 0; i < drop_ins.n_items && r == 0; i++) {
        loader->verifier = NULL;
        loader->is_ignoring = false;
        r = load_file(loader, drop_ins.items[i]);
    }
    texts_done(&drop_ins);
    return r;
}

/* With IS_ANYWAY the result is there whatever was found. */
static int load(const char *path, const DropInPlaces *places, bool is_anyway, Findings *findings,
                Config **ret)
{
    _cleanup_(config_freep) Config *config = calloc(1, sizeof(*config));
    /* Its own: the caller's may be full, and would then drop what is wrong here. */
    _cleanup_findings_ Findings found = { .source = findings->source };
    Loader loader = { .config = config, .findings = &found };

    if (!config)
        return -ENOMEM;
    int r = load_files(path, places->directories, places->n_directories, &loader);
    /* Without the main file the rest would be complaints about its absence. */
    if (r == 0 && config->files.n_items > 0)
        r = complete(config, path, &found);
    else if (r == 0)
        r = apply_defaults(config);
    if (r < 0)
        return r;
    bool is_invalid = found.n_items > 0;
    r = findings_move(findings, &found);
    if (r < 0)
        return r;
    if (is_anyway || !is_invalid)
        *ret = TAKE_PTR(config);
    return is_invalid ? CONFIG_E_INVALID : CONFIG_OK;
}

int config_load_from(const char *path, const char *const *directories, size_t n_directories,
                     Findings *findings, Config **ret)
{
    const DropInPlaces places = { directories, n_directories };

    return load(path, &places, /* is_anyway= */ false, findings, ret);
}

static int load_with_drop_ins(const char *path, bool is_anyway, Findings *findings, Config **ret)
{
    static const char *const roots[] = { "/etc/", "/run/", "/usr/lib/" };
    const char *directories[ELEMENTSOF(roots)];
    _cleanup_free_ char *etc = NULL, *run = NULL, *usr = NULL;
    bool is_etc = strncmp(path, roots[0], strlen(roots[0])) == 0;
    const char *rest = is_etc ? path + strlen(roots[0]) : path;

    if (asprintf(&etc, "%s%s.d", is_etc ? roots[0] : "", rest) < 0)
        etc = NULL;
    if (asprintf(&run, "%s%s.d", roots[1], rest) < 0)
        run = NULL;
    if (asprintf(&usr, "%s%s.d", roots[2], rest) < 0)
        usr = NULL;
    if (!etc || !run || !usr)
        return -ENOMEM;
    directories[0] = etc;
    directories[1] = run;
    directories[2] = usr;
    const DropInPlaces places = { directories, is_etc ? ELEMENTSOF(roots) : 1 };
    return load(path, &places, is_anyway, findings, ret);
}

int config_load(const char *path, Findings *findings, Config **ret)
{
    return load_with_drop_ins(path, /* is_anyway= */ false, findings, ret);
}

int config_load_anyway(const char *path, Findings *findings, Config **ret)
{
    return load_with_drop_ins(path, /* is_anyway= */ true, findings, ret);
}
