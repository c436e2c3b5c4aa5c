/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A secret into a socket, whole and at once: with one send() that never waits for the reader, so
 * that a slow one holds up nobody and a worker that is killed has sent all of it or nothing.
 */
#pragma once

#include "base/bytes.h"

enum {
    DELIVERY_OK,
    DELIVERY_E_TOO_LARGE, /* the socket's buffer cannot be made large enough; nothing was sent */
    DELIVERY_E_GONE, /* no stream socket, closed, something else is in it, or it took only a part */
};

/*
 * SOCKET is a connected stream socket that nothing was written to. It stays open: an end of stream
 * is the caller's to give. Only after DELIVERY_OK may the peer be taken for served.
 */
_must_check_ int delivery_send(int socket, ByteView bytes);
