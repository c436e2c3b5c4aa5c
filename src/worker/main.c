/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest-worker: one verb, one connection, one answer. Started by socket activation with the
 * accepted connection as its one descriptor.
 */
#include "base/log.h"
#include "worker/collect.h"
#include "worker/round.h"
#include "worker/serve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#define EXIT_USAGE 2

static const Verb verbs[] = {
    { "round", round_run },
    { "collect", collect_run },
};

static const Verb *find_verb(const char *name)
{
    for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

static int usage(FILE *out)
{
    (void)fputs("usage: attest-worker VERB\n"
                "Not for people: attestd talks to it through a socket of the service manager.\n"
                "verbs:\n"
                "  round    prove this machine to a verifier, or make evidence for a caller\n"
                "  collect  hardware report and event logs\n",
                out);
    return out == stdout ? 0 : EXIT_USAGE;
}

/* Not to be traced, and no core: what is in here outlives no process. */
static int seal_off(void)
{
    const struct rlimit none = { 0 };

    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0)
        return -errno;
    return 0;
}

/* The accepted connection, or -EINVAL. */
static int connection(void)
{
    if (sd_listen_fds(/* unset_environment= */ 1) != 1 ||
        sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_STREAM, /* listening= */ 0, NULL, 0) <= 0)
        return -EINVAL;
    return SD_LISTEN_FDS_START;
}

int main(int argc, char **argv)
{
    const Verb *verb = argc == 2 ? find_verb(argv[1]) : NULL;

    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return usage(stdout);
    if (!verb)
        return usage(stderr);

    int r = seal_off();
    if (r < 0) {
        log_error("cannot give up dumps and traces: %s", strerror(-r));
        return EXIT_FAILURE;
    }
    int socket = connection();
    if (socket < 0) {
        log_error("not started with one accepted connection by a service manager");
        return EXIT_USAGE;
    }
    r = serve(socket, verb);
    if (r != 0) {
        log_error("no answer could be given: %s",
                  r < 0 ? strerror(-r) : "the caller does not read");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
