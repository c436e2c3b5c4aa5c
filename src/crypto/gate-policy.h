/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy digests: what a session of the TPM comes to, computed without one (docs/gates.md, "The
 * bytes"; TPM 2.0 Part 3, 23).
 */
#pragma once

#include "crypto/gate.h"

#define GATE_PCR_COUNT    16 /* 0 to 15: the others can be reset, or tell no change */
#define GATE_COUNTER_SIZE 8  /* bytes of an NV counter, big-endian */

/*
 * Policy digest after PolicySigned by the key of this Name (TPM 2.0 Part 3, 23.3), from the start
 * of a session. GATE_OK, GATE_E_TPM_NAME; -ENOMEM, -EIO. POLICY_REF is of any size here.
 */
_must_check_ int gate_policy_signed(ByteView key_name, ByteView policy_ref, Digest *ret);
/* Policy digest after PolicyOR(CURRENT, NEXT), in this order (23.6). -ENOMEM, -EIO. */
_must_check_ int gate_policy_or(const Digest *current, const Digest *next, Digest *ret);

/* Registers of the SHA-256 bank and what must be in them. */
typedef struct GatePcrs {
    uint32_t mask; /* bit N: PCR N; below 1 << GATE_PCR_COUNT */
    uint8_t values[GATE_PCR_COUNT][32];
} GatePcrs;

/* "4", "4 and 9", "4, 7 and 9". Owned; NULL when out of memory. */
char *gate_pcrs_text(uint32_t mask);

/*
 * From FROM, NULL for the start of a session, to the policy digest after PolicyPCR (23.7): all of
 * PCRS as they are given. GATE_OK, GATE_E_PCRS; -ENOMEM, -EIO.
 */
_must_check_ int gate_policy_pcr(const Digest *from, const GatePcrs *pcrs, Digest *ret);
/* SHA-256 of the selected values in ascending order: what PolicyPCR compares. As above. */
_must_check_ int gate_pcrs_digest(const GatePcrs *pcrs, Digest *ret);

/*
 * What the counter of SECRET has as authPolicy: SHA-256("attestd counter 1" ‖ 00 ‖ u16 BE length ‖
 * SECRET). No attribute makes it a policy: it says whose counter it is, and is part of the Name.
 * GATE_OK, GATE_E_NAME (longer than 65535 bytes); -ENOMEM, -EIO.
 */
_must_check_ int gate_counter_label(const char *secret, Digest *ret);
/*
 * The Name of SECRET's NV counter that has been written. The template is frozen (docs/gates.md): a
 * counter defined otherwise has another Name. As above.
 */
_must_check_ int gate_counter_name(uint32_t index, const char *secret, TpmName *ret);
/*
 * From FROM, NULL for the start of a session, to the policy digest after PolicyNV (23.9): the
 * counter called NAME is at most MOST. GATE_OK, GATE_E_TPM_NAME; -ENOMEM, -EIO.
 */
_must_check_ int gate_policy_nv(const Digest *from, ByteView name, uint64_t most, Digest *ret);
