/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings that a verdict rests on, as one text.
 */
#include "config/config-basis.h"

#include "config/config-value.h"

char *config_basis(const Config *config)
{
    const VerifierConfig *verifier = config->verifier;
    json_auto_t *basis =
        json_pack("{ss ss ss ss sO so so so sb sb}", "protocol", verifier->protocol, "verifier_id",
                  verifier->verifier_id, "issuer", verifier->issuer, "audience", verifier->audience,
                  "keys", verifier->token_keys, "algorithms", texts_to_json(&verifier->algorithms),
                  "require", texts_to_json(&verifier->require), "simulated_roots",
                  texts_to_json(&verifier->simulated_roots), "accept_simulated",
                  verifier->accept_simulated, "accept_host_tpm", verifier->accept_host_tpm);

    return basis ? json_text_sorted(basis) : NULL;
}
