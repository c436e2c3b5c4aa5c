/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What opens a gate for a while, as it goes from the round worker through attestd to the release
 * worker: a TPM ticket and what it is for (docs/gates.md). Opens what is sealed: kept 0600, wiped.
 */
#pragma once

#include "base/json.h"
#include "tpm/tpm-policy.h"

#define APPROVAL_SIZE_MAX 4096 /* bytes of its JSON; a real one has some 600 */

/* Zeroed is empty. Owned: approval_done(), which wipes. */
typedef struct Approval {
    char *gate;
    uint8_t policy_ref[GATE_POLICY_SIZE];
    TpmName key_name; /* of the release key that signed */
    TpmName ak_name;  /* of the machine it is for */
    TpmTicket ticket;
    uint64_t expires_boottime_usec; /* when we believe that it ends; the TPM decides */
} Approval;

void approval_done(Approval *approval);
#define _cleanup_approval_ _cleanup_(approval_done)

enum {
    APPROVAL_OK,
    APPROVAL_E_JSON,   /* not one bounded JSON object */
    APPROVAL_E_MEMBER, /* a member is unknown, missing, of a wrong type, size or value */
};

/* RET is to be wiped. -EINVAL: a member that would not be read again; -ENOMEM. */
_must_check_ int approval_emit(const Approval *approval, Bytes *ret);
/* Strict. A named no or -ENOMEM. */
_must_check_ int approval_parse(ByteView json, Approval *ret);
