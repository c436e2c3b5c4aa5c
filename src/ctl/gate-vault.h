/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What gates of kind key-release have of their own: from the options of attestctl gate add and gate
 * update to a gate, and back to what a person is shown.
 */
#pragma once

#include "config/config.h"
#include "ctl/verb.h"
#include "format/gate-file.h"

/*
 * Fills GATE from --key-url, --key, which must be there, and the others. Without --verifier and
 * --trust it is the verifier that attestd asks, when that is MAA. 0, else an exit class with its
 * complaint.
 */
_must_check_ int gate_vault_make(const Options *options, GateFile *gate);
/*
 * Gives GATE the --key, the --key-url, or both, that its vault has now; the rest stays. 0, else an
 * exit class with its complaint.
 */
_must_check_ int gate_vault_renew(const Options *options, GateFile *gate);

/* What VERIFIER asks with is not what a vault releases a key for: static text; NULL: it is. */
const char *gate_vault_unfit(const VerifierConfig *verifier);
/* What it would have to be. */
#define GATE_VAULT_FIT "Protocol=maa and AttestationType=AzureGuest"
/* Says that GATE would stay shut with attestd's settings, if so. OPTIONS has --config. */
void gate_vault_warn(const GateFile *gate, const Options *options);

/* What only they have, for gate-show.c: a new reference; NULL when out of memory. */
json_t *gate_vault_to_show(const GateFile *gate);
/* Prints that. */
void gate_vault_show(const json_t *gate);
