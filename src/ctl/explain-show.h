/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounds for a person: all of them in a table, one with its steps and findings, and what a
 * finding's name means.
 */
#pragma once

#include "ctl/explain-records.h"
#include "format/catalog.h"

void explain_show_list(const Rounds *rounds);
void explain_show_round(const RoundRecord *record);
void explain_show_entry(const CatalogEntry *entry);

/* A word for each exit class: "verifier unreachable". Static text. */
const char *explain_exit_class(ExitClass exit_class);
