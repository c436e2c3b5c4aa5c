/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps a TCP port of 127.0.0.1 for one test until it is ended: the kernel gives it to nobody, not
 * even as the near end of a connection, but to a server that asks for it by number and sets
 * SO_REUSEADDR. While no such server listens, connections are refused.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static const char help[] = "hold-port\n"
                           "\n"
                           "Prints the number of the port, and keeps it until it is ended.\n";

/* The port, or 0 with errno set. Bound without SO_REUSEADDR, so that it is nobody's yet. */
static unsigned take(int fd)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    const int on = 1;

    if (bind(fd, (struct sockaddr *)&address, size) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        return 0;
    return ntohs(address.sin_port);
}

int main(int argc, char **argv)
{
    if (argc != 1) {
        (void)fputs(help, argv[1][0] == '-' ? stdout : stderr);
        return argv[1][0] == '-' ? 0 : 2;
    }
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unsigned port = fd < 0 ? 0 : take(fd);
    if (port == 0) {
        perror("hold-port");
        return 1;
    }
    (void)printf("%u\n", port);
    if (fflush(stdout) != 0)
        return 1;
    for (;;)
        (void)pause();
}
