/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the next round is due and when the verdict ends: arithmetic over an injected clock and
 * injected randomness. Owns no timer; the agent arms what this says.
 */
#pragma once

#include "base/clock.h"
#include "config/config.h"
#include "format/round-record.h"

/* Evenly drawn from 0 to BOUND - 1; 0 for BOUND 0. */
typedef struct Random {
    uint64_t (*below)(void *userdata, uint64_t bound);
    void *userdata;
} Random;

/* The kernel's. */
extern const Random random_system;

#define SCHEDULE_RETRY_AFTER_MAX_USEC                                                              \
    (UINT64_C(3600) * USEC_PER_SEC)            /* no server parks us longer */
#define SCHEDULE_RENEWAL_MIN_USEC USEC_PER_SEC /* however short the verdict's life */

typedef struct Schedule {
    const Clock *clock;    /* borrowed */
    const Random *random;  /* borrowed */
    ScheduleConfig config; /* by value; replaced on reload */
    unsigned n_failures;   /* rounds failed in a row */
    bool is_parked;        /* the last round was refused, or its verifier asked for patience */
    RoundReason reason;    /* of the round that is planned, or runs */
    uint64_t next_round_boottime_usec; /* USEC_INFINITY: none planned */
    uint64_t expires_boottime_usec;    /* of the verdict; 0: none held */
    uint64_t expires_realtime_usec;    /* of the verdict; only ever shortens its life */
    uint64_t approval_boottime_usec;   /* end of the first approval; 0: none held */
} Schedule;

Schedule schedule_make(const Clock *clock, const Random *random, const ScheduleConfig *config);

/* A verdict is held from now on. */
void schedule_hold_verdict(Schedule *schedule, uint64_t expires_boottime_usec,
                           uint64_t expires_realtime_usec);
/* And its approvals, too. */
void schedule_drop_verdict(Schedule *schedule);
/* The first of the approvals that are held ends then; 0: none is held. */
void schedule_hold_approvals(Schedule *schedule, uint64_t first_end_boottime_usec);
/* What is left of the verdict by the stricter clock; 0: expired, or none held. */
uint64_t schedule_verdict_left_usec(const Schedule *schedule);

/* No round is planned while one runs. */
void schedule_quiet(Schedule *schedule);
/*
 * Round passed: the count of failures restarts; next round after 50 to 70 % of what is left of the
 * verdict and of every approval, or IntervalSec plus a random part of RandomizedDelaySec, whichever
 * is sooner.
 */
void schedule_renewal(Schedule *schedule);
/*
 * Round failed: a wait drawn evenly from zero to a limit that doubles with every failure from
 * RetryMinSec to RetryMaxSec; never before RETRY_AFTER_SEC (0: not asked for).
 */
void schedule_retry(Schedule *schedule, uint64_t retry_after_sec);
/* Round refused: RetryMaxSec and up to a quarter more; never before RETRY_AFTER_SEC. */
void schedule_refused(Schedule *schedule, uint64_t retry_after_sec);
/* Verdict expired between rounds: a running backoff is kept; a planned renewal comes at once. */
void schedule_expired(Schedule *schedule);
/*
 * The clock jumped or the machine resumed, which may be just what the rounds before lacked: the
 * planned round comes within RetryMinSec, drawn evenly, unless it is parked. Nothing when no round
 * is planned.
 */
void schedule_hurry(Schedule *schedule);
/* The configuration changed: the same, parked or not. */
void schedule_reconsider(Schedule *schedule, const ScheduleConfig *config);
