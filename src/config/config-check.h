/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold between settings, once all of them are known.
 */
#pragma once

#include "config/config.h"

/*
 * Chooses the one enabled verifier and checks it and the schedule. PATH is the main file, for
 * errors that have no line. -ENOMEM.
 */
_must_check_ int config_check(Config *config, const char *path, Findings *findings);
