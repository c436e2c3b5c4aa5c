/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key is the public half of what the vault keeps: sealing to it needs neither vault nor
 * network, and whether the vault releases the rest is seen in a round.
 */
#include "ctl/gate-vault.h"

#include "config/config-value.h"
#include "ctl/complain.h"
#include "ctl/gate-make.h"
#include "ctl/public-key.h"
#include "ctl/show.h"
#include "format/catalog.h"
#include "format/vault-key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define GUEST "AzureGuest" /* the evidence whose token a vault releases keys for */

#define REMEDY_URL                                                                                 \
    "take the key's identifier: az keyvault key show --vault-name VAULT --name KEY --query "       \
    "key.kid"
#define REMEDY_VERIFIER                                                                            \
    "give --verifier=URL, the provider as the authority of the key's release policy names it"
#define REMEDY_RESOURCE                                                                            \
    "give --resource=URL, whom the vault's access tokens are for, such as https://vault.azure.net"
#define REMEDY_CA "take the certificates of the CA that certified the vault, as PEM"

/* A copy of TEXT, which may be NULL. 0, else an exit class. */
static int copy(const char *text, char **ret)
{
    char *copied = text ? strdup(text) : NULL;

    if (text && !copied)
        return complain_of_errno(-ENOMEM, text);
    free(*ret);
    *ret = copied;
    return 0;
}

/* Of the configuration, where that is MAA. 0 and NULL: nothing is known. */
static int verifier_of_settings(const Options *options, char **ret)
{
    _cleanup_findings_ Findings findings = { .source = "attestctl" };
    _cleanup_(config_freep) Config *config = NULL;

    if (config_load(options->config ? options->config : CONFIG_PATH_DEFAULT, &findings, &config) ||
        !verifier_is_maa(config->verifier))
        return 0;
    return copy(config->verifier->verifier_id, ret);
}

static int verifier_of_trust(const char *path, char **ret)
{
    json_auto_t *trust = gate_make_trust(path);

    return trust ? copy(json_string_value(json_object_get(trust, "verifier_id")), ret)
                 : EXIT_CLASS_USAGE;
}

static int set_verifier(const Options *options, GateFile *gate)
{
    int r;

    if (options->verifier)
        r = copy(options->verifier, &gate->verifier);
    else if (options->trust)
        r = verifier_of_trust(options->trust, &gate->verifier);
    else
        r = verifier_of_settings(options, &gate->verifier);
    if (r != 0)
        return r;
    if (!gate->verifier)
        return complain_of_usage(REMEDY_VERIFIER,
                                 "nothing says whose token the vault wants: attestd asks no "
                                 "Microsoft Azure Attestation");
    if (!text_is_printable(gate->verifier) || !gate->verifier[0])
        return complain_of_usage(REMEDY_VERIFIER, "--verifier is no name of a verifier");
    return 0;
}

static int set_url(const Options *options, GateFile *gate)
{
    if (!vault_key_url_is_valid(options->key_url))
        return complain_of_usage(REMEDY_URL, "\"%s\" is no URL of a key in a vault",
                                 options->key_url);
    return copy(options->key_url, &gate->key_url);
}

/* After the URL, from whose host it may follow. */
static int set_resource(const Options *options, GateFile *gate)
{
    VaultKey key;

    if (options->resource && !vault_resource_is_valid(options->resource))
        return complain_of_usage(REMEDY_RESOURCE, "\"%s\" is no resource", options->resource);
    int r = copy(options->resource, &gate->resource);
    if (r == 0 && !gate->resource && vault_key_parse(gate->key_url, &key) &&
        !vault_resource(key.host))
        return complain_of_usage(REMEDY_RESOURCE,
                                 "nothing says whom access tokens for %s are for: it is a vault or "
                                 "HSM of no cloud that is known here",
                                 key.host);
    return r;
}

static int set_identity(const Options *options, GateFile *gate)
{
    if (options->client_id && !vault_client_id_is_valid(options->client_id))
        return complain_of_usage("take it from az identity show --query clientId",
                                 "\"%s\" is no client id of an identity", options->client_id);
    return copy(options->client_id, &gate->client_id);
}

static int set_version(const Options *options, GateFile *gate)
{
    if (options->api_version && !vault_api_version_is_valid(options->api_version))
        return complain_of_usage("leave it out, or give one such as " VAULT_API_VERSION,
                                 "\"%s\" is no version of the vault's interface",
                                 options->api_version);
    return copy(options->api_version, &gate->api_version);
}

static int set_key(const Options *options, GateFile *gate)
{
    json_t *key = NULL;

    int r = public_key_read(options->key, "key", PUBLIC_KEY_VAULT, &key);
    if (r == 0) {
        json_decref(gate->key);
        gate->key = key;
    }
    return r;
}

int gate_vault_make(const Options *options, GateFile *gate)
{
    int r = set_url(options, gate);

    if (r == 0)
        r = set_resource(options, gate);
    if (r == 0)
        r = set_identity(options, gate);
    if (r == 0)
        r = set_version(options, gate);
    if (r == 0)
        r = set_verifier(options, gate);
    if (r == 0)
        r = set_key(options, gate);
    return r == 0 ? gate_make_ca(options->vault_ca, REMEDY_CA, &gate->vault_ca_pem) : r;
}

/* A key is renewed, not moved: another vault is another gate. */
static int check_place(const GateFile *gate, const char *url)
{
    VaultKey now, next;

    if (!vault_key_parse(gate->key_url, &now) || !vault_key_parse(url, &next))
        return complain_of_usage(REMEDY_URL, "\"%s\" is no URL of a key in a vault", url);
    next.version[0] = now.version[0] = 0;
    if (strcmp(next.port, now.port) == 0 && vault_key_is(&now, &next))
        return 0;
    return complain_of_usage("add another gate for it",
                             "the gate's key is %s, and %s is another one", gate->key_url, url);
}

int gate_vault_renew(const Options *options, GateFile *gate)
{
    int r = 0;

    if (!options->key && !options->key_url)
        return complain_of_usage("give --key=FILE, and --key-url=URL when that names a version",
                                 "nothing says which key the vault has now");
    if (options->key_url)
        r = check_place(gate, options->key_url);
    if (r == 0 && options->key_url)
        r = set_url(options, gate);
    return r == 0 && options->key ? set_key(options, gate) : r;
}

const char *gate_vault_unfit(const VerifierConfig *verifier)
{
    if (!verifier_is_maa(verifier))
        return "another protocol than maa";
    if (!verifier->attestation_type || strcmp(verifier->attestation_type, GUEST) != 0)
        return "Protocol=maa without the guest";
    return NULL;
}

void gate_vault_warn(const GateFile *gate, const Options *options)
{
    _cleanup_findings_ Findings findings = { .source = "attestctl" };
    _cleanup_(config_freep) Config *config = NULL;

    if (gate->kind != GATE_KIND_KEY_RELEASE ||
        config_load(options->config ? options->config : CONFIG_PATH_DEFAULT, &findings, &config))
        return;
    if (!gate_vault_unfit(config->verifier))
        return;
    (void)fprintf(stderr,
                  "attestctl: warning: attestd does not ask for the token that a vault "
                  "releases keys for, so that the gate stays shut\nRemedy: set " GATE_VAULT_FIT
                  " in attestd.conf.\n");
}

json_t *gate_vault_to_show(const GateFile *gate)
{
    _cleanup_free_ char *thumbprint = public_key_thumbprint(gate->key);
    VaultKey key;
    const char *resource = gate->resource;

    if (!resource && vault_key_parse(gate->key_url, &key))
        resource = vault_resource(key.host);
    return json_pack("{ss ss* ss* ss* ss sb}", "key_url", gate->key_url, "key", thumbprint,
                     "client_id", gate->client_id, "resource", resource, "api_version",
                     gate->api_version ? gate->api_version : VAULT_API_VERSION, "vault_ca",
                     gate->vault_ca_pem != NULL);
}

void gate_vault_show(const json_t *gate)
{
    show_field(gate, "Key URL", "key_url");
    show_field(gate, "Vault key", "key");
    if (show_at(gate, "client_id"))
        show_field(gate, "Identity", "client_id");
    else
        show_row("Identity", "the machine's only one");
    show_field(gate, "Resource", "resource");
    show_field(gate, "API version", "api_version");
    show_row("Vault's CA", json_is_true(show_at(gate, "vault_ca")) ? "that of the gate's file"
                                                                   : "one of the system's");
}
