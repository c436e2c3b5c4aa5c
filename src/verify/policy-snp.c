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
    uint32_t minimum;

    int r = policy_u32(reader, value, &minimum, argument);
    if (r == POLICY_OK)
        *(uint8_t *)target = (uint8_t)minimum;
    return r;
}

/* ARGUMENT: does the product have an FMC? */
static int parse_tcb(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    static const PolicyMember members[] = {
        { "boot_loader", parse_component, offsetof(PolicyTcb, minimum.boot_loader), UINT8_MAX,
          false },
        { "microcode", parse_component, offsetof(PolicyTcb, minimum.microcode), UINT8_MAX, false },
        { "snp", parse_component, offsetof(PolicyTcb, minimum.snp), UINT8_MAX, false },
        { "tee", parse_component, offsetof(PolicyTcb, minimum.tee), UINT8_MAX, false },
        { "fmc", parse_component, offsetof(PolicyTcb, minimum.fmc), UINT8_MAX, false },
    };
    PolicyTcb *tcb = target;

    tcb->present = true;
    tcb->minimum.has_fmc = argument != 0;
    return policy_object(reader, value, members, ELEMENTSOF(members) - (argument ? 0 : 1), tcb);
}

static int parse_minimum_tcb(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    static const PolicyMember members[] = {
        { "Genoa", parse_tcb, offsetof(PolicySnp, minimum_tcb[SNP_PRODUCT_GENOA]), false, false },
        { "Milan", parse_tcb, offsetof(PolicySnp, minimum_tcb[SNP_PRODUCT_MILAN]), false, false },
        { "Turin", parse_tcb, offsetof(PolicySnp, minimum_tcb[SNP_PRODUCT_TURIN]), true, false },
    };
    PolicySnp *snp = target;

    (void)argument;
    snp->minimum_tcb_present = true;
    return policy_object(reader, value, members, ELEMENTSOF(members), snp);
}

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

static int parse_measurement(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    static const PolicyMember members[] = {
        { "covers", parse_covers, offsetof(PolicyMeasurement, covers), 0, true },
        { "name", policy_text, offsetof(PolicyMeasurement, name), 0, false },
        { "value", parse_digest48, offsetof(PolicyMeasurement, value), 48, true },
    };

    (void)argument;
    return policy_object(reader, value, members, ELEMENTSOF(members), target);
}

static int parse_measurements(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    PolicySnp *snp = target;
    PolicyItems items = { 0 };

    (void)argument;
    int r = policy_items(reader, value, sizeof(PolicyMeasurement), parse_measurement, 0, &items);
    snp->n_measurements = items.n_items;
    snp->measurements_present = true;
    snp->measurements = items.items;
    return r;
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

static const PolicyMember snp_members[] = {
    { "author_key_digests", policy_hex_list, offsetof(PolicySnp, author_key_digests), 48, false },
    { "csp_ids", policy_text_list, offsetof(PolicySnp, csp_ids), 0, false },
    { "debug", policy_bool, offsetof(PolicySnp, debug), 0, false },
    { "family_ids", policy_hex_list, offsetof(PolicySnp, family_ids), 16, false },
    { "host_data", policy_hex_list, offsetof(PolicySnp, host_data), 32, false },
    { "id_key_digests", policy_hex_list, offsetof(PolicySnp, id_key_digests), 48, false },
    { "image_ids", policy_hex_list, offsetof(PolicySnp, image_ids), 16, false },
    { "masked_chip_id", policy_bool, offsetof(PolicySnp, masked_chip_id), 0, false },
    { "measurements", parse_measurements, 0, 0, false },
    { "migration_agent", policy_bool, offsetof(PolicySnp, migration_agent), 0, false },
    { "minimum_abi", parse_abi, offsetof(PolicySnp, minimum_abi), 2, false },
    { "minimum_firmware", parse_firmware, offsetof(PolicySnp, minimum_firmware), 3, false },
    { "minimum_guest_svn", policy_u32, offsetof(PolicySnp, minimum_guest_svn), UINT32_MAX, false },
    { "minimum_mitigations", policy_u64, offsetof(PolicySnp, minimum_mitigations), 0, false },
    { "minimum_tcb", parse_minimum_tcb, 0, 0, false },
    { "platform_info", policy_mask, offsetof(PolicySnp, platform_info), 0, false },
    { "policy_bits", policy_mask, offsetof(PolicySnp, policy_bits), 0, false },
    { "products", parse_products, offsetof(PolicySnp, products), 0, false },
    { "report_versions", policy_bits, offsetof(PolicySnp, report_versions), REPORT_VERSION_MAX,
      false },
    { "signing_keys", parse_signing_keys, offsetof(PolicySnp, signing_keys), 0, false },
    { "smt", policy_bool, offsetof(PolicySnp, smt), 0, false },
    { "vmpl", policy_bits, offsetof(PolicySnp, vmpls), 3, false },
};

int policy_snp_parse(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    (void)argument;
    return policy_object(reader, value, snp_members, ELEMENTSOF(snp_members), target);
}

void policy_snp_done(PolicySnp *snp)
{
    for (size_t i = 0; i < snp->n_measurements; i++)
        free(snp->measurements[i].name);
    free(snp->measurements);
    policy_bytes_list_done(&snp->host_data);
    policy_bytes_list_done(&snp->family_ids);
    policy_bytes_list_done(&snp->image_ids);
    policy_bytes_list_done(&snp->id_key_digests);
    policy_bytes_list_done(&snp->author_key_digests);
    policy_text_list_done(&snp->csp_ids);
    *snp = (PolicySnp){ 0 };
}
