/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocation lists: two bytes of length, an issuer's certificate, then the list.
 */
#include "base/reader.h"
#include "crypto/crl.h"
#include "fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Reader reader = reader_over((ByteView){ .data = data, .size = size });
    ByteView der = reader_view(&reader, reader_be16(&reader));
    _cleanup_(certificate_freep) Certificate *issuer = NULL;
    _cleanup_(crl_freep) Crl *crl = NULL;

    if (crl_parse(reader.left, &crl) != CRL_OK)
        return 0;
    if (certificate_from_der(der, &issuer) != CERTIFICATE_OK)
        return 0;
    require(crl_verify(crl, issuer, crl_this_update_sec(crl)) >= 0);
    require(crl_lookup(crl, issuer) >= 0);
    return 0;
}
