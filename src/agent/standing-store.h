/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The standing in the service manager's file-descriptor store (sd_notify(3), FDSTORE=1): a memfd
 * with the record, and the token's own. Survives a restart or crash of the daemon, not a stop, not
 * a reboot. Without a manager it does nothing.
 */
#pragma once

#include "agent/passed-fds.h"
#include "agent/standing.h"

#include <errno.h>

#define STANDING_STORE_TOKENS_MAX 4 /* descriptors called "token" that are looked at */

/* Owned: standing_store_done(). */
typedef struct StandingStore {
    bool has_manager;
    int record_fd;                            /* -EBADF: nothing stored yet */
    int token_fds[STANDING_STORE_TOKENS_MAX]; /* as passed by the manager, until loaded */
    size_t n_token_fds;
    uint64_t token_inode; /* of the token in the store; 0: none */
    char boot_id[33];     /* hex */
} StandingStore;

#define STANDING_STORE_INIT ((StandingStore){ .record_fd = -EBADF })

/* Takes its own out of what the manager passed. */
void standing_store_open(PassedFds *passed, StandingStore *ret);
void standing_store_done(StandingStore *store);

enum {
    STANDING_STORE_OK,
    STANDING_STORE_E_NOTHING, /* a first start */
    STANDING_STORE_E_FOREIGN, /* of another boot or verifier; thrown away but for what is out */
    STANDING_STORE_E_BROKEN,  /* a torn record; thrown away */
    STANDING_STORE_E_AHEAD,   /* of a later time of this boot; as _E_FOREIGN */
};

/*
 * Reads the record of the run before; RET gets its token only when it is the sealed one the record
 * speaks of. A named no or -ENOMEM.
 */
_must_check_ int standing_store_load(StandingStore *store, const StandingOwner *owner,
                                     Schedule *schedule, Standing *ret);
/* Replaces the record, and the token in the store when it changed. Negative errno. */
_must_check_ int standing_store_save(StandingStore *store, const StandingOwner *owner,
                                     const Standing *standing, const Schedule *schedule);
