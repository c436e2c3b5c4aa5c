/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl reseal: what attestd can open is sealed anew, the same for the same askers, to what the
 * gate's file says today: other keys, other PCRs, another binding.
 */
#include "base/encode.h"
#include "ctl/complain.h"
#include "ctl/open-secret.h"
#include "ctl/output.h"
#include "ctl/seal-order.h"
#include "ctl/secret-find.h"
#include "ctl/settings.h"
#include "ctl/verb.h"
#include "ctl/who.h"
#include "format/catalog.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PCR_VALUE_SIZE 32 /* bytes, SHA-256 */
#define PCR_DIGITS     2

/* What is the same for every secret of this run. */
typedef struct Reseal {
    const Options *options;
    Config *config;
    SecretStore *store; /* NULL: there is none yet */
    json_t *values;     /* {"4": HEX, …}, of --pcr; empty without */
    json_t *report;     /* what was sealed */
    OwnEvidence evidence;
} Reseal;

static void reseal_done(Reseal *reseal)
{
    (void)config_free(reseal->config);
    (void)secret_store_free(reseal->store);
    json_decref(reseal->values);
    json_decref(reseal->report);
    own_evidence_done(&reseal->evidence);
}

static int refuse_value(const char *text)
{
    return complain_of_usage("write --pcr=4=HEX, with 64 digits of the value that is to come",
                             "--pcr=%s is no value of a PCR", text);
}

/* "4=HEX": a number without leading zeros, and each once. */
static int add_value(const char *text, json_t *values)
{
    _cleanup_bytes_ Bytes value = { 0 };
    char number[PCR_DIGITS + 1];
    size_t length = strspn(text, "0123456789");

    if (length == 0 || length > PCR_DIGITS || text[length] != '=' || (length > 1 && text[0] == '0'))
        return refuse_value(text);
    (void)snprintf(number, sizeof(number), "%.*s", (int)length, text);
    int r = hex_decode(text + length + 1, &value);
    if (r < 0)
        return complain_of_errno(r, "--pcr");
    if (r > 0 || value.size != PCR_VALUE_SIZE)
        return refuse_value(text);
    if (json_object_get(values, number))
        return complain_of_usage("give each once", "two values are given for PCR %s", number);
    return json_set_hex(values, number, VIEW(value)) < 0 ? complain_of_errno(-ENOMEM, "--pcr") : 0;
}

static int read_values(Reseal *reseal)
{
    const OptionTexts *given = &reseal->options->pcr_values;
    int r = 0;

    reseal->values = json_object();
    reseal->report = json_array();
    if (!reseal->values || !reseal->report)
        return complain_of_errno(-ENOMEM, "reseal");
    for (size_t i = 0; i < given->n_items && r == 0; i++)
        r = add_value(given->items[i], reseal->values);
    return r;
}

/* The values are for gates of kind pcr, and each for a PCR of the gate. 0, else an exit class. */
static int check_values(const Reseal *reseal, const char *name, const GateFile *gate)
{
    const char *number;
    json_t *value;

    if (json_object_size(reseal->values) > 0 && gate->kind != GATE_KIND_PCR)
        return complain_of_usage("leave out --pcr: the verifier decides about this gate",
                                 "%s is behind a gate of kind %s", name,
                                 gate_kind_name(gate->kind));
    json_object_foreach (reseal->values, number, value)
        if (!(gate->pcrs >> strtoul(number, NULL, 10) & 1))
            return complain_of_usage("see attestctl gate list",
                                     "PCR %s does not guard %s, which is behind gate %s", number,
                                     name, gate->name);
    return 0;
}

/*
 * Opens the secret. What FILE says of it is carried over, and nothing here can tell whether that is
 * authentic: attestd says which header was.
 */
static int open_file(const SecretFile *file, int *ret)
{
    const char *name = file->header.name;
    _cleanup_close_ int fd = -EBADF;
    Digest authentic, ours;

    int r = open_secret(name, &authentic, &fd);
    if (r != 0)
        return r;
    r = digest_of(DIGEST_SHA256, VIEW(file->header_bytes), &ours);
    if (r < 0)
        return complain_of_errno(r, name);
    if (!digest_equal(&authentic, &ours))
        return complain_of_usage(
            "run it again; should it happen again, see who else writes to the store",
            "%s was sealed anew meanwhile, or the file is not the one that attestd opened", name);
    *ret = fd;
    fd = -EBADF;
    return 0;
}

static int seal(Reseal *reseal, const SecretHeader *header, const GateFile *gate, int fd)
{
    json_auto_t *who = who_of_header(header);
    uint64_t version = 0;
    const SealOrder order = {
        .name = header->name,
        .gate = gate,
        .who = who,
        .on_loss = header->on_loss,
        .on_change = header->on_change,
        .rollback_counter = header->has_counter && !gate_kind_is_wrapped(gate->kind),
        .pcr_values = json_object_size(reseal->values) > 0 ? reseal->values : NULL,
        .secret_fd = fd,
        .evidence = &reseal->evidence,
    };

    if (!who)
        return complain_of_errno(-ENOMEM, header->name);
    int r = seal_order_run(&order, reseal->config, reseal->options, &version);
    if (r != 0)
        return r;
    if (!reseal->options->json)
        (void)printf("Sealed %s anew, version %llu, to gate %s.\n", header->name,
                     (unsigned long long)version, gate->name);
    r = json_array_append_new(reseal->report,
                              json_pack("{ss sI ss}", "name", header->name, "version",
                                        (json_int_t)version, "gate", gate->name));
    return r < 0 ? complain_of_errno(-ENOMEM, header->name) : 0;
}

/* 0, else an exit class. */
static int reseal_one(Reseal *reseal, const char *name)
{
    _cleanup_secret_file_ SecretFile file = { 0 };
    _cleanup_gate_file_ GateFile gate = { 0 };
    _cleanup_close_ int fd = -EBADF;

    int r = secret_find(reseal->store, name, &file);
    if (r == 0)
        r = seal_order_gate(reseal->options, file.header.gate, &gate);
    if (r == 0)
        r = check_values(reseal, name, &gate);
    if (r == 0)
        r = open_file(&file, &fd);
    return r == 0 ? seal(reseal, &file.header, &gate, fd) : r;
}

/* With --pcr, those of other gates are not meant by --all. */
static bool is_meant(const Reseal *reseal, const SecretListing *listing)
{
    return json_object_size(reseal->values) == 0 || listing->reason != SECRET_STORE_OK ||
           listing->header.gate_kind == GATE_KIND_PCR;
}

/* The exit class of the first that failed; the others are sealed all the same. */
static int reseal_all(Reseal *reseal)
{
    _cleanup_secret_list_ SecretList list = { 0 };
    int failed = 0;

    int r = reseal->store ? secret_store_list(reseal->store, &list) : 0;
    if (r < 0)
        return complain("secret-store-failed", "", strerror(-r));
    for (size_t i = 0; i < list.n_items; i++) {
        r = is_meant(reseal, &list.items[i]) ? reseal_one(reseal, list.items[i].name) : 0;
        failed = failed != 0 ? failed : r;
    }
    return failed;
}

static int reseal_named(Reseal *reseal)
{
    int failed = 0;

    for (size_t i = 0; i < reseal->options->n_arguments; i++) {
        int r = reseal_one(reseal, reseal->options->arguments[i]);
        failed = failed != 0 ? failed : r;
    }
    return failed;
}

static int check_options(const Options *options)
{
    if (options->all == (options->n_arguments > 0))
        return complain_of_usage("give the NAMEs of secrets, or --all",
                                 options->all ? "both NAMEs and --all say which secrets"
                                              : "nothing says which secrets");
    for (size_t i = 0; i < options->n_arguments; i++)
        if (!secret_find_name(options->arguments[i]))
            return EXIT_CLASS_USAGE;
    return 0;
}

static int run(const Options *options)
{
    _cleanup_(reseal_done) Reseal reseal = { .options = options };

    int r = check_options(options);
    if (r == 0)
        r = read_values(&reseal);
    if (r == 0)
        r = settings_load(options, &reseal.config);
    if (r == 0)
        r = secret_find_store(options, &reseal.store);
    if (r != 0)
        return r;
    r = options->all ? reseal_all(&reseal) : reseal_named(&reseal);
    if (options->json && output_json(reseal.report) < 0)
        return EXIT_CLASS_INTERNAL;
    if (!options->json && r == 0 && json_array_size(reseal.report) == 0)
        output_note("There was nothing to seal anew.");
    return r;
}

static const Option reseal_options[] = {
    FLAG_OPTION("all", all, "every secret that is sealed here"),
    LIST_OPTION("pcr", pcr_values, "PCR=HEX", "pcr gates: a value that is to come"),
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

const Verb verb_reseal[] = {
    { .name = "reseal",
      .argument = "[NAME...]",
      .takes_any_number = true,
      .help = "seal anew to what the gate's file says now",
      .run = run,
      .options = reseal_options },
    { 0 },
};
