/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings that a verdict rests on, as one text.
 */
#include "config/config-basis.h"

#include "config/config-value.h"

#include <string.h>

/* Where keys are believed by TLS, who is at the other end of it decides. */
static int add_way(json_t *basis, const VerifierConfig *verifier)
{
    if (verifier->token_keys)
        return 0;
    if (json_object_set_new(basis, "urls", texts_to_json(&verifier->urls)) < 0 ||
        json_object_set_new(basis, "pins", texts_to_json(&verifier->pins)) < 0)
        return -1;
    return json_object_set_new(basis, "ca_pem",
                               verifier->ca_pem ? json_string(verifier->ca_pem) : json_null());
}

/* What is judged at all. The usual is not written out, so that versions agree on it. */
static int add_kind(json_t *basis, const Config *config)
{
    const VerifierConfig *verifier = config->verifier;

    if (strcmp(config->evidence.source, "tpm") == 0 &&
        json_object_set_new(basis, "source", json_string("tpm")) < 0)
        return -1;
    if (!verifier_is_maa(verifier) || strcmp(verifier->attestation_type, "auto") == 0)
        return 0;
    return json_object_set_new(basis, "attestation_type", json_string(verifier->attestation_type));
}

char *config_basis(const Config *config)
{
    const VerifierConfig *verifier = config->verifier;
    json_auto_t *basis =
        json_pack("{ss ss ss ss sO* so so so sb sb}", "protocol", verifier->protocol, "verifier_id",
                  verifier->verifier_id, "issuer", verifier->issuer, "audience", verifier->audience,
                  "keys", verifier->token_keys, "algorithms", texts_to_json(&verifier->algorithms),
                  "require", texts_to_json(&verifier->require), "simulated_roots",
                  texts_to_json(&verifier->simulated_roots), "accept_simulated",
                  verifier->accept_simulated, "accept_host_tpm", verifier->accept_host_tpm);

    return basis && add_way(basis, verifier) == 0 && add_kind(basis, config) == 0
               ? json_text_sorted(basis)
               : NULL;
}
