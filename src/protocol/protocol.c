/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ownership of steps.
 */
#include "protocol/protocol.h"

#include "base/wipe.h"
#include "protocol/maa-sealed.h"

void challenge_done(Challenge *challenge)
{
    bytes_done(&challenge->nonce);
    bytes_done(&challenge->token_keys);
    bytes_done(&challenge->credential_blob);
    bytes_done(&challenge->credential_secret);
    *challenge = (Challenge){ 0 };
}

void step_done(Step *step)
{
    bytes_done(&step->request.body);
    challenge_done(&step->challenge);
    sealed_token_done(&step->sealed);
    bytes_wipe_done(&step->token); /* it may have come encrypted */
    bytes_done(&step->gates);
    findings_done(&step->findings);
    *step = (Step){ 0 };
}

int step_break(Step *step, const char *finding, const char *found, const char *wanted)
{
    step->kind = STEP_BROKEN;
    return findings_add(&step->findings, finding, "verifier", FINDING_FAILURE, found, wanted);
}
