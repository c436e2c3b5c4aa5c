/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names and sizes of what a rewrap blob can be bound to.
 */
#include "format/bind-kind.h"

#include <string.h>

static const struct {
    const char *name;
    size_t size; /* bytes */
} kinds[N_BIND_KINDS] = {
    [BIND_KIND_AK_NAME] = { "ak-name", 34 },     /* 000b and SHA-256 */
    [BIND_KIND_CHIP_ID] = { "chip-id", 64 },     /* SEV-SNP ABI, ATTESTATION_REPORT */
    [BIND_KIND_HOST_DATA] = { "host-data", 32 }, /* the same */
    [BIND_KIND_ID_KEY] = { "id-key", 48 },       /* SHA-384 */
    [BIND_KIND_VM_ID] = { "vm-id", 36 },         [BIND_KIND_FLEET] = { "fleet", 0 },
};

const char *bind_kind_name(BindKind kind)
{
    return kinds[kind].name;
}

bool bind_kind_by_name(const char *name, BindKind *ret)
{
    for (int kind = 0; name && kind < N_BIND_KINDS; kind++) {
        if (strcmp(kinds[kind].name, name) == 0) {
            *ret = (BindKind)kind;
            return true;
        }
    }
    return false;
}

size_t bind_kind_size(BindKind kind)
{
    return kinds[kind].size;
}

bool bind_set_is_valid(unsigned binds)
{
    return binds == BIND_BIT(BIND_KIND_FLEET) || (binds != 0 && !(binds & ~BIND_REAL_KINDS));
}
