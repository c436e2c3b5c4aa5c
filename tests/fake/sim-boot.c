/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim-boot: measures a simulated Debian boot into a TPM and writes the logs to match.
 */
#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"

#include "sim-events.h"
#include "sim-extend.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "sim-boot --tcti CONF --log OUT [OPTION]...\n"
    "  --tcti CONF           e.g. swtpm:path=/tmp/x/s; a freshly started TPM\n"
    "  --no-extend           writes the files only, needs no TPM\n"
    "  --log OUT             the firmware's event log\n"
    "  --userspace-log OUT   measures systemd's part too (PCR 11, 15) and writes its log\n"
    "  --pcrs OUT            PCR 0 to 15 as JSON: {\"sha256\":{\"0\":HEX,...},...}\n"
    "  --banks LIST          of sha1, sha256, sha384; sha256 alone unless told otherwise\n"
    "  --cmdline TEXT        the kernel's arguments\n"
    "  --kernel RELEASE      another release is another kernel and initrd\n"
    "  --secure-boot yes|no  yes unless told otherwise\n"
    "\n"
    "The same options give the same log and the same PCR values.\n";

typedef struct Options {
    SimBoot boot;
    const char *tcti, *log, *userspace_log, *pcrs, *banks;
    bool no_extend;
} Options;

static const struct option long_options[] = {
    { "tcti", required_argument, NULL, 't' },
    { "no-extend", no_argument, NULL, 'n' },
    { "log", required_argument, NULL, 'l' },
    { "userspace-log", required_argument, NULL, 'u' },
    { "pcrs", required_argument, NULL, 'p' },
    { "banks", required_argument, NULL, 'b' },
    { "cmdline", required_argument, NULL, 'c' },
    { "kernel", required_argument, NULL, 'k' },
    { "secure-boot", required_argument, NULL, 's' },
    { "help", no_argument, NULL, 'h' },
    { 0 },
};

static const char **text_of(Options *options, int c)
{
    switch (c) {
    case 't':
        return &options->tcti;
    case 'l':
        return &options->log;
    case 'u':
        return &options->userspace_log;
    case 'p':
        return &options->pcrs;
    case 'b':
        return &options->banks;
    case 'c':
        return &options->boot.cmdline;
    case 'k':
        return &options->boot.kernel;
    }
    return NULL;
}

static int parse_options(int argc, char **argv, Options *ret)
{
    Options options = {
        .boot = { .cmdline = "root=UUID=9a1f3c52-7d0e-4b6a-8c35-5e2f4d7a6b10 ro quiet",
                  .kernel = "6.1.0-28-amd64",
                  .secure_boot = true },
        .banks = "sha256",
    };

    for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) >= 0;) {
        const char **text = text_of(&options, c);
        if (text)
            *text = optarg;
        else if (c == 'h')
            exit(fputs(help, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
        else if (c == 'n')
            options.no_extend = true;
        else if (c == 's' && (strcmp(optarg, "yes") == 0 || strcmp(optarg, "no") == 0))
            options.boot.secure_boot = strcmp(optarg, "yes") == 0;
        else
            return -EINVAL;
    }
    if (optind != argc || !options.log || !options.tcti == !options.no_extend)
        return -EINVAL;
    *ret = options;
    return 0;
}

static int add_bank_json(const SimLog *log, size_t bank, json_t *values)
{
    json_t *pcrs = json_object();
    char number[8];

    if (!pcrs || json_object_set_new(values, log->banks[bank].name, pcrs) < 0)
        return -ENOMEM;
    for (uint32_t pcr = 0; pcr < SIM_N_PCRS; pcr++) {
        (void)snprintf(number, sizeof(number), "%u", pcr);
        int r =
            json_set_hex(pcrs, number,
                         (ByteView){ .data = log->pcrs[bank][pcr], .size = log->banks[bank].size });
        if (r < 0)
            return r;
    }
    return 0;
}

static int save_pcrs(const SimLog *log, const char *path)
{
    _cleanup_(json_decrefp) json_t *values = json_object();
    int r = values ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < log->n_banks; i++)
        r = add_bank_json(log, i, values);
    if (r < 0)
        return r;
    _cleanup_free_ char *text = json_text(values);
    return text ? file_write_atomic(path, view_of_string(text), 0644) : -ENOMEM;
}

static int measure(SimLog *log, const Options *options, Bytes *ret_userspace)
{
    int r = sim_log_begin(log, options->banks);

    if (r == 0)
        r = sim_measure_firmware(log, &options->boot);
    if (r == 0)
        r = sim_measure_loader(log, &options->boot);
    if (r == 0 && options->userspace_log)
        r = sim_measure_userspace(log, ret_userspace);
    return r;
}

static int save(const SimLog *log, const Options *options, const Bytes *userspace)
{
    int r = file_write_atomic(options->log, VIEW(log->bytes), 0444);

    if (r == 0 && options->userspace_log)
        r = file_write_atomic(options->userspace_log, VIEW(*userspace), 0644);
    if (r == 0 && options->pcrs)
        r = save_pcrs(log, options->pcrs);
    return r;
}

int main(int argc, char **argv)
{
    Options options = { 0 };
    _cleanup_(sim_log_done) SimLog log = { 0 };
    _cleanup_bytes_ Bytes userspace = { 0 };

    if (parse_options(argc, argv, &options) < 0) {
        (void)fputs(help, stderr);
        return 2;
    }
    int r = measure(&log, &options, &userspace);
    if (r == 0)
        r = save(&log, &options, &userspace);
    if (r < 0) {
        (void)fprintf(stderr, "sim-boot: %s\n", strerror(-r));
        return EXIT_FAILURE;
    }
    if (options.no_extend)
        return EXIT_SUCCESS;
    return sim_extend(&log, options.tcti) == SIM_EXTEND_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
