/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The storage root key that secrets are sealed under: P-256, in the owner hierarchy. The template
 * is frozen: another template is another key.
 */
#pragma once

#include "tpm/tpm-key.h"

enum {
    TPM_STORAGE_KEY_OK,
    TPM_STORAGE_KEY_E_OTHER,         /* none with the wanted Name: owner cleared, or another TPM */
    TPM_STORAGE_KEY_E_AUTHORIZATION, /* the owner hierarchy has an authorisation, another than
                                        was given */
};

/*
 * The key at 0x81000001 when it has the shape of a storage root key, else the primary of our
 * template. WANTED_NAME: the one of the two that has this Name; empty: the first. On every no, and
 * every negative errno that the TPM caused, tpm->failure has finding and cause.
 */
_must_check_ int tpm_storage_key_find(TpmContext *tpm, ByteView wanted_name, TpmKey **ret);

/* Is PUBLIC_AREA (TPMT_PUBLIC) a storage root key that cannot leave its TPM? Pure. */
bool tpm_storage_key_is_fit(ByteView public_area);
