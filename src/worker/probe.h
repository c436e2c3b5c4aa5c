/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb "probe": what a round would meet, looked at piece by piece, for attestctl doctor.
 * Nothing is proven, and no hardware report is made.
 */
#pragma once

#include "worker/verb.h"

/*
 * With a verifier in the request the checks "dns", "connection", "tls", "challenge" and "clock" of
 * it, else "device", "tpm", "attestation-key", "pcr-bank" and "event-log" of this machine. What was
 * found is in ANSWER's checks.
 */
VerbRun probe_run;
