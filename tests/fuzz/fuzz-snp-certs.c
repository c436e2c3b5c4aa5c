/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate table: parse, build again from what was found, parse that, compare.
 */
#include "format/snp-certs.h"
#include "fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void rebuild(const SnpCerts *certs)
{
    SnpCertInput inputs[SNP_CERTS_MAX];
    _cleanup_bytes_ Bytes table = { 0 };
    SnpCerts again;

    for (size_t i = 0; i < certs->n_items; i++) {
        inputs[i] = (SnpCertInput){ .kind = certs->items[i].kind, .blob = certs->items[i].blob };
        memcpy(inputs[i].guid, certs->items[i].guid, SNP_GUID_SIZE);
    }
    /* Blobs that overlap in the input need more room apart. */
    if (snp_certs_build(inputs, certs->n_items, &table) < 0)
        return;
    require(snp_certs_parse(VIEW(table), &again) == SNP_CERTS_OK);
    require(again.n_items == certs->n_items);
    for (size_t i = 0; i < again.n_items; i++) {
        require(again.items[i].kind == certs->items[i].kind);
        require(view_equal(again.items[i].blob, certs->items[i].blob));
        require(view_equal(again.items[i].content, certs->items[i].content));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SnpCerts certs;

    if (snp_certs_parse((ByteView){ data, size }, &certs) != SNP_CERTS_OK)
        return 0;
    require(certs.extent <= size);
    for (size_t i = 0; i < certs.n_items; i++)
        require(certs.items[i].content.size <= certs.items[i].blob.size);
    rebuild(&certs);
    return 0;
}
