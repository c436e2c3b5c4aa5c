/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses in AMD's key distribution service (AMD #57230; spec SNP 5.4). Pure.
 */
#pragma once

#include "format/snp-report.h"

typedef enum KdsItem {
    KDS_VCEK,       /* DER: the key of one chip at one TCB */
    KDS_VCEK_CHAIN, /* PEM: ASK, then ARK */
    KDS_VLEK_CHAIN, /* PEM: ASVK, then ARK */
} KdsItem;

typedef struct KdsRequest {
    KdsItem item;
    SnpProduct product;
    uint8_t chip_id[64]; /* KDS_VCEK only; Turin's are 8 bytes and zeros */
    SnpTcb tcb;          /* REPORTED_TCB; KDS_VCEK only */
} KdsRequest;

/* "vcek", "vcek-chain", … */
const char *kds_item_name(KdsItem item);
/* By that name; false when there is no such item. */
_must_check_ bool kds_item_by_name(const char *name, KdsItem *ret);

enum {
    KDS_OK,
    KDS_E_PRODUCT, /* no product line that AMD has certificates for */
    KDS_E_CHIP,    /* no chip: masked, or a long id on Turin */
    KDS_E_TCB,     /* an FMC where there is none, or none where there is one */
};

/* The address below BASE, owned text. KDS_OK or a named no; -ENOMEM. */
_must_check_ int kds_url(const char *base, const KdsRequest *request, char **ret);
