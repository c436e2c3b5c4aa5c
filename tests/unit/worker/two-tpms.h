/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Someone who shows two TPMs as if they were one: of the machine's own TPM all but one key, which
 * is of another TPM; and where a command needs that key beside one of the own, an own one in its
 * place. Works by --wrap=tpm_context_open.
 */
#pragma once

#include "unit/tpm/swtpm.h"

#include <tss2/tss2_tcti.h>

#define TWO_TPMS_MARK  0xff       /* second byte of a handle that is the other TPM's */
#define TWO_TPMS_DECOY 0x81000100 /* an own key that may be used in place of the other's */

/* Offsets in a command or answer (TPM 2.0 Part 1, 18). */
enum { AT_SIZE = 2, AT_CODE = 6, AT_HANDLE = 10, AT_SECOND_HANDLE = 14, AT_SESSIONS = 18 };

static struct {
    TSS2_TCTI_CONTEXT *other; /* NULL: all is as it should be */
    bool takes_ak;            /* the other's is the attestation key; else it is the storage key */
    TSS2_TCTI_TRANSMIT_FCN transmit;
    TSS2_TCTI_RECEIVE_FCN receive;
    bool is_others;         /* whose answer comes next */
    bool is_primary;        /* and is it a new key of the other's? */
    unsigned n_endorsement; /* keys made in that hierarchy */
    unsigned n_lies;        /* commands in which the decoy was put */
} two_tpms;

static inline uint32_t two_tpms_read(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The first key made in the endorsement hierarchy is the attestation key. */
static inline bool two_tpms_is_wanted(const uint8_t *command)
{
    if (two_tpms_read(command + AT_CODE) != TPM2_CC_CreatePrimary)
        return false;
    if (two_tpms_read(command + AT_HANDLE) == TPM2_RH_OWNER)
        return !two_tpms.takes_ak;
    return two_tpms.takes_ak && two_tpms.n_endorsement++ == 0;
}

static inline void two_tpms_write(uint8_t *at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Behind the handle, nonce and attributes of a session: where its HMAC begins, by its size. */
static inline size_t two_tpms_find_hmac(const uint8_t *command, size_t session)
{
    size_t at = session + 4;

    return at + 2 + ((size_t)command[at] << 8 | command[at + 1]) + 1;
}

/*
 * The policy session's HMAC covers the Names of both keys. Its key is empty, so that anyone can
 * leave it out (Part 1, 19.6.8).
 */
static inline size_t two_tpms_unsign(uint8_t *command, size_t size)
{
    size_t first = two_tpms_find_hmac(command, AT_SESSIONS + 4); /* a password: an empty one */
    size_t at = two_tpms_find_hmac(command, first + 2);
    size_t hmac = (size_t)command[at] << 8 | command[at + 1];

    check(command[first] == 0 && command[first + 1] == 0 && at + 2 + hmac < size);
    memmove(command + at + 2, command + at + 2 + hmac, size - at - 2 - hmac);
    command[at] = command[at + 1] = 0;
    two_tpms_write(command + AT_SESSIONS, two_tpms_read(command + AT_SESSIONS) - (uint32_t)hmac);
    two_tpms_write(command + AT_SIZE, (uint32_t)(size - hmac));
    return size - hmac;
}

/* Puts an own key where the other's is needed beside an own. Has it been needed? */
static inline bool two_tpms_lie(uint8_t *command, size_t *size)
{
    uint32_t code = two_tpms_read(command + AT_CODE);

    if (code != TPM2_CC_ActivateCredential && code != TPM2_CC_Certify)
        return false;
    two_tpms.n_lies++;
    two_tpms_write(command + AT_HANDLE, TWO_TPMS_DECOY);
    if (code == TPM2_CC_ActivateCredential)
        *size = two_tpms_unsign(command, *size);
    return true;
}

static inline TSS2_RC two_tpms_transmit(TSS2_TCTI_CONTEXT *tcti, size_t size,
                                        const uint8_t *command)
{
    uint8_t copy[4096];

    check(size <= sizeof(copy));
    two_tpms.is_primary = two_tpms.is_others = false;
    if (size < AT_SECOND_HANDLE) /* no handle in it */
        return two_tpms.transmit(tcti, size, command);
    memcpy(copy, command, size);
    two_tpms.is_primary = two_tpms_is_wanted(copy);
    two_tpms.is_others = two_tpms.is_primary;
    if (copy[AT_HANDLE] == 0x80 && copy[AT_HANDLE + 1] == TWO_TPMS_MARK &&
        !two_tpms_lie(copy, &size)) {
        copy[AT_HANDLE + 1] = 0;
        two_tpms.is_others = true;
    }
    return two_tpms.is_others ? Tss2_Tcti_Transmit(two_tpms.other, size, copy)
                              : two_tpms.transmit(tcti, size, copy);
}

static inline TSS2_RC two_tpms_receive(TSS2_TCTI_CONTEXT *tcti, size_t *size, uint8_t *answer,
                                       int32_t timeout)
{
    TSS2_RC rc = two_tpms.is_others ? Tss2_Tcti_Receive(two_tpms.other, size, answer, timeout)
                                    : two_tpms.receive(tcti, size, answer, timeout);

    if (rc == TSS2_RC_SUCCESS && answer && two_tpms.is_primary && *size > AT_SECOND_HANDLE)
        answer[AT_HANDLE + 1] = TWO_TPMS_MARK;
    return rc;
}

int __real_tpm_context_open(const TpmContextOptions *options, TpmFailure *ret_failure,
                            TpmContext **ret);
int __wrap_tpm_context_open(const TpmContextOptions *options, TpmFailure *ret_failure,
                            TpmContext **ret);

int __wrap_tpm_context_open(const TpmContextOptions *options, TpmFailure *ret_failure,
                            TpmContext **ret)
{
    int r = __real_tpm_context_open(options, ret_failure, ret);

    if (r == TPM_CONTEXT_OK && two_tpms.other) {
        TSS2_TCTI_CONTEXT_COMMON_V1 *functions = (TSS2_TCTI_CONTEXT_COMMON_V1 *)(*ret)->tcti;
        two_tpms.transmit = functions->transmit;
        two_tpms.receive = functions->receive;
        functions->transmit = two_tpms_transmit;
        functions->receive = two_tpms_receive;
    }
    return r;
}
