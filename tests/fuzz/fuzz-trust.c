/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trust file: whatever is in it, a section is either complete or refused.
 */
#include "base/file.h"
#include "config/config-table.h"
#include "config/config-trust.h"
#include "fuzz/require.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_findings_ Findings findings = { .source = "agent" };
    _cleanup_close_ int fd = memfd_sealed("trust", (ByteView){ .data = data, .size = size });
    _cleanup_(config_freep) Config *config = calloc(1, sizeof(*config));
    char path[64];

    require(fd >= 0 && config);
    VerifierConfig *verifier = &config->verifiers[0];
    config->n_verifiers = 1;
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    require(text_replace(&verifier->trust, path) == 0);
    require(text_replace(&verifier->origins[config_key_find("Verifier", "Trust")], "fuzz:1") == 0);
    require(config_trust_load(config, verifier, &findings) == 0);
    if (findings.n_items > 0)
        return 0;
    require(verifier->issuer && verifier->verifier_id && verifier->audience);
    require(config_keys_are_public(verifier->token_keys));
    for (size_t i = 0; i < verifier->urls.n_items; i++)
        require(url_is_acceptable(verifier->urls.items[i]));
    require(!verifier->ca_pem || strlen(verifier->ca_pem) <= CONFIG_PEM_MAX);
    return 0;
}
