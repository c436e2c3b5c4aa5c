/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds rewrap and key-release: the round has brought the data key, which the verifier has opened
 * or the vault's key, and it is among those that are held.
 */
#include "secret/gate-table.h"

static int find(const SecretFile *file, const UnlockWith *with, Secret **ret)
{
    if (!with->data_keys)
        return with->approval ? UNLOCK_E_KIND : UNLOCK_E_GATE;
    int r = data_keys_find(with->data_keys, file->header.id, ret);
    return r == DATA_KEYS_E_ABSENT ? UNLOCK_E_GATE : r;
}

static int check(const SecretFile *file, const UnlockWith *with)
{
    _cleanup_(secret_freep) Secret *key = NULL;

    return find(file, with, &key);
}

static int open_key(const GateOpening *opening, Secret **ret)
{
    return find(opening->file, opening->with, ret);
}

const SecretGate gate_rewrap = {
    .kind = GATE_KIND_REWRAP,
    .needs_approval = true,
    .check = check,
    .open = open_key,
};

const SecretGate gate_key_release = {
    .kind = GATE_KIND_KEY_RELEASE,
    .needs_approval = true,
    .check = check,
    .open = open_key,
};
