/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl gate: locks that only a verifier's approval opens (docs/gates.md).
 */
#include "base/file.h"
#include "config/config-value.h"
#include "ctl/complain.h"
#include "ctl/gate-file.h"
#include "ctl/output.h"
#include "ctl/sub-verb.h"
#include "ctl/verb.h"
#include "format/catalog.h"
#include "format/gate-name.h"
#include "secret/secret-file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TRUST_VERSION 1 /* "attestd_trust" */
#define RELOAD        "Tell attestd: systemctl reload attestd"

#define REMEDY_TRUST "take the verifier-trust.json that attest-verifier init wrote"
#define REMEDY_STATE "start attestd once, or run systemd-tmpfiles --create attestd.conf"

/* The members that make a public P-256 key, and no others; NULL: it is none. */
static json_t *bare_key(const json_t *jwk)
{
    const char *kty, *crv, *x, *y;

    if (!json_is_object(jwk) || json_object_get(jwk, "d") ||
        json_get_string(jwk, "kty", &kty) != JSON_OK || strcmp(kty, "EC") != 0 ||
        json_get_string(jwk, "crv", &crv) != JSON_OK || strcmp(crv, "P-256") != 0 ||
        json_get_string(jwk, "x", &x) != JSON_OK || json_get_string(jwk, "y", &y) != JSON_OK)
        return NULL;
    return json_pack("{ss ss ss ss}", "kty", kty, "crv", crv, "x", x, "y", y);
}

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

/* The gate as it is written; NULL when that was complained of. */
static json_t *make_gate(const char *name, const Options *options)
{
    json_auto_t *trust = read_trust(options->trust);
    json_auto_t *key = bare_key(json_object_get(trust, "release_key"));

    if (!trust)
        return NULL;
    if (!key) {
        (void)complain_of_usage(REMEDY_TRUST, "%s has no release key: this verifier opens no gates",
                                options->trust);
        return NULL;
    }
    json_auto_t *gate =
        json_pack("{si ss ss ss sO ss*}", "attestd_gate", 1, "name", name, "kind", "verifier",
                  "verifier", json_string_value(json_object_get(trust, "verifier_id")),
                  "release_key", key, "vtpm_root", options->vtpm_root);
    if (!gate)
        (void)complain_of_errno(-ENOMEM, name);
    return TAKE_PTR(gate);
}

/* A gate of another verifier than attestd asks is never opened: worth saying at once. */
static void warn_of_other_verifier(const json_t *gate, const Options *options)
{
    _cleanup_findings_ Findings findings = { .source = "attestctl" };
    _cleanup_(config_freep) Config *config = NULL;
    const char *verifier = json_string_value(json_object_get(gate, "verifier"));

    if (config_load(options->config ? options->config : CONFIG_PATH_DEFAULT, &findings, &config))
        return;
    if (config->verifier->verifier_id && strcmp(config->verifier->verifier_id, verifier) != 0)
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

static int gate_add(const char *name, const Options *options)
{
    if (!name_is_usable(name))
        return EXIT_CLASS_USAGE;
    if (!options->trust)
        return complain_of_usage(REMEDY_TRUST " and give --trust=FILE",
                                 "nothing says whose gate this is");
    if (options->vtpm_root && !secret_vtpm_root_is_valid(options->vtpm_root))
        return complain_of_usage("say host, certificate, svsm or paravisor",
                                 "\"%s\" is nothing that stands behind a vTPM", options->vtpm_root);

    json_auto_t *gate = make_gate(name, options);
    if (!gate)
        return EXIT_CLASS_USAGE;
    int r = gate_file_write(options->state_directory, name, gate);
    if (r == -ENOENT)
        return complain_of_usage(REMEDY_STATE, "there is no directory %s",
                                 options->state_directory);
    if (r < 0)
        return complain_of_errno(r, options->state_directory);
    if (r == GATE_FILE_E_EXISTS)
        return complain_of_usage(
            "what is sealed to it opens for its own key only; remove it first if that is meant",
            "there is another gate \"%s\"", name);

    (void)printf("Gate %s of verifier %s.\n" RELOAD "\n", name,
                 json_string_value(json_object_get(gate, "verifier")));
    warn_of_other_verifier(gate, options);
    return 0;
}

static int gate_remove(const char *name, const Options *options)
{
    if (!name_is_usable(name))
        return EXIT_CLASS_USAGE;
    int r = gate_file_remove(options->state_directory, name);
    if (r < 0)
        return complain_of_errno(r, name);
    if (r == GATE_FILE_E_ABSENT)
        return complain_of_usage("see attestctl gate list", "there is no gate \"%s\"", name);
    (void)printf("Gate %s is removed; what is sealed to it stays shut.\n" RELOAD "\n", name);
    return 0;
}

/* For people: the key says nothing to them. */
static json_t *describe(const char *name, int reason, const json_t *gate)
{
    if (reason != GATE_FILE_OK)
        return json_pack("{ss ss}", "name", name, "error",
                         reason < 0 ? strerror(-reason) : "not a gate file");
    json_t *root = json_object_get(gate, "vtpm_root");
    return json_pack("{ss sO sO sO*}", "name", name, "kind", json_object_get(gate, "kind"),
                     "verifier", json_object_get(gate, "verifier"), "vtpm_root", root);
}

static int load_list(const char *state_directory, json_t **ret)
{
    json_auto_t *list = json_array();
    Texts names = { 0 };

    int r = gate_file_names(state_directory, &names);
    for (size_t i = 0; i < names.n_items && r == 0; i++) {
        json_auto_t *gate = NULL;
        int reason = gate_file_read(state_directory, names.items[i], &gate);
        if (json_array_append_new(list, describe(names.items[i], reason, gate)) < 0)
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

static int gate_list(const char *unused _unused_, const Options *options)
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

int verb_gate(const Options *options)
{
    static const SubVerb verbs[] = {
        { "add", gate_add, true },
        { "list", gate_list, false },
        { "remove", gate_remove, true },
    };

    return sub_verb_run(verbs, ELEMENTSOF(verbs), "gate", options);
}
