/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths and parameters; decimal numbers without padding, hexadecimal digits in lower case.
 */
#include "worker/kds.h"

#include "base/encode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TURIN_CHIP_SIZE 8 /* bytes; with all 64 AMD answers 404 */

static const char *const names[] = {
    [KDS_VCEK] = "vcek",
    [KDS_VCEK_CHAIN] = "vcek-chain",
    [KDS_VLEK_CHAIN] = "vlek-chain",
};

const char *kds_item_name(KdsItem item)
{
    return names[item];
}

bool kds_item_by_name(const char *name, KdsItem *ret)
{
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (strcmp(names[i], name) == 0) {
            *ret = (KdsItem)i;
            return true;
        }
    return false;
}

static bool has_fmc(SnpProduct product)
{
    return snp_product_tcb_layout(product) == SNP_TCB_LAYOUT_FMC;
}

/* How many bytes name the chip; 0: none do. */
static size_t chip_size(const KdsRequest *request)
{
    const uint8_t *id = request->chip_id;
    ByteView head = { .data = id, .size = TURIN_CHIP_SIZE };
    ByteView tail = { .data = id + TURIN_CHIP_SIZE, .size = sizeof(request->chip_id) - head.size };

    if (view_is_filled_with(VIEW_OF_ARRAY(request->chip_id), 0))
        return 0;
    if (!has_fmc(request->product))
        return sizeof(request->chip_id);
    return view_is_filled_with(tail, 0) ? TURIN_CHIP_SIZE : 0;
}

static int vcek_url(const char *base, const KdsRequest *request, char **ret)
{
    const SnpTcb *tcb = &request->tcb;
    size_t size = chip_size(request);
    char fmc[24] = "";

    if (size == 0)
        return KDS_E_CHIP;
    if (tcb->has_fmc != has_fmc(request->product))
        return KDS_E_TCB;
    _cleanup_free_ char *chip = hex_encode((ByteView){ .data = request->chip_id, .size = size });
    if (!chip)
        return -ENOMEM;
    if (tcb->has_fmc)
        (void)snprintf(fmc, sizeof(fmc), "fmcSPL=%u&", tcb->fmc);
    char *url;
    if (asprintf(&url, "%s/vcek/v1/%s/%s?%sblSPL=%u&teeSPL=%u&snpSPL=%u&ucodeSPL=%u", base,
                 snp_product_name(request->product), chip, fmc, tcb->boot_loader, tcb->tee,
                 tcb->snp, tcb->microcode) < 0)
        return -ENOMEM;
    *ret = url;
    return KDS_OK;
}

static int chain_url(const char *base, const KdsRequest *request, const char *kind, char **ret)
{
    char *url;

    if (asprintf(&url, "%s/%s/v1/%s/cert_chain", base, kind, snp_product_name(request->product)) <
        0)
        return -ENOMEM;
    *ret = url;
    return KDS_OK;
}

int kds_url(const char *base, const KdsRequest *request, char **ret)
{
    if (request->product == SNP_PRODUCT_UNKNOWN)
        return KDS_E_PRODUCT;
    switch (request->item) {
    case KDS_VCEK:
        return vcek_url(base, request, ret);
    case KDS_VCEK_CHAIN:
        return chain_url(base, request, "vcek", ret);
    case KDS_VLEK_CHAIN:
        return chain_url(base, request, "vlek", ret);
    }
    return KDS_E_PRODUCT;
}
