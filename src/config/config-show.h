/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The effective settings and where each came from, as JSON and as a line for a person.
 */
#pragma once

#include "config/config.h"

/*
 * {"files": [PATH, …],
 *  "settings": [{"section": "Evidence", "key": "Source", "value": TEXT, "origin": TEXT}, …]}
 * in the order of the table. "section" is "Verifier NAME" for the rows of each verifier; "value" is
 * text as it would be written, an array of texts for lists; "origin" is "FILE:LINE", the path of
 * the trust file, or "default". No setting holds a secret: keys are named by path. New reference;
 * NULL when out of memory.
 */
json_t *config_to_json(const Config *config);

/*
 * An error of config_load() as one line: "FILE:LINE: cause: found FOUND, wanted WANTED. REMEDY".
 * Owned; NULL when out of memory.
 */
char *config_error_text(const Finding *finding);
