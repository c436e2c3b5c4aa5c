/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token of Microsoft Azure Attestation: no trust vectors, but claims of Microsoft's, some of
 * which must be as they are for a yes to be one about this machine (docs/azure.md).
 */
#pragma once

#include "token/token.h"
#include "worker/proof.h"

/* Where MAA puts the text that was sent as "nonce". */
#define MAA_NONCE_POINTER "/nonce"
/* Of AzureGuest, base64 of it: maa.c sees to it that this is base64url as well. */
#define MAA_GUEST_NONCE_POINTER "/x-ms-runtime/client-payload/nonce"

/*
 * With TOKEN validated: it is of the kind of our hardware; the report it is about carries the hash
 * of our claims, hence of nonce and key, and names our attestation key; it allows no debugging and
 * was made by the paravisor, which Microsoft recognised. Every objection is added to ANSWER, as
 * failures: that nobody vouches for the paravisor is a warning where ACCEPT_HOST_TPM is. -ENOMEM,
 * -EIO.
 */
_must_check_ int verdict_maa_judge(const Token *token, const Proof *proof, bool accept_host_tpm,
                                   WorkerAnswer *answer);
/* Facts of it that identify nobody: "cpu.debug", "maa.policy_hash". New reference; NULL: no memory.
 */
json_t *verdict_maa_facts(const Token *token);
