/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a verdict rests on: the settings that decide whether a token counts. A verdict obtained
 * under other ones is not a verdict under these.
 */
#pragma once

#include "config/config.h"

/*
 * Issuer, audience, keys, algorithms, requirements and acceptances of the enabled verifier, and
 * nothing that only says how to reach it. Equal settings give equal text. Owned; NULL when out of
 * memory.
 */
char *config_basis(const Config *config);
