/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps copies of what the caller hands in, bounded by kind and number. Nothing is parsed here.
 */
#include "attest/items.h"

#include "crypto/certificate.h"
#include "crypto/crl.h"
#include "format/bundle.h"
#include "format/event-log.h"
#include "format/hcl-report.h"
#include "format/pcr-file.h"
#include "format/snp-certs.h"
#include "format/snp-report.h"
#include "format/tdx-quote.h"
#include "format/tpm-attest.h"
#include "format/userspace-log.h"
#include "token/jwks.h"
#include "token/jws.h"
#include "verify/endorsement.h"
#include "verify/policy.h"

#include <errno.h>

#define AK_SIZE_MAX     ((size_t)CERTIFICATE_SIZE_MAX) /* bytes; a certificate is the largest form */
#define NONCE_SIZE_MAX  1024                           /* bytes */
#define PEM_BUNDLE_MAX  ((size_t)CERTIFICATE_SIZE_MAX * 4) /* bytes; of several certificates */
#define AMD_ROOTS_COUNT 16                                 /* three of each product, and to spare */

static const ItemKind kinds[] = {
    { ATTEST_ITEM_EVIDENCE, "evidence", EVIDENCE_SIZE_MAX, 1 },
    { ATTEST_ITEM_SNP_REPORT, "snp-report", SNP_RESPONSE_SIZE, 1 },
    { ATTEST_ITEM_TPM_QUOTE, "tpm-quote", TPM_ATTEST_SIZE_MAX + 2, 1 },
    { ATTEST_ITEM_TPM_SIGNATURE, "tpm-signature", TPM_SIGNATURE_SIZE_MAX, 1 },
    { ATTEST_ITEM_TPM_AK, "tpm-ak", AK_SIZE_MAX, 1 },
    { ATTEST_ITEM_PCRS, "pcrs", PCR_FILE_SIZE_MAX, 1 },
    { ATTEST_ITEM_EVENT_LOG, "eventlog", EVENT_LOG_SIZE_MAX, 1 },
    { ATTEST_ITEM_USERSPACE_LOG, "eventlog-userspace", USERSPACE_LOG_SIZE_MAX, 1 },
    { ATTEST_ITEM_HCL_REPORT, "hcl-report", HCL_REPORT_SIZE_MAX, 1 },
    { ATTEST_ITEM_TD_QUOTE, "td-quote", TDX_QUOTE_SIZE_MAX, 1 },
    { ATTEST_ITEM_TOKEN, "token", JWS_SIZE_MAX + 2 /* a newline */, 1 },
    { ATTEST_ITEM_JWKS, "jwks", JWKS_SIZE_MAX, 1 },
    { ATTEST_ITEM_POLICY, "policy", POLICY_SIZE_MAX, 1 },
    { ATTEST_ITEM_NONCE, "nonce", NONCE_SIZE_MAX, 1 },
    { ATTEST_ITEM_REPORT_DATA, "report-data", 64, 1 },
    { ATTEST_ITEM_CERTIFICATE, "certificate", MAX(PEM_BUNDLE_MAX, (size_t)SNP_CERTS_SIZE_MAX),
      CERTIFICATE_LIST_MAX },
    { ATTEST_ITEM_CRL, "crl", CRL_SIZE_MAX, ENDORSEMENT_CRLS_MAX },
    { ATTEST_ITEM_AMD_ROOT, "amd-root", PEM_BUNDLE_MAX, AMD_ROOTS_COUNT },
    { ATTEST_ITEM_VTPM_ROOT, "vtpm-root", PEM_BUNDLE_MAX, CERTIFICATE_LIST_MAX },
};

typedef struct Item {
    attest_item item;
    Bytes bytes;
} Item;

struct attest_input {
    Item items[ITEMS_MAX];
    size_t n_items;
    int64_t at_sec;
};

const ItemKind *item_kind(attest_item item)
{
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
        if (kinds[i].item == item)
            return &kinds[i];
    return NULL;
}

const ItemKind *item_kind_at(size_t index)
{
    return index < ELEMENTSOF(kinds) ? &kinds[index] : NULL;
}

const char *attest_input_reason(int reason)
{
    switch (reason) {
    case ATTEST_INPUT_OK:
        return "ok";
    case ATTEST_INPUT_E_SIZE:
        return "larger than anything of this kind can be";
    case ATTEST_INPUT_E_COUNT:
        return "more of them than are ever needed";
    case ATTEST_INPUT_E_TWICE:
        return "given twice, where there is to be one only";
    }
    return "unknown";
}

int attest_input_new(attest_input **ret)
{
    attest_input *input = calloc(1, sizeof(*input));

    if (!input)
        return -ENOMEM;
    input->at_sec = CERTIFICATE_TIME_ANY;
    *ret = input;
    return 0;
}

attest_input *attest_input_free(attest_input *input)
{
    if (!input)
        return NULL;
    for (size_t i = 0; i < input->n_items; i++)
        bytes_done(&input->items[i].bytes);
    free(input);
    return NULL;
}

static size_t count(const attest_input *input, attest_item item)
{
    size_t n = 0;

    for (size_t i = 0; i < input->n_items; i++)
        n += input->items[i].item == item;
    return n;
}

int attest_input_add(attest_input *input, attest_item item, const void *data, size_t size)
{
    const ItemKind *kind = item_kind(item);

    if (!kind || (!data && size > 0))
        return -EINVAL;
    if (size > kind->size_max)
        return ATTEST_INPUT_E_SIZE;
    if (count(input, item) >= kind->count_max)
        return kind->count_max == 1 ? ATTEST_INPUT_E_TWICE : ATTEST_INPUT_E_COUNT;
    if (input->n_items == ITEMS_MAX)
        return ATTEST_INPUT_E_COUNT;

    Item *next = &input->items[input->n_items];
    int r = bytes_copy((ByteView){ .data = data, .size = size }, &next->bytes);
    if (r < 0)
        return r;
    next->item = item;
    input->n_items++;
    return ATTEST_INPUT_OK;
}

void attest_input_set_time(attest_input *input, int64_t seconds)
{
    input->at_sec = seconds;
}

ByteView items_get(const attest_input *input, attest_item item)
{
    ByteView view = { 0 };

    (void)items_list(input, item, &view, 1);
    return view;
}

size_t items_list(const attest_input *input, attest_item item, ByteView *out, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < input->n_items && n < max; i++)
        if (input->items[i].item == item)
            out[n++] = VIEW(input->items[i].bytes);
    return n;
}

uint64_t items_present(const attest_input *input)
{
    uint64_t present = 0;

    for (size_t i = 0; i < input->n_items; i++)
        present |= ITEM_BIT(input->items[i].item);
    return present;
}

int64_t items_time(const attest_input *input)
{
    return input->at_sec;
}
