/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest-collect: the one program with a capability. Its command line, which is the unit's, says
 * where it may go; the request of one connection chooses among that.
 */
#include "worker/collect.h"
#include "worker/program.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static int usage(FILE *out)
{
    (void)fputs(
        "usage: attest-collect [OPTION]...\n"
        "Not for people: makes a hardware report for attest-worker, behind a socket of the\n"
        "service manager. A request may name no other path than these, all absolute:\n"
        "  --lock-directory DIR      where report.lock is, else /run/attestd/lock\n"
        "  --log-directory DIR       one more place of event logs, beside\n"
        "                            /sys/kernel/security and /run/log/systemd\n"
        "  --device PATH             one more device, beside /dev/sev-guest\n"
        "  --configfs-directory DIR  one more directory of configfs-tsm, beside\n"
        "                            /sys/kernel/config/tsm/report\n",
        out);
    return out == stdout ? 0 : PROGRAM_EXIT_USAGE;
}

static bool add_log_directory(CollectGrounds *grounds, const char *path)
{
    if (grounds->n_log_directories >= COLLECT_LOG_DIRECTORIES_MAX)
        return false;
    grounds->log_directories[grounds->n_log_directories++] = path;
    return true;
}

static bool take_option(CollectGrounds *grounds, int option, const char *path)
{
    if (!path || path[0] != '/')
        return false;
    switch (option) {
    case 'k':
        grounds->lock_directory = path;
        return true;
    case 'l':
        return add_log_directory(grounds, path);
    case 'd':
        grounds->device = path;
        return true;
    case 'c':
        grounds->configfs_directory = path;
        return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "lock-directory", required_argument, NULL, 'k' },
        { "log-directory", required_argument, NULL, 'l' },
        { "device", required_argument, NULL, 'd' },
        { "configfs-directory", required_argument, NULL, 'c' },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    CollectGrounds grounds = COLLECT_GROUNDS_INIT;

    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'h')
            return usage(stdout);
        if (!take_option(&grounds, option, optarg))
            return usage(stderr);
    }
    if (optind != argc)
        return usage(stderr);
    return program_serve(collect_run, &grounds);
}
