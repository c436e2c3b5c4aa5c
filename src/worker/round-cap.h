/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a refusal closes until the machine is reset: gates whose secrets were sealed with a register
 * as it was before (docs/gates.md).
 */
#pragma once

#include "worker/proof.h"

/*
 * After a signed refusal: extends the register of each gate of PROOF's request that has one. The
 * answer gets a warning for each; one that could not be extended is a warning, too, since nothing
 * may keep the refusal from being answered. -ENOMEM.
 */
_must_check_ int round_cap(Proof *proof);
