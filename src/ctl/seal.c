/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl seal: standard input becomes a secret of this machine. The worker does it; the secret
 * itself never passes through here.
 */
#include "config/config-request.h"
#include "config/config-value.h"
#include "ctl/complain.h"
#include "ctl/gate-directory.h"
#include "ctl/output.h"
#include "ctl/settings.h"
#include "ctl/verb.h"
#include "ctl/worker-run.h"
#include "format/catalog.h"
#include "format/gate-name.h"
#include "secret/secret-name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define REMEDY_GATES  "see attestctl gate list, and give --gate=NAME"
#define REMEDY_STDIN  "give it on standard input: attestctl seal NAME <FILE"
#define REMEDY_WORKER "see that attest-release is installed and of this version"

/* What can be refused before anything is read. 0, else an exit class. */
static int check_options(const char *name, const Options *options)
{
    if (!secret_name_is_valid(name))
        return complain_of_usage("use letters, digits, dots, dashes and underscores, at most 64",
                                 "\"%s\" is no name of a secret", name);
    for (size_t i = 0; i < options->who.n_items; i++)
        if (!secret_who_is_valid(options->who.items[i]))
            return complain_of_usage(
                "write unit:NAME.service, or unit:NAME@*.service for all instances",
                "\"%s\" names nobody who asks for secrets", options->who.items[i]);
    if (options->gate && !gate_name_is_valid(options->gate))
        return complain_of_usage(REMEDY_GATES, "\"%s\" is no name of a gate", options->gate);
    if (fcntl(STDIN_FILENO, F_GETFD) < 0)
        return complain_of_usage(REMEDY_STDIN, "there is no secret: standard input is closed");
    if (isatty(STDIN_FILENO))
        return complain_of_usage(REMEDY_STDIN ", or systemd-ask-password -n | attestctl seal NAME",
                                 "a secret is not typed here: it would be seen");
    return 0;
}

/* The one gate there is, when none was named; an owned text, NULL when that was complained of. */
static char *choose_gate(const Options *options)
{
    Texts names = { 0 };
    char *name = NULL;

    if (options->gate)
        return strdup(options->gate);
    int r = gate_directory_names(options->state_directory, &names);
    if (r < 0)
        (void)complain_of_errno(r, options->state_directory);
    else if (names.n_items == 0)
        (void)complain_of_usage("add one: attestctl gate add NAME --trust=FILE",
                                "there is no gate to seal to");
    else if (names.n_items > 1)
        (void)complain_of_usage(REMEDY_GATES, "there are several gates");
    else
        name = strdup(names.items[0]);
    texts_done(&names);
    return name;
}

/* 0, else an exit class. */
static int load_gate(const Options *options, json_t **ret)
{
    _cleanup_free_ char *name = choose_gate(options);
    _cleanup_gate_file_ GateFile gate = { 0 };

    if (!name)
        return EXIT_CLASS_USAGE;
    int r = gate_directory_read(options->state_directory, name, &gate);
    if (r == GATE_DIRECTORY_E_ABSENT)
        return complain_of_usage(REMEDY_GATES, "there is no gate \"%s\"", name);
    if (r > 0)
        return complain_of_usage("remove it and add it again",
                                 "the file of gate \"%s\" is none that attestctl wrote: found %s, "
                                 "wanted %s",
                                 name, gate_file_reason(r), gate_file_wanted(r));
    json_t *object = r == 0 ? gate_file_to_json(&gate) : NULL;
    if (!object)
        return complain_of_errno(r < 0 ? r : -ENOMEM, name);
    *ret = object;
    return 0;
}

/*
 * The store is attestd's, so a missing one is made with the owner of the directory above. 0 or
 * negative errno.
 */
static int make_store(const char *directory)
{
    _cleanup_free_ char *above = strdup(directory);
    struct stat status;

    if (!above)
        return -ENOMEM;
    char *slash = strrchr(above, '/');
    if (!slash || slash == above || stat(directory, &status) == 0)
        return 0;
    *slash = 0;
    if (stat(above, &status) < 0)
        return -errno;
    if (mkdir(directory, 0700) < 0)
        return errno == EEXIST ? 0 : -errno;
    return lchown(directory, status.st_uid, status.st_gid) < 0 && geteuid() == 0 ? -errno : 0;
}

static json_t *who_to_json(const Options *options)
{
    json_auto_t *who = json_array();

    for (size_t i = 0; who && i < options->who.n_items; i++)
        if (json_array_append_new(who, json_string(options->who.items[i])) < 0)
            return NULL;
    return TAKE_PTR(who);
}

/* The request as one line, owned; NULL when out of memory. */
static char *make_request(const char *name, json_t *gate, const Config *config,
                          const Options *options)
{
    json_auto_t *request = json_pack(
        "{ss ss sO so sb sb so ss so s[s]}", "verb", "seal", "name", name, "gate", gate, "who",
        who_to_json(options), "accept_host_tpm", options->accept_host_tpm ? 1 : 0,
        "accept_unchecked_vtpm", options->accept_unchecked_vtpm ? 1 : 0, "evidence",
        config_evidence_request(&config->evidence), "secrets_directory", config->secrets.directory,
        "lock_directory", json_sprintf("%s/lock", options->runtime_directory), "fds", "secret");
    _cleanup_free_ char *text = request ? json_text(request) : NULL;
    char *line = NULL;

    return !text || asprintf(&line, "%s\n", text) < 0 ? NULL : line;
}

static int print_sealed(const WorkerAnswer *answer, const json_t *gate, const Options *options)
{
    const char *gate_name = json_string_value(json_object_get(gate, "name"));

    if (options->json) {
        json_auto_t *object = json_pack("{ss sI ss}", "name", answer->secret_name, "version",
                                        (json_int_t)answer->secret_version, "gate", gate_name);
        return !object || output_json(object) < 0 ? EXIT_CLASS_INTERNAL : 0;
    }
    (void)printf("Sealed %s, version %llu, to gate %s.\n", answer->secret_name,
                 (unsigned long long)answer->secret_version, gate_name);
    if (options->who.n_items == 0)
        output_note("No unit may ask for it: seal it again with --for=unit:NAME.service.");
    return 0;
}

static int seal(ByteView line, const json_t *gate, const Options *options)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT;

    const char *worker = options->worker ? options->worker : ATTESTD_WORKER;

    int r = worker_run(worker, "seal", line, STDIN_FILENO, &answer);
    if (r == WORKER_RUN_E_ABSENT)
        return complain_of_usage(REMEDY_WORKER, "%s cannot be started", worker);
    if (r == WORKER_RUN_E_NO_ANSWER)
        (void)complain_of_usage(REMEDY_WORKER, "the worker ended without an answer");
    if (r != WORKER_RUN_OK)
        return r < 0 ? complain_of_errno(r, worker) : EXIT_CLASS_INTERNAL;

    int exit_class = complain_of_findings(&answer.findings);
    if (answer.result == ANSWER_OK && answer.secret_name)
        return print_sealed(&answer, gate, options);
    return exit_class != 0 ? exit_class : EXIT_CLASS_INTERNAL;
}

static int run(const Options *options)
{
    _cleanup_(config_freep) Config *config = NULL;
    json_auto_t *gate = NULL;
    const char *name = options->argument;

    int r = check_options(name, options);
    if (r == 0)
        r = settings_load(options, &config);
    if (r == 0)
        r = load_gate(options, &gate);
    if (r != 0)
        return r;
    r = make_store(config->secrets.directory);
    if (r < 0)
        return complain("secret-store-unusable", config->secrets.directory, strerror(-r));
    _cleanup_free_ char *line = make_request(name, gate, config, options);
    if (!line)
        return EXIT_CLASS_INTERNAL;
    return seal(view_of_string(line), gate, options);
}

static const Option seal_options[] = {
    TEXT_OPTION("gate", gate, "NAME", "to this gate; needed when there are several"),
    LIST_OPTION("for", who, "unit:NAME.service", "who may ask for it"),
    FLAG_OPTION("accept-host-tpm", accept_host_tpm, "though the host could read this vTPM"),
    FLAG_OPTION("accept-unchecked-vtpm", accept_unchecked_vtpm,
                "though nothing here can check what it is"),
    FLAG_OPTION("json", json, "what was sealed, as JSON"),
    TEXT_OPTION("config", config, "FILE", "read FILE"),
    TEXT_OPTION("state-directory", state_directory, "DIR", "instead of /var/lib/attestd"),
    TEXT_OPTION("runtime-directory", runtime_directory, "DIR", "instead of /run/attestd"),
    TEXT_OPTION("worker", worker, "FILE", "instead of the installed worker"),
    { 0 },
};

const Verb verb_seal[] = {
    { .name = "seal",
      .argument = "NAME",
      .help = "seal standard input to this machine and a gate",
      .run = run,
      .options = seal_options },
    { 0 },
};
