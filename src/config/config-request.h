/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings as the workers' requests carry them, the same from attestd and attestctl.
 */
#pragma once

#include "config/config.h"

/* "evidence" of a request. New reference; NULL when out of memory. */
json_t *config_evidence_request(const EvidenceConfig *evidence);
/* "verifier", of the one that is enabled and complete. As above. */
json_t *config_verifier_request(const VerifierConfig *verifier);
