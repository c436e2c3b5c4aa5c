/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in force: configuration and gates, as the files were when they were last read.
 */
#pragma once

#include "agent/gates.h"
#include "config/config.h"

/* Owned: settings_done(). Zeroed is empty. */
typedef struct Settings {
    char *config_path;
    char *state_directory; /* of the gates */
    Config *config;
    char *basis; /* of config: what a verdict must rest on */
    Gates gates;
} Settings;

void settings_done(Settings *settings);
#define _cleanup_settings_ _cleanup_(settings_done)

enum {
    SETTINGS_OK,
    SETTINGS_E_INVALID, /* the configuration has errors, which were said */
};

/*
 * Reads the gates; a gate file that cannot be used is said and passed over. CONFIG is taken on
 * success. Negative errno.
 */
_must_check_ int settings_open(const char *config_path, const char *state_directory, Config *config,
                               Settings *ret);
/*
 * Reads everything again. RET_IS_OTHER: what a verdict must rest on is not what it was. On
 * SETTINGS_E_INVALID, whose errors FINDINGS gets, and negative errno all stays as it was.
 */
_must_check_ int settings_reload(Settings *settings, Findings *findings, bool *ret_is_other);
