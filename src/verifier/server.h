/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One serving process: TLS and HTTP by libmicrohttpd, limits by us. It knows sockets and bytes;
 * what they mean is answer.h.
 */
#pragma once

#include "verifier/instance.h"

/* Silence ends a connection after the configured time, and age ends any: as long as a nonce. */
#define SERVER_CONNECTION_LIFE_SEC NONCE_LIFE_SEC
/* A full house cuts its oldest guest, when that has had this long for a request. */
#define SERVER_PATIENCE_SEC 5
/* Bodies in memory, by what their Content-Length promises; beyond it "busy". Bytes a process. */
#define SERVER_BODIES_MAX ((size_t)128 << 20)
/* Bytes of a refused body that are read and dropped, so that the client gets to read its answer. */
#define SERVER_DISCARD_MAX ((size_t)16 << 20)
/* After SIGTERM, for requests under way. */
#define SERVER_DRAIN_SEC 3

/*
 * Serves LISTEN_FD (borrowed, non-blocking, shared with other processes) until SIGTERM, then lets
 * requests under way finish. SIGTERM must be blocked by the caller. 0 or negative errno; -EINVAL
 * when TLS certificate and key are not usable together.
 */
_must_check_ int server_run(const Instance *instance, int listen_fd);
