/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From claims to tiers and JSON.
 */
#include "verify/trust-vector.h"

static const struct {
    const char *name;
    size_t offset;
} claims[] = {
    { "configuration", offsetof(TrustVector, configuration) },
    { "executables", offsetof(TrustVector, executables) },
    { "file-system", offsetof(TrustVector, file_system) },
    { "hardware", offsetof(TrustVector, hardware) },
    { "instance-identity", offsetof(TrustVector, instance_identity) },
    { "runtime-opaque", offsetof(TrustVector, runtime_opaque) },
    { "sourced-data", offsetof(TrustVector, sourced_data) },
    { "storage-opaque", offsetof(TrustVector, storage_opaque) },
};

static int claim_value(const TrustVector *vector, size_t i)
{
    return *(const int *)(const void *)((const uint8_t *)vector + claims[i].offset);
}

const char *trust_tier_name(TrustTier tier)
{
    switch (tier) {
    case TIER_NONE:
        return "none";
    case TIER_AFFIRMING:
        return "affirming";
    case TIER_WARNING:
        return "warning";
    case TIER_CONTRAINDICATED:
        break;
    }
    return "contraindicated";
}

/* Spec endpoints 6.3: the same bands on either side of zero. */
static TrustTier claim_tier(int value)
{
    if (value == 0 || value == 1 || value == -1)
        return TIER_NONE;
    if (value > 0)
        return value < 32 ? TIER_AFFIRMING : value < 96 ? TIER_WARNING : TIER_CONTRAINDICATED;
    return value > -33 ? TIER_AFFIRMING : value > -97 ? TIER_WARNING : TIER_CONTRAINDICATED;
}

TrustTier trust_vector_tier(const TrustVector *vector)
{
    TrustTier worst = TIER_NONE;

    for (size_t i = 0; i < ELEMENTSOF(claims); i++)
        worst = MAX(worst, claim_tier(claim_value(vector, i)));
    return worst;
}

json_t *trust_vector_to_json(const TrustVector *vector)
{
    json_auto_t *object = json_object();

    for (size_t i = 0; i < ELEMENTSOF(claims); i++) {
        int value = claim_value(vector, i);
        if (value != 0 && json_object_set_new(object, claims[i].name, json_integer(value)) < 0)
            return NULL;
    }
    return TAKE_PTR(object);
}
