/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a firmware log replays to, in every bank: mere arithmetic. Nothing here is compared with a
 * quote and nothing may be believed; a believed log is replay.h's alone.
 */
#pragma once

#include "crypto/digest.h"
#include "format/event-log.h"

/* One bank the log announces and we can compute (the SHA family). */
typedef struct LogBankValues {
    DigestAlgorithm algorithm;
    uint32_t pcrs;       /* bit n: values[n] is there, for each PCR that events extend */
    uint32_t incomplete; /* bit n: an event of PCR n has no digest of this bank; no value then */
    Digest values[TPM_PCR_COUNT];
} LogBankValues;

typedef struct LogValues {
    LogBankValues banks[EVENT_LOG_BANKS_MAX]; /* in the order of the log's header */
    size_t n_banks;
} LogValues;

/* The banks, without those in which no PCR has a value. FLAGS: of event_log_open(). EVENT_LOG_OK
 * (never EVENT_LOG_END), or the first named no with its event in RETERR_INDEX (may be NULL);
 * -ENOMEM, -EIO. */
_must_check_ int log_values(ByteView log, unsigned flags, size_t *reterr_index, LogValues *ret);
/* The bank of ALG; NULL when it is not there. Borrowed. */
const LogBankValues *log_values_bank(const LogValues *values, uint16_t alg);

/* How many events say in their data what their digest is over. */
typedef struct LogDataCheck {
    uint16_t bank; /* sha256 where the log has it, else the first that can be computed; 0: none */
    size_t n_matching;
    size_t n_differing;
} LogDataCheck;

/* Of EV_SEPARATOR, EV_ACTION, EV_S_CRTM_VERSION, EV_EFI_VARIABLE_DRIVER_CONFIG,
 * EV_EFI_VARIABLE_AUTHORITY, EV_EFI_GPT_EVENT and EV_EFI_ACTION, whose digest is that of their
 * data on sound firmware; old firmware and old shims differ in an event or two. As log_values(). */
_must_check_ int log_data_check(ByteView log, unsigned flags, LogDataCheck *ret);
