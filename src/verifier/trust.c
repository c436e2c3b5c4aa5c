/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration, CA, public keys and simulated roots to one JSON object.
 */
#include "verifier/trust.h"

#include "verifier/instance.h"
#include "verifier/release-keys.h"

#include "base/encode.h"
#include "base/file.h"
#include "token/jwks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CA_SIZE_MAX    ((size_t)64 << 10)  /* bytes */
#define TRUST_SIZE_MAX ((size_t)256 << 10) /* bytes; a CA, keys and roots */

/* Takes VALUE. */
static int set(json_t *object, const char *name, json_t *value)
{
    return value && json_object_set_new(object, name, value) == 0 ? 0 : -ENOMEM;
}

static int add_texts(json_t *trust, const VerifierConfig *config)
{
    json_t *urls = json_array();

    int r = set(trust, "attestd_trust", json_integer(1));
    if (r == 0)
        r = set(trust, "verifier_id", json_string(config->verifier_id));
    if (r == 0)
        r = set(trust, "urls", urls);
    for (size_t i = 0; r == 0 && i < config->n_urls; i++)
        r = json_array_append_new(urls, json_string(config->urls[i])) < 0 ? -ENOMEM : 0;
    if (r == 0)
        r = set(trust, "issuer", json_string(config->issuer));
    if (r == 0)
        r = set(trust, "audience", json_string(config->audience));
    if (r == 0)
        r = set(trust, "algorithms", json_pack("[s]", "ES256"));
    return r;
}

static int add_ca(json_t *trust, const VerifierConfig *config, Findings *findings)
{
    _cleanup_bytes_ Bytes pem = { 0 };

    int r = file_read(config->tls_ca, CA_SIZE_MAX, &pem);
    if (r < 0) {
        r = findings_add(findings, "verifier-key-unusable", config->tls_ca, FINDING_FAILURE,
                         strerror(-r), "a readable file");
        return r < 0 ? r : TRUST_E_INVALID;
    }
    return set(trust, "ca_pem", json_stringn((const char *)pem.data, pem.size));
}

static int set_release_key(json_t *trust, const char *member, const Key *key)
{
    _cleanup_free_ char *kid = NULL;
    json_t *json = NULL;

    int r = jwk_thumbprint_text(key, &kid);
    if (r == 0)
        r = jwk_emit(key, kid, "sig", "ES256", &json);
    return r ? r : set(trust, member, json);
}

static int add_keys(json_t *trust, const VerifierConfig *config, Findings *findings)
{
    _cleanup_(key_freep) Key *token = NULL, *release = NULL;
    _cleanup_jwks_ Jwks jwks = { 0 };
    json_t *set_json = NULL;

    int r = key_load(config->token_key, findings, &token);
    if (r == 0)
        r = key_load(config->release_key, findings, &release);
    if (r == 0)
        r = jwks_add(&jwks, token, NULL, jwa_of_key(token));
    if (r == 0)
        r = jwks_to_json(&jwks, &set_json);
    if (r == 0)
        r = set(trust, "token_keys", set_json);
    return r ? r : set_release_key(trust, "release_key", release);
}

/* What gates are sealed to beside it, before it signs. */
static int add_next_key(json_t *trust, const VerifierConfig *config, Findings *findings)
{
    _cleanup_(key_freep) Key *next = NULL;

    int r = release_key_next_load(config, findings, &next);
    if (r != RELEASE_KEYS_OK)
        return r == RELEASE_KEYS_E_ABSENT ? TRUST_OK : r;
    return set_release_key(trust, "next_release_key", next);
}

/* Named by its kid, since machines keep what they wrapped to older ones. */
static int add_rewrap_key(json_t *trust, const VerifierConfig *config, Findings *findings)
{
    _cleanup_(key_freep) Key *key = NULL;
    _cleanup_free_ char *kid = NULL;
    json_t *json = NULL;

    int r = key_load(config->rewrap_key, findings, &key);
    if (r == 0)
        r = jwk_thumbprint_text(key, &kid);
    if (r == 0)
        r = jwk_emit(key, kid, "enc", "ECDH-ES+A256KW", &json);
    return r ? r : set(trust, "rewrap_key", json);
}

static int add_simulated_roots(json_t *trust, const VerifierConfig *config, Findings *findings)
{
    _cleanup_(policy_freep) Policy *policy = NULL;

    int r = policy_load(config->policy, findings, &policy);
    if (r || policy->n_simulated_roots == 0)
        return r;
    json_t *roots = json_array();
    r = set(trust, "simulated_roots", roots);
    for (size_t i = 0; r == 0 && i < policy->n_simulated_roots; i++) {
        _cleanup_free_ char *hex = hex_encode(VIEW_OF_ARRAY(policy->simulated_roots[i].bytes));
        r = !hex || json_array_append_new(roots, json_string(hex)) < 0 ? -ENOMEM : 0;
    }
    return r;
}

int trust_text(const char *directory, Findings *findings, Bytes *ret)
{
    _cleanup_(config_freep) VerifierConfig *config = NULL;
    json_t *trust = json_object();

    int r = trust ? config_load(directory, findings, &config) : -ENOMEM;
    if (r == 0)
        r = add_texts(trust, config);
    if (r == 0)
        r = add_ca(trust, config, findings);
    if (r == 0)
        r = add_keys(trust, config, findings);
    if (r == 0)
        r = add_next_key(trust, config, findings);
    if (r == 0)
        r = add_rewrap_key(trust, config, findings);
    if (r == 0)
        r = add_simulated_roots(trust, config, findings);

    if (r == 0)
        r = json_for_people(trust, ret);
    json_decref(trust);
    return r > 0 ? TRUST_E_INVALID : r;
}

/* Owned; NULL: out of memory. */
static char *path_in(const char *directory)
{
    char *path = NULL;

    return asprintf(&path, "%s/%s", directory, TRUST_FILE) < 0 ? NULL : path;
}

int trust_write(const char *directory, Findings *findings)
{
    _cleanup_free_ char *path = path_in(directory);
    _cleanup_bytes_ Bytes text = { 0 };

    int r = path ? trust_text(directory, findings, &text) : -ENOMEM;
    if (r)
        return r;
    return file_write_atomic(path, VIEW(text), 0644); /* goes to every agent */
}

int trust_has_next(const char *directory, const Key *key, bool *ret)
{
    _cleanup_free_ char *path = path_in(directory);
    _cleanup_(key_freep) Key *next = NULL;
    _cleanup_bytes_ Bytes text = { 0 };
    json_auto_t *trust = NULL;

    int r = path ? file_read(path, TRUST_SIZE_MAX, &text) : -ENOMEM;
    if (r == 0)
        r = json_parse(VIEW(text), TRUST_SIZE_MAX, &trust);
    const json_t *jwk = json_object_get(trust, "next_release_key");
    if (r == 0 && jwk)
        r = jwk_parse_key(jwk, &next);
    if (r == -ENOMEM)
        return r;
    *ret = next && key_equal(next, key);
    return 0;
}
