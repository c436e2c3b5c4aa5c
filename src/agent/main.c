/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestd: options, hygiene of the process, configuration, loop.
 */
#include "agent/agent.h"
#include "agent/farewell.h"
#include "agent/instance.h"
#include "base/log.h"
#include "config/state-format.h"
#include "format/catalog.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define RUNTIME_DIRECTORY_DEFAULT "/run/attestd"
#define STATE_DIRECTORY_DEFAULT   "/var/lib/attestd"

static const char usage[] =
    "attestd [OPTION…]\n"
    "\n"
    "Proves to a verifier that this machine is genuine, and keeps that proof fresh.\n"
    "\n"
    "  --config FILE            read FILE and FILE.d/*.conf (" CONFIG_PATH_DEFAULT ")\n"
    "  --runtime-directory DIR  where sockets, locks and approvals are "
    "(" RUNTIME_DIRECTORY_DEFAULT ")\n"
    "  --state-directory DIR    where gates are (" STATE_DIRECTORY_DEFAULT ")\n"
    "  --help                   show this text\n"
    "  --version                show the version\n"
    "\n"
    "See attestd(8) and attestd.conf(5).\n";

enum {
    OPTION_CONFIG = 256,
    OPTION_RUNTIME_DIRECTORY,
    OPTION_STATE_DIRECTORY,
    OPTION_HELP,
    OPTION_VERSION
};

enum { ARGUMENTS_RUN, ARGUMENTS_DONE, ARGUMENTS_WRONG };

static int parse_arguments(int argc, char **argv, AgentOptions *ret)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, OPTION_CONFIG },
        { "runtime-directory", required_argument, NULL, OPTION_RUNTIME_DIRECTORY },
        { "state-directory", required_argument, NULL, OPTION_STATE_DIRECTORY },
        { "help", no_argument, NULL, OPTION_HELP },
        { "version", no_argument, NULL, OPTION_VERSION },
        { 0 },
    };

    for (;;) {
        switch (getopt_long(argc, argv, "", options, NULL)) {
        case -1:
            if (optind == argc)
                return ARGUMENTS_RUN;
            (void)fprintf(stderr, "attestd: it takes no arguments; see attestd --help\n");
            return ARGUMENTS_WRONG;
        case OPTION_CONFIG:
            ret->config_path = optarg;
            break;
        case OPTION_RUNTIME_DIRECTORY:
            ret->runtime_directory = optarg;
            break;
        case OPTION_STATE_DIRECTORY:
            ret->state_directory = optarg;
            break;
        case OPTION_HELP:
            (void)fputs(usage, stdout);
            return ARGUMENTS_DONE;
        case OPTION_VERSION:
            (void)puts("attestd " ATTESTD_VERSION);
            return ARGUMENTS_DONE;
        default: /* getopt's answer, not our enum */
            return ARGUMENTS_WRONG;
        }
    }
}

/*
 * No debugger, no core, no file for others: also where no unit file sees to it. No end by a signal.
 */
static int keep_clean(void)
{
    const struct rlimit no_core = { 0 };
    const struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigset_t ends;

    /* Whoever ends us from here on is answered by the loop, which first sees to those who wait. */
    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGINT);
    (void)sigaddset(&ends, SIGHUP);
    (void)sigaddset(&ends, SIGUSR1);
    if (sigprocmask(SIG_BLOCK, &ends, NULL) < 0)
        return -errno;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &no_core) < 0 ||
        sigaction(SIGPIPE, &ignore, NULL) < 0)
        return -errno;
    (void)umask(0077);
    return 0;
}

/* They are used by other processes too, so they must mean the same there. */
static bool paths_are_absolute(const AgentOptions *options)
{
    return options->config_path[0] == '/' && options->runtime_directory[0] == '/' &&
           options->state_directory[0] == '/' &&
           strlen(options->runtime_directory) < 90; /* sun_path, with "/collect.sock" */
}

/* The service is not started again: RestartPreventExitStatus= of attestd.service. */
static int give_up(const AgentOptions *options)
{
    int r = farewell(options->runtime_directory);

    if (r < 0)
        log_error("those who wait for secrets cannot be refused: %s", strerror(-r));
    return EXIT_CLASS_USAGE;
}

/* Above 0: what is there was written by a newer version. A full disk is no reason to stop here. */
static int claim_state(const AgentOptions *options, Findings *findings)
{
    int r = state_format_claim(options->state_directory, findings);

    if (r < 0 && r != -ENOMEM) {
        log_warning("the format of %s cannot be noted: %s", options->state_directory, strerror(-r));
        return 0;
    }
    return r;
}

static int run(const AgentOptions *options)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    _cleanup_(config_freep) Config *config = NULL;
    _cleanup_(agent_freep) Agent *agent = NULL;

    int r = config_load(options->config_path, &findings, &config);
    if (r == 0)
        r = claim_state(options, &findings);
    if (r > 0) {
        publish_config_errors(&findings);
        return give_up(options);
    }
    if (r == 0)
        r = agent_new(options, config, &agent);
    if (r == 0) {
        (void)TAKE_PTR(config); /* the agent's now */
        r = agent_run(agent);
    }
    if (r < 0)
        log_error("attestd ends: %s", strerror(-r));
    return r < 0 ? EXIT_CLASS_INTERNAL : EXIT_SUCCESS;
}

/* First of all: what is in the runtime directory may be another's, who still runs. */
static int run_alone(const AgentOptions *options)
{
    static const char finding[] = "agent-runs-already";
    const CatalogEntry *entry = catalog_find(finding);
    LogField field = { "ATTEST_FINDING", finding };
    _cleanup_close_ int instance = -EBADF;

    int r = instance_take(options->runtime_directory, INSTANCE_WAIT_USEC, &instance);
    if (r == INSTANCE_E_OTHER) {
        log_fields(LOG_ERR, NULL, &field, 1, "%s (%s); %s", entry->text, options->runtime_directory,
                   entry->remedy);
        return (int)entry->exit_class;
    }
    if (r < 0)
        log_warning("another attestd could use %s as well: %s", options->runtime_directory,
                    strerror(-r));
    return run(options);
}

int main(int argc, char **argv)
{
    AgentOptions options = { .config_path = CONFIG_PATH_DEFAULT,
                             .runtime_directory = RUNTIME_DIRECTORY_DEFAULT,
                             .state_directory = STATE_DIRECTORY_DEFAULT };

    switch (parse_arguments(argc, argv, &options)) {
    case ARGUMENTS_DONE:
        return EXIT_SUCCESS;
    case ARGUMENTS_WRONG:
        return EXIT_CLASS_USAGE;
    }
    if (!paths_are_absolute(&options)) {
        (void)fprintf(stderr, "attestd: paths must be absolute, DIR shorter than 90 bytes\n");
        return EXIT_CLASS_USAGE;
    }
    int r = keep_clean();
    if (r < 0) {
        log_error("attestd cannot keep its memory to itself: %s", strerror(-r));
        return EXIT_CLASS_INTERNAL;
    }
    return run_alone(&options);
}
