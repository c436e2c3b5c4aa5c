/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl gate: what a secret can be locked with (docs/gates.md).
 */
#include "config/config-value.h"
#include "config/config.h"
#include "ctl/complain.h"
#include "ctl/gate-directory.h"
#include "ctl/gate-make.h"
#include "ctl/gate-show.h"
#include "ctl/gate-vault.h"
#include "ctl/output.h"
#include "ctl/seal-order.h"
#include "ctl/verb.h"
#include "format/catalog.h"
#include "format/gate-name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RELOAD "Tell attestd: systemctl reload attestd"

#define RESEAL "Then seal anew to these keys: attestctl reseal --all"

/* A round with the new key opens nothing that is sealed to the old one. */
#define RESEAL_FIRST                                                                               \
    "Seal anew to this key while attestd still has what the old one opened: attestctl reseal "     \
    "--all"

#define REMEDY_STATE "start attestd once, or run systemd-tmpfiles --create attestd.conf"

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
    int r = gate_make(name, options, &gate);
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
            "for the verifier's new keys: attestctl gate update; for anything else remove it first",
            "there is another gate \"%s\"", name);

    (void)printf("Gate %s%s%s: %s.\n" RELOAD "\n", name, gate.verifier ? " of verifier " : "",
                 gate.verifier ? gate.verifier : "", gate_worth(gate.kind));
    if (gate.verifier)
        warn_of_other_verifier(&gate, options);
    gate_vault_warn(&gate, options);
    gate_note_uncovered(&gate);
    return 0;
}

/* Is KEY one that what was sealed to BEFORE may open by? */
static bool knows(const GateFile *before, const json_t *key)
{
    return key &&
           (json_equal(key, before->release_key) || json_equal(key, before->next_release_key));
}

/* Keys that came without notice are those of nothing that is sealed. */
static void warn_of_strange_keys(const GateFile *before, const GateFile *gate)
{
    if (gate->kind == GATE_KIND_VERIFIER && !knows(before, gate->release_key) &&
        !knows(before, gate->next_release_key))
        (void)fprintf(stderr,
                      "attestctl: warning: gate %s knew none of these release keys: what is sealed "
                      "to it stays shut\nRemedy: have the verifier sign with the old key until it "
                      "is sealed anew, or recover it and seal it again.\n",
                      gate->name);
}

/* Two absent ones are the same. */
static bool is_same(const json_t *one, const json_t *other)
{
    return one == other || json_equal(one, other);
}

static bool has_same_keys(const GateFile *before, const GateFile *gate)
{
    return is_same(before->release_key, gate->release_key) &&
           is_same(before->next_release_key, gate->next_release_key) &&
           is_same(before->rewrap_key, gate->rewrap_key) && is_same(before->key, gate->key) &&
           (!gate->key_url || strcmp(before->key_url, gate->key_url) == 0);
}

static int print_updated(const GateFile *before, const GateFile *gate, const Options *options)
{
    json_auto_t *shown = gate_to_show(gate->name, gate);

    if (!shown)
        return complain_of_errno(-ENOMEM, gate->name);
    gate_show(shown);
    if (gate->kind == GATE_KIND_KEY_RELEASE)
        (void)printf("\n" RESEAL_FIRST "\n" RELOAD "\n");
    else
        (void)printf("\n" RELOAD "\n" RESEAL "\n");
    warn_of_strange_keys(before, gate);
    warn_of_other_verifier(gate, options);
    return 0;
}

static int gate_update(const Options *options)
{
    _cleanup_gate_file_ GateFile before = { 0 }, gate = { 0 };
    const char *name = options->argument;

    if (!name_is_usable(name))
        return EXIT_CLASS_USAGE;
    int r = seal_order_gate(options, name, &before);
    if (r == 0)
        r = seal_order_gate(options, name, &gate);
    if (r == 0)
        r = gate_renew(options, &gate);
    if (r != 0)
        return r;
    if (has_same_keys(&before, &gate)) {
        (void)printf("Gate %s has these keys already.\n", name);
        return 0;
    }
    r = gate_directory_replace(options->state_directory, &gate);
    return r < 0 ? complain_of_errno(r, name) : print_updated(&before, &gate, options);
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
    (void)printf("Gate %s is removed: no round asks for it any more. An approval that is held "
                 "opens what is sealed to it until it ends; PCRs go on opening theirs.\n" RELOAD
                 "\n",
                 name);
    return 0;
}

static int load_list(const char *state_directory, json_t **ret)
{
    json_auto_t *list = json_array();
    Texts names = { 0 };

    int r = gate_directory_names(state_directory, &names);
    for (size_t i = 0; i < names.n_items && r == 0; i++) {
        _cleanup_gate_file_ GateFile gate = { 0 };
        int reason = gate_directory_read(state_directory, names.items[i], &gate);
        json_t *shown = reason == GATE_FILE_OK ? gate_to_show(names.items[i], &gate)
                                               : gate_to_complain(names.items[i], reason);
        if (json_array_append_new(list, shown) < 0)
            r = -ENOMEM;
    }
    texts_done(&names);
    if (r == 0)
        *ret = TAKE_PTR(list);
    return r;
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
        if (i > 0)
            (void)putchar('\n');
        gate_show(gate);
    }
    return 0;
}

#define OPTION_CONFIG TEXT_OPTION("config", config, "FILE", "read FILE")
#define OPTION_STATE                                                                               \
    TEXT_OPTION("state-directory", state_directory, "DIR", "instead of /var/lib/attestd")

static const Option add_options[] = {
    TEXT_OPTION("trust", trust, "FILE", "the verifier's verifier-trust.json"),
    TEXT_OPTION("kind", gate_kind, "KIND", "verifier, rewrap, key-release or pcr; else verifier"),
    LIST_OPTION("bind", binds, "WHAT", "rewrap: what a secret is bound to, or fleet"),
    TEXT_OPTION("key-url", key_url, "URL", "key-release: the key in a vault or Managed HSM"),
    TEXT_OPTION("key", key, "FILE", "key-release: its public half, PEM or JWK"),
    TEXT_OPTION("verifier", verifier, "URL", "key-release: the MAA, if attestd asks no MAA yet"),
    TEXT_OPTION("client-id", client_id, "UUID",
                "key-release: of the machine's identities this one"),
    TEXT_OPTION("resource", resource, "URL", "key-release: whom the vault's access tokens are for"),
    TEXT_OPTION("vault-ca", vault_ca, "FILE",
                "key-release: who certified the vault, not the system"),
    TEXT_OPTION("api-version", api_version, "VERSION", "key-release: of the vault's interface"),
    MAYBE_OPTION("cap-pcr", cap_pcr, "PCR", "verifier: a refusal shuts it until a reset"),
    TEXT_OPTION("next-release-key", next_release_key, "FILE",
                "verifier: the one that follows, not the trust file's"),
    FLAG_OPTION("no-ticket", no_ticket, "verifier: it opens within a round only"),
    TEXT_OPTION("pcrs", pcrs, "LIST", "pcr: which PCRs, as in 4,7,9"),
    TEXT_OPTION("recovery-key", recovery_key, "FILE", "a public key that recovers, kept offline"),
    TEXT_OPTION("vtpm-root", vtpm_root, "WHAT", "host, certificate, svsm or paravisor"),
    TEXT_OPTION("vtpm-ca", vtpm_ca, "FILE", "who certified the vTPM, with certificate"),
    LIST_OPTION("paravisor", paravisors, "KIND:HEX", "which is believed, with paravisor"),
    OPTION_CONFIG,
    OPTION_STATE,
    { 0 },
};

static const Option update_options[] = {
    TEXT_OPTION("trust", trust, "FILE", "the verifier's verifier-trust.json of now"),
    TEXT_OPTION("next-release-key", next_release_key, "FILE", "instead of the trust file's"),
    TEXT_OPTION("key", key, "FILE", "key-release: the public half of the vault's key of now"),
    TEXT_OPTION("key-url", key_url, "URL", "key-release: its URL, with another version"),
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
      .help = "add a lock for secrets",
      .run = gate_add,
      .options = add_options },
    { .name = "gate",
      .form = "list",
      .is_default = true,
      .help = "the gates of this machine",
      .run = gate_list,
      .options = list_options },
    { .name = "gate",
      .form = "update",
      .argument = "NAME",
      .help = "give a lock the keys that its verifier has now",
      .run = gate_update,
      .options = update_options },
    { .name = "gate",
      .form = "remove",
      .argument = "NAME",
      .help = "remove a lock; no round asks for it any more",
      .run = gate_remove,
      .options = remove_options },
    { 0 },
};
