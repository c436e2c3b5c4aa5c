/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list in order of arrival.
 */
#include "verifier/connection.h"

#include <sys/socket.h>

struct Connection {
    Connection *older, *newer;
    int fd;
    bool cut; /* shut down by us, not yet closed */
    uint64_t opened_usec;
    size_t reserved;
};

Connection *connection_opened(Connections *connections, int fd, uint64_t now_usec)
{
    Connection *connection = calloc(1, sizeof(*connection));
    if (!connection)
        return NULL;

    *connection = (Connection){ .older = connections->newest, .fd = fd, .opened_usec = now_usec };
    if (connections->newest)
        connections->newest->newer = connection;
    else
        connections->oldest = connection;
    connections->newest = connection;
    connections->n_open++;
    return connection;
}

void connection_closed(Connections *connections, Connection *connection)
{
    connection_release(connections, connection);
    if (connection->older)
        connection->older->newer = connection->newer;
    else
        connections->oldest = connection->newer;
    if (connection->newer)
        connection->newer->older = connection->older;
    else
        connections->newest = connection->older;
    connections->n_open--;
    free(connection);
}

bool connection_reserve(Connections *connections, Connection *connection, size_t size, size_t limit)
{
    if (size > limit - connections->reserved)
        return false;
    connection->reserved += size;
    connections->reserved += size;
    return true;
}

void connection_release(Connections *connections, Connection *connection)
{
    connections->reserved -= connection->reserved;
    connection->reserved = 0;
}

size_t connections_cut_older(Connections *connections, uint64_t now_usec, uint64_t life_usec)
{
    size_t n = 0;

    for (Connection *c = connections->oldest; c && now_usec - c->opened_usec >= life_usec;
         c = c->newer) {
        if (c->cut)
            continue;
        (void)shutdown(c->fd, SHUT_RDWR);
        c->cut = true;
        n++;
    }
    return n;
}
