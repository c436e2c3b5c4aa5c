/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AR4SI trustworthiness claims (draft-ietf-rats-ar4si-06) and the tiers of an EAR.
 */
#pragma once

#include "base/json.h"
#include "base/macro.h"

/* 0 says nothing; 2 to 31 affirm, 32 to 95 warn, 96 to 127 speak against. */
typedef struct TrustVector {
    int instance_identity;
    int configuration;
    int executables;
    int file_system;
    int hardware;
    int runtime_opaque;
    int storage_opaque;
    int sourced_data;
} TrustVector;

enum {
    TRUST_APPROVED = 2,
    TRUST_APPROVED_BOOT = 3,          /* executables: known when they were loaded */
    TRUST_UNRECOGNISED_PROGRAMS = 33, /* executables */
    TRUST_CONTRAINDICATED = 96,
    TRUST_UNRECOGNISED = 97, /* instance-identity, hardware */
};

/* Tiers; the numbers are those of EAR. */
typedef enum TrustTier {
    TIER_NONE = 0,
    TIER_AFFIRMING = 2,
    TIER_WARNING = 32,
    TIER_CONTRAINDICATED = 96,
} TrustTier;

/* "none", "affirming", "warning", "contraindicated". */
const char *trust_tier_name(TrustTier tier);
/* The tier of the worst claim; TIER_NONE when all are 0. */
TrustTier trust_vector_tier(const TrustVector *vector);
/* The members that are not 0, under their AR4SI names ("runtime-opaque"). NULL: out of memory. */
json_t *trust_vector_to_json(const TrustVector *vector);
