/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A round request as attestd writes it, for tests to change one thing in.
 */
#pragma once

#include "base/json.h"
#include "testing.h"
#include "worker/request-collect.h"

/* Not looked at by the parser of requests. */
#define SAMPLE_CLAIMS "{\"claims\":1}"

/* A new reference. */
static inline json_t *sample_evidence(void)
{
    json_t *evidence =
        json_pack("{ss ss ss ss ss ss s[iii] ss ss ss}", "source", "auto", "device",
                  "/dev/sev-guest", "configfs_directory", "/sys/kernel/config/tsm/report", "tcti",
                  "device:/dev/tpmrm0", "attestation_key", "auto", "pcr_bank", "sha256", "pcrs", 0,
                  7, 23, "event_log", "/sys/kernel/security/tpm0/binary_bios_measurements",
                  "userspace_log", "", "preflight", "enforce");

    check(evidence);
    return evidence;
}

static inline json_t *sample_verifier(void)
{
    static const char root[] = "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f"
                               "000102030405060708090a0b0c0d0e0f";
    json_t *verifier = json_pack(
        "{ss ss s[ss] ss ss s[s] ss ss ss s{s[]} s[s] s[{ss ss sb}] si si sb sb s[s]}", "name",
        "lab", "protocol", "native", "urls", "https://127.0.0.1:8443", "https://[::1]:8443/v/",
        "verifier_id", "https://verifier.example", "ca_pem", "-----BEGIN CERTIFICATE-----", "pins",
        "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "proxy", "", "issuer", "lab",
        "audience", "attestd", "token_keys", "keys", "algorithms", "ES256", "require", "pointer",
        "/submods/cpu/facts/debug", "operator", "=", "value", 0, "timeout_sec", 30, "leeway_sec",
        60, "accept_simulated", 0, "accept_host_tpm", 1, "simulated_roots", root);

    check(verifier);
    return verifier;
}

static inline json_t *sample_round(void)
{
    json_t *request =
        json_pack("{ss ss so so s[] ss ss s[]}", "verb", "round", "purpose", "round", "evidence",
                  sample_evidence(), "verifier", sample_verifier(), "gates", "collect_socket",
                  "/run/attestd/collect.sock", "lock_directory", "/run/attestd/lock", "fds");

    check(request);
    return request;
}

static inline json_t *sample_collect(void)
{
    json_t *request = json_pack("{ss so}", "verb", "collect", "evidence", sample_evidence());

    check(request && json_set_base64url(request, "claims", view_of_string(SAMPLE_CLAIMS)) == 0);
    return request;
}

/* "verifier.urls": the object that holds the member, and its name in RET. */
static inline json_t *sample_find(json_t *request, const char *path, const char **ret)
{
    const char *dot = strchr(path, '.');

    *ret = dot ? dot + 1 : path;
    if (!dot)
        return request;
    return json_object_get(
        request, strncmp(path, "verifier", strlen("verifier")) == 0 ? "verifier" : "evidence");
}
