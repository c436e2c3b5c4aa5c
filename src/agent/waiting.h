/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Those who ask. A connection is in the descriptor store before anything else is done with it, and
 * ends in one of three ways: served, refused, or left by itself; to systemd an end without data is
 * an empty credential, so no other may happen (spec/systemd 2). A caller of the bus ends with its
 * call. Who they are and whether they are let in is secrets.c's.
 */
#pragma once

#include "agent/asker.h"
#include "agent/waiting-record.h"

#include <systemd/sd-event.h>

#define WAITING_REFUSAL_SIZE                                                                       \
    (1024 * 1024 + 1)                  /* zero bytes; systemd takes 1 MiB (spec/systemd 2.1) */
#define WAITING_VOLUME_REFUSAL_SIZE 64 /* random bytes: a key that opens nothing */

#define WAITING_SECRET_MAX (512 * 1024) /* bytes for a caller; docs/secrets.md */

typedef struct Waiting Waiting;

/* A secret for a caller. Borrowed. */
typedef struct AskingSecret {
    int fd;                 /* sealed and read-only */
    ByteView header_sha256; /* of the header that the worker found authentic */
} AskingSecret;

/* A caller's answer: SECRET; or NULL, and FINDING says why. FOUND may be NULL. */
typedef void AskingAnswer(const AskingSecret *secret, const char *finding, const char *found,
                          void *userdata);

/* Whether a round has been begun for who asks. */
typedef enum AskingRound {
    ROUND_UNASKED,
    ROUND_WANTED,
    ROUND_HAD,
} AskingRound;

/* One who asks. To be read; changed by the functions below only. */
typedef struct Asking {
    Waiting *waiting;
    struct Asking *next; /* who came later */
    unsigned slot;       /* of a connection; WAITING_SLOTS: a caller */
    int fd;              /* the connection; or the memfd that a worker fills, -EBADF: none yet */
    Asker asker;         /* written by who identifies it, once */
    uint64_t since_boottime_usec;
    uint64_t tried;    /* for the use of who serves */
    AskingRound round; /* likewise */

    /* A connection. */
    bool is_stored; /* false: a crash would lose it */
    size_t n_refused;
    sd_event_source *io;

    /* A caller. */
    AskingState state;
    AskingAnswer *answer; /* NULL: it has left */
    void *userdata;
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

/* A caller of the bus, to be told by ANSWER unless it is forgotten before. -ENOMEM. */
_must_check_ int waiting_add_caller(Waiting *waiting, const Asker *asker, uint64_t now,
                                    AskingAnswer *answer, void *userdata, Asking **ret);
bool asking_is_caller(const Asking *asking);
/* The caller has left. Frees ASKING, now or when a worker has done with it. */
void asking_forget(Asking *asking);

/* In the order of arrival; NULL: nobody. */
Asking *waiting_first(const Waiting *waiting);
/* No connection can be added. */
bool waiting_is_full(const Waiting *waiting);
/* How many wait or are being served: of the same asker as LIKE, or, where that is NULL, in all. */
size_t waiting_count(const Waiting *waiting, const Asker *like);

AskingState asking_state(const Asking *asking);
/* Its fd becomes one that a worker can write to. Negative errno. */
_must_check_ int asking_prepare(Asking *asking);
/*
 * To the worker, and back from one that wrote nothing: a caller that has left meanwhile is freed.
 * Negative errno.
 */
_must_check_ int asking_lend(Asking *asking);
_must_check_ int asking_take_back(Asking *asking);
/*
 * Refused: a caller by FINDING and FOUND (may be NULL), and it is freed; a volume by a key that
 * nobody knows, anyone else by more than systemd takes, which ends, and is freed, from the event
 * loop and never from here. Negative errno.
 */
_must_check_ int asking_refuse(Asking *asking, const char *finding, const char *found);
/* Can what a worker has written be handed on? NULL: yes; else the finding. */
const char *asking_fault(const Asking *asking);
/*
 * Everything was written: an end of stream for the peer; for a caller the memfd, and HEADER_SHA256
 * of what is in it. Frees ASKING.
 */
void asking_finish(Asking *asking, ByteView header_sha256);
