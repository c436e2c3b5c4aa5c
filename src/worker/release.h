/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb "release": a batch of askers, each given a whole secret or nothing. The answer is "ok"
 * when the batch was worked through; "released" then says of each asker yes or no, and a finding
 * of result warning says why not. Any other answer, or none: no asker may be taken for served.
 */
#pragma once

#include "worker/verb.h"

VerbRun release_run;
