/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes with a report of a defect: versions, settings, units, metrics, rounds, in one JSON
 * object without anything that opens or identifies. What may be in it is listed; what is not listed
 * is hidden.
 */
#pragma once

#include "config/config.h"
#include "ctl/explain-records.h"
#include "ctl/verb.h"

/* Whatever cannot be asked is null. Owned reference; NULL: no memory. */
json_t *explain_report(const Options *options, const Rounds *rounds);
/* RECORD without names, with every text for redact_foreign(); BOOT: which boot of those shown, from
 * 1. NULL: no memory. */
json_t *explain_report_round(const RoundRecord *record, size_t boot);
/* Of the properties that the bus has, those that name nothing outside of attestd. Likewise. */
json_t *explain_report_standing(const json_t *properties);
/* {"files": how many, "settings": …} without hosts, paths and names; NULL: no memory. */
json_t *explain_report_settings(const Config *config);
