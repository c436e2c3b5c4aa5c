/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a validated token says besides its EAR, and the part of it that goes on to the agent.
 */
#pragma once

#include "token/token.h"
#include "worker/verdict.h"

/* attestd.vtpm_root; "" when there is none. Borrowed from TOKEN. */
const char *verdict_vtpm_root(const Token *token);
/* attestd.simulated: JSON_OK, JSON_E_MISSING or JSON_E_TYPE. */
_must_check_ int verdict_simulated(const Token *token, bool *ret);
/*
 * Times, names and appraised facts ("cpu.product") of TOKEN, which INPUT was judged by. The verdict
 * lives exp - iat from the challenge. -ENOMEM.
 */
_must_check_ int verdict_describe(const Token *token, const VerdictInput *input, AnswerToken **ret);
