/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb "seal": reads a secret from the descriptor "secret", seals a fresh data key to this
 * machine and a gate, and stores the next version. Needs no network and no verdict.
 */
#pragma once

#include "worker/verb.h"

VerbRun seal_run;
