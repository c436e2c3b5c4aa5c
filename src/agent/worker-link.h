/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request to a worker and its answer, over a non-blocking AF_UNIX stream within the event loop:
 * a line with descriptors each way, within limits and a deadline. What the lines say is not looked
 * at here.
 */
#pragma once

#include "base/bytes.h"
#include "format/worker-answer.h"

#include <systemd/sd-event.h>

#define WORKER_LINK_FDS_MAX 144 /* descriptors of one request; SCM_MAX_FD of Linux is 253 */

enum {
    WORKER_LINK_OK,
    WORKER_LINK_E_UNREACHABLE, /* no socket there, nobody listening, or too many waiting */
    WORKER_LINK_E_SILENT,      /* no whole answer within the time */
    WORKER_LINK_E_ENDED,       /* the connection ended before a whole answer */
    WORKER_LINK_E_DESCRIPTORS, /* this process has none left: for the socket, or for what came */
    WORKER_LINK_E_MALFORMED,   /* too large, bytes behind the line, descriptors out of place */
};

/* What came back. Owned: worker_reply_done(). */
typedef struct WorkerReply {
    Bytes line; /* with its line feed */
    int fds[ANSWER_FDS_MAX];
    size_t n_fds;
} WorkerReply;

void worker_reply_done(WorkerReply *reply);
#define _cleanup_worker_reply_ _cleanup_(worker_reply_done)

/* REPLY is there for WORKER_LINK_OK, else empty; it is cleaned up after the call. May free LINK. */
typedef void WorkerLinkDone(int reason, WorkerReply *reply, void *userdata);

typedef struct WorkerLink WorkerLink;

typedef struct WorkerLinkRequest {
    const char *socket_path;
    ByteView line;                /* with its line feed; copied */
    int fds[WORKER_LINK_FDS_MAX]; /* duplicated */
    size_t n_fds;
    uint64_t timeout_usec;
} WorkerLinkRequest;

/*
 * Begins; DONE is called once, from the event loop and never from here, unless the link is freed
 * before. Negative errno when the loop or memory fails.
 */
_must_check_ int worker_link_new(sd_event *event, const WorkerLinkRequest *request,
                                 WorkerLinkDone *done, void *userdata, WorkerLink **ret);
/* Drops the connection, if there still is one. */
WorkerLink *worker_link_free(WorkerLink *link);
DEFINE_CLEANUP(WorkerLink *, worker_link_free);
