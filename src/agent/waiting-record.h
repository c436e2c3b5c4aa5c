/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must not be forgotten of a connection, however attestd ends: since when it waits, and
 * whether anything may have been written to it. Shared memory in the descriptor store, so that
 * noting it costs no system call and a kill between two instructions leaves the old or the new.
 */
#pragma once

#include "agent/passed-fds.h"

#define WAITING_SLOTS 120 /* FileDescriptorStoreMax=128, less standing, token and this record */

typedef enum AskingState {
    ASKING_NONE,
    ASKING_WAITING,   /* nothing was written to it */
    ASKING_RELEASING, /* a worker has a copy: anything may have been written */
    ASKING_REFUSING,  /* zero bytes are being written to it */
} AskingState;

typedef struct WaitingSlot {
    uint64_t since_boottime_usec;
    uint64_t state; /* AskingState */
} WaitingSlot;

/* Owned: waiting_record_done(). */
typedef struct WaitingRecord {
    int fd;
    WaitingSlot *slots; /* WAITING_SLOTS */
} WaitingRecord;

#define WAITING_RECORD_INIT ((WaitingRecord){ .fd = -EBADF })

/*
 * Takes the record of the run before out of PASSED, or makes one that says of every slot
 * ASKING_NONE. Negative errno.
 */
_must_check_ int waiting_record_open(PassedFds *passed, WaitingRecord *ret);
void waiting_record_done(WaitingRecord *record);
