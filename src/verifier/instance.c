/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of the verifier's directory to loaded objects; what is wrong with them, by name.
 */
#include "verifier/instance.h"

#include "base/clock.h"
#include "base/file.h"
#include "crypto/certificate.h"
#include "token/jwks.h"
#include "verify/policy-gates.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TLS_FILE_MAX ((size_t)64 << 10) /* bytes: a leaf and a few intermediates */

static int refuse(Findings *findings, const char *name, const char *path, const char *found,
                  const char *wanted)
{
    int r = findings_add(findings, name, path, FINDING_FAILURE, found, wanted);

    return r < 0 ? r : INSTANCE_E_INVALID;
}

int policy_load(const char *path, Findings *findings, Policy **ret)
{
    _cleanup_bytes_ Bytes text = { 0 };
    PolicyError error = { 0 };

    int r = file_read(path, POLICY_SIZE_MAX, &text);
    if (r < 0)
        return refuse(findings, "verifier-policy-invalid", path, strerror(-r), "a readable file");
    r = policy_parse(VIEW(text), ret, &error);
    if (r <= 0)
        return r;

    char subject[FINDING_TEXT_MAX];
    (void)snprintf(subject, sizeof(subject), "%s: %s", path, *error.path ? error.path : "/");
    return refuse(findings, "verifier-policy-invalid", subject, error.cause, NULL);
}

int key_load(const char *path, Findings *findings, Key **ret)
{
    _cleanup_(key_freep) Key *key = NULL;
    _cleanup_wiped_bytes_ Bytes pem = { 0 };

    int r = file_read(path, KEY_FILE_SIZE_MAX, &pem);
    if (r < 0)
        return refuse(findings, "verifier-key-unusable", path, strerror(-r), "a readable file");
    r = key_from_pem(VIEW(pem), &key);
    if (r < 0)
        return r;
    if (r > 0)
        return refuse(findings, "verifier-key-unusable", path, key_reason(r), "a P-256 key pair");
    if (key_type(key) != KEY_P256 || !key_is_private(key))
        return refuse(findings, "verifier-key-unusable", path,
                      key_is_private(key) ? key_type_name(key_type(key)) : "a public key",
                      "a P-256 key pair");
    *ret = TAKE_PTR(key);
    return INSTANCE_OK;
}

int key_write(const char *path)
{
    _cleanup_(key_freep) Key *key = NULL;
    _cleanup_wiped_bytes_ Bytes pem = { 0 };

    int r = key_generate(KEY_P256, &key);
    if (r == KEY_OK)
        r = key_to_private_pem(key, &pem);
    if (r)
        return r < 0 ? r : -EIO;
    return file_write_atomic(path, VIEW(pem), 0600);
}

static int load_token_key(Instance *instance, Findings *findings)
{
    _cleanup_jwks_ Jwks jwks = { 0 };
    json_t *json = NULL;

    int r = key_load(instance->config->token_key, findings, &instance->token_key);
    if (r)
        return r;
    r = jwk_thumbprint_text(instance->token_key, &instance->kid);
    if (r == 0)
        r = jwks_add(&jwks, instance->token_key, instance->kid, jwa_of_key(instance->token_key));
    if (r == 0)
        r = jwks_to_json(&jwks, &json);
    if (r)
        return r < 0 ? r : -EIO; /* an empty set takes any key */
    instance->jwks = json_text(json);
    json_decref(json);
    return instance->jwks ? INSTANCE_OK : -ENOMEM;
}

/* Only where it can be needed. The token key cannot stand in: each signs one kind of message. */
static int load_release_key(Instance *instance, Findings *findings)
{
    const char *path = instance->config->release_key;

    if (!policy_has_gate_kind(instance->policy, GATE_KIND_VERIFIER))
        return INSTANCE_OK;
    int r = key_load(path, findings, &instance->release_key);
    if (r)
        return r;
    if (key_equal(instance->release_key, instance->token_key))
        return refuse(findings, "verifier-key-unusable", path, "the token key",
                      "a key that signs nothing else");
    return INSTANCE_OK;
}

/* The same: what decrypts does not sign. */
static int load_rewrap_keys(Instance *instance, Findings *findings)
{
    const char *path = instance->config->rewrap_key;
    const RewrapKeys *keys = &instance->rewrap_keys;

    if (!policy_has_gate_kind(instance->policy, GATE_KIND_REWRAP))
        return INSTANCE_OK;
    int r = rewrap_keys_load(path, findings, &instance->rewrap_keys);
    for (size_t i = 0; r == REWRAP_KEYS_OK && i < keys->n_items; i++)
        if (key_equal(keys->items[i].key, instance->token_key) ||
            (instance->release_key && key_equal(keys->items[i].key, instance->release_key)))
            r = refuse(findings, "verifier-key-unusable", path, "the token key or the release key",
                       "a key that opens data keys and does nothing else");
    return r;
}

static int load_nonce_keys(Instance *instance, Findings *findings)
{
    const char *path = instance->config->nonce_key;

    int r = nonce_keys_load(path, &instance->nonce_keys);
    if (r == -ENOMEM || r == -EPERM)
        return r;
    if (r < 0)
        return refuse(findings, "verifier-key-unusable", path, strerror(-r), "a readable file");
    if (r > 0)
        return refuse(findings, "verifier-key-unusable", path, "another size",
                      "32 or 64 random bytes");
    return INSTANCE_OK;
}

/* The leaf comes first; libmicrohttpd would only say that it cannot start. */
static int judge_tls(Instance *instance, Findings *findings)
{
    const VerifierConfig *config = instance->config;
    _cleanup_(certificate_freep) Certificate *leaf = NULL;
    _cleanup_(key_freep) Key *key = NULL;

    int r = certificate_from_pem(VIEW(instance->tls_certificate), &leaf);
    if (r < 0)
        return r;
    if (r > 0)
        return refuse(findings, "verifier-key-unusable", config->tls_certificate,
                      certificate_reason(r), "a PEM certificate");
    r = key_from_pem(VIEW(instance->tls_key), &key);
    if (r < 0)
        return r;
    if (r > 0 || !key_is_private(key))
        return refuse(findings, "verifier-key-unusable", config->tls_key,
                      r > 0 ? key_reason(r) : "a public key", "a PEM private key");
    if (!key_equal(certificate_key(leaf), key))
        return refuse(findings, "verifier-key-unusable", config->tls_key, "another key",
                      "the key of the TLS certificate");
    instance->tls_from_sec = certificate_not_before_sec(leaf);
    instance->tls_until_sec = certificate_not_after_sec(leaf);
    return INSTANCE_OK;
}

/* It serves nothing here: the agents have it, from the trust file, for which it is copied. */
static int look_at_ca(Instance *instance)
{
    _cleanup_(certificate_freep) Certificate *ca = NULL;
    _cleanup_bytes_ Bytes pem = { 0 };

    int r = file_read(instance->config->tls_ca, TLS_FILE_MAX, &pem);
    if (r == 0)
        r = certificate_from_pem(VIEW(pem), &ca);
    if (r != CERTIFICATE_OK)
        return r == -ENOMEM ? r : INSTANCE_OK;
    instance->ca_from_sec = certificate_not_before_sec(ca);
    instance->ca_until_sec = certificate_not_after_sec(ca);
    return INSTANCE_OK;
}

static int load_tls(Instance *instance, Findings *findings)
{
    const VerifierConfig *config = instance->config;

    int r = file_read(config->tls_certificate, TLS_FILE_MAX, &instance->tls_certificate);
    if (r < 0)
        return refuse(findings, "verifier-key-unusable", config->tls_certificate, strerror(-r),
                      "a readable file");
    r = file_read(config->tls_key, KEY_FILE_SIZE_MAX, &instance->tls_key);
    if (r < 0)
        return refuse(findings, "verifier-key-unusable", config->tls_key, strerror(-r),
                      "a readable file");
    r = judge_tls(instance, findings);
    return r == INSTANCE_OK ? look_at_ca(instance) : r;
}

static int note_end(int64_t from_sec, int64_t until_sec, const char *path, Findings *findings)
{
    int64_t now_sec = (int64_t)(clock_realtime_usec(&clock_system) / USEC_PER_SEC);
    char until[32], found[48];

    if (until_sec == 0 || !validity_ends_soon(from_sec, until_sec, now_sec))
        return 0;
    format_timestamp((uint64_t)MAX(until_sec, INT64_C(0)) * USEC_PER_SEC, until);
    (void)snprintf(found, sizeof(found), "valid until %s", until);
    return findings_add(findings, "verifier-tls-ends", path, FINDING_WARNING, found, NULL);
}

int instance_note_ends(const Instance *instance, Findings *findings)
{
    int r = note_end(instance->tls_from_sec, instance->tls_until_sec,
                     instance->config->tls_certificate, findings);

    return r < 0 ? r
                 : note_end(instance->ca_from_sec, instance->ca_until_sec, instance->config->tls_ca,
                            findings);
}

int instance_load(const char *directory, Shared *shared, Findings *findings, Instance **ret)
{
    _cleanup_(instance_freep) Instance *instance = calloc(1, sizeof(*instance));
    if (!instance)
        return -ENOMEM;
    *instance = (Instance){ .shared = shared, .clock = &clock_system };

    int r = config_load(directory, findings, &instance->config);
    if (r == INSTANCE_OK)
        r = policy_load(instance->config->policy, findings, &instance->policy);
    if (r == INSTANCE_OK)
        r = load_token_key(instance, findings);
    if (r == INSTANCE_OK)
        r = load_release_key(instance, findings);
    if (r == INSTANCE_OK)
        r = load_rewrap_keys(instance, findings);
    if (r == INSTANCE_OK)
        r = load_nonce_keys(instance, findings);
    if (r == INSTANCE_OK)
        r = load_tls(instance, findings);
    if (r == INSTANCE_OK)
        r = amd_roots_new(&instance->roots);
    if (r)
        return r < 0 ? r : INSTANCE_E_INVALID;
    *ret = TAKE_PTR(instance);
    return INSTANCE_OK;
}

Instance *instance_free(Instance *instance)
{
    if (!instance)
        return NULL;
    config_free(instance->config);
    policy_free(instance->policy);
    key_free(instance->token_key);
    key_free(instance->release_key);
    rewrap_keys_done(&instance->rewrap_keys);
    free(instance->kid);
    free(instance->jwks);
    nonce_keys_done(&instance->nonce_keys);
    amd_roots_free(instance->roots);
    bytes_done(&instance->tls_certificate);
    bytes_wipe_done(&instance->tls_key);
    free(instance);
    return NULL;
}
