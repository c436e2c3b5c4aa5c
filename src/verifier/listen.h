/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one listening socket: systemd's when it passed one, else our own.
 */
#pragma once

#include "base/macro.h"
#include "format/finding.h"

#include <errno.h>

/* Owned: listener_done(). */
typedef struct Listener {
    int fd;     /* listening, non-blocking, close-on-exec; -EBADF: none */
    char *name; /* where it really listens */
    bool ours;  /* we made it, and remove the file of a unix: socket */
} Listener;

#define LISTENER_NONE ((Listener){ .fd = -EBADF })

void listener_done(Listener *listener);
#define _cleanup_listener_ _cleanup_(listener_done)

enum { LISTEN_OK, LISTEN_E_FAILED };

/*
 * WHERE is ADDR:PORT, [ADDR]:PORT (numeric; port 0 lets the kernel choose) or unix:PATH. A socket
 * passed by systemd (sd_listen_fds(3)) is taken instead, whatever WHERE says. LISTEN_E_FAILED:
 * FINDINGS has "verifier-listen-failed". -ENOMEM.
 */
_must_check_ int listener_open(const char *where, Findings *findings, Listener *ret);
