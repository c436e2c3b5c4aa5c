/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key as a vault released it, opened by this machine's TPM: it decrypts while the registers are
 * what the attestation token was made over.
 */
#pragma once

#include "protocol/key-release-answer.h"
#include "worker/gate-no.h"
#include "worker/proof.h"

/*
 * RET is the private half of WANTED: another key is a no. GATE_STEP_OK, GATE_STEP_E_NO; -ENOMEM,
 * -EIO.
 */
_must_check_ int released_key_open(Proof *proof, const KeyReleaseAnswer *answer, const Key *wanted,
                                   GateNo *no, Key **ret);
