/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a rewrap blob can be bound to (docs/gates.md): facts that the verifier derives from the
 * evidence, by the names they have in gate files, blobs and policies. As sets: BIND_BIT().
 */
#pragma once

#include "base/macro.h"

typedef enum BindKind {
    BIND_KIND_AK_NAME,   /* TPM Name of the attestation key that quoted */
    BIND_KIND_CHIP_ID,   /* of the SEV-SNP report */
    BIND_KIND_HOST_DATA, /* of the same */
    BIND_KIND_ID_KEY,    /* the same's id_key_digest */
    BIND_KIND_VM_ID,     /* Azure's vmUniqueId */
    BIND_KIND_FLEET,     /* nothing of one machine: whoever the gate is for. Alone */
    N_BIND_KINDS,
} BindKind;

#define BIND_BIT(kind)  (1U << (kind))
#define BIND_VALUE_MAX  64 /* bytes of the largest value */
#define BIND_REAL_KINDS (BIND_BIT(BIND_KIND_FLEET) - 1)

/* "ak-name", "chip-id", "host-data", "id-key", "vm-id", "fleet". Static text. */
const char *bind_kind_name(BindKind kind);
/* NAME may be NULL. False, RET untouched, for any other. */
_must_check_ bool bind_kind_by_name(const char *name, BindKind *ret);
/* Bytes of the value: 34, 64, 32, 48, 36 (the GUID as text, lower case); 0 for fleet. */
size_t bind_kind_size(BindKind kind);
/* One or more of the real ones, or fleet alone. */
bool bind_set_is_valid(unsigned binds);
