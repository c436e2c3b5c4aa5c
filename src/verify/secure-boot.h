/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Was Secure Boot on? From the events of a PCR 7 that replayed, by the rules of spec TPM 4.5: every
 * event of an expected type, every digest that of its data, nothing twice, nothing late.
 */
#pragma once

#include "verify/event-text.h"

#define PCR_SECURE_BOOT 7

typedef enum SecureBoot {
    SECURE_BOOT_UNKNOWN, /* not shown either way; the reason says why */
    SECURE_BOOT_OFF,
    SECURE_BOOT_ON,
} SecureBoot;

/* Judges the events of PCR 7 among EVENTS. RET_REASON: static text, NULL unless unknown. */
SecureBoot secure_boot_judge(const ReplayedLog *log, const BootEvent *events, size_t n_events,
                             const char **ret_reason);
