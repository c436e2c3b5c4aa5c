/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestd's own settings, for verbs that do without it.
 */
#pragma once

#include "config/config.h"
#include "ctl/verb.h"

/* Reads --config, else the installed file; errors are printed. 0, else an exit class. */
_must_check_ int settings_load(const Options *options, Config **ret);
