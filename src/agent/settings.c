/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files to settings, all of them or none.
 */
#include "agent/settings.h"

#include "agent/publish-secrets.h"
#include "agent/publish.h"
#include "config/config-basis.h"

#include <errno.h>
#include <string.h>

void settings_done(Settings *settings)
{
    gates_done(&settings->gates);
    (void)config_free(settings->config);
    free(settings->basis);
    free(settings->config_path);
    free(settings->state_directory);
    *settings = (Settings){ 0 };
}

int settings_open(const char *config_path, const char *state_directory, Config *config,
                  Settings *ret)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    _cleanup_settings_ Settings settings = { .config_path = strdup(config_path),
                                             .state_directory = strdup(state_directory),
                                             .basis = config_basis(config) };

    if (!settings.config_path || !settings.state_directory || !settings.basis)
        return -ENOMEM;
    int r = gates_load(state_directory, &findings, &settings.gates);
    if (r < 0)
        return r;
    publish_gate_faults(&findings);
    settings.config = config;
    *ret = TAKE_STRUCT(settings);
    return SETTINGS_OK;
}

int settings_reload(Settings *settings, Findings *findings, bool *ret_is_other)
{
    _cleanup_settings_ Settings fresh = { 0 };
    _cleanup_(config_freep) Config *config = NULL;

    int r = config_load(settings->config_path, findings, &config);
    if (r > 0) {
        publish_config_errors(findings);
        return SETTINGS_E_INVALID;
    }
    if (r == 0)
        r = settings_open(settings->config_path, settings->state_directory, config, &fresh);
    if (r)
        return r;
    (void)TAKE_PTR(config); /* the fresh settings' now */
    *ret_is_other = strcmp(settings->basis, fresh.basis) != 0;
    settings_done(settings);
    *settings = TAKE_STRUCT(fresh);
    return SETTINGS_OK;
}
