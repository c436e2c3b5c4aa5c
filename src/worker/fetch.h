/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb "fetch": one certificate, or a chain of them, from AMD's key distribution service,
 * written to the descriptor "out" as it came. One request, no second try; nothing is believed here.
 */
#pragma once

#include "worker/verb.h"

VerbRun fetch_run;
