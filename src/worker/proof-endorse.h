/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a report behind a paravisor lacks and the cloud's metadata service has: of SEV-SNP the
 * certificate of the key that signed it, and its chain (THIM); of TDX the quote.
 */
#pragma once

#include "worker/proof.h"

/* Below the lock directory: the last answer, kept for the boot unless it is distrusted. */
#define THIM_CACHE_FILE "thim.json"

/*
 * With the HCL report there: its endorsements, or its TD quote. Asks nobody where the answer kept
 * before is for this chip and TCB, or where the request names neither metadata service nor KDS.
 * What cannot be had fails the round or, where pre-flight only warns, warns. PROOF_OK,
 * PROOF_E_FAILED, negative errno.
 */
_must_check_ int proof_endorse(Proof *proof);
/*
 * After evidence was judged and found wanting: what is kept may be why, and the next round asks
 * anew. -ENOMEM.
 */
_must_check_ int proof_endorse_distrust(const Proof *proof);
