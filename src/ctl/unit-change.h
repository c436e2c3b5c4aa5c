/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The units that hold a secret of which there is another version now (docs/secrets.md): reloaded or
 * restarted through the service manager, where they run.
 */
#pragma once

#include "base/json.h"
#include "format/on-change.h"

/*
 * Does what ON_CHANGE says to the active units among WHO, a list of askers, waits until it is done,
 * and says which they were on stdout, or on stderr with TO_STDERR. What fails is a warning there:
 * the secret is sealed.
 */
void unit_change(const json_t *who, OnChange on_change, bool to_stderr);
