/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last ROUND_RECORDS_KEPT rounds as files in STATE/rounds, for attestctl explain. Nothing waits
 * for them and nothing fails by them: what cannot be written is said once and left out.
 */
#pragma once

#include "agent/attempt.h"
#include "agent/standing.h"
#include "format/round-record.h"

#include <errno.h>

/* A round that runs. */
typedef struct HistoryBegin {
    uint64_t number;
    RoundReason reason;
    State before;
    uint64_t boottime_usec;
    uint64_t realtime_usec;
} HistoryBegin;

/* Owned: history_done(). Begin with HISTORY_INIT. */
typedef struct History {
    int fd;         /* of the directory; -EBADF: there is none */
    char boot[9];   /* tells boots apart, and machines not; "": not known */
    uint64_t first; /* no file has a lower number */
    uint64_t last;  /* highest number of a round; 0: none yet */
    bool is_failing;
    HistoryBegin begun; /* the last one that began */
} History;

#define HISTORY_INIT ((History){ .fd = -EBADF })

/*
 * Makes the directory where it is missing, finds the last number, removes what is beyond those
 * kept. Works without a directory, too: then rounds are counted from the start of the daemon.
 */
void history_open(const char *state_directory, History *ret);
void history_done(History *history);

/* A round begins, because of REASON; it gets the next number. */
void history_begin(History *history, RoundReason reason, State before, const Clock *clock);

/* What there is to say when it is over and the standing has followed. Borrowed. */
typedef struct HistoryEnd {
    HistoryBegin begun; /* as it was then: the next one may run already */
    const VerifierConfig *verifier;
    const Standing *standing; /* with the findings of the round */
    const Schedule *schedule;
    const AttemptOutcome *outcome;
} HistoryEnd;

void history_end(History *history, const HistoryEnd *end);
