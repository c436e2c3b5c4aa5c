/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into attestd by agent.py: says on standard error how long a connection was known
 * to attestd alone, from the return of accept4() to that of the sendmsg() that stores it.
 */
#include "base/macro.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define _exported_ __attribute__((visibility("default")))

_exported_ int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);
_exported_ ssize_t sendmsg(int fd, const struct msghdr *message, int flags);

static uint64_t accepted_nsec;

static uint64_t now_nsec(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The next of this name, in libc. */
static void find(const char *name, void *ret)
{
    void *symbol = dlsym(RTLD_NEXT, name);

    memcpy(ret, &symbol, sizeof(symbol));
}

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    int (*next)(int, struct sockaddr *, socklen_t *, int);

    find("accept4", &next);
    int accepted = next(fd, address, size, flags);
    accepted_nsec = accepted < 0 ? 0 : now_nsec();
    return accepted;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t (*next)(int, const struct msghdr *, int);

    find("sendmsg", &next);
    ssize_t sent = next(fd, message, flags);
    if (accepted_nsec > 0)
        (void)fprintf(stderr, "accept-window %llu ns\n",
                      (unsigned long long)(now_nsec() - accepted_nsec));
    accepted_nsec = 0;
    return sent;
}
