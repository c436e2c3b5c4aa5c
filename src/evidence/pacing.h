/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hardware requests of this machine, one at a time and two seconds apart, whoever makes them: a
 * throttling host can cost the guest its VMPCK until reboot. LOCKDIR/report.lock carries the lock
 * and, as 8 bytes little-endian, the boot time in microseconds of the last request.
 */
#pragma once

#include "base/clock.h"

#define PACING_INTERVAL_USEC (UINT64_C(2) * USEC_PER_SEC) /* host limits of KVM clouds */
#define PACING_LOCK_WAIT_USEC                                                                      \
    (UINT64_C(90) * USEC_PER_SEC) /* a throttled request blocks for 60 s */

/* Time, and how to let it pass. */
typedef struct PacingTime {
    const Clock *clock;
    void (*sleep_usec)(void *userdata, uint64_t usec);
    void *userdata;
} PacingTime;

extern const PacingTime pacing_time_system;

/* What is paced, in a file of its own. */
typedef struct PacingKind {
    const char *lock; /* file name */
    uint64_t interval_usec;
} PacingKind;

extern const PacingKind pacing_of_hardware; /* report.lock, two seconds */
/* azure.lock, three: reports of a paravisor, and the one place of the user data that is in them. */
extern const PacingKind pacing_of_azure;

/* Holds the lock from pacing_new() to pacing_free(). */
typedef struct Pacing Pacing;

enum { PACING_OK, PACING_E_BUSY /* another process kept the lock */ };

/* Of hardware reports. */
_must_check_ int pacing_new(const char *lock_directory, const PacingTime *time, Pacing **ret);
_must_check_ int pacing_new_of(const PacingKind *kind, const char *lock_directory,
                               const PacingTime *time, Pacing **ret);
Pacing *pacing_free(Pacing *pacing);
DEFINE_CLEANUP(Pacing *, pacing_free);

/* To be called before each single request: waits for its turn and writes the stamp. 0, -errno. */
_must_check_ int pacing_wait(Pacing *pacing);
/*
 * Waits for the turn and does not take it: whoever asks next, once the lock is free, need not wait
 * unless another comes first.
 */
void pacing_await(Pacing *pacing);
/* Microseconds spent waiting, for lock and turns. */
uint64_t pacing_waited_usec(const Pacing *pacing);
