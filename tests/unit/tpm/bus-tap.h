/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Someone between this machine and its TPM: sees all that crosses, and alters answers.
 */
#pragma once

#include "swtpm.h"

#include <tss2/tss2_tcti.h>

#define BUS_TAP_LIMIT (64u << 10)

/* The bus, tapped: one transaction of one TPM at a time. */
static struct {
    TSS2_TCTI_TRANSMIT_FCN transmit;
    TSS2_TCTI_RECEIVE_FCN receive;
    uint8_t crossed[BUS_TAP_LIMIT]; /* everything, both ways */
    size_t n_crossed;
    uint32_t command;             /* the last one */
    uint32_t altered_command;     /* whose answers are altered; 0: none */
    size_t altered_at;            /* offset of the byte to flip */
    ByteView replaced, replacing; /* of equal size, in answers to altered_command */
    unsigned replacements;        /* how many answers yet to be replaced */
} bus_tap;

static inline void bus_tap_record(const uint8_t *data, size_t size)
{
    check(bus_tap.n_crossed + size <= BUS_TAP_LIMIT);
    memcpy(bus_tap.crossed + bus_tap.n_crossed, data, size);
    bus_tap.n_crossed += size;
}

static inline TSS2_RC bus_tap_transmit(TSS2_TCTI_CONTEXT *tcti, size_t size, const uint8_t *command)
{
    bus_tap_record(command, size);
    bus_tap.command = (uint32_t)command[6] << 24 | (uint32_t)command[7] << 16 |
                      (uint32_t)command[8] << 8 | command[9];
    return bus_tap.transmit(tcti, size, command);
}

static inline void bus_tap_replace(uint8_t *answer, size_t size)
{
    uint8_t *at =
        size > 0 ? memmem(answer, size, bus_tap.replaced.data, bus_tap.replaced.size) : NULL;

    if (!at || bus_tap.replacements == 0)
        return;
    memcpy(at, bus_tap.replacing.data, bus_tap.replacing.size);
    bus_tap.replacements--;
}

static inline TSS2_RC bus_tap_receive(TSS2_TCTI_CONTEXT *tcti, size_t *size, uint8_t *answer,
                                      int32_t timeout)
{
    TSS2_RC rc = bus_tap.receive(tcti, size, answer, timeout);

    if (rc != TSS2_RC_SUCCESS || !answer)
        return rc;
    if (bus_tap.command == bus_tap.altered_command && bus_tap.replaced.size > 0)
        bus_tap_replace(answer, *size);
    else if (bus_tap.command == bus_tap.altered_command && *size > bus_tap.altered_at)
        answer[bus_tap.altered_at] ^= 1;
    bus_tap_record(answer, *size);
    return rc;
}

static inline TpmContext *bus_tap_open(const Swtpm *swtpm)
{
    TpmContext *tpm = swtpm_open(swtpm);
    TSS2_TCTI_CONTEXT_COMMON_V1 *functions = (TSS2_TCTI_CONTEXT_COMMON_V1 *)tpm->tcti;

    memset(&bus_tap, 0, sizeof(bus_tap));
    bus_tap.transmit = functions->transmit;
    bus_tap.receive = functions->receive;
    functions->transmit = bus_tap_transmit;
    functions->receive = bus_tap_receive;
    return tpm;
}

static inline bool bus_tap_has_seen(ByteView bytes)
{
    return memmem(bus_tap.crossed, bus_tap.n_crossed, bytes.data, bytes.size) != NULL;
}
