/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments to calls, findings to lines.
 */
#include "verifier/commands.h"

#include "verifier/directory-owner.h"
#include "verifier/init.h"
#include "verifier/instance.h"
#include "verifier/release-keys.h"
#include "verifier/supervise.h"
#include "verifier/trust.h"

#include "base/file.h"
#include "base/lock-file.h"
#include "base/wipe.h"
#include "verify/policy-explain.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define KEYS_LOCK "keys.lock" /* in the verifier's directory */

#define STATUS_INTERNAL 1
#define STATUS_USAGE    2

static int usage(const char *line)
{
    (void)fprintf(stderr, "usage: attest-verifier %s\n", line);
    return STATUS_USAGE;
}

/* Keys are kept in memory that is never swapped (base/wipe.h). */
static bool memory_can_be_locked(void)
{
    const uint8_t byte = 0;
    Secret *probe = NULL;

    int r = secret_new((ByteView){ .data = &byte, .size = sizeof(byte) }, &probe);
    secret_free(probe);
    return r == 0;
}

static int failure(int r)
{
    if (memory_can_be_locked())
        (void)fprintf(stderr, "attest-verifier: %s\n", strerror(-r));
    else
        (void)fprintf(stderr,
                      "attest-verifier: no memory can be locked for keys: %s\n"
                      "Remedy: raise the limit: ulimit -l 8192, or LimitMEMLOCK=8M in the "
                      "unit.\n",
                      strerror(-r));
    return STATUS_INTERNAL;
}

/* Subject, cause, what was wanted, remedy: one line each. */
static int complain(const Findings *findings)
{
    for (size_t i = 0; i < findings->n_items; i++) {
        const Finding *finding = &findings->items[i];
        (void)fprintf(stderr, "%s: %s", finding->subject, finding->found ? finding->found : "");
        if (finding->wanted && *finding->wanted)
            (void)fprintf(stderr, "; wanted: %s", finding->wanted);
        (void)fprintf(stderr, "\n  %s: %s\n", finding->name,
                      finding->remedy ? finding->remedy : "");
    }
    return STATUS_USAGE;
}

static int conclude(int r, const Findings *findings)
{
    if (r < 0)
        return failure(r);
    return r > 0 ? complain(findings) : EXIT_SUCCESS;
}

/* The argument at INDEX, which is the last one, or what is meant without it; NULL: it is wrong. */
static const char *directory_of(int argc, char **argv, int index)
{
    if (index == argc)
        return DIRECTORY_DEFAULT;
    return index == argc - 1 && argv[index][0] != '-' ? argv[index] : NULL;
}

static void print_next_steps(const InitOptions *options)
{
    bool is_default = strcmp(options->directory, DIRECTORY_DEFAULT) == 0;

    (void)printf("Made %s: keys, TLS certificates, verifier.json and policy.json.\n"
                 "Fill policy.json: it refuses every machine as it stands. Then\n"
                 "\n"
                 "    attest-verifier policy check %s/policy.json\n"
                 "    %s%s\n"
                 "\n"
                 "Each machine gets a copy of %s/%s and in its attestd.conf\n"
                 "\n"
                 "    [Verifier default]\n"
                 "    URL=%s\n"
                 "    Trust=/etc/attestd/%s\n",
                 options->directory, options->directory,
                 is_default ? "systemctl enable --now attest-verifier" : "attest-verifier serve ",
                 is_default ? "" : options->directory, options->directory, TRUST_FILE, options->url,
                 TRUST_FILE);
}

int command_init(int argc, char **argv)
{
    static const char line[] = "init [DIR] [--url https://HOST[:PORT][/PATH]] [--listen ADDR:PORT]"
                               " [--simulated-root HEX|FILE]...";
    static const struct option long_options[] = {
        { "url", required_argument, NULL, 'u' },
        { "listen", required_argument, NULL, 'l' },
        { "simulated-root", required_argument, NULL, 's' },
        { NULL, 0, NULL, 0 },
    };
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    InitOptions options = { .url = "https://127.0.0.1:8443" };
    int c;

    while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (c == 'u')
            options.url = optarg;
        else if (c == 'l')
            options.listen = optarg;
        else if (c == 's' && options.n_simulated_roots < INIT_SIMULATED_ROOTS_MAX)
            options.simulated_roots[options.n_simulated_roots++] = optarg;
        else
            return usage(line);
    }
    options.directory = directory_of(argc, argv, optind);
    if (!options.directory)
        return usage(line);

    int r = directory_owner_become(options.directory);
    if (r == 0)
        r = init_directory(&options, &findings);
    if (r == INIT_OK)
        print_next_steps(&options);
    return conclude(r, &findings);
}

static bool parse_count(const char *text, uint64_t *ret)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);

    if (!*text || *end || text[0] == '-' || value < 1 || value > CONFIG_PROCESSES_MAX)
        return false;
    *ret = value;
    return true;
}

int command_serve(int argc, char **argv)
{
    static const char line[] = "serve [DIR] [--listen ADDR:PORT|unix:PATH] [--processes N]";
    static const struct option long_options[] = {
        { "listen", required_argument, NULL, 'l' },
        { "processes", required_argument, NULL, 'p' },
        { NULL, 0, NULL, 0 },
    };
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    SuperviseOptions options = { 0 };
    int c;

    while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (c == 'l')
            options.listen = optarg;
        else if (c != 'p' || !parse_count(optarg, &options.processes))
            return usage(line);
    }
    options.directory = directory_of(argc, argv, optind);
    if (!options.directory)
        return usage(line);
    return conclude(supervise(&options, &findings), &findings);
}

int command_check(int argc, char **argv)
{
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    _cleanup_(instance_freep) Instance *instance = NULL;
    const char *directory = directory_of(argc, argv, 1);

    if (!directory)
        return usage("check [DIR]");
    int r = directory_owner_become(directory);
    if (r == 0)
        r = instance_load(directory, NULL, &findings, &instance);
    if (r == INSTANCE_OK)
        (void)printf("%s: ok, policy %s\n", directory, instance->policy->id);
    if (r == INSTANCE_OK)
        r = instance_note_ends(instance, &findings);
    if (r == INSTANCE_OK)
        (void)complain(&findings);
    return conclude(r, &findings);
}

/* One line a sentence; the layers that are left open last, and in capitals. */
static int explain(const Policy *policy)
{
    json_auto_t *explained = NULL;
    json_t *item;
    size_t i;

    int r = policy_explain(policy, &explained);
    if (r < 0)
        return r;
    json_array_foreach (json_object_get(explained, "demands"), i, item)
        (void)printf("%s\n", json_string_value(item));
    json_array_foreach (json_object_get(explained, "uncovered"), i, item)
        (void)printf("NOT COVERED, %s: %s\n", json_string_value(json_object_get(item, "layer")),
                     json_string_value(json_object_get(item, "text")));
    return 0;
}

int command_policy(int argc, char **argv)
{
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    _cleanup_(policy_freep) Policy *policy = NULL;
    bool is_check = argc == 3 && strcmp(argv[1], "check") == 0;

    if (!is_check && (argc != 3 || strcmp(argv[1], "explain") != 0))
        return usage("policy check|explain FILE");
    int r = policy_load(argv[2], &findings, &policy);
    if (r == INSTANCE_OK && is_check)
        (void)printf("%s: ok, policy %s\n", argv[2], policy->id);
    else if (r == INSTANCE_OK)
        r = explain(policy);
    return conclude(r, &findings);
}

static int rotate_nonce(const char *directory, Findings *findings)
{
    _cleanup_(config_freep) VerifierConfig *config = NULL;
    _cleanup_nonce_keys_ NonceKeys keys = { 0 };

    int r = config_load(directory, findings, &config);
    if (r == CONFIG_OK)
        r = nonce_keys_load(config->nonce_key, &keys);
    if (r > 0 && findings->n_items == 0)
        r = findings_add(findings, "verifier-key-unusable", config->nonce_key, FINDING_FAILURE,
                         "another size", "32 or 64 random bytes") < 0
                ? -ENOMEM
                : CONFIG_E_INVALID;
    if (r == 0)
        r = nonce_keys_write(config->nonce_key, &keys);
    if (r == 0)
        (void)printf("%s: new nonce key; the old one is still accepted. Send SIGHUP to the"
                     " server.\n",
                     config->nonce_key);
    return r;
}

static int rotate_rewrap(const char *directory, Findings *findings)
{
    _cleanup_(config_freep) VerifierConfig *config = NULL;

    int r = config_load(directory, findings, &config);
    if (r == CONFIG_OK)
        r = rewrap_keys_rotate(config->rewrap_key, findings);
    if (r == REWRAP_KEYS_OK)
        r = trust_write(directory, findings);
    if (r == TRUST_OK)
        (void)printf("%s: new rewrap key; the old one beside it still opens. Send SIGHUP to each"
                     " server, give %s/%s to the machines, add their gates anew and reseal.\n",
                     config->rewrap_key, directory, TRUST_FILE);
    return r;
}

static int next_release(const char *directory, Findings *findings)
{
    _cleanup_(config_freep) VerifierConfig *config = NULL;
    bool is_new = false;

    int r = config_load(directory, findings, &config);
    if (r == CONFIG_OK)
        r = release_key_next_make(config, findings, &is_new);
    if (r == RELEASE_KEYS_OK)
        r = trust_write(directory, findings);
    if (r == TRUST_OK)
        (void)printf("%s: %s, and %s names it.\n"
                     "Give that file to the machines. On each:\n"
                     "\n"
                     "    attestctl gate update NAME --trust=%s\n"
                     "    systemctl reload attestd\n"
                     "    attestctl reseal --all\n"
                     "\n"
                     "When that is done on all of them: attest-verifier keys rotate-release %s\n",
                     directory,
                     is_new ? "a next release key is made"
                            : "the next release key is there already",
                     TRUST_FILE, TRUST_FILE, directory);
    return r;
}

/* A rotation that was cut off before the trust file was written is finished; else there is none. */
static int finish_rotation(const VerifierConfig *config, const char *directory, Findings *findings)
{
    _cleanup_(key_freep) Key *present = NULL;
    bool is_behind = false;

    int r = key_load(config->release_key, findings, &present);
    if (r == INSTANCE_OK)
        r = trust_has_next(directory, present, &is_behind);
    if (r != INSTANCE_OK || is_behind)
        return r;
    r = findings_add(findings, "verifier-next-key-missing", config->release_key, FINDING_FAILURE,
                     "no " RELEASE_NEXT_NAME " beside it", NULL);
    return r < 0 ? r : RELEASE_KEYS_E_ABSENT;
}

static int rotate_release(const char *directory, Findings *findings)
{
    _cleanup_(config_freep) VerifierConfig *config = NULL;

    int r = config_load(directory, findings, &config);
    if (r != CONFIG_OK)
        return r;
    r = release_key_rotate(config, findings);
    if (r == RELEASE_KEYS_E_ABSENT)
        r = finish_rotation(config, directory, findings);
    if (r == RELEASE_KEYS_OK)
        r = trust_write(directory, findings);
    if (r == TRUST_OK)
        (void)printf(
            "%s: what was the next release key; the old one is kept beside it.\n"
            "Copy both to each instance and send SIGHUP to each server. At leisure, %s/%s\n"
            "goes to the machines: attestctl gate update, and reseal.\n",
            config->release_key, directory, TRUST_FILE);
    return r;
}

typedef int KeysRun(const char *directory, Findings *findings);

enum { KEYS_E_DIRECTORY = 1 };

static int refuse_directory(const char *name, const char *directory, const char *found,
                            Findings *findings)
{
    int r = findings_add(findings, name, directory, FINDING_FAILURE, found, NULL);

    return r < 0 ? r : KEYS_E_DIRECTORY;
}

/*
 * One at a time, and nobody waits: a second rotation right behind the first would take away the key
 * that was to be accepted beside the new one.
 */
static int run_alone(KeysRun *run, const char *directory, Findings *findings)
{
    _cleanup_close_ int lock = -EBADF;

    int r = directory_owner_become(directory);
    if (r == 0)
        r = lock_file_take(directory, KEYS_LOCK, /* wait_usec= */ 0, &lock);
    if (r < 0)
        return refuse_directory("verifier-directory-unusable", directory, strerror(-r), findings);
    if (r == LOCK_FILE_E_BUSY)
        return refuse_directory("verifier-directory-busy", directory,
                                "another keys command at work", findings);
    return run(directory, findings);
}

int command_keys(int argc, char **argv)
{
    static const struct {
        const char *name;
        KeysRun *run;
    } verbs[] = {
        { "rotate-nonce", rotate_nonce },
        { "rotate-rewrap", rotate_rewrap },
        { "next-release", next_release },
        { "rotate-release", rotate_release },
    };
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    const char *directory = directory_of(argc, argv, 2);

    for (size_t i = 0; directory && i < ELEMENTSOF(verbs); i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return conclude(run_alone(verbs[i].run, directory, &findings), &findings);
    return usage("keys rotate-nonce|rotate-rewrap|next-release|rotate-release [DIR]");
}

int command_trust(int argc, char **argv)
{
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    _cleanup_bytes_ Bytes text = { 0 };

    const char *directory = directory_of(argc, argv, 1);
    if (!directory)
        return usage("trust [DIR]");
    int r = directory_owner_become(directory);
    if (r == 0)
        r = trust_text(directory, &findings, &text);
    if (r == TRUST_OK)
        r = fd_write_all(STDOUT_FILENO, VIEW(text));
    return conclude(r, &findings);
}
