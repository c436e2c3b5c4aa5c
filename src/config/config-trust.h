/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a verifier's section names by path: the trust file that attest-verifier wrote, token keys,
 * CA certificates. Read strictly; a setting written out in the configuration wins over the trust
 * file.
 */
#pragma once

#include "config/config.h"

/*
 * Completes VERIFIER. Errors become findings at the place of the setting that names the file.
 * -ENOMEM.
 */
_must_check_ int config_trust_load(Config *config, VerifierConfig *verifier, Findings *findings);

/* A JWK set with 1 to 64 public keys and nothing private in it. */
bool config_keys_are_public(const json_t *key_set);
