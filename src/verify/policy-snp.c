/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The "snp" object of a policy.
 */
#include "verify/policy-member.h"

#include <errno.h>
#include <string.h>

#define REPORT_VERSION_MAX 31 /* bits of report_versions */

static int parse_products(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    static const char *const names[] = { "Milan", "Genoa", "Turin", NULL };
    unsigned *products = target;

    (void)argument;
    _Static_assert(SNP_PRODUCT_MILAN == 1 && SNP_PRODUCT_GENOA == 2 && SNP_PRODUCT_TURIN == 3,
                   "names are in the order of SnpProduct, behind unknown");
    if (json_array_size(value) == 0)
        return policy_invalid(reader, "must be an array of at least one product");
    int r = policy_names(reader, value, names, products);
    if (r == POLICY_OK)
        *products <<= SNP_PRODUCT_MILAN;
    return r;
}

static int parse_signing_keys(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    static const char *const names[] = { "vcek", "vlek", NULL };

    (void)argument;
    if (json_array_size(value) == 0)
        return policy_invalid(reader, "must be an array of \"vcek\", \"vlek\" or both");
    return policy_names(reader, value, names, target);
}

static int parse_component(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    uint32_t bound;

    int r = policy_u32(reader, value, &bound, argument);
    if (r == POLICY_OK)
        *(uint8_t *)target = (uint8_t)bound;
    return r;
}

#define COMPONENT(name) POLICY_VALUE(#name, parse_component, PolicyTcb, bound.name, UINT8_MAX)

static const PolicyMember tcb_members[] = {
    COMPONENT(boot_loader), COMPONENT(microcode), COMPONENT(snp),
    COMPONENT(tee),         COMPONENT(fmc), /* last: not every product has one */
};

static void begin_minimum(void *target)
{
    *(PolicyTcb *)target = (PolicyTcb){ .present = true };
}

static void begin_maximum(void *target)
{
    *(PolicyTcb *)target = (PolicyTcb){
        .present = true,
        .bound = { .fmc = UINT8_MAX,
                   .boot_loader = UINT8_MAX,
                   .tee = UINT8_MAX,
                   .snp = UINT8_MAX,
                   .microcode = UINT8_MAX },
    };
}

static void begin_tcbs(void *target)
{
    ((PolicyTcbs *)target)->present = true;
}

static const PolicyTable minimum_table = { tcb_members, ELEMENTSOF(tcb_members) - 1,
                                           .begin = begin_minimum };
static const PolicyTable minimum_fmc_table = { POLICY_TABLE(tcb_members), .begin = begin_minimum };
static const PolicyTable maximum_table = { tcb_members, ELEMENTSOF(tcb_members) - 1,
                                           .begin = begin_maximum };
static const PolicyTable maximum_fmc_table = { POLICY_TABLE(tcb_members), .begin = begin_maximum };

#define PRODUCT(name, table, id)                                                                   \
    POLICY_NESTED(name, table, offsetof(PolicyTcbs, products) + sizeof(PolicyTcb) * (id))

static const PolicyMember minimum_members[] = {
    PRODUCT("Genoa", minimum_table, SNP_PRODUCT_GENOA),
    PRODUCT("Milan", minimum_table, SNP_PRODUCT_MILAN),
    PRODUCT("Turin", minimum_fmc_table, SNP_PRODUCT_TURIN),
};

static const PolicyMember maximum_members[] = {
    PRODUCT("Genoa", maximum_table, SNP_PRODUCT_GENOA),
    PRODUCT("Milan", maximum_table, SNP_PRODUCT_MILAN),
    PRODUCT("Turin", maximum_fmc_table, SNP_PRODUCT_TURIN),
};

static const PolicyTable minima_table = { POLICY_TABLE(minimum_members), .begin = begin_tcbs };
static const PolicyTable maxima_table = { POLICY_TABLE(maximum_members), .begin = begin_tcbs };

static int parse_covers(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    const char *text = json_string_value(value);

    (void)argument;
    if (text && strcmp(text, "firmware") == 0)
        *(PolicyCovers *)target = POLICY_COVERS_FIRMWARE;
    else if (text && strcmp(text, "boot-chain") == 0)
        *(PolicyCovers *)target = POLICY_COVERS_BOOT_CHAIN;
    else
        return policy_invalid(reader, "must be \"firmware\" or \"boot-chain\"");
    return POLICY_OK;
}

static int parse_digest48(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = policy_hex(reader, value, &bytes, argument);
    if (r == POLICY_OK)
        memcpy(target, bytes.data, argument);
    return r;
}

static const PolicyMember measurement_members[] = {
    POLICY_NEEDED("covers", parse_covers, PolicyMeasurement, covers, 0),
    POLICY_VALUE("name", policy_text, PolicyMeasurement, name, 0),
    POLICY_NEEDED("value", parse_digest48, PolicyMeasurement, value, 48),
};

const PolicyTable policy_measurement_table = { POLICY_TABLE(measurement_members),
                                               .item_size = sizeof(PolicyMeasurement) };

const PolicyMeasurement *policy_measurement_find(const PolicyMeasurement *measurements, size_t n,
                                                 const uint8_t value[48])
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(measurements[i].value, value, sizeof(measurements[i].value)) == 0)
            return &measurements[i];
    return NULL;
}

void policy_measurements_done(PolicyMeasurement *measurements, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(measurements[i].name);
    free(measurements);
}

/* An empty list is not the same as none. */
static int parse_measurements(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    PolicySnp *snp = target;

    (void)argument;
    snp->measurements_present = true;
    return policy_list(reader, value, &policy_measurement_table,
                       (uint8_t *)snp + offsetof(PolicySnp, measurements) +
                           POLICY_PAIR(PolicySnp, measurements));
}

static int parse_abi(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    uint32_t version;

    int r = policy_version(reader, value, &version, argument);
    if (r == POLICY_OK)
        *(uint16_t *)target = (uint16_t)version;
    return r;
}

static int parse_firmware(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    uint32_t version;

    int r = policy_version(reader, value, &version, argument);
    if (r == POLICY_OK)
        *(SnpFirmwareVersion *)target = (SnpFirmwareVersion){
            .major = (uint8_t)(version >> 16),
            .minor = (uint8_t)(version >> 8),
            .build = (uint8_t)version,
        };
    return r;
}

static bool tcbs_are_apart(const PolicyTcbs *minimum, const PolicyTcbs *maximum, size_t product)
{
    const PolicyTcb *least = &minimum->products[product], *most = &maximum->products[product];

    return least->present && most->present && !snp_tcb_is_at_least(&most->bound, &least->bound);
}

/* A minimum above its maximum could never hold. */
static int snp_finish(PolicyReader *reader, void *target)
{
    const PolicySnp *snp = target;

    for (size_t i = 0; i < SNP_PRODUCT_COUNT; i++)
        if (tcbs_are_apart(&snp->minimum_tcb, &snp->maximum_tcb, i))
            return policy_invalid(reader, "\"minimum_tcb\" is above \"maximum_tcb\" for %s",
                                  snp_product_name((SnpProduct)i));
    if (snp->minimum_guest_svn > snp->maximum_guest_svn)
        return policy_invalid(reader, "\"minimum_guest_svn\" is above \"maximum_guest_svn\"");
    return POLICY_OK;
}

#define VALUE(name, parse, field, argument) POLICY_VALUE(name, parse, PolicySnp, field, argument)

static const PolicyMember snp_members[] = {
    VALUE("author_key_digests", policy_hex_list, author_key_digests, 48),
    VALUE("chip_ids", policy_hex_list, chip_ids, 64),
    VALUE("csp_ids", policy_text_list, csp_ids, 0),
    VALUE("debug", policy_bool, debug, 0),
    VALUE("family_ids", policy_hex_list, family_ids, 16),
    VALUE("host_data", policy_hex_list, host_data, 32),
    VALUE("id_key_digests", policy_hex_list, id_key_digests, 48),
    VALUE("image_ids", policy_hex_list, image_ids, 16),
    VALUE("masked_chip_id", policy_bool, masked_chip_id, 0),
    VALUE("maximum_firmware", parse_firmware, maximum_firmware, 3),
    VALUE("maximum_guest_svn", policy_u32, maximum_guest_svn, UINT32_MAX),
    POLICY_NESTED("maximum_tcb", maxima_table, offsetof(PolicySnp, maximum_tcb)),
    { "measurements", parse_measurements, &policy_measurement_table, 0, 0, false },
    VALUE("migration_agent", policy_bool, migration_agent, 0),
    VALUE("minimum_abi", parse_abi, minimum_abi, 2),
    POLICY_NESTED("minimum_committed_tcb", minima_table,
                  offsetof(PolicySnp, minimum_committed_tcb)),
    VALUE("minimum_firmware", parse_firmware, minimum_firmware, 3),
    VALUE("minimum_guest_svn", policy_u32, minimum_guest_svn, UINT32_MAX),
    POLICY_NESTED("minimum_launch_tcb", minima_table, offsetof(PolicySnp, minimum_launch_tcb)),
    VALUE("minimum_mitigations", policy_u64, minimum_mitigations, 0),
    POLICY_NESTED("minimum_tcb", minima_table, offsetof(PolicySnp, minimum_tcb)),
    POLICY_NESTED("platform_info", policy_mask_table, offsetof(PolicySnp, platform_info)),
    POLICY_NESTED("policy_bits", policy_mask_table, offsetof(PolicySnp, policy_bits)),
    VALUE("products", parse_products, products, 0),
    VALUE("report_versions", policy_bits, report_versions, REPORT_VERSION_MAX),
    VALUE("signing_keys", parse_signing_keys, signing_keys, 0),
    VALUE("smt", policy_bool, smt, 0),
    VALUE("vmpl", policy_bits, vmpls, 3),
};

/* What holds where it is silent was set by the policy. */
static void snp_begin(void *target)
{
    ((PolicySnp *)target)->present = true;
}

const PolicyTable policy_snp_table = { POLICY_TABLE(snp_members), .begin = snp_begin,
                                       .finish = snp_finish };

void policy_snp_done(PolicySnp *snp)
{
    policy_measurements_done(snp->measurements, snp->n_measurements);
    policy_bytes_list_done(&snp->host_data);
    policy_bytes_list_done(&snp->family_ids);
    policy_bytes_list_done(&snp->image_ids);
    policy_bytes_list_done(&snp->id_key_digests);
    policy_bytes_list_done(&snp->author_key_digests);
    policy_bytes_list_done(&snp->chip_ids);
    policy_text_list_done(&snp->csp_ids);
    *snp = (PolicySnp){ 0 };
}
