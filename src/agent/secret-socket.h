/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket where units and volumes ask: systemd's attestd.socket, which is there before attestd
 * is, or one of our own where nothing was passed.
 */
#pragma once

#include "agent/passed-fds.h"

#include <systemd/sd-event.h>

#define SECRET_SOCKET_UNIT "attestd.socket" /* its name among the passed descriptors */
#define SECRET_SOCKET_FILE "secrets.sock"   /* in the runtime directory */

/* FD is a fresh connection, non-blocking, and the handler's. Negative errno stops the daemon. */
typedef int SecretSocketAccepted(int fd, void *userdata);

typedef struct SecretSocket SecretSocket;

/*
 * Listens; connections come from the event loop. Negative errno; where that is not -ENOMEM the
 * socket cannot be had.
 */
_must_check_ int secret_socket_new(sd_event *event, PassedFds *passed,
                                   const char *runtime_directory, SecretSocketAccepted *accepted,
                                   void *userdata, SecretSocket **ret);
SecretSocket *secret_socket_free(SecretSocket *socket);
DEFINE_CLEANUP(SecretSocket *, secret_socket_free);

/* Whoever connects while IS_OPEN is false waits in the kernel's queue. Negative errno. */
_must_check_ int secret_socket_set_open(SecretSocket *socket, bool is_open);
