/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What depends on the processor: product line from CPUID, layout of TCB_VERSION, comparison of TCBs
 * and firmware versions. Declared in snp-report.h.
 */
#include "format/snp-report.h"

#include <string.h>

#define FAMILY_19H 0x19
#define FAMILY_1AH 0x1a

static const struct {
    uint8_t family;
    uint8_t model_min, model_max;
    SnpProduct product;
} models[] = {
    { FAMILY_19H, 0x00, 0x0f, SNP_PRODUCT_MILAN },
    { FAMILY_19H, 0x10, 0x1f, SNP_PRODUCT_GENOA },
    { FAMILY_19H, 0xa0, 0xaf, SNP_PRODUCT_GENOA },
    { FAMILY_1AH, 0x00, 0x11, SNP_PRODUCT_TURIN },
};

SnpProduct snp_report_product(const SnpReport *report)
{
    for (size_t i = 0; report->has_cpuid && i < ELEMENTSOF(models); i++)
        if (report->cpuid_family == models[i].family &&
            report->cpuid_model >= models[i].model_min &&
            report->cpuid_model <= models[i].model_max)
            return models[i].product;
    return SNP_PRODUCT_UNKNOWN;
}

bool snp_report_looks_like_turin(const SnpReport *report)
{
    ByteView tail = { report->chip_id + 8, sizeof(report->chip_id) - 8 };

    return !snp_report_chip_id_is_masked(report) && view_is_filled_with(tail, 0);
}

SnpTcbLayout snp_report_tcb_layout(const SnpReport *report)
{
    if (report->has_cpuid) {
        if (report->cpuid_family == FAMILY_19H)
            return SNP_TCB_LAYOUT_LEGACY;
        return report->cpuid_family == FAMILY_1AH ? SNP_TCB_LAYOUT_FMC : SNP_TCB_LAYOUT_UNKNOWN;
    }
    if (snp_report_chip_id_is_masked(report))
        return SNP_TCB_LAYOUT_UNKNOWN;
    return snp_report_looks_like_turin(report) ? SNP_TCB_LAYOUT_FMC : SNP_TCB_LAYOUT_LEGACY;
}

SnpTcbLayout snp_product_tcb_layout(SnpProduct product)
{
    switch (product) {
    case SNP_PRODUCT_MILAN:
    case SNP_PRODUCT_GENOA:
        return SNP_TCB_LAYOUT_LEGACY;
    case SNP_PRODUCT_TURIN:
        return SNP_TCB_LAYOUT_FMC;
    case SNP_PRODUCT_UNKNOWN:
        break;
    }
    return SNP_TCB_LAYOUT_UNKNOWN;
}

const char *snp_product_name(SnpProduct product)
{
    switch (product) {
    case SNP_PRODUCT_MILAN:
        return "Milan";
    case SNP_PRODUCT_GENOA:
        return "Genoa";
    case SNP_PRODUCT_TURIN:
        return "Turin";
    case SNP_PRODUCT_UNKNOWN:
        break;
    }
    return "unknown";
}

SnpProduct snp_product_by_name(const char *name)
{
    static const SnpProduct products[] = { SNP_PRODUCT_MILAN, SNP_PRODUCT_GENOA,
                                           SNP_PRODUCT_TURIN };

    for (size_t i = 0; i < ELEMENTSOF(products); i++)
        if (strcmp(snp_product_name(products[i]), name) == 0)
            return products[i];
    return SNP_PRODUCT_UNKNOWN;
}

SnpTcb snp_tcb_decode(SnpTcbRaw raw, SnpTcbLayout layout)
{
    const uint8_t *b = raw.bytes;

    if (layout == SNP_TCB_LAYOUT_FMC)
        return (SnpTcb){
            .has_fmc = true,
            .fmc = b[0],
            .boot_loader = b[1],
            .tee = b[2],
            .snp = b[3],
            .microcode = b[7],
        };
    return (SnpTcb){ .boot_loader = b[0], .tee = b[1], .snp = b[6], .microcode = b[7] };
}

SnpTcbRaw snp_tcb_encode(const SnpTcb *tcb)
{
    if (tcb->has_fmc)
        return (SnpTcbRaw){ { tcb->fmc, tcb->boot_loader, tcb->tee, tcb->snp, 0, 0, 0,
                              tcb->microcode } };
    return (SnpTcbRaw){ { tcb->boot_loader, tcb->tee, 0, 0, 0, 0, tcb->snp, tcb->microcode } };
}

bool snp_tcb_reserved_is_zero(SnpTcbRaw raw, SnpTcbLayout layout)
{
    SnpTcb tcb = snp_tcb_decode(raw, layout);
    SnpTcbRaw clean = snp_tcb_encode(&tcb);

    return memcmp(raw.bytes, clean.bytes, sizeof(raw.bytes)) == 0;
}

bool snp_tcb_is_at_least(const SnpTcb *tcb, const SnpTcb *minimum)
{
    return tcb->fmc >= minimum->fmc && tcb->boot_loader >= minimum->boot_loader &&
           tcb->tee >= minimum->tee && tcb->snp >= minimum->snp &&
           tcb->microcode >= minimum->microcode;
}

bool snp_tcb_is_equal(const SnpTcb *a, const SnpTcb *b)
{
    return a->has_fmc == b->has_fmc && snp_tcb_is_at_least(a, b) && snp_tcb_is_at_least(b, a);
}

uint8_t snp_policy_abi_major(uint64_t policy)
{
    return (uint8_t)(policy >> 8);
}

uint8_t snp_policy_abi_minor(uint64_t policy)
{
    return (uint8_t)policy;
}

int snp_firmware_version_compare(SnpFirmwareVersion a, SnpFirmwareVersion b)
{
    int left = a.major << 16 | a.minor << 8 | a.build;
    int right = b.major << 16 | b.minor << 8 | b.build;

    return (left > right) - (left < right);
}
