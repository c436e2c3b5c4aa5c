/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading gate files. Strict: a mistake in one must not make another gate of it, so each kind has
 * its own members and takes no other's.
 */
#include "format/gate-file.h"

#include "format/gate-name.h"
#include "format/tpm-alg.h"
#include "format/vault-key.h"

#include <errno.h>
#include <string.h>

#define FORMAT_VERSION 1    /* "attestd_gate" */
#define VERIFIER_MAX   2048 /* characters, as a round request has them */
#define PCR_COUNT      16   /* GATE_PCRS_ALL */
#define KINDS_ALL      ((1U << N_GATE_KINDS) - 1)
#define KIND_BIT(kind) (1U << GATE_KIND_##kind)

static bool is_verifier(const char *text)
{
    size_t size = strlen(text);

    for (size_t i = 0; i < size; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    return size > 0 && size <= VERIFIER_MAX;
}

/* A text that may be absent and that IS_VALID accepts. REASON for any other; -ENOMEM. */
static int read_optional(const json_t *object, const char *name, bool (*is_valid)(const char *text),
                         int reason, char **ret)
{
    const char *text;

    int r = json_get_string(object, name, &text);
    if (r == JSON_E_MISSING)
        return GATE_FILE_OK;
    if (r || !is_valid(text))
        return reason;
    *ret = strdup(text);
    return *ret ? GATE_FILE_OK : -ENOMEM;
}

static int read_verifier(const json_t *object, GateFile *gate)
{
    int r = read_optional(object, "verifier", is_verifier, GATE_FILE_E_VERIFIER, &gate->verifier);

    return r == GATE_FILE_OK && !gate->verifier ? GATE_FILE_E_VERIFIER : r;
}

static int read_release_keys(const json_t *object, GateFile *gate)
{
    const json_t *next = json_object_get(object, "next_release_key");

    int r = gate_release_key(json_object_get(object, "release_key"), &gate->release_key);
    return r || !next ? r : gate_release_key(next, &gate->next_release_key);
}

static int read_ticket(const json_t *object, GateFile *gate)
{
    const json_t *ticket = json_object_get(object, "ticket");
    const json_t *cap = json_object_get(object, "cap_pcr");
    uint64_t pcr = 0;

    if (ticket && !json_is_false(ticket))
        return GATE_FILE_E_TICKET;
    if (cap &&
        (json_get_u64(object, "cap_pcr", &pcr) || pcr < GATE_CAP_PCR_MIN || pcr > GATE_CAP_PCR_MAX))
        return GATE_FILE_E_CAP_PCR;
    gate->no_ticket = ticket;
    gate->cap_pcr = (unsigned)pcr;
    return GATE_FILE_OK;
}

static int read_kind_verifier(const json_t *object, GateFile *gate)
{
    int r = read_verifier(object, gate);

    if (r == GATE_FILE_OK)
        r = read_release_keys(object, gate);
    return r ? r : read_ticket(object, gate);
}

static int read_binds(const json_t *object, GateFile *gate)
{
    json_t *array, *item;
    unsigned binds = 0;
    size_t i;

    if (json_get_array(object, "bind", &array))
        return GATE_FILE_E_BIND;
    json_array_foreach (array, i, item) {
        BindKind kind;
        if (!bind_kind_by_name(json_string_value(item), &kind) || binds & BIND_BIT(kind))
            return GATE_FILE_E_BIND;
        binds |= BIND_BIT(kind);
    }
    if (!bind_set_is_valid(binds))
        return GATE_FILE_E_BIND;
    gate->binds = binds;
    return GATE_FILE_OK;
}

static int read_kind_rewrap(const json_t *object, GateFile *gate)
{
    int r = read_verifier(object, gate);

    if (r == GATE_FILE_OK)
        r = gate_rewrap_key(json_object_get(object, "rewrap_key"), &gate->rewrap_key);
    return r ? r : read_binds(object, gate);
}

/* Nobody but the owner of a host that is not known can say whom tokens for it are for. */
static int read_resource(const json_t *object, GateFile *gate)
{
    VaultKey key;

    int r = read_optional(object, "resource", vault_resource_is_valid, GATE_FILE_E_RESOURCE,
                          &gate->resource);
    if (r != GATE_FILE_OK || gate->resource)
        return r;
    return vault_key_parse(gate->key_url, &key) && vault_resource(key.host) ? GATE_FILE_OK
                                                                            : GATE_FILE_E_RESOURCE;
}

static int read_kind_key_release(const json_t *object, GateFile *gate)
{
    int r = read_verifier(object, gate);

    if (r == GATE_FILE_OK)
        r = read_optional(object, "key_url", vault_key_url_is_valid, GATE_FILE_E_KEY_URL,
                          &gate->key_url);
    if (r == GATE_FILE_OK && !gate->key_url)
        r = GATE_FILE_E_KEY_URL;
    if (r == GATE_FILE_OK)
        r = gate_vault_key(json_object_get(object, "key"), &gate->key);
    if (r == GATE_FILE_OK)
        r = read_optional(object, "client_id", vault_client_id_is_valid, GATE_FILE_E_CLIENT_ID,
                          &gate->client_id);
    if (r == GATE_FILE_OK)
        r = read_resource(object, gate);
    if (r == GATE_FILE_OK)
        r = read_optional(object, "vault_ca_pem", gate_ca_is_valid, GATE_FILE_E_VAULT_CA,
                          &gate->vault_ca_pem);
    if (r == GATE_FILE_OK)
        r = read_optional(object, "api_version", vault_api_version_is_valid,
                          GATE_FILE_E_API_VERSION, &gate->api_version);
    return r;
}

static int read_kind_pcr(const json_t *object, GateFile *gate)
{
    json_t *array, *item;
    const char *bank;
    size_t i;

    if (json_get_string(object, "pcr_bank", &bank) ||
        tpm_alg_hash_by_name(bank) != TPM_ALG_SHA256 || json_get_array(object, "pcrs", &array))
        return GATE_FILE_E_PCRS;
    json_array_foreach (array, i, item) {
        json_int_t pcr = json_is_integer(item) ? json_integer_value(item) : PCR_COUNT;
        if (pcr < 0 || pcr >= PCR_COUNT || gate->pcrs & UINT32_C(1) << pcr)
            return GATE_FILE_E_PCRS;
        gate->pcrs |= UINT32_C(1) << pcr;
    }
    gate->pcr_bank = TPM_ALG_SHA256;
    return gate->pcrs != 0 ? GATE_FILE_OK : GATE_FILE_E_PCRS;
}

static int read_paravisors(const json_t *object, GateFile *gate)
{
    const json_t *list = json_object_get(object, "paravisors");

    if (!list)
        return GATE_FILE_OK;
    if (!gate->vtpm_root || strcmp(gate->vtpm_root, "paravisor") != 0)
        return GATE_FILE_E_PARAVISORS;
    return gate_paravisors(list, &gate->paravisors);
}

static int read_vtpm(const json_t *object, GateFile *gate)
{
    int r = read_optional(object, "vtpm_root", gate_vtpm_root_is_valid, GATE_FILE_E_VTPM_ROOT,
                          &gate->vtpm_root);

    if (r == GATE_FILE_OK)
        r = read_optional(object, "vtpm_ca_pem", gate_ca_is_valid, GATE_FILE_E_VTPM_CA,
                          &gate->vtpm_ca_pem);
    return r ? r : read_paravisors(object, gate);
}

/* What a file of each kind has of its own. */
static int (*const read_kind[N_GATE_KINDS])(const json_t *object, GateFile *gate) = {
    [GATE_KIND_VERIFIER] = read_kind_verifier,
    [GATE_KIND_REWRAP] = read_kind_rewrap,
    [GATE_KIND_KEY_RELEASE] = read_kind_key_release,
    [GATE_KIND_PCR] = read_kind_pcr,
};

/* Every member there is, and the kinds that have it. */
static const struct {
    const char *name;
    unsigned kinds;
} members[] = {
    { "attestd_gate", KINDS_ALL },
    { "name", KINDS_ALL },
    { "kind", KINDS_ALL },
    { "verifier", KIND_BIT(VERIFIER) | KIND_BIT(REWRAP) | KIND_BIT(KEY_RELEASE) },
    { "release_key", KIND_BIT(VERIFIER) },
    { "next_release_key", KIND_BIT(VERIFIER) },
    { "ticket", KIND_BIT(VERIFIER) },
    { "cap_pcr", KIND_BIT(VERIFIER) },
    { "rewrap_key", KIND_BIT(REWRAP) },
    { "bind", KIND_BIT(REWRAP) },
    { "key_url", KIND_BIT(KEY_RELEASE) },
    { "key", KIND_BIT(KEY_RELEASE) },
    { "client_id", KIND_BIT(KEY_RELEASE) },
    { "resource", KIND_BIT(KEY_RELEASE) },
    { "vault_ca_pem", KIND_BIT(KEY_RELEASE) },
    { "api_version", KIND_BIT(KEY_RELEASE) },
    { "pcr_bank", KIND_BIT(PCR) },
    { "pcrs", KIND_BIT(PCR) },
    { "recovery_key", KINDS_ALL },
    { "vtpm_root", KINDS_ALL },
    { "vtpm_ca_pem", KINDS_ALL },
    { "paravisors", KINDS_ALL },
};

/* The kinds that have the member NAME; 0: it is not known. */
static unsigned kinds_with(const char *name)
{
    for (size_t i = 0; i < ELEMENTSOF(members); i++)
        if (strcmp(members[i].name, name) == 0)
            return members[i].kinds;
    return 0;
}

/* Is every member one of the KINDS, a set? */
static bool has_only(json_t *object, unsigned kinds)
{
    const char *name;
    json_t *value;

    json_object_foreach (object, name, value)
        if (!(kinds_with(name) & kinds))
            return false;
    return true;
}

static int read_head(json_t *object, const char *name, GateKind *ret)
{
    uint64_t version;
    const char *text;

    if (json_get_u64(object, "attestd_gate", &version) || version != FORMAT_VERSION)
        return GATE_FILE_E_FORMAT;
    if (!has_only(object, KINDS_ALL))
        return GATE_FILE_E_UNKNOWN;
    if (json_get_string(object, "name", &text) || strcmp(text, name) != 0 ||
        !gate_name_is_valid(name))
        return GATE_FILE_E_NAME;
    if (json_get_string(object, "kind", &text) || !gate_kind_by_name(text, ret))
        return GATE_FILE_E_KIND;
    return has_only(object, 1U << *ret) ? GATE_FILE_OK : GATE_FILE_E_OTHER_KIND;
}

static int read_gate(json_t *object, const char *name, GateFile *ret)
{
    _cleanup_gate_file_ GateFile gate = { 0 };
    const json_t *recovery_key = json_object_get(object, "recovery_key");

    int r = read_head(object, name, &gate.kind);
    if (r == GATE_FILE_OK)
        r = read_kind[gate.kind](object, &gate);
    if (r == GATE_FILE_OK && recovery_key)
        r = gate_recovery_key(recovery_key, &gate.recovery_key);
    if (r == GATE_FILE_OK)
        r = read_vtpm(object, &gate);
    if (r)
        return r;
    gate.name = strdup(name);
    if (!gate.name)
        return -ENOMEM;
    *ret = TAKE_STRUCT(gate);
    return GATE_FILE_OK;
}

int gate_file_parse(ByteView text, const char *name, GateFile *ret)
{
    json_auto_t *object = NULL;

    int r = json_parse(text, GATE_FILE_MAX, &object);
    if (r < 0)
        return r;
    if (r > 0 || !json_is_object(object))
        return GATE_FILE_E_JSON;
    return read_gate(object, name, ret);
}
