/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verifier-trust.json, token keys and CA certificates into a verifier's section.
 */
#include "config/config-trust.h"

#include "base/file.h"
#include "config/config-file.h"
#include "config/config-table.h"
#include "format/gate-file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TRUST_VERSION     1  /* "attestd_trust" */
#define JWKS_KEYS_MAX     64 /* spec/endpoints 7.1 */
#define SIMULATED_HEX_LEN 96 /* SHA-384 in hex */

/* What the helpers below share. */
typedef struct TrustReader {
    Config *config;
    VerifierConfig *verifier;
    Findings *findings;
    const char *path;  /* of the file being read */
    const char *place; /* FILE:LINE of the setting that names it */
} TrustReader;

/* Adds the failure NAME at the setting, with the file and what was found in it. */
static int refuse(const TrustReader *reader, const char *name, const char *found,
                  const char *wanted)
{
    char text[2 * FINDING_TEXT_MAX]; /* a finding cuts it */

    (void)snprintf(text, sizeof(text), "%s: %s", reader->path, found);
    return config_refuse(reader->findings, name, reader->place, 0, text, wanted);
}

static bool is_public(const json_t *key)
{
    /* RFC 7517 9.2, RFC 7518 6: members that only private or symmetric keys have. */
    static const char *const private_members[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };

    if (!json_is_string(json_object_get(key, "kty")))
        return false;
    for (size_t i = 0; i < ELEMENTSOF(private_members); i++)
        if (json_object_get(key, private_members[i]))
            return false;
    return true;
}

bool config_keys_are_public(const json_t *key_set)
{
    const json_t *keys = json_object_get(key_set, "keys");
    size_t i;
    json_t *key;

    if (!json_is_array(keys) || json_array_size(keys) < 1 || json_array_size(keys) > JWKS_KEYS_MAX)
        return false;
    json_array_foreach (keys, i, key)
        if (!is_public(key))
            return false;
    return true;
}

/* 0 with *RET NULL when the file could not be read and a finding says so. */
static int read_json(const TrustReader *reader, const char *name, json_t **ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    *ret = NULL;
    int r = file_read(reader->path, CONFIG_FILE_MAX, &bytes);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return refuse(reader, "config-path-unreadable", strerror(-r), "a readable file");
    r = json_parse(VIEW(bytes), CONFIG_FILE_MAX, ret);
    if (r > 0)
        return refuse(reader, name, json_reason(r), "one JSON object");
    return r;
}

/* Puts TEXT into the row KEY by its own parser, so that a file may say no more than a line. */
static int take_text(const TrustReader *reader, size_t row, const char *member, const char *text)
{
    char found[CONFIG_VALUE_WHAT_MAX], what[FINDING_TEXT_MAX];
    void *field = config_field(reader->config, reader->verifier, row);
    const ConfigKey *key = &config_keys[row];

    int r = key->type->parse(text, key->detail, field, found);
    if (r <= 0)
        return r;
    (void)snprintf(what, sizeof(what), "%s: %s", member, found);
    return refuse(reader, "config-trust-invalid", what, config_key_wanted(key));
}

/* Takes member MEMBER, a text or an array of texts, unless the row KEY was set explicitly. */
static int take_member(const TrustReader *reader, const json_t *trust, const char *member,
                       const char *key)
{
    size_t row = config_key_find("Verifier", key), i;
    char **origin = config_origin(reader->config, reader->verifier, row);
    json_auto_t *one = json_pack("[O]", json_object_get(trust, member));
    json_t *item;

    if (!one)
        return refuse(reader, "config-trust-invalid", member, "this member");
    if (*origin)
        return 0;
    json_t *items = json_is_array(json_array_get(one, 0)) ? json_array_get(one, 0) : one;
    json_array_foreach (items, i, item) {
        const char *text = json_string_value(item);
        int r = text && strlen(text) == json_string_length(item) && *text
                    ? take_text(reader, row, member, text)
                    : refuse(reader, "config-trust-invalid", member, "text");
        if (r < 0)
            return r;
    }
    return text_replace(origin, reader->path);
}

static int take_keys(const TrustReader *reader, json_t *key_set, const char *name)
{
    size_t row = config_key_find("Verifier", "Keys");
    char **origin = config_origin(reader->config, reader->verifier, row);

    if (!config_keys_are_public(key_set) ||
        json_dumpb(key_set, NULL, 0, JSON_COMPACT) > CONFIG_JWKS_MAX)
        return refuse(reader, name, "the token keys",
                      "a JWK set with 1 to 64 public keys, no private member, 32 KiB");
    json_decref(reader->verifier->token_keys);
    reader->verifier->token_keys = json_incref(key_set);
    return *origin ? 0 : text_replace(origin, reader->path);
}

static int take_ca(const TrustReader *reader, const char *pem, size_t size, const char *name)
{
    size_t row = config_key_find("Verifier", "CACertificates");
    char **origin = config_origin(reader->config, reader->verifier, row);

    if (size > CONFIG_PEM_MAX || strlen(pem) != size || !strstr(pem, "-----BEGIN CERTIFICATE-----"))
        return refuse(reader, name, "the CA certificates",
                      "PEM text with a certificate, at most 128 KiB");
    int r = text_replace(&reader->verifier->ca_pem, pem);
    if (r < 0 || *origin)
        return r;
    return text_replace(origin, reader->path);
}

static int take_simulated_roots(const TrustReader *reader, const json_t *roots)
{
    size_t i;
    json_t *item;

    if (json_is_array(roots) && json_array_size(roots) > CONFIG_LIST_MAX)
        return refuse(reader, "config-trust-invalid", "simulated_roots", "at most 16 of them");
    json_array_foreach (roots, i, item) {
        const char *hex = json_string_value(item);
        if (!hex || strlen(hex) != SIMULATED_HEX_LEN ||
            strspn(hex, "0123456789abcdef") != SIMULATED_HEX_LEN)
            return refuse(reader, "config-trust-invalid", "simulated_roots",
                          "SHA-384 digests in lower-case hex");
        int r = texts_add(&reader->verifier->simulated_roots, hex);
        if (r < 0)
            return r;
    }
    return 0;
}

static const char *const trust_members[] = {
    "attestd_trust", "verifier_id",     "urls",       "ca_pem",      "issuer",
    "audience",      "algorithms",      "token_keys", "release_key", "next_release_key",
    "rewrap_key",    "simulated_roots", NULL,
};

/* Checked only: a gate's file gets them from the trust file, not from the configuration. */
static int check_gate_keys(const TrustReader *reader, const json_t *trust)
{
    static const struct {
        const char *member;
        int (*take)(const json_t *jwk, json_t **ret);
    } keys[] = {
        { "next_release_key", gate_release_key },
        { "rewrap_key", gate_rewrap_key },
    };
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(keys) && r == 0; i++) {
        const json_t *key = json_object_get(trust, keys[i].member);
        json_auto_t *members = NULL;
        r = key ? keys[i].take(key, &members) : GATE_FILE_OK;
        if (r > 0)
            r = refuse(reader, "config-trust-invalid", keys[i].member, gate_file_wanted(r));
    }
    return r;
}

/* Version and shape; 0 with *RET false when a finding says what is wrong. */
static int check_trust(const TrustReader *reader, json_t *trust, bool *ret)
{
    uint64_t version = 0;
    json_t *release_key = json_object_get(trust, "release_key");
    json_t *roots = json_object_get(trust, "simulated_roots");

    *ret = false;
    if (!json_is_object(trust))
        return refuse(reader, "config-trust-invalid", "not an object", "one JSON object");
    const char *unknown = json_unknown_member(trust, trust_members);
    if (unknown)
        return refuse(reader, "config-trust-invalid", unknown, "only members that are known");
    if (json_get_u64(trust, "attestd_trust", &version) || version != TRUST_VERSION)
        return refuse(reader, "config-trust-invalid", "attestd_trust", "the number 1");
    if (release_key && (!json_is_object(release_key) || json_object_get(release_key, "d")))
        return refuse(reader, "config-trust-invalid", "release_key", "a public JWK");
    if (roots && !json_is_array(roots))
        return refuse(reader, "config-trust-invalid", "simulated_roots", "an array");
    *ret = true;
    return 0;
}

static int take_trust(const TrustReader *reader, json_t *trust)
{
    static const struct {
        const char *member, *key;
    } members[] = {
        { "urls", "URL" },          { "verifier_id", "VerifierID" }, { "issuer", "Issuer" },
        { "audience", "Audience" }, { "algorithms", "Algorithms" },
    };
    const json_t *pem = json_object_get(trust, "ca_pem");
    json_t *keys = json_object_get(trust, "token_keys");
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(members) && r == 0; i++)
        r = take_member(reader, trust, members[i].member, members[i].key);
    if (r == 0 && pem && !json_is_string(pem))
        r = refuse(reader, "config-trust-invalid", "ca_pem", "PEM text");
    else if (r == 0 && pem)
        r = take_ca(reader, json_string_value(pem), json_string_length(pem),
                    "config-trust-invalid");
    /* MAA changes its keys as it likes, and publishes them. */
    if (r == 0 && (keys || !verifier_is_maa(reader->verifier)))
        r = take_keys(reader, keys, "config-trust-invalid");
    if (r == 0)
        r = take_simulated_roots(reader, json_object_get(trust, "simulated_roots"));
    if (r == 0)
        r = check_gate_keys(reader, trust);
    return r;
}

static int load_trust(TrustReader *reader)
{
    json_auto_t *trust = NULL;
    bool is_good = false;

    int r = read_json(reader, "config-trust-invalid", &trust);
    if (r == 0 && trust)
        r = check_trust(reader, trust, &is_good);
    return r == 0 && is_good ? take_trust(reader, trust) : r;
}

static int load_keys(TrustReader *reader)
{
    json_auto_t *key_set = NULL;

    int r = read_json(reader, "config-keys-invalid", &key_set);
    return r == 0 && key_set ? take_keys(reader, key_set, "config-keys-invalid") : r;
}

static int load_ca(TrustReader *reader)
{
    _cleanup_bytes_ Bytes pem = { 0 };

    int r = file_read(reader->path, CONFIG_PEM_MAX, &pem);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return refuse(reader, "config-path-unreadable", strerror(-r), "a readable file");
    return take_ca(reader, (const char *)pem.data, pem.size, "config-ca-invalid");
}

int config_trust_load(Config *config, VerifierConfig *verifier, Findings *findings)
{
    const struct {
        const char *key, *path;
        int (*load)(TrustReader *reader);
    } files[] = {
        /* The trust file first: what is named apart replaces what it says. */
        { "Trust", verifier->trust, load_trust },
        { "Keys", verifier->keys, load_keys },
        { "CACertificates", verifier->ca_certificates, load_ca },
    };

    for (size_t i = 0; i < ELEMENTSOF(files); i++) {
        TrustReader reader = {
            .config = config,
            .verifier = verifier,
            .findings = findings,
            .path = files[i].path,
            .place = verifier->origins[config_key_find("Verifier", files[i].key)],
        };
        int r = files[i].path ? files[i].load(&reader) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}
