/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An appraisal that a gate may be opened for, and a policy that has gates.
 */
#pragma once

#include "verifier/gates.h"

#include "base/encode.h"
#include "testing.h"

/* Of the attestation key of the quote. */
#define AK "000b00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* Affirming, of the machine AK, which asks for GATES. Owned. */
static inline Appraisal *affirming_appraisal(const char *const *gates, size_t n_gates)
{
    Appraisal *appraisal = calloc(1, sizeof(*appraisal));

    check(appraisal != NULL);
    *appraisal = (Appraisal){
        .findings = { .source = "verifier" },
        .status = TIER_AFFIRMING,
        .cpu = { .present = true, .status = TIER_AFFIRMING },
        .vtpm = { .present = true, .status = TIER_AFFIRMING },
        .hardware = HARDWARE_SNP,
        .vtpm_root = VTPM_ROOT_SVSM,
        .has_claims = true,
        .claims = { .purpose = EVIDENCE_PURPOSE_ROUND },
    };
    check_int(hex_decode(AK, &appraisal->ak_name), ENCODE_OK);
    appraisal->claims.gates = calloc(n_gates, sizeof(char *));
    for (size_t i = 0; i < n_gates; i++)
        appraisal->claims.gates[appraisal->claims.n_gates++] = strdup(gates[i]);
    return appraisal;
}

/* GATES in single quotes. */
static inline Policy *policy_of(const char *gates)
{
    char text[2048];
    PolicyError error = { 0 };
    Policy *policy = NULL;

    (void)snprintf(text, sizeof(text), "{\"attestd_policy\":1,\"id\":\"x\",\"gates\":[%s]}", gates);
    for (char *c = text; *c; c++)
        if (*c == '\'')
            *c = '"';
    int r = policy_parse(view_of_string(text), &policy, &error);
    if (r)
        (void)fprintf(stderr, "%s: %s\n", error.path, error.cause);
    check_int(r, POLICY_OK);
    return policy;
}
