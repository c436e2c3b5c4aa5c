/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One JSON line with descriptors over a connected AF_UNIX stream, both directions, within limits
 * and a deadline. What the line says is not looked at here.
 */
#pragma once

#include "base/bytes.h"

#define MESSAGE_FDS_MAX 145 /* of a release: approvals, askers, owner; Linux takes 253 */

/* Owned descriptors; a zeroed struct is empty and valid. */
typedef struct FdList {
    int fds[MESSAGE_FDS_MAX];
    size_t n_fds;
} FdList;

void fd_list_done(FdList *list); /* closes all */
#define _cleanup_fd_list_ _cleanup_(fd_list_done)
/* Takes FD, also on failure (it is closed then). -ENOBUFS when full. */
_must_check_ int fd_list_take(FdList *list, int fd);

enum {
    MESSAGE_OK,
    MESSAGE_E_NOTHING,     /* closed before the first byte */
    MESSAGE_E_TRUNCATED,   /* closed before the line feed */
    MESSAGE_E_TOO_LARGE,   /* no line feed within the limit */
    MESSAGE_E_TRAILING,    /* bytes behind the line feed */
    MESSAGE_E_DESCRIPTORS, /* more than MESSAGE_FDS_MAX, or not with the first bytes */
    MESSAGE_E_TIMEOUT,
};

const char *message_reason(int reason);

/*
 * Receives one line of at most LIMIT bytes (line feed included, not returned) and the descriptors
 * that came with its first bytes, all close-on-exec. Descriptors of a refused message are closed.
 * Negative errno or a named no.
 */
_must_check_ int message_receive(int socket, size_t limit, uint64_t timeout_usec, Bytes *ret_line,
                                 FdList *ret_fds);
/*
 * Sends LINE, which ends in its line feed, the descriptors with the first byte. FDS are borrowed.
 * SIGPIPE is not raised. Negative errno; MESSAGE_E_TIMEOUT.
 */
_must_check_ int message_send(int socket, ByteView line, uint64_t timeout_usec, const FdList *fds);
