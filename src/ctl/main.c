/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl: the table of verbs and their options.
 */
#include "base/clock.h"
#include "ctl/output.h"
#include "ctl/verb.h"
#include "format/catalog.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define STATE_DIRECTORY_DEFAULT   "/var/lib/attestd"
#define RUNTIME_DIRECTORY_DEFAULT "/run/attestd"

typedef struct Verb {
    const char *name;
    int (*run)(const Options *options);
    size_t n_arguments_min, n_arguments_max; /* behind the verb */
    const char *arguments;
    const char *help;
} Verb;

static const Verb verbs[] = {
    { "status", verb_status, 0, 0, "", "how this machine stands, what was proven, what failed" },
    { "attest", verb_attest, 0, 0, "", "attest now and wait for the result" },
    { "wait", verb_wait, 0, 0, "", "wait until the verifier has decided" },
    { "evidence", verb_evidence, 0, 0, "", "fresh evidence over --nonce, for another verifier" },
    { "token", verb_token, 0, 0, "", "the attestation result in force, a bearer of facts" },
    { "gate", verb_gate, 0, 2, " add NAME", "add a lock that only a verifier opens (--trust)" },
    { "gate", verb_gate, 0, 2, " [list]", "the gates of this machine" },
    { "gate", verb_gate, 0, 2, " remove NAME", "remove a lock; what is sealed to it stays shut" },
    { "seal", verb_seal, 1, 1, " NAME", "seal standard input to this machine and a gate" },
    { "secrets", verb_secrets, 0, 2, " [list]", "what is sealed here, as the files say" },
    { "secrets", verb_secrets, 0, 2, " show NAME", "all that a file says of itself" },
    { "secrets", verb_secrets, 0, 2, " remove NAME", "remove a sealed secret" },
    { "config", verb_config, 0, 0, "", "the settings in force and where each came from" },
    { "version", verb_version, 0, 0, "", "the version" },
};

static int usage(FILE *out)
{
    (void)fprintf(out, "attestctl VERB [ARGUMENT...] [OPTION...]\n\nVerbs:\n");
    for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
        (void)fprintf(out, "  %s%-*s %s\n", verbs[i].name, 20 - (int)strlen(verbs[i].name),
                      verbs[i].arguments, verbs[i].help);
    (void)fprintf(
        out, "\nOptions:\n"
             "  --json                   machine-readable output\n"
             "  --color=WHEN             auto, always or never\n"
             "  --config=FILE            config, gate, seal, secrets: read FILE\n"
             "  --nonce=HEX              evidence: 8 to 64 bytes; random when not given\n"
             "  --out=FILE               evidence, token: write FILE, mode 0600\n"
             "  --timeout=SECONDS        wait: give up after this long\n"
             "  --trust=FILE             gate add: the verifier's verifier-trust.json\n"
             "  --vtpm-root=WHAT         gate add: host, certificate, svsm or paravisor\n"
             "  --gate=NAME              seal: to this gate; needed when there are several\n"
             "  --for=unit:NAME.service  seal: who may ask for it; may be given again\n"
             "  --accept-host-tpm        seal: though the host could read this vTPM\n"
             "  --state-directory=DIR    gate, seal: instead of " STATE_DIRECTORY_DEFAULT "\n"
             "  --runtime-directory=DIR  seal: instead of " RUNTIME_DIRECTORY_DEFAULT "\n"
             "  --worker=FILE            seal: instead of the installed attest-worker\n"
             "  -h, --help               this text\n"
             "  --version                the version\n"
             "\nExit: 0 attested or done, 1 internal, 2 usage or configuration, 3 not attested,\n"
             "      4 verifier unreachable, 5 refused, 6 not a confidential VM.\n");
    return out == stdout ? 0 : EXIT_CLASS_USAGE;
}

static int usage_error(const char *option, const char *value, const char *wanted)
{
    (void)fprintf(stderr, "attestctl: %s%s is not %s\nRemedy: see \"attestctl --help\".\n", option,
                  value, wanted);
    return EXIT_CLASS_USAGE;
}

static int parse_color(const char *text)
{
    static const char *const names[] = { "auto", "always", "never" };
    static const ColorMode modes[] = { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (strcmp(text, names[i]) == 0) {
            output_set_color(modes[i]);
            return 0;
        }
    return usage_error("--color=", text, "auto, always or never");
}

static int parse_timeout(const char *text, Options *options)
{
    char *end;
    unsigned long long seconds = strtoull(text, &end, 10);

    if (*text < '0' || *text > '9' || *end || seconds > UINT64_C(1000000000))
        return usage_error("--timeout=", text, "a number of seconds");
    options->timeout_usec = seconds * USEC_PER_SEC;
    return 0;
}

enum {
    OPTION_ACCEPT_HOST_TPM = 256,
    OPTION_COLOR,
    OPTION_CONFIG,
    OPTION_FOR,
    OPTION_GATE,
    OPTION_JSON,
    OPTION_NONCE,
    OPTION_OUT,
    OPTION_RUNTIME_DIRECTORY,
    OPTION_STATE_DIRECTORY,
    OPTION_TIMEOUT,
    OPTION_TRUST,
    OPTION_VERSION,
    OPTION_VTPM_ROOT,
    OPTION_WORKER
};

/* Where the text of option C goes; NULL for those that have none, or several. */
static const char **text_of_option(Options *options, int c)
{
    const struct {
        int option;
        const char **text;
    } texts[] = {
        { OPTION_COLOR, &options->color },
        { OPTION_CONFIG, &options->config },
        { OPTION_GATE, &options->gate },
        { OPTION_NONCE, &options->nonce },
        { OPTION_OUT, &options->out },
        { OPTION_RUNTIME_DIRECTORY, &options->runtime_directory },
        { OPTION_STATE_DIRECTORY, &options->state_directory },
        { OPTION_TIMEOUT, &options->timeout },
        { OPTION_TRUST, &options->trust },
        { OPTION_VTPM_ROOT, &options->vtpm_root },
        { OPTION_WORKER, &options->worker },
    };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++)
        if (texts[i].option == c)
            return texts[i].text;
    return NULL;
}

static int add_who(const char *who, Options *options)
{
    if (options->n_who == OPTION_FOR_MAX)
        return usage_error("--for=", who, "one of at most 32");
    options->who[options->n_who++] = who;
    return 0;
}

/* 0 taken, > 0 an exit class + 1 when the program is done. */
static int take_option(int c, const char *value, Options *options)
{
    const char **text = text_of_option(options, c);
    int r = 0;

    if (c == 'h')
        return 1 + usage(stdout);
    if (c == OPTION_VERSION)
        return 1 + verb_version(options);
    if (c == '?')
        return 1 + EXIT_CLASS_USAGE;
    if (text)
        *text = value;
    else if (c == OPTION_FOR)
        r = add_who(value, options);
    else if (c == OPTION_JSON)
        options->json = true;
    else if (c == OPTION_ACCEPT_HOST_TPM)
        options->accept_host_tpm = true;
    return r == 0 ? 0 : 1 + r;
}

/* As take_option(). */
static int parse_options(int argc, char **argv, Options *options)
{
    static const struct option table[] = {
        { "accept-host-tpm", no_argument, NULL, OPTION_ACCEPT_HOST_TPM },
        { "color", required_argument, NULL, OPTION_COLOR },
        { "config", required_argument, NULL, OPTION_CONFIG },
        { "for", required_argument, NULL, OPTION_FOR },
        { "gate", required_argument, NULL, OPTION_GATE },
        { "help", no_argument, NULL, 'h' },
        { "json", no_argument, NULL, OPTION_JSON },
        { "nonce", required_argument, NULL, OPTION_NONCE },
        { "out", required_argument, NULL, OPTION_OUT },
        { "runtime-directory", required_argument, NULL, OPTION_RUNTIME_DIRECTORY },
        { "state-directory", required_argument, NULL, OPTION_STATE_DIRECTORY },
        { "timeout", required_argument, NULL, OPTION_TIMEOUT },
        { "trust", required_argument, NULL, OPTION_TRUST },
        { "version", no_argument, NULL, OPTION_VERSION },
        { "vtpm-root", required_argument, NULL, OPTION_VTPM_ROOT },
        { "worker", required_argument, NULL, OPTION_WORKER },
        { 0 },
    };
    int c, r = 0;

    while (r == 0 && (c = getopt_long(argc, argv, "h", table, NULL)) >= 0)
        r = take_option(c, optarg, options);
    if (r == 0 && options->color && parse_color(options->color) != 0)
        r = 1 + EXIT_CLASS_USAGE;
    if (r == 0 && options->timeout && parse_timeout(options->timeout, options) != 0)
        r = 1 + EXIT_CLASS_USAGE;
    return r;
}

/* The verb has as many arguments as it takes; what they mean is for the verb to say. */
static int run_verb(const Verb *verb, const Options *options)
{
    if (options->n_arguments > verb->n_arguments_max)
        return usage_error("argument ", options->arguments[verb->n_arguments_max], "expected here");
    if (options->n_arguments < verb->n_arguments_min) {
        (void)fprintf(stderr, "attestctl: %s needs%s\nRemedy: see \"attestctl --help\".\n",
                      verb->name, verb->arguments);
        return EXIT_CLASS_USAGE;
    }
    return verb->run(options);
}

int main(int argc, char **argv)
{
    Options options = { .timeout_usec = USEC_INFINITY,
                        .runtime_directory = RUNTIME_DIRECTORY_DEFAULT,
                        .state_directory = STATE_DIRECTORY_DEFAULT,
                        .worker = ATTESTD_WORKER };

    output_set_color(COLOR_AUTO);
    int r = parse_options(argc, argv, &options);
    if (r > 0)
        return r - 1;
    if (optind >= argc)
        return usage(stderr);

    options.arguments = argv + optind + 1;
    options.n_arguments = (size_t)(argc - optind - 1);
    for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
        if (strcmp(argv[optind], verbs[i].name) == 0)
            return run_verb(&verbs[i], &options);
    return usage_error("", argv[optind], "a verb");
}
