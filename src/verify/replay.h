/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event log against quoted registers (spec TPM 4.3). The ReplayedLog made here is the only log
 * anything may be read from: it holds the events of exactly those PCRs whose replay gave the
 * quoted value.
 */
#pragma once

#include "format/bundle.h"
#include "format/event-log.h"
#include "format/finding.h"

/* Logs as they came, and the values of a verified quote. All borrowed, also by the result. */
typedef struct ReplayInput {
    ByteView firmware_log;  /* .size 0: none */
    ByteView userspace_log; /* .size 0: none; appended on top of the firmware's */
    unsigned flags;         /* of event_log_open() */
    const EvidencePcrs *quoted;
    bool is_cc;          /* the registers are those of replay-rtmr.h, not PCRs */
    bool all_must_agree; /* a failure for every PCR the logs extend, but for 10 */
} ReplayInput;

/* An event of a PCR that replayed. */
typedef struct ReplayedEvent {
    size_t index; /* in the firmware log, or of the userspace record */
    unsigned pcr;
    uint32_t type;     /* EV_…; not covered by the digest: see boot-facts.h */
    bool is_userspace; /* a record of systemd; type is then EV_IPL */
    ByteView digest;   /* of the quoted bank */
    ByteView data;     /* firmware only */
    const char *text;  /* userspace only, or NULL; not covered either */
} ReplayedEvent;

typedef struct ReplayedLog ReplayedLog;

/* How the replay of one PCR ended. */
typedef enum ReplayResult {
    REPLAY_NOT_QUOTED,
    REPLAY_PROVEN,
    REPLAY_MISMATCH,
    REPLAY_BANK_MISSING, /* an event has no digest of the quoted bank */
} ReplayResult;

enum { REPLAY_OK, REPLAY_E_MALFORMED /* a log cannot be read; there is a finding */ };

/*
 * Replays. A PCR that does not agree is a finding, a failure or a warning by how much of it the
 * logs can know: 0 to 9 must agree; 10 belongs to IMA; 11 to 15 must agree when userspace sent its
 * log; 16 and above are not judged. With .all_must_agree every PCR the logs extend must agree, but
 * 10, and those they do not extend are not judged. REPLAY_OK, REPLAY_E_MALFORMED; -ENOMEM, -EIO.
 */
_must_check_ int replay(const ReplayInput *input, Findings *findings, ReplayedLog **ret);
ReplayedLog *replayed_log_free(ReplayedLog *log);
DEFINE_CLEANUP(ReplayedLog *, replayed_log_free);

ReplayResult replayed_log_result(const ReplayedLog *log, unsigned pcr);
/* The PCRs that agree, one bit each. */
uint32_t replayed_log_proven(const ReplayedLog *log);
/* What the logs replay to, proven or not; empty when the bank is missing. Borrowed. */
ByteView replayed_log_value(const ReplayedLog *log, unsigned pcr);
/* Extended events of proven PCRs in the order of the logs; NULL behind the last. Borrowed. */
const ReplayedEvent *replayed_log_event(const ReplayedLog *log, size_t i);
/* Did PCR 5 get the words for ExitBootServices behind the end of the log? */
bool replayed_log_exit_is_unlogged(const ReplayedLog *log);
uint16_t replayed_log_bank(const ReplayedLog *log);
