/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authorisation of the TPM's owner hierarchy, where it has one: of what the owner writes,
 * defines, counts and makes keys under. It is in memory only until the library has it.
 */
#pragma once

#include "tpm/tpm-context.h"

#define TPM_OWNER_SIZE_MAX 64 /* bytes: the digest of the largest hash a TPM may use for it */

/*
 * After open: reads the value and has every further command of TPM use it for the owner. A TPM
 * whose owner has none gets the empty one, whatever OWNER says. TPM_CONTEXT_OK,
 * TPM_CONTEXT_E_OWNER with RET_FAILURE filled, or negative errno.
 */
_must_check_ int tpm_owner_apply(TpmContext *tpm, const TpmOwner *owner, TpmFailure *ret_failure);

/*
 * R, what RC of a command of the owner's has become. A value that was given and refused has a
 * finding of its own, which is then in tpm->failure in place of what R says.
 */
int tpm_owner_named(TpmContext *tpm, TSS2_RC rc, int r);

/*
 * Does the TPM take the value that it got, or the empty one? 0, or the negative errno of what it
 * said: -EACCES with tpm->failure. Takes a session slot for the moment.
 */
_must_check_ int tpm_owner_check(TpmContext *tpm);
