/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key of the TPM that a verifier encrypts its token to: bound to the registers that were
 * quoted, certified by the attestation key, made anew to decrypt (tpm-ephemeral.h).
 */
#pragma once

#include "crypto/gate-policy.h"
#include "evidence/source-tpm.h"
#include "protocol/protocol.h"
#include "worker/proof.h"

/* With the quote there, in its transaction: PROOF gains the key. PROOF_OK, _E_FAILED, errno. */
_must_check_ int proof_make_token_key(Proof *proof, Vtpm *vtpm);
/* Opens SEALED in a transaction of its own. RET is text, unchecked. Likewise. */
_must_check_ int proof_open_token(Proof *proof, const SealedToken *sealed, Bytes *ret);
/* The quoted registers, which the key is bound to; false: a policy of the TPM cannot name them. */
bool proof_token_key_registers(const Proof *proof, GatePcrs *ret);
