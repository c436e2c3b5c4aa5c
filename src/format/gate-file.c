/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gate files as structs: their life, their words, and writing them. gate-file-parse.c reads them.
 */
#include "format/gate-file.h"

#include "format/tpm-alg.h"
#include "format/vtpm-root.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FORMAT_VERSION 1 /* "attestd_gate" */

void gate_file_done(GateFile *gate)
{
    free(gate->name);
    free(gate->verifier);
    free(gate->vtpm_root);
    free(gate->vtpm_ca_pem);
    free(gate->key_url);
    free(gate->client_id);
    free(gate->resource);
    free(gate->vault_ca_pem);
    free(gate->api_version);
    json_decref(gate->release_key);
    json_decref(gate->next_release_key);
    json_decref(gate->rewrap_key);
    json_decref(gate->key);
    json_decref(gate->paravisors);
    json_decref(gate->recovery_key);
    *gate = (GateFile){ 0 };
}

/* What was found, and what would have been right. */
static const struct {
    const char *reason;
    const char *wanted;
} words[] = {
    [GATE_FILE_OK] = { "ok", NULL },
    [GATE_FILE_E_JSON] = { "not one JSON object", NULL },
    [GATE_FILE_E_FORMAT] = { "another format", "\"attestd_gate\": 1" },
    [GATE_FILE_E_UNKNOWN] = { "a member that is not known", NULL },
    [GATE_FILE_E_NAME] = { "another name within", "the name of the file" },
    [GATE_FILE_E_KIND] = { "another kind", "verifier, rewrap, key-release or pcr" },
    [GATE_FILE_E_OTHER_KIND] = { "a member of another kind of gate", NULL },
    [GATE_FILE_E_VERIFIER] = { "no verifier", NULL },
    [GATE_FILE_E_RELEASE_KEY] = { "no usable release key", "a public P-256 JWK" },
    [GATE_FILE_E_TICKET] = { "a ticket that is not false", "false, or no such member" },
    [GATE_FILE_E_CAP_PCR] = { "no PCR that can cap a gate", "8 to 15" },
    [GATE_FILE_E_REWRAP_KEY] = { "no usable rewrap key", "a public P-256 JWK with kid" },
    [GATE_FILE_E_BIND] = { "nothing a secret can be bound to",
                           "some of ak-name, chip-id, host-data, id-key, vm-id; or fleet alone" },
    [GATE_FILE_E_KEY_URL] = { "no URL of a vault's key",
                              "https://HOST/keys/NAME or https://HOST/keys/NAME/VERSION" },
    [GATE_FILE_E_KEY] = { "no usable key of a vault",
                          "a public JWK: P-256, P-384, or RSA of 2048 to 4096 bits" },
    [GATE_FILE_E_KEY_OCT] = { "a symmetric key, which nothing can be wrapped to without the vault",
                              "a key of kind EC-HSM or RSA-HSM" },
    [GATE_FILE_E_CLIENT_ID] = { "no client id of an identity", "a UUID" },
    [GATE_FILE_E_RESOURCE] = { "nothing that says whom an access token for this host is for",
                               "resource, an https:// URL such as https://vault.azure.net" },
    [GATE_FILE_E_VAULT_CA] = { "no certificates in vault_ca_pem", "PEM of at most 12 KiB" },
    [GATE_FILE_E_API_VERSION] = { "no version of the vault's interface", "one such as 7.4" },
    [GATE_FILE_E_PCRS] = { "no list of PCRs", "some of 0 to 15, each once, of bank sha256" },
    [GATE_FILE_E_RECOVERY] = { "no usable recovery key", "a public P-256 or P-384 JWK" },
    [GATE_FILE_E_VTPM_ROOT] = { "an unknown vtpm_root", "host, certificate, svsm or paravisor" },
    [GATE_FILE_E_VTPM_CA] = { "no certificates in vtpm_ca_pem", "PEM of at most 12 KiB" },
    [GATE_FILE_E_PARAVISORS] = { "no list of paravisors, or one for another vtpm_root",
                                 "measurement, id_key_digest or mrtd, of 96 digits each" },
};

const char *gate_file_reason(int reason)
{
    return reason >= 0 && (size_t)reason < ELEMENTSOF(words) ? words[reason].reason : "unknown";
}

const char *gate_file_wanted(int reason)
{
    const char *wanted =
        reason >= 0 && (size_t)reason < ELEMENTSOF(words) ? words[reason].wanted : NULL;

    return wanted ? wanted : "what attestctl gate add writes";
}

bool gate_vtpm_root_is_valid(const char *text)
{
    return vtpm_root_rank(text) >= 0;
}

bool gate_ca_is_valid(const char *text)
{
    size_t size = strlen(text);

    for (size_t i = 0; i < size; i++)
        if ((text[i] < ' ' || text[i] > '~') && text[i] != '\n' && text[i] != '\r')
            return false;
    return size <= GATE_CA_MAX && strstr(text, "-----BEGIN CERTIFICATE-----");
}

/* Takes VALUE; NULL is out of memory. */
static int set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) < 0 ? -ENOMEM : 0;
}

static int set_verifier(json_t *object, const GateFile *gate)
{
    int r = set(object, "verifier", json_string(gate->verifier));

    if (r == 0)
        r = set(object, "release_key", json_incref(gate->release_key));
    if (r == 0 && gate->next_release_key)
        r = set(object, "next_release_key", json_incref(gate->next_release_key));
    if (r == 0 && gate->no_ticket)
        r = set(object, "ticket", json_false());
    if (r == 0 && gate->cap_pcr != 0)
        r = set(object, "cap_pcr", json_integer(gate->cap_pcr));
    return r;
}

static int set_rewrap(json_t *object, const GateFile *gate)
{
    json_auto_t *binds = json_array();

    for (int kind = 0; kind < N_BIND_KINDS; kind++)
        if (gate->binds & BIND_BIT(kind) &&
            json_array_append_new(binds, json_string(bind_kind_name((BindKind)kind))) < 0)
            return -ENOMEM;
    int r = set(object, "verifier", json_string(gate->verifier));
    if (r == 0)
        r = set(object, "rewrap_key", json_incref(gate->rewrap_key));
    return r ? r : set(object, "bind", json_incref(binds));
}

static int set_optional(json_t *object, const char *name, const char *text)
{
    return text ? set(object, name, json_string(text)) : 0;
}

static int set_key_release(json_t *object, const GateFile *gate)
{
    int r = set(object, "verifier", json_string(gate->verifier));

    if (r == 0)
        r = set(object, "key_url", json_string(gate->key_url));
    if (r == 0)
        r = set(object, "key", json_incref(gate->key));
    if (r == 0)
        r = set_optional(object, "client_id", gate->client_id);
    if (r == 0)
        r = set_optional(object, "resource", gate->resource);
    if (r == 0)
        r = set_optional(object, "vault_ca_pem", gate->vault_ca_pem);
    return r ? r : set_optional(object, "api_version", gate->api_version);
}

static int set_pcr(json_t *object, const GateFile *gate)
{
    json_auto_t *pcrs = json_array();

    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++)
        if (gate->pcrs & UINT32_C(1) << pcr && json_array_append_new(pcrs, json_integer(pcr)) < 0)
            return -ENOMEM;
    int r = set(object, "pcr_bank", json_string(tpm_alg_name(gate->pcr_bank)));
    return r ? r : set(object, "pcrs", json_incref(pcrs));
}

static int set_kind(json_t *object, const GateFile *gate)
{
    switch (gate->kind) {
    case GATE_KIND_VERIFIER:
        return set_verifier(object, gate);
    case GATE_KIND_REWRAP:
        return set_rewrap(object, gate);
    case GATE_KIND_KEY_RELEASE:
        return set_key_release(object, gate);
    case GATE_KIND_PCR:
        return set_pcr(object, gate);
    case N_GATE_KINDS:
        break;
    }
    return -EINVAL;
}

json_t *gate_file_to_json(const GateFile *gate)
{
    json_auto_t *object = json_pack("{si ss ss}", "attestd_gate", FORMAT_VERSION, "name",
                                    gate->name, "kind", gate_kind_name(gate->kind));

    int r = object ? set_kind(object, gate) : -ENOMEM;
    if (r == 0 && gate->recovery_key)
        r = set(object, "recovery_key", json_incref(gate->recovery_key));
    if (r == 0)
        r = set_optional(object, "vtpm_root", gate->vtpm_root);
    if (r == 0)
        r = set_optional(object, "vtpm_ca_pem", gate->vtpm_ca_pem);
    if (r == 0 && gate->paravisors)
        r = set(object, "paravisors", json_incref(gate->paravisors));
    return r == 0 ? TAKE_PTR(object) : NULL;
}

char *gate_file_text(const GateFile *gate)
{
    json_auto_t *object = gate_file_to_json(gate);
    _cleanup_free_ char *text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
    char *lines;

    return text && asprintf(&lines, "%s\n", text) >= 0 ? lines : NULL;
}
