/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Azure Key Vault and Managed HSM, asked to release a key to the holder of an attestation token.
 * What comes back is wrapped to that token's key.
 */
#pragma once

#include "protocol/key-release-answer.h"
#include "worker/gate-no.h"
#include "worker/request.h"

/* Borrowed. */
typedef struct VaultQuestion {
    const RequestGate *gate; /* of kind key-release */
    ByteView token;          /* the attestation provider's, in the clear */
    ByteView access_token;   /* of the identity that may ask */
    const char *proxy;       /* "": none */
    unsigned timeout_sec;
} VaultQuestion;

/*
 * Asks, and verifies who answers what. GATE_STEP_OK, GATE_STEP_E_NO; -ENOMEM, -EIO.
 */
_must_check_ int vault_release(const VaultQuestion *question, GateNo *no, KeyReleaseAnswer *ret);
