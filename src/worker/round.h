/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb "round": one attempt to prove this machine to a verifier, or evidence made for a caller.
 */
#pragma once

#include "worker/verb.h"

VerbRun round_run;
