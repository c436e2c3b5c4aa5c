/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the machine says about attestd, for a report: versions, units, the daemon's properties and
 * metrics. Of each no more than a fixed list or a grammar lets through; nobody is complained about.
 */
#pragma once

#include "base/json.h"

/* Each is an owned reference, null in JSON's sense where nobody answers; NULL: no memory. */
json_t *explain_machine_versions(void);
json_t *explain_machine_units(void);
json_t *explain_machine_metrics(const char *runtime_directory);

/* Of the daemon, unfiltered; NULL: it does not answer. */
json_t *explain_machine_properties(void);
