/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hardware report of a machine behind a paravisor, for a proof.
 */
#pragma once

#include "evidence/source-azure.h"
#include "worker/proof.h"

/*
 * PLATFORM and the request's source: is the paravisor this proof's source? Says why it is not,
 * where it was asked for or could be expected. PROOF_OK, PROOF_E_FAILED, -ENOMEM.
 */
_must_check_ int proof_azure_choose(Proof *proof, AzurePlatform platform);
/* Says that PLATFORM had nothing, when nothing else had either. -ENOMEM. */
_must_check_ int proof_azure_note_skipped(Proof *proof);
/*
 * With the claims there: the evidence's member "hcl". Bounded tries, three seconds apart; a policy
 * session that would wait too long is let go. PROOF_OK, PROOF_E_FAILED, negative errno.
 */
_must_check_ int proof_azure_collect(Proof *proof);
