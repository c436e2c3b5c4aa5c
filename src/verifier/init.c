/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything is made in memory first; then the files are written, the trust file last.
 */
#include "verifier/init.h"

#include "verifier/config.h"
#include "verifier/identity.h"
#include "verifier/instance.h"
#include "verifier/nonce.h"
#include "verifier/starter-policy.h"
#include "verifier/trust.h"
#include "verifier/url.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "crypto/certificate.h"
#include "crypto/random.h"
#include "token/jwks.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int refuse(Findings *findings, const char *name, const char *subject, const char *found,
                  const char *wanted)
{
    int r = findings_add(findings, name, subject, FINDING_FAILURE, found, wanted);

    return r < 0 ? r : INIT_E_REFUSED;
}

/* A random UUID (RFC 9562 version 4) as a URN: no two verifiers take each other's evidence. */
static int make_verifier_id(char out[static 48])
{
    uint8_t b[16];

    int r = random_fill(b, sizeof(b));
    if (r < 0)
        return r;
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    (void)snprintf(out, 48,
                   "urn:uuid:%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                   b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
                   b[13], b[14], b[15]);
    return 0;
}

static int make_listen(const InitOptions *options, const Url *url, char **ret)
{
    int n;

    if (options->listen)
        n = asprintf(ret, "%s", options->listen);
    else if (url_is_loopback(url))
        n = asprintf(ret, strchr(url->host, ':') ? "[::1]:%s" : "127.0.0.1:%s", url->port);
    else
        n = asprintf(ret, "[::]:%s", url->port);
    if (n < 0) {
        *ret = NULL;
        return -ENOMEM;
    }
    return 0;
}

static int config_text(const InitOptions *options, const Url *url, Bytes *ret)
{
    _cleanup_free_ char *listen = NULL;
    char verifier_id[48];

    int r = make_verifier_id(verifier_id);
    if (r == 0)
        r = make_listen(options, url, &listen);
    if (r < 0)
        return r;
    json_t *json = json_pack(
        "{s:i, s:s, s:s, s:s, s:s, s:s, s:[s], s:s, s:i, s:s, s:{s:s, s:s, s:s, s:s}, s:{s:s, "
        "s:s, s:s}}",
        "attest_verifier", 1, "comment",
        "attest-verifier(1) describes every member; SIGHUP makes all but listen and processes "
        "count",
        "listen", listen, "verifier_id", verifier_id, "issuer", url->origin, "audience", "attestd",
        "urls", url->origin, "path_prefix", url->prefix, "token_life_sec", CONFIG_TOKEN_LIFE_SEC,
        "policy", "policy.json", "keys", "token", "keys/token.pem", "release", "keys/release.pem",
        "rewrap", "keys/rewrap.pem", "nonce", "keys/nonce.key", "tls", "certificate",
        "tls/server.pem", "key", "tls/server.key", "ca", "tls/ca.pem");
    r = json ? json_for_people(json, ret) : -ENOMEM;
    json_decref(json);
    return r;
}

/* 96 hex digits as they are; else a certificate file, whose key is named by its SHA-384. */
static int simulated_root(const char *root, Findings *findings, char **ret)
{
    _cleanup_(certificate_freep) Certificate *certificate = NULL;
    _cleanup_bytes_ Bytes bytes = { 0 };
    Digest digest;

    if (strlen(root) == 96 && hex_decode(root, &bytes) == ENCODE_OK) {
        *ret = hex_encode(VIEW(bytes));
        return *ret ? 0 : -ENOMEM;
    }
    int r = file_read(root, CERTIFICATE_SIZE_MAX, &bytes);
    if (r < 0)
        return refuse(findings, "verifier-usage", root, strerror(-r),
                      "96 hex digits or the file of a root certificate");
    r = certificate_parse(VIEW(bytes), &certificate);
    if (r > 0)
        return refuse(findings, "verifier-usage", root, certificate_reason(r),
                      "96 hex digits or the file of a root certificate");
    if (r == 0)
        r = certificate_spki_sha384(certificate, &digest);
    if (r < 0)
        return r;
    *ret = hex_encode(digest_view(&digest));
    return *ret ? 0 : -ENOMEM;
}

static int policy_text(const InitOptions *options, Findings *findings, Bytes *ret)
{
    json_t *roots = json_array();
    int r = roots ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < options->n_simulated_roots; i++) {
        _cleanup_free_ char *hex = NULL;
        r = simulated_root(options->simulated_roots[i], findings, &hex);
        if (r == 0 && json_array_append_new(roots, json_string(hex)) < 0)
            r = -ENOMEM;
    }
    if (r == 0)
        r = starter_policy(roots, ret);
    json_decref(roots);
    return r;
}

/* The directory is there and empty, or is made. */
static int claim_directory(const char *path, Findings *findings)
{
    if (mkdir(path, 0755) == 0)
        return 0;
    if (errno != EEXIST)
        return refuse(findings, "verifier-directory-unusable", path, strerror(errno),
                      "a directory that can be made");

    DIR *directory = opendir(path);
    if (!directory)
        return refuse(findings, "verifier-directory-unusable", path, strerror(errno),
                      "a directory that can be made");
    const struct dirent *entry = NULL;
    do
        entry = readdir(directory);
    while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
    bool empty = !entry;
    (void)closedir(directory);
    return empty ? 0
                 : refuse(findings, "verifier-directory-not-empty", path, "files",
                          "an empty or absent directory");
}

/* One file of the directory; NULL CONTENT makes a directory of private things. */
static int put(const char *directory, const char *name, const Bytes *content, unsigned mode)
{
    _cleanup_free_ char *path = NULL;

    if (asprintf(&path, "%s/%s", directory, name) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    if (!content)
        return mkdir(path, 0700) < 0 ? -errno : 0;
    return file_write_atomic(path, VIEW(*content), mode);
}

static int put_key(const char *directory, const char *name)
{
    _cleanup_free_ char *path = NULL;

    if (asprintf(&path, "%s/%s", directory, name) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    return key_write(path);
}

static int put_nonce_key(const char *directory, const char *name)
{
    _cleanup_free_ char *path = NULL;

    if (asprintf(&path, "%s/%s", directory, name) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    return nonce_keys_write(path, NULL);
}

static int put_all(const char *directory, const Identity *identity, const Bytes *config,
                   const Bytes *policy)
{
    int r = put(directory, "keys", NULL, 0);
    if (r == 0)
        r = put(directory, "tls", NULL, 0);
    if (r == 0)
        r = put_key(directory, "keys/token.pem");
    if (r == 0)
        r = put_key(directory, "keys/release.pem");
    if (r == 0)
        r = put_key(directory, "keys/rewrap.pem");
    if (r == 0)
        r = put_nonce_key(directory, "keys/nonce.key");
    if (r == 0)
        r = put(directory, "tls/ca.key", &identity->ca_key, 0600);
    if (r == 0)
        r = put(directory, "tls/ca.pem", &identity->ca_certificate, 0600);
    if (r == 0)
        r = put(directory, "tls/server.key", &identity->key, 0600);
    if (r == 0)
        r = put(directory, "tls/server.pem", &identity->certificate, 0600);
    if (r == 0)
        r = put(directory, "policy.json", policy, 0600);
    if (r == 0)
        r = put(directory, CONFIG_FILE, config, 0600);
    return r;
}

int init_directory(const InitOptions *options, Findings *findings)
{
    _cleanup_identity_ Identity identity = { 0 };
    _cleanup_bytes_ Bytes config = { 0 }, policy = { 0 };
    _cleanup_url_ Url url = { 0 };

    int r = url_parse(options->url, &url);
    if (r > 0)
        return refuse(findings, "verifier-usage", "--url", options->url,
                      "https://HOST[:PORT][/PATH]");
    if (r == 0)
        r = identity_make(url.host, clock_realtime_usec(&clock_system) / USEC_PER_SEC, &identity);
    if (r == 0)
        r = config_text(options, &url, &config);
    if (r == 0)
        r = policy_text(options, findings, &policy);
    if (r == 0)
        r = claim_directory(options->directory, findings);
    if (r == 0)
        r = put_all(options->directory, &identity, &config, &policy);
    if (r == 0)
        r = trust_write(options->directory, findings);
    return r;
}
