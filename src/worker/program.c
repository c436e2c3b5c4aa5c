/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One process, one connection.
 */
#include "worker/program.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

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

int program_serve(ServeRun *run, const void *context)
{
    int r = seal_off();

    if (r < 0) {
        log_error("cannot give up dumps and traces: %s", strerror(-r));
        return EXIT_FAILURE;
    }
    int socket = connection();
    if (socket < 0) {
        log_error("not started with one accepted connection by a service manager");
        return PROGRAM_EXIT_USAGE;
    }
    r = serve(socket, run, context);
    if (r != 0) {
        log_error("no answer could be given: %s",
                  r < 0 ? strerror(-r) : "the caller does not read");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

static const Verb *find_verb(const ProgramVerbs *verbs, const char *name)
{
    for (size_t i = 0; i < verbs->n_items; i++)
        if (strcmp(verbs->items[i].name, name) == 0)
            return &verbs->items[i];
    return NULL;
}

int program_run_verb(const ProgramVerbs *verbs, int argc, char **argv)
{
    const Verb *verb = argc == 2 ? find_verb(verbs, argv[1]) : NULL;
    bool help = argc == 2 && strcmp(argv[1], "--help") == 0;

    if (verb)
        return program_serve(serve_verb, verb);
    (void)fputs(verbs->help, help ? stdout : stderr);
    return help ? EXIT_SUCCESS : PROGRAM_EXIT_USAGE;
}
