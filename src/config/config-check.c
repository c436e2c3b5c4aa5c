/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks that need more than one line of configuration.
 */
#include "config/config-check.h"

#include "config/config-file.h"
#include "config/config-table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int refuse(Findings *findings, const char *name, const char *place, const char *found,
                  const char *wanted)
{
    return config_refuse(findings, name, place, 0, found, wanted);
}

/* Where KEY of VERIFIER was set, else where its section begins. */
static const char *place_of(const VerifierConfig *verifier, const char *key)
{
    const char *origin = verifier->origins[config_key_find("Verifier", key)];

    return origin ? origin : verifier->origin;
}

static int choose_verifier(Config *config, const char *path, Findings *findings)
{
    char names[FINDING_TEXT_MAX] = "";
    size_t used = 0, n_enabled = 0;

    for (size_t v = 0; v < config->n_verifiers; v++) {
        const VerifierConfig *verifier = &config->verifiers[v];
        if (!verifier->enabled || !verifier->has_lines)
            continue;
        config->verifier = verifier;
        n_enabled++;
        if (used < sizeof(names))
            used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s (%s)",
                                     used ? ", " : "", verifier->name, verifier->origin);
    }
    if (n_enabled == 1)
        return 0;
    config->verifier = NULL;
    if (n_enabled == 0)
        return refuse(findings, "config-verifier-missing", path, "none",
                      "one [Verifier NAME] section with URL= and Trust=");
    return refuse(findings, "config-verifier-several", path, names,
                  "one; Enabled=no in the others");
}

bool verifier_is_maa(const VerifierConfig *verifier)
{
    return verifier->protocol && strcmp(verifier->protocol, "maa") == 0;
}

/* MAA's issuer is its URL, and it signs with RS256. */
static int default_maa(Config *config, Findings *findings)
{
    VerifierConfig *verifier = &config->verifiers[config->verifier - config->verifiers];

    if (!verifier_is_maa(verifier) || verifier->urls.n_items == 0)
        return 0;
    if (verifier->urls.n_items > 1)
        return refuse(findings, "config-setting-conflict", place_of(verifier, "URL"),
                      "several URL= with Protocol=maa", "one: each provider issues its own tokens");
    if (!verifier->issuer) {
        int r = text_replace(&verifier->issuer, verifier->urls.items[0]);
        if (r < 0)
            return r;
        for (size_t n = strlen(verifier->issuer); n > 0 && verifier->issuer[n - 1] == '/'; n--)
            verifier->issuer[n - 1] = 0;
    }
    if (verifier->origins[config_key_find("Verifier", "Algorithms")])
        return 0;
    texts_done(&verifier->algorithms);
    return texts_add(&verifier->algorithms, "RS256");
}

static int check_required(const VerifierConfig *verifier, Findings *findings)
{
    const struct {
        const char *key;
        bool is_there;
    } required[] = {
        { "URL", verifier->urls.n_items > 0 },
        { "Issuer", verifier->issuer != NULL },
        { "Keys", verifier->token_keys || verifier_is_maa(verifier) },
    };
    char found[FINDING_TEXT_MAX], wanted[FINDING_TEXT_MAX];

    for (size_t i = 0; i < ELEMENTSOF(required); i++) {
        /* A file that was named and refused has its finding already. */
        bool is_named = strcmp(required[i].key, "Keys") == 0 && verifier->keys;
        if (required[i].is_there || is_named || (verifier->trust && findings->n_items > 0))
            continue;
        (void)snprintf(found, sizeof(found), "no %s= in [Verifier %s]", required[i].key,
                       verifier->name);
        (void)snprintf(wanted, sizeof(wanted), "%s= or Trust=", required[i].key);
        int r = refuse(findings, "config-setting-missing", verifier->origin, found, wanted);
        if (r < 0)
            return r;
    }
    return 0;
}

/* The agent opens these and passes them on; it never reads them. */
static int check_readable(const char *path, const char *place, Findings *findings)
{
    struct stat st;
    char found[FINDING_TEXT_MAX];

    if (!path)
        return 0;
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return 0;
    (void)snprintf(found, sizeof(found), "%s: %s", path,
                   fd < 0 ? strerror(errno) : "not a regular file");
    return refuse(findings, "config-path-unreadable", place, found, "a readable file");
}

/* Of the TPM's owner: who reads it may define, write and remove what is the owner's. */
static int check_owner(const Config *config, Findings *findings)
{
    const char *path = config->evidence.owner_authorization_file;
    const char *place = config->origins[config_key_find("Evidence", "OwnerAuthorizationFile")];
    struct stat st;

    if (!path)
        return 0;
    size_t before = findings->n_items;
    int r = check_readable(path, place, findings);
    if (r < 0 || findings->n_items > before || stat(path, &st) < 0 || !(st.st_mode & S_IRWXO))
        return r;
    return refuse(findings, "config-path-exposed", place, path, "a file that is not everybody's");
}

static int check_files(const VerifierConfig *verifier, Findings *findings)
{
    int r = check_readable(verifier->client_certificate, place_of(verifier, "ClientCertificate"),
                           findings);

    if (r == 0)
        r = check_readable(verifier->client_key, place_of(verifier, "ClientKey"), findings);
    if (r == 0)
        r = check_readable(verifier->api_key_file, place_of(verifier, "ApiKeyFile"), findings);
    return r;
}

static int check_pair(const VerifierConfig *verifier, Findings *findings)
{
    if ((verifier->client_certificate != NULL) == (verifier->client_key != NULL))
        return 0;
    const char *there = verifier->client_key ? "ClientKey" : "ClientCertificate";
    const char *absent = verifier->client_key ? "ClientCertificate=" : "ClientKey=";
    return refuse(findings, "config-setting-conflict", place_of(verifier, there), there, absent);
}

/* A verifier that has no name of its own goes by its issuer. */
static int default_verifier_id(Config *config)
{
    VerifierConfig *verifier = &config->verifiers[config->verifier - config->verifiers];

    if (verifier->verifier_id || !verifier->issuer)
        return 0;
    return text_replace(&verifier->verifier_id, verifier->issuer);
}

/* What the other protocol has no use for must not look as if it were in force. */
static int check_protocol(const VerifierConfig *verifier, Findings *findings)
{
    const ConfigKey *audience = &config_keys[config_key_find("Verifier", "Audience")];
    bool is_maa = verifier_is_maa(verifier);
    const struct {
        const char *key, *found, *wanted;
        bool is_idle;
    } settings[] = {
        { "AttestationType", "AttestationType= without Protocol=maa", "Protocol=maa",
          !is_maa && strcmp(verifier->attestation_type, "auto") != 0 },
        { "APIVersion", "APIVersion= without Protocol=maa", "Protocol=maa",
          !is_maa && verifier->api_version },
        { "Audience", "Audience= with Protocol=maa", "no Audience=: MAA's tokens name none",
          is_maa && strcmp(verifier->audience, audience->fallback) != 0 },
    };

    for (size_t i = 0; i < ELEMENTSOF(settings); i++) {
        const char *place = verifier->origins[config_key_find("Verifier", settings[i].key)];
        /* A trust file has an audience for all protocols. */
        bool is_trusts = place && verifier->trust && strcmp(place, verifier->trust) == 0;
        if (!place || is_trusts || !settings[i].is_idle)
            continue;
        int r = refuse(findings, "config-setting-conflict", place, settings[i].found,
                       settings[i].wanted);
        if (r < 0)
            return r;
    }
    return 0;
}

/* One index for two things would be written by one and read by the other. */
static int check_indices(const Config *config, const char *path, Findings *findings)
{
    const struct {
        const char *key;
        uint32_t index;
    } indices[] = {
        { "AzureReportIndex", (uint32_t)strtoul(config->evidence.azure_report_index, NULL, 16) },
        { "AzureUserDataIndex",
          (uint32_t)strtoul(config->evidence.azure_user_data_index, NULL, 16) },
        { "AzureCertificateIndex",
          (uint32_t)strtoul(config->evidence.azure_certificate_index, NULL, 16) },
    };

    for (size_t i = 1; i < ELEMENTSOF(indices); i++) {
        for (size_t other = 0; other < i; other++) {
            if (indices[i].index != indices[other].index)
                continue;
            const char *place = config->origins[config_key_find("Evidence", indices[i].key)];
            if (!place)
                place = config->origins[config_key_find("Evidence", indices[other].key)];
            return refuse(findings, "config-setting-conflict", place ? place : path,
                          "two of the Azure indices are one", "three different ones");
        }
    }
    return 0;
}

static int check_schedule(const Config *config, const char *path, Findings *findings)
{
    const char *min = config->origins[config_key_find("Schedule", "RetryMinSec")];
    const char *max = config->origins[config_key_find("Schedule", "RetryMaxSec")];

    if (config->schedule.retry_min_usec <= config->schedule.retry_max_usec)
        return 0;
    return refuse(findings, "config-setting-conflict",
                  max   ? max
                  : min ? min
                        : path,
                  "RetryMinSec= above RetryMaxSec=", "RetryMinSec= at most RetryMaxSec=");
}

int config_check(Config *config, const char *path, Findings *findings)
{
    int r = check_schedule(config, path, findings);

    if (r == 0)
        r = check_owner(config, findings);
    if (r == 0)
        r = check_indices(config, path, findings);
    if (r == 0)
        r = choose_verifier(config, path, findings);
    if (r < 0 || !config->verifier)
        return r;
    r = default_maa(config, findings);
    if (r == 0)
        r = check_protocol(config->verifier, findings);
    if (r == 0)
        r = check_required(config->verifier, findings);
    if (r == 0)
        r = check_pair(config->verifier, findings);
    if (r == 0)
        r = check_files(config->verifier, findings);
    if (r == 0)
        r = default_verifier_id(config);
    return r;
}
