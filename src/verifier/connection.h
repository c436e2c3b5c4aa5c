/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is connected to one process, oldest first, and what bodies they promised: the limits that
 * libmicrohttpd does not have.
 */
#pragma once

#include "base/macro.h"

typedef struct Connection Connection;

/* A zeroed struct is empty and valid. */
typedef struct Connections {
    Connection *oldest, *newest;
    size_t n_open;
    size_t reserved; /* bytes of bodies promised */
} Connections;

/* FD is borrowed: libmicrohttpd closes it, after connection_closed(). NULL: out of memory. */
Connection *connection_opened(Connections *connections, int fd, uint64_t now_usec);
void connection_closed(Connections *connections, Connection *connection);

/* Promises SIZE bytes of body within LIMIT for all. False: too much at present. */
bool connection_reserve(Connections *connections, Connection *connection, size_t size,
                        size_t limit);
/* The request is over; gives back what it promised. */
void connection_release(Connections *connections, Connection *connection);

/* Shuts down all that are older than LIFE_USEC; libmicrohttpd then sees their end. Their number. */
size_t connections_cut_older(Connections *connections, uint64_t now_usec, uint64_t life_usec);
