/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl gate: locks that only a verifier's approval opens (docs/gates.md).
 */
#include "base/file.h"
#include "config/config-value.h"
#include "ctl/complain.h"
#include "ctl/gate-directory.h"
#include "ctl/output.h"
#include "ctl/verb.h"
#include "format/catalog.h"
#include "format/gate-name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TRUST_VERSION 1 /* "attestd_trust" */
#define RELOAD        "Tell attestd: systemctl reload attestd"

#define REMEDY_TRUST "take the verifier-trust.json that attest-verifier init wrote"
#define REMEDY_STATE "start attestd once, or run systemd-tmpfiles --create attestd.conf"
#define REMEDY_CA    "take the certificates of the CA that certified this vTPM, as PEM"

/* The trust file of --trust, a new reference; NULL when it was complained of. */
static json_t *read_trust(const char *path)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    json_auto_t *trust = NULL;
    const char *verifier;
    uint64_t version;

    int r = file_read(path, CONFIG_FILE_MAX, &bytes);
    if (r < 0) {
        (void)complain_of_usage(REMEDY_TRUST, "%s cannot be read: %s", path, strerror(-r));
        return NULL;
    }
    r = json_parse(VIEW(bytes), CONFIG_FILE_MAX, &trust);
    if (r || json_get_u64(trust, "attestd_trust", &version) != JSON_OK ||
        version != TRUST_VERSION || json_get_string(trust, "verifier_id", &verifier) != JSON_OK ||
        !text_is_printable(verifier)) {
        (void)complain_of_usage(REMEDY_TRUST, "%s is no trust file", path);
        return NULL;
    }
    return TAKE_PTR(trust);
}

/* What is said of the vTPM can be so. 0, else an exit class. */
static int check_vtpm(const Options *options)
{
    const char *root = options->vtpm_root;
    bool certified = root && strcmp(root, "certificate") == 0;

    if (root && !gate_vtpm_root_is_valid(root))
        return complain_of_usage("say host, certificate, svsm or paravisor",
                                 "\"%s\" is nothing that stands behind a vTPM", root);
    if (certified && !options->vtpm_ca)
        return complain_of_usage(REMEDY_CA " and give --vtpm-ca=FILE",
                                 "nothing says who certified this vTPM");
    if (!certified && options->vtpm_ca)
        return complain_of_usage("say --vtpm-root=certificate as well",
                                 "a CA is of use for a certified vTPM only");
    return 0;
}

/* The certificates of --vtpm-ca, where it was given. Whether they are any good is for sealing. */
static int read_vtpm_ca(const char *path, char **ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    if (!path)
        return 0;
    int r = file_read(path, GATE_VTPM_CA_MAX, &bytes);
    if (r < 0)
        return complain_of_usage(REMEDY_CA, "%s cannot be read: %s", path, strerror(-r));
    _cleanup_free_ char *text = strndup((const char *)bytes.data, bytes.size);
    if (!text)
        return complain_of_errno(-ENOMEM, path);
    if (strlen(text) != bytes.size || !gate_vtpm_ca_is_valid(text))
        return complain_of_usage(REMEDY_CA, "%s has no certificates", path);
    *ret = TAKE_PTR(text);
    return 0;
}

/* The gate NAME of the verifier of --trust. 0, else an exit class. */
static int make_gate(const char *name, const Options *options, GateFile *ret)
{
    json_auto_t *trust = read_trust(options->trust);
    _cleanup_gate_file_ GateFile gate = { 0 };

    if (!trust)
        return EXIT_CLASS_USAGE;
    int r = gate_release_key(json_object_get(trust, "release_key"), &gate.release_key);
    if (r > 0)
        return complain_of_usage(
            REMEDY_TRUST, "%s has no release key: this verifier opens no gates", options->trust);
    gate.name = strdup(name);
    gate.verifier = strdup(json_string_value(json_object_get(trust, "verifier_id")));
    gate.vtpm_root = options->vtpm_root ? strdup(options->vtpm_root) : NULL;
    if (r < 0 || !gate.name || !gate.verifier || (options->vtpm_root && !gate.vtpm_root))
        return complain_of_errno(-ENOMEM, name);
    r = read_vtpm_ca(options->vtpm_ca, &gate.vtpm_ca_pem);
    if (r == 0)
        *ret = TAKE_STRUCT(gate);
    return r;
}

/* A gate of another verifier than attestd asks is never opened: worth saying at once. */
static void warn_of_other_verifier(const GateFile *gate, const Options *options)
{
    _cleanup_findings_ Findings findings = { .source = "attestctl" };
    _cleanup_(config_freep) Config *config = NULL;

    if (config_load(options->config ? options->config : CONFIG_PATH_DEFAULT, &findings, &config))
        return;
    if (config->verifier->verifier_id && strcmp(config->verifier->verifier_id, gate->verifier) != 0)
        (void)fprintf(stderr,
                      "attestctl: warning: attestd asks another verifier (%s), which does not open "
                      "this gate\nRemedy: name this verifier's Trust= in attestd.conf.\n",
                      config->verifier->verifier_id);
}

static bool name_is_usable(const char *name)
{
    if (gate_name_is_valid(name))
        return true;
    (void)complain_of_usage("use small letters, digits and dashes, at most 63",
                            "\"%s\" is no name of a gate", name);
    return false;
}

static int gate_add(const Options *options)
{
    _cleanup_gate_file_ GateFile gate = { 0 };
    const char *name = options->argument;

    if (!name_is_usable(name))
        return EXIT_CLASS_USAGE;
    if (!options->trust)
        return complain_of_usage(REMEDY_TRUST " and give --trust=FILE",
                                 "nothing says whose gate this is");
    int r = check_vtpm(options);
    if (r == 0)
        r = make_gate(name, options, &gate);
    if (r)
        return r;
    r = gate_directory_write(options->state_directory, &gate);
    if (r == -ENOENT)
        return complain_of_usage(REMEDY_STATE, "there is no directory %s",
                                 options->state_directory);
    if (r < 0)
        return complain_of_errno(r, options->state_directory);
    if (r == GATE_DIRECTORY_E_EXISTS)
        return complain_of_usage(
            "what is sealed to it opens for its own key only; remove it first if that is meant",
            "there is another gate \"%s\"", name);

    (void)printf("Gate %s of verifier %s.\n" RELOAD "\n", name, gate.verifier);
    warn_of_other_verifier(&gate, options);
    return 0;
}

static int gate_remove(const Options *options)
{
    const char *name = options->argument;

    if (!name_is_usable(name))
        return EXIT_CLASS_USAGE;
    int r = gate_directory_remove(options->state_directory, name);
    if (r < 0)
        return complain_of_errno(r, name);
    if (r == GATE_DIRECTORY_E_ABSENT)
        return complain_of_usage("see attestctl gate list", "there is no gate \"%s\"", name);
    (void)printf("Gate %s is removed; what is sealed to it stays shut.\n" RELOAD "\n", name);
    return 0;
}

/* For people: the key says nothing to them. */
static json_t *describe(const char *name, int reason, const GateFile *gate)
{
    if (reason != GATE_FILE_OK)
        return json_pack("{ss ss}", "name", name, "error",
                         reason < 0 ? strerror(-reason) : gate_file_reason(reason));
    return json_pack("{ss ss ss ss*}", "name", name, "kind", "verifier", "verifier", gate->verifier,
                     "vtpm_root", gate->vtpm_root);
}

static int load_list(const char *state_directory, json_t **ret)
{
    json_auto_t *list = json_array();
    Texts names = { 0 };

    int r = gate_directory_names(state_directory, &names);
    for (size_t i = 0; i < names.n_items && r == 0; i++) {
        _cleanup_gate_file_ GateFile gate = { 0 };
        int reason = gate_directory_read(state_directory, names.items[i], &gate);
        if (json_array_append_new(list, describe(names.items[i], reason, &gate)) < 0)
            r = -ENOMEM;
    }
    texts_done(&names);
    if (r == 0)
        *ret = TAKE_PTR(list);
    return r;
}

static const char *text_of(const json_t *object, const char *name, const char *absent)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : absent;
}

static int gate_list(const Options *options)
{
    json_auto_t *list = NULL;
    size_t i;
    json_t *gate;

    int r = load_list(options->state_directory, &list);
    if (r < 0)
        return complain_of_errno(r, options->state_directory);
    if (options->json)
        return output_json(list) < 0 ? EXIT_CLASS_INTERNAL : 0;
    if (json_array_size(list) == 0)
        output_note("There are no gates; attestctl gate add makes one.");
    json_array_foreach (list, i, gate) {
        const char *error = text_of(gate, "error", NULL);
        if (error)
            (void)printf("%-20s cannot be used: %s\n", text_of(gate, "name", ""), error);
        else
            (void)printf("%-20s %-10s vTPM root %-12s %s\n", text_of(gate, "name", ""),
                         text_of(gate, "kind", ""), text_of(gate, "vtpm_root", "not stated"),
                         text_of(gate, "verifier", ""));
    }
    return 0;
}

#define OPTION_CONFIG TEXT_OPTION("config", config, "FILE", "read FILE")
#define OPTION_STATE                                                                               \
    TEXT_OPTION("state-directory", state_directory, "DIR", "instead of /var/lib/attestd")

static const Option add_options[] = {
    TEXT_OPTION("trust", trust, "FILE", "the verifier's verifier-trust.json"),
    TEXT_OPTION("vtpm-root", vtpm_root, "WHAT", "host, certificate, svsm or paravisor"),
    TEXT_OPTION("vtpm-ca", vtpm_ca, "FILE", "who certified the vTPM, with certificate"),
    OPTION_CONFIG,
    OPTION_STATE,
    { 0 },
};

static const Option list_options[] = {
    FLAG_OPTION("json", json, "the gates as JSON"),
    OPTION_CONFIG,
    OPTION_STATE,
    { 0 },
};

static const Option remove_options[] = { OPTION_CONFIG, OPTION_STATE, { 0 } };

const Verb verb_gate[] = {
    { .name = "gate",
      .form = "add",
      .argument = "NAME",
      .help = "add a lock that only a verifier opens (--trust)",
      .run = gate_add,
      .options = add_options },
    { .name = "gate",
      .form = "list",
      .is_default = true,
      .help = "the gates of this machine",
      .run = gate_list,
      .options = list_options },
    { .name = "gate",
      .form = "remove",
      .argument = "NAME",
      .help = "remove a lock; what is sealed to it stays shut",
      .run = gate_remove,
      .options = remove_options },
    { 0 },
};
