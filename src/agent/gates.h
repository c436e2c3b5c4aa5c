/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gates that rounds open: STATE/gates/NAME.json, which attestctl gate add writes
 * (docs/gates.md).
 */
#pragma once

#include "format/finding.h"
#include "format/gate-file.h"
#include "format/worker-answer.h"

#define GATES_MAX ANSWER_APPROVALS_MAX /* files that are used; as many approvals fit an answer */

/* Owned: gates_done(). Zeroed is empty. */
typedef struct Gates {
    GateFile items[GATES_MAX]; /* by name */
    size_t n_items;
} Gates;

void gates_done(Gates *gates);
#define _cleanup_gates_ _cleanup_(gates_done)

/*
 * Reads every file of STATE_DIRECTORY/gates; no such directory is no gates. A file that cannot be
 * used is passed over with a finding whose subject is its path. 0 or -ENOMEM.
 */
_must_check_ int gates_load(const char *state_directory, Findings *findings, Gates *ret);

/*
 * "gates" of a round request (worker/request.h), those of VERIFIER_ID only; gates of kind pcr are
 * no verifier's. New reference; NULL when out of memory.
 */
json_t *gates_to_json(const Gates *gates, const char *verifier_id);
/* The names of those among them with wrapped data keys, likewise. */
json_t *gates_wrapped_names(const Gates *gates, const char *verifier_id);

/* May a round that somebody asks for open what the last one did not keep open? */
bool gates_are_on_demand(const Gates *gates, const char *verifier_id);
/* Is there one that opens under a verdict, without an approval? */
bool gates_need_no_approval(const Gates *gates);
