/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a secret behind a gate of kind rewrap is bound to: the facts of this machine, out of its own
 * evidence (docs/gates.md).
 */
#pragma once

#include "base/json.h"
#include "ctl/own-evidence.h"
#include "format/gate-file.h"

/*
 * The values of EVIDENCE, the JSON that attestd collected, for the kinds that GATE binds to: an
 * object of base64url texts by the kinds' names, a new reference. NULL where there is none to find:
 * the TPM is asked for "ak-name" when it is sealed, and "fleet" has no value. 0, else an exit class
 * with its complaint.
 */
_must_check_ int bind_values(const GateFile *gate, ByteView evidence, json_t **ret);
/* Does GATE bind to anything that is only in evidence? */
bool bind_values_needed(const GateFile *gate);
/* The same as bind_values(), of evidence that attestd is asked for when it is needed. */
_must_check_ int bind_values_collect(const GateFile *gate, OwnEvidence *evidence, json_t **ret);
