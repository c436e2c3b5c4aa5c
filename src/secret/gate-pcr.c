/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind pcr: the registers alone. That there is a verdict is attestd's word, no approval's.
 */
#include "secret/gate-table.h"

static int check(const SecretFile *file, const UnlockWith *with)
{
    SecretPolicy policy;

    if (with->approval || with->data_keys)
        return UNLOCK_E_KIND;
    int r = gate_policy_of(&file->header, &policy);
    return r < 0 ? r : gate_check_sealed(file, &policy);
}

static int open_key(const GateOpening *opening, Secret **ret)
{
    return gate_unseal(opening, NULL, ret);
}

const SecretGate gate_pcr = {
    .kind = GATE_KIND_PCR,
    .needs_tpm = true,
    .check = check,
    .open = open_key,
};
