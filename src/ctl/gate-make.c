/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kind takes its own options and no others: an option that would have no effect is a mistake
 * about what guards the secret.
 */
#include "ctl/gate-make.h"

#include "base/file.h"
#include "config/config-value.h"
#include "config/config.h"
#include "ctl/complain.h"
#include "ctl/gate-paravisors.h"
#include "ctl/gate-vault.h"
#include "ctl/public-key.h"
#include "format/catalog.h"
#include "format/tpm-alg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TRUST_VERSION   1  /* "attestd_trust" */
#define CAP_PCR_DEFAULT 13 /* system extensions are measured there; free where there are none */
#define NUMBER_MAX      2  /* digits of a PCR */

#define REMEDY_TRUST "take the verifier-trust.json that attest-verifier init wrote"
#define REMEDY_CA    "take the certificates of the CA that certified this vTPM, as PEM"
#define REMEDY_BIND                                                                                \
    "say --bind=ak-name, chip-id, host-data, id-key or vm-id, once or more; or --bind=fleet, for " \
    "every machine that the verifier opens this gate to"

#define BIT(kind) (1U << (kind))

/* An option that belongs to some kinds only. */
typedef struct KindOption {
    const char *name;
    unsigned kinds; /* BIT()s */
    bool is_given;
} KindOption;

/* 0, else an exit class. */
static int check_kind(GateKind kind, const Options *options)
{
    const KindOption wanted[] = {
        { "trust", BIT(GATE_KIND_VERIFIER) | BIT(GATE_KIND_REWRAP) | BIT(GATE_KIND_KEY_RELEASE),
          options->trust },
        { "next-release-key", BIT(GATE_KIND_VERIFIER), options->next_release_key },
        { "no-ticket", BIT(GATE_KIND_VERIFIER), options->no_ticket },
        { "cap-pcr", BIT(GATE_KIND_VERIFIER), options->cap_pcr },
        { "bind", BIT(GATE_KIND_REWRAP), options->binds.n_items > 0 },
        { "key-url", BIT(GATE_KIND_KEY_RELEASE), options->key_url },
        { "key", BIT(GATE_KIND_KEY_RELEASE), options->key },
        { "verifier", BIT(GATE_KIND_KEY_RELEASE), options->verifier },
        { "client-id", BIT(GATE_KIND_KEY_RELEASE), options->client_id },
        { "resource", BIT(GATE_KIND_KEY_RELEASE), options->resource },
        { "vault-ca", BIT(GATE_KIND_KEY_RELEASE), options->vault_ca },
        { "api-version", BIT(GATE_KIND_KEY_RELEASE), options->api_version },
        { "pcrs", BIT(GATE_KIND_PCR), options->pcrs },
    };

    for (size_t i = 0; i < ELEMENTSOF(wanted); i++)
        if (wanted[i].is_given && !(wanted[i].kinds & BIT(kind)))
            return complain_of_usage("leave it out, or say --kind= of a kind that it is for",
                                     "--%s does not go with a gate of kind %s", wanted[i].name,
                                     gate_kind_name(kind));
    return 0;
}

/* What a gate cannot be without. 0, else an exit class. */
static int check_needed(GateKind kind, const Options *options)
{
    if (gate_kind_is_granted(kind) && !options->trust)
        return complain_of_usage(REMEDY_TRUST " and give --trust=FILE",
                                 "nothing says whose gate this is");
    if (kind == GATE_KIND_REWRAP && options->binds.n_items == 0)
        return complain_of_usage(REMEDY_BIND, "nothing says what a secret is bound to");
    if (kind == GATE_KIND_KEY_RELEASE && (!options->key_url || !options->key))
        return complain_of_usage("give --key-url=URL and --key=FILE, the key's public half",
                                 "nothing says which key of which vault releases it");
    if (kind == GATE_KIND_PCR && !options->pcrs)
        return complain_of_usage("give --pcrs=LIST, such as --pcrs=4,7,9",
                                 "nothing says which PCRs guard it");
    return 0;
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
    if (options->paravisors.n_items > 0 && (!root || strcmp(root, "paravisor") != 0))
        return complain_of_usage("say --vtpm-root=paravisor as well",
                                 "a paravisor is of use for a vTPM behind one only");
    return 0;
}

/* A number of at most NUMBER_MAX digits up to LIMIT; *TEXT is moved behind it. */
static bool read_number(const char **text, unsigned limit, unsigned *ret)
{
    size_t length = strspn(*text, "0123456789");
    unsigned number = 0;

    if (length == 0 || length > NUMBER_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        number = number * 10 + (unsigned)((*text)[i] - '0');
    *text += length;
    *ret = number;
    return number <= limit;
}

/* "4,7,9": each once. */
static bool read_pcrs(const char *text, uint32_t *ret)
{
    uint32_t mask = 0;
    unsigned pcr;

    for (;;) {
        if (!read_number(&text, GATE_CAP_PCR_MAX, &pcr) || (mask & BIT(pcr)))
            return false;
        mask |= BIT(pcr);
        if (*text == 0)
            break;
        if (*text++ != ',')
            return false;
    }
    *ret = mask;
    return true;
}

static int set_cap(const Options *options, GateFile *gate)
{
    const char *text = options->cap_pcr;
    unsigned pcr = CAP_PCR_DEFAULT;

    if (!text)
        return 0;
    if (*text && (!read_number(&text, GATE_CAP_PCR_MAX, &pcr) || *text || pcr < GATE_CAP_PCR_MIN))
        return complain_of_usage("say a number from 8 to 15 of a PCR that nothing else extends",
                                 "--cap-pcr=%s is no PCR that a refusal may extend",
                                 options->cap_pcr);
    gate->cap_pcr = pcr;
    return 0;
}

static int set_binds(const Options *options, GateFile *gate)
{
    for (size_t i = 0; i < options->binds.n_items; i++) {
        BindKind kind;
        if (!bind_kind_by_name(options->binds.items[i], &kind))
            return complain_of_usage(REMEDY_BIND, "\"%s\" is nothing to bind a secret to",
                                     options->binds.items[i]);
        gate->binds |= BIND_BIT(kind);
    }
    return bind_set_is_valid(gate->binds)
               ? 0
               : complain_of_usage("say one or the other",
                                   "a secret bound to one machine is not for the whole fleet");
}

/* Everything that needs no file. */
static int set_numbers(const Options *options, GateFile *gate)
{
    gate->no_ticket = options->no_ticket;
    switch (gate->kind) {
    case GATE_KIND_VERIFIER:
        return set_cap(options, gate);
    case GATE_KIND_REWRAP:
        return set_binds(options, gate);
    case GATE_KIND_KEY_RELEASE:
        return 0;
    case GATE_KIND_PCR:
        gate->pcr_bank = TPM_ALG_SHA256;
        return read_pcrs(options->pcrs, &gate->pcrs)
                   ? 0
                   : complain_of_usage("list PCRs from 0 to 15, each once: --pcrs=4,7,9",
                                       "--pcrs=%s is no list of PCRs", options->pcrs);
    case N_GATE_KINDS:
        break;
    }
    return EXIT_CLASS_INTERNAL;
}

json_t *gate_make_trust(const char *path)
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

/* KEY takes the place of *HELD. */
static void replace_key(json_t **held, json_t **key)
{
    json_decref(*held);
    *held = TAKE_PTR(*key);
}

/* The key of TRUST for this kind. 0, else an exit class. */
static int set_key(const json_t *trust, const char *path, GateFile *gate)
{
    bool is_rewrap = gate->kind == GATE_KIND_REWRAP;
    json_auto_t *key = NULL;

    int r = is_rewrap ? gate_rewrap_key(json_object_get(trust, "rewrap_key"), &key)
                      : gate_release_key(json_object_get(trust, "release_key"), &key);
    if (r > 0)
        return complain_of_usage(REMEDY_TRUST,
                                 "%s has no %s key: this verifier opens no gates of kind %s", path,
                                 is_rewrap ? "rewrap" : "release", gate_kind_name(gate->kind));
    if (r < 0)
        return complain_of_errno(r, path);
    replace_key(is_rewrap ? &gate->rewrap_key : &gate->release_key, &key);
    return 0;
}

/* The key that follows: of --next-release-key, else of TRUST, where one says so. */
static int set_next_key(const json_t *trust, const Options *options, GateFile *gate)
{
    const char *path = options->next_release_key ? options->next_release_key : options->trust;
    const json_t *published = json_object_get(trust, "next_release_key");
    json_auto_t *key = NULL;
    int r = 0;

    if (gate->kind != GATE_KIND_VERIFIER)
        return 0;
    if (options->next_release_key)
        r = public_key_read(path, "next-release-key", PUBLIC_KEY_RELEASE, &key);
    else if (published && gate_release_key(published, &key) != GATE_FILE_OK)
        r = complain_of_usage(REMEDY_TRUST, "the next release key of %s is no key", path);
    if (r == 0 && json_equal(gate->release_key, key))
        r = complain_of_usage("give the key that follows it",
                              "the next release key of %s is the present one", path);
    if (r == 0)
        replace_key(&gate->next_release_key, &key);
    return r;
}

/* 0, else an exit class. */
static int set_keys(const json_t *trust, const Options *options, GateFile *gate)
{
    int r = set_key(trust, options->trust, gate);

    return r == 0 ? set_next_key(trust, options, gate) : r;
}

/* The verifier, and its keys for this kind. 0, else an exit class. */
static int set_verifier(const Options *options, GateFile *gate)
{
    json_auto_t *trust = gate_make_trust(options->trust);

    if (!trust)
        return EXIT_CLASS_USAGE;
    gate->verifier = strdup(json_string_value(json_object_get(trust, "verifier_id")));
    return gate->verifier ? set_keys(trust, options, gate)
                          : complain_of_errno(-ENOMEM, options->trust);
}

/* Whether they are any good is for those to say who judge by them. */
int gate_make_ca(const char *path, const char *remedy, char **ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    if (!path)
        return 0;
    int r = file_read(path, GATE_CA_MAX, &bytes);
    if (r < 0)
        return complain_of_usage(remedy, "%s cannot be read: %s", path, strerror(-r));
    _cleanup_free_ char *text = strndup((const char *)bytes.data, bytes.size);
    if (!text)
        return complain_of_errno(-ENOMEM, path);
    if (strlen(text) != bytes.size || !gate_ca_is_valid(text))
        return complain_of_usage(remedy, "%s has no certificates", path);
    *ret = TAKE_PTR(text);
    return 0;
}

/* Everything that comes from files. */
static int set_files(const Options *options, GateFile *gate)
{
    int r = 0;

    if (gate_kind_is_granted(gate->kind))
        r = set_verifier(options, gate);
    else if (gate->kind == GATE_KIND_KEY_RELEASE)
        r = gate_vault_make(options, gate);
    if (r == 0 && options->recovery_key)
        r = public_key_read(options->recovery_key, "recovery-key", PUBLIC_KEY_RECOVERY,
                            &gate->recovery_key);
    if (r == 0)
        r = gate_paravisors_read(options, &gate->paravisors);
    return r == 0 ? gate_make_ca(options->vtpm_ca, REMEDY_CA, &gate->vtpm_ca_pem) : r;
}

int gate_make(const char *name, const Options *options, GateFile *ret)
{
    _cleanup_gate_file_ GateFile gate = { 0 };
    const char *kind = options->gate_kind ? options->gate_kind : gate_kind_name(GATE_KIND_VERIFIER);

    if (!gate_kind_by_name(kind, &gate.kind))
        return complain_of_usage("say verifier, rewrap, key-release or pcr",
                                 "\"%s\" is no kind of gate", kind);
    int r = check_kind(gate.kind, options);
    if (r == 0)
        r = check_needed(gate.kind, options);
    if (r == 0)
        r = check_vtpm(options);
    if (r == 0)
        r = set_numbers(options, &gate);
    if (r == 0)
        r = set_files(options, &gate);
    if (r != 0)
        return r;
    gate.name = strdup(name);
    gate.vtpm_root = options->vtpm_root ? strdup(options->vtpm_root) : NULL;
    if (!gate.name || (options->vtpm_root && !gate.vtpm_root))
        return complain_of_errno(-ENOMEM, name);
    *ret = TAKE_STRUCT(gate);
    return 0;
}

/* What is not of its kind. 0, else an exit class. */
static int check_renewal(GateKind kind, const Options *options)
{
    bool is_granted = gate_kind_is_granted(kind);

    if (kind == GATE_KIND_PCR)
        return complain_of_usage("seal anew to other PCRs: attestctl gate remove, gate add, reseal",
                                 "a gate of kind pcr has no key of a verifier");
    if (kind != GATE_KIND_VERIFIER && options->next_release_key)
        return complain_of_usage("leave it out",
                                 "--next-release-key does not go with a gate of kind %s",
                                 gate_kind_name(kind));
    if (is_granted ? options->key || options->key_url : options->trust != NULL)
        return complain_of_usage(is_granted ? "give --trust alone" : "give --key, --key-url",
                                 "--%s does not go with a gate of kind %s",
                                 is_granted ? "key" : "trust", gate_kind_name(kind));
    if (is_granted && !options->trust)
        return complain_of_usage(REMEDY_TRUST " and give --trust=FILE",
                                 "nothing says which keys the verifier has now");
    return 0;
}

int gate_renew(const Options *options, GateFile *gate)
{
    int r = check_renewal(gate->kind, options);

    if (r != 0)
        return r;
    if (gate->kind == GATE_KIND_KEY_RELEASE)
        return gate_vault_renew(options, gate);
    json_auto_t *trust = gate_make_trust(options->trust);
    if (!trust)
        return EXIT_CLASS_USAGE;
    const char *verifier = json_string_value(json_object_get(trust, "verifier_id"));
    if (strcmp(verifier, gate->verifier) != 0)
        return complain_of_usage("give the trust file of the gate's own verifier, or add another "
                                 "gate for this one",
                                 "the gate is of verifier %s, and %s of %s", gate->verifier,
                                 options->trust, verifier);
    return set_keys(trust, options, gate);
}
