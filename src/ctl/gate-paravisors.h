/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paravisors that a gate believes, as attestctl gate add is told them.
 */
#pragma once

#include "base/json.h"
#include "ctl/verb.h"

/*
 * The list of --paravisor=KIND:HEX as the gate file has it, a new reference; NULL without that
 * option. 0, else an exit class with its complaint.
 */
_must_check_ int gate_paravisors_read(const Options *options, json_t **ret);
/* A row for each of LIST. */
void gate_paravisors_show(const json_t *list);
