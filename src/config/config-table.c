/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every setting: section, key, kind, place, default, choices or range.
 */
#include "config/config-table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ALGORITHMS "ES256|ES384|ES512|PS256|PS384|PS512|RS256|RS384|RS512|EdDSA"

#define EVIDENCE(key, type, member, fallback, detail)                                              \
    {                                                                                              \
        "Evidence", key, &config_value_##type, offsetof(EvidenceConfig, member), fallback, detail  \
    }
#define VERIFIER(key, type, member, fallback, detail)                                              \
    {                                                                                              \
        "Verifier", key, &config_value_##type, offsetof(VerifierConfig, member), fallback, detail  \
    }
#define SCHEDULE(key, type, member, fallback, detail)                                              \
    {                                                                                              \
        "Schedule", key, &config_value_##type, offsetof(ScheduleConfig, member), fallback, detail  \
    }
#define SECRETS(key, type, member, fallback, detail)                                               \
    {                                                                                              \
        "Secrets", key, &config_value_##type, offsetof(SecretsConfig, member), fallback, detail    \
    }

/* clang-format off */
const ConfigKey config_keys[] = {
    EVIDENCE("Source", choice, source, "auto", "auto|azure|sev-guest|configfs-tsm|tpm"),
    EVIDENCE("Device", path, device, "/dev/sev-guest", NULL),
    EVIDENCE("ConfigfsDirectory", path, configfs_directory, "/sys/kernel/config/tsm/report", NULL),
    EVIDENCE("TCTI", tcti, tcti, "device:/dev/tpmrm0", NULL),
    EVIDENCE("AttestationKey", handle, attestation_key, "auto", NULL),
    EVIDENCE("OwnerAuthorizationFile", path, owner_authorization_file, NULL, NULL),
    EVIDENCE("PCRBank", choice, pcr_bank, "sha256", "sha256|sha384"),
    EVIDENCE("PCRs", pcrs, pcrs, "0-9,11-15", NULL),
    EVIDENCE("EventLog", log_path, event_log,
             "/sys/kernel/security/tpm0/binary_bios_measurements", NULL),
    EVIDENCE("UserspaceLog", log_path, userspace_log, "/run/log/systemd/tpm2-measure.log", NULL),
    EVIDENCE("Preflight", choice, preflight, "enforce", "enforce|warn"),
    EVIDENCE("AzureReportIndex", index, azure_report_index, "0x01400001", NULL),
    EVIDENCE("AzureUserDataIndex", index, azure_user_data_index, "0x01400002", NULL),
    EVIDENCE("AzureCertificateIndex", index, azure_certificate_index, "0x01c101d0", NULL),
    EVIDENCE("KDSURL", kds, kds_url, "none", NULL),
    EVIDENCE("MetadataURL", metadata, metadata_url, "http://169.254.169.254", NULL),

    VERIFIER("Enabled", bool, enabled, "yes", NULL),
    VERIFIER("Protocol", choice, protocol, "native", "native|maa"),
    VERIFIER("AttestationType", choice, attestation_type, "auto", "auto|AzureGuest"),
    VERIFIER("APIVersion", version, api_version, NULL, NULL),
    VERIFIER("URL", urls, urls, NULL, NULL),
    VERIFIER("Trust", path, trust, NULL, NULL),
    VERIFIER("VerifierID", text, verifier_id, NULL, NULL),
    VERIFIER("CACertificates", path, ca_certificates, NULL, NULL),
    VERIFIER("PinnedPublicKey", pins, pins, NULL, NULL),
    VERIFIER("ClientCertificate", path, client_certificate, NULL, NULL),
    VERIFIER("ClientKey", path, client_key, NULL, NULL),
    VERIFIER("ApiKeyFile", path, api_key_file, NULL, NULL),
    VERIFIER("Proxy", proxy, proxy, NULL, NULL),
    VERIFIER("Issuer", text, issuer, NULL, NULL),
    VERIFIER("Audience", text, audience, "attestd", NULL),
    VERIFIER("Keys", path, keys, NULL, NULL),
    VERIFIER("Algorithms", algorithms, algorithms, "ES256", ALGORITHMS),
    VERIFIER("Require", rules, require, NULL, NULL),
    VERIFIER("TimeoutSec", time, timeout_usec, "30s", "1s to 5min"),
    VERIFIER("AcceptSimulated", bool, accept_simulated, "no", NULL),
    VERIFIER("AcceptHostTPM", bool, accept_host_tpm, "no", NULL),

    SCHEDULE("IntervalSec", time, interval_usec, "1h", "1s to 1w"),
    SCHEDULE("RandomizedDelaySec", time, randomized_delay_usec, "5min", "0s to 1d"),
    SCHEDULE("RetryMinSec", time, retry_min_usec, "5s", "100ms to 1h"),
    SCHEDULE("RetryMaxSec", time, retry_max_usec, "5min", "100ms to 1d"),
    SCHEDULE("RoundTimeoutSec", time, round_timeout_usec, "3min", "1s to 1h"),

    SECRETS("Directory", path, directory, "/var/lib/attestd/secrets", NULL),
    SECRETS("WaitSec", time, wait_usec, "1h", "0s to 1w"),
    SECRETS("WaitWhenRefused", bool, wait_when_refused, "yes", NULL),
};
/* clang-format on */

const size_t n_config_keys = ELEMENTSOF(config_keys);

_Static_assert(ELEMENTSOF(config_keys) <= CONFIG_KEYS_MAX, "origins have too few slots");

size_t config_key_find(const char *section, const char *key)
{
    size_t i = 0;

    while (i < n_config_keys &&
           (strcmp(config_keys[i].section, section) != 0 || strcmp(config_keys[i].key, key) != 0))
        i++;
    return i;
}

bool config_section_exists(const char *section)
{
    for (size_t i = 0; i < n_config_keys; i++)
        if (strcmp(config_keys[i].section, section) == 0)
            return true;
    return false;
}

const char *config_key_wanted(const ConfigKey *key)
{
    return key->type->wanted ? key->type->wanted : key->detail;
}

char *config_keys_text(const char *section)
{
    char *text = NULL;

    for (size_t i = 0; i < n_config_keys; i++) {
        _cleanup_free_ char *before = text;
        if (strcmp(config_keys[i].section, section) != 0) {
            before = NULL;
            continue;
        }
        if (asprintf(&text, "%s%s%s=", before ? before : "", before ? ", " : "",
                     config_keys[i].key) < 0)
            return NULL;
    }
    return text;
}

void *config_field(Config *config, VerifierConfig *verifier, size_t index)
{
    const ConfigKey *key = &config_keys[index];
    char *base = (char *)verifier;

    if (strcmp(key->section, "Evidence") == 0)
        base = (char *)&config->evidence;
    else if (strcmp(key->section, "Schedule") == 0)
        base = (char *)&config->schedule;
    else if (strcmp(key->section, "Secrets") == 0)
        base = (char *)&config->secrets;
    return base + key->offset;
}

const void *config_field_const(const Config *config, const VerifierConfig *verifier, size_t index)
{
    const ConfigKey *key = &config_keys[index];
    const char *base = (const char *)verifier;

    if (strcmp(key->section, "Evidence") == 0)
        base = (const char *)&config->evidence;
    else if (strcmp(key->section, "Schedule") == 0)
        base = (const char *)&config->schedule;
    else if (strcmp(key->section, "Secrets") == 0)
        base = (const char *)&config->secrets;
    return base + key->offset;
}

char **config_origin(Config *config, VerifierConfig *verifier, size_t index)
{
    bool is_verifier = strcmp(config_keys[index].section, "Verifier") == 0;

    return is_verifier ? &verifier->origins[index] : &config->origins[index];
}
