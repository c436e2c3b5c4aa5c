/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A secret into a socket, whole and at once: with one send() that never waits for the reader, so
 * that a slow one holds up nobody and a worker that is killed has sent all of it or nothing. Or
 * into a memfd, sealed when it is whole.
 */
#pragma once

#include "base/bytes.h"

enum {
    DELIVERY_OK,
    DELIVERY_E_TOO_LARGE, /* the socket's buffer cannot be made large enough; nothing was sent */
    /* No stream socket, closed, something else is in it, or it took only a part; no such memfd. */
    DELIVERY_E_GONE,
};

/*
 * SOCKET is a connected stream socket that nothing was written to. It stays open: an end of stream
 * is the caller's to give. Only after DELIVERY_OK may the peer be taken for served.
 */
_must_check_ int delivery_send(int socket, ByteView bytes);
/*
 * MEMFD is empty and may be sealed; its offset stays at the start. After DELIVERY_OK nobody can
 * change it any more; before, nothing is in it.
 */
_must_check_ int delivery_fill(int memfd, ByteView bytes);
