/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connections of those who ask: each is in the descriptor store before anything else is done
 * with it, and ends in one of three ways: served, refused, or left by itself. To systemd an end
 * without data is an empty credential, so no other end may happen (spec/systemd 2). Who they are
 * and whether they are let in is secrets.c's.
 */
#pragma once

#include "agent/asker.h"
#include "agent/waiting-record.h"

#include <systemd/sd-event.h>

#define WAITING_REFUSAL_SIZE                                                                       \
    (1024 * 1024 + 1) /* zero bytes; systemd takes 1 MiB (spec/systemd 2.1) */

typedef struct Waiting Waiting;

/* One who asks. To be read; changed by the functions below only. */
typedef struct Asking {
    Waiting *waiting;
    struct Asking *next; /* who came later */
    unsigned slot;
    int fd;
    Asker asker; /* written by who identifies it, once */
    uint64_t since_boottime_usec;
    uint64_t tried; /* for the use of who serves */
    bool is_stored; /* false: a crash would lose it */
    size_t n_refused;
    sd_event_source *io;
} Asking;

typedef struct WaitingHandlers {
    void (*on_left)(const Asking *asking, void *userdata); /* hung up; it is freed afterwards */
    int (*on_end)(void *userdata); /* one is gone, however; negative errno stops the daemon */
    void *userdata;
} WaitingHandlers;

/* Takes the record of the run before out of PASSED; its connections are still to be resumed. */
_must_check_ int waiting_new(sd_event *event, PassedFds *passed, const WaitingHandlers *handlers,
                             Waiting **ret);
/* Closes our copies of the connections; those in the store stay. */
Waiting *waiting_free(Waiting *waiting);
DEFINE_CLEANUP(Waiting *, waiting_free);

/* Takes FD, a fresh connection, also on failure. -ENOSPC when there is no slot left. */
_must_check_ int waiting_add(Waiting *waiting, int fd, uint64_t now, Asking **ret);
/*
 * The next connection that the run before left. RET is NULL when there are no more; RET_STATE what
 * had become of it: ASKING_NONE when nobody knows, ASKING_REFUSING also when it has hung up.
 * Negative errno.
 */
_must_check_ int waiting_resume(Waiting *waiting, PassedFds *passed, Asking **ret,
                                AskingState *ret_state);

/* In the order of arrival; NULL: nobody. */
Asking *waiting_first(const Waiting *waiting);
bool waiting_is_full(const Waiting *waiting);
/* How many wait or are being served: of the same asker as LIKE, or, where that is NULL, in all. */
size_t waiting_count(const Waiting *waiting, const Asker *like);

AskingState asking_state(const Asking *asking);
/* To the worker, and back from one that wrote nothing. Negative errno. */
_must_check_ int asking_lend(Asking *asking);
_must_check_ int asking_take_back(Asking *asking);
/*
 * Refused from now on: a volume by nothing, anyone else by more than systemd takes. Ends, and is
 * freed, from the event loop and never from here. Negative errno.
 */
_must_check_ int asking_refuse(Asking *asking);
/* Everything was written: an end of stream for the peer. Frees ASKING. */
void asking_finish(Asking *asking);
