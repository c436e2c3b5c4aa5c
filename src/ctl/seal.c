/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl seal: standard input becomes a secret of this machine. The worker does it; the secret
 * itself never passes through here.
 */
#include "config/config-value.h"
#include "ctl/complain.h"
#include "ctl/gate-directory.h"
#include "ctl/gate-show.h"
#include "ctl/output.h"
#include "ctl/seal-order.h"
#include "ctl/secret-find.h"
#include "ctl/settings.h"
#include "ctl/unit-change.h"
#include "ctl/verb.h"
#include "ctl/who.h"
#include "format/catalog.h"
#include "format/gate-name.h"
#include "secret/secret-name.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define REMEDY_GATES "see attestctl gate list, and give --gate=NAME"
#define REMEDY_STDIN "give it on standard input: attestctl seal NAME <FILE"

/* What --on-loss, --on-change and --rollback-counter say. 0, else an exit class. */
static int read_wishes(const Options *options, SealOrder *order)
{
    order->rollback_counter = options->rollback_counter;
    if (options->on_loss && !on_loss_by_name(options->on_loss, &order->on_loss))
        return complain_of_usage("say keep, stop-units or poweroff",
                                 "\"%s\" is nothing to do when the verdict is lost",
                                 options->on_loss);
    if (options->on_change && !on_change_by_name(options->on_change, &order->on_change))
        return complain_of_usage("say keep, reload or restart",
                                 "\"%s\" is nothing to do when the secret changes",
                                 options->on_change);
    return 0;
}

/* What can be refused before anything is read. 0, else an exit class. */
static int check_options(const char *name, const Options *options)
{
    if (!secret_find_name(name))
        return EXIT_CLASS_USAGE;
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

/* What a kind has no use for. 0, else an exit class. */
static int check_kind(const SealOrder *order)
{
    if (order->rollback_counter && gate_kind_is_wrapped(order->gate->kind))
        return complain_of_usage("leave it out: a wrapped key is not in the TPM, and who opens it "
                                 "remembers nothing",
                                 "--rollback-counter does not go with a gate of kind %s",
                                 gate_kind_name(order->gate->kind));
    return 0;
}

/* A volume asks for the secret of its own name and for no other. 0, else an exit class. */
static int check_volumes(const SealOrder *order)
{
    const json_t *item;
    size_t i;

    json_array_foreach (order->who, i, item) {
        const char *who = json_string_value(item);
        if (strncmp(who, SECRET_VOLUME, strlen(SECRET_VOLUME)) == 0 &&
            strcmp(who + strlen(SECRET_VOLUME), order->name) != 0)
            return complain_of_usage("give the secret the name of the volume",
                                     "%s asks for the secret of its own name, not for %s", who,
                                     order->name);
    }
    return 0;
}

static int print_sealed(const SealOrder *order, uint64_t version, const Options *options)
{
    if (options->json) {
        json_auto_t *object = json_pack("{ss sI ss}", "name", order->name, "version",
                                        (json_int_t)version, "gate", order->gate->name);
        return !object || output_json(object) < 0 ? EXIT_CLASS_INTERNAL : 0;
    }
    (void)printf("Sealed %s, version %llu, to gate %s.\n", order->name, (unsigned long long)version,
                 order->gate->name);
    gate_note_uncovered(order->gate);
    if (json_array_size(order->who) == 0)
        output_note("Nobody but root may ask for it: seal it again with --for=unit:NAME.service.");
    return 0;
}

static int seal(SealOrder *order, const Options *options)
{
    _cleanup_(config_freep) Config *config = NULL;
    _cleanup_free_ char *gate_name = NULL;
    _cleanup_own_evidence_ OwnEvidence evidence = { 0 };
    _cleanup_gate_file_ GateFile gate = { 0 };
    uint64_t version = 0;

    int r = settings_load(options, &config);
    if (r != 0)
        return r;
    gate_name = choose_gate(options);
    if (!gate_name)
        return EXIT_CLASS_USAGE;
    r = seal_order_gate(options, gate_name, &gate);
    if (r != 0)
        return r;
    order->gate = &gate;
    order->evidence = &evidence;
    r = check_kind(order);
    if (r == 0)
        r = seal_order_run(order, config, options, &version);
    if (r == 0)
        r = print_sealed(order, version, options);
    if (r == 0 && version > 1)
        unit_change(order->who, order->on_change, /* to_stderr= */ options->json);
    return r;
}

static int run(const Options *options)
{
    json_auto_t *who = NULL;
    SealOrder order = { .name = options->argument, .secret_fd = STDIN_FILENO };

    int r = check_options(options->argument, options);
    if (r == 0)
        r = read_wishes(options, &order);
    if (r == 0)
        r = who_of_options(options, &who);
    order.who = who;
    if (r == 0)
        r = check_volumes(&order);
    return r == 0 ? seal(&order, options) : r;
}

static const Option seal_options[] = {
    TEXT_OPTION("gate", gate, "NAME", "to this gate; needed when there are several"),
    LIST_OPTION("for", who, "WHO", "unit:NAME.service, volume:NAME or user:NAME"),
    TEXT_OPTION("on-loss", on_loss, "WHAT", "without a verdict: keep, stop-units, poweroff"),
    TEXT_OPTION("on-change", on_change, "WHAT", "when sealed again: keep, reload, restart"),
    FLAG_OPTION("rollback-counter", rollback_counter, "older files open no more: a TPM counter"),
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
