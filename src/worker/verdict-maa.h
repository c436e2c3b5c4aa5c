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
 * With TOKEN validated: is it about this machine? It is of the kind of our hardware; the report it
 * is about carries the hash of our claims, hence of nonce and key, and names our attestation key;
 * of AzureGuest it is a guest's, and was to be encrypted to our key. Of a vTPM alone it speaks of
 * no hardware. Every objection is added to ANSWER, as a failure. -ENOMEM, -EIO.
 */
_must_check_ int verdict_maa_match(const Token *token, const Proof *proof, WorkerAnswer *answer);
/*
 * With TOKEN about this machine: it allows no debugging and was made by the paravisor, which
 * Microsoft recognised; of a vTPM alone, Secure Boot was on. Every objection is added to ANSWER, as
 * a failure: that nobody vouches for the paravisor is a warning where ACCEPT_HOST_TPM is. -ENOMEM.
 */
_must_check_ int verdict_maa_judge(const Token *token, const Proof *proof, bool accept_host_tpm,
                                   WorkerAnswer *answer);
/*
 * Facts of it that identify nobody: "cpu.debug", "maa.policy_hash"; out of what was judged for
 * PROOF alone. New reference; NULL: no memory.
 */
json_t *verdict_maa_facts(const Token *token, const Proof *proof);
