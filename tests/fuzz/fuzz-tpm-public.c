/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPMT_PUBLIC: parse, then use the numbers as a verifier would.
 */
#include "format/tpm-public.h"
#include "fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t x[TPM_COORDINATE_SIZE_MAX], y[TPM_COORDINATE_SIZE_MAX];
    TpmPublic public;

    int r = tpm_public_parse((ByteView){ data, size }, &public);
    require(strcmp(tpm_public_reason(r), "unknown") != 0);
    if (r)
        return 0;
    require(public.raw.size == size && size <= TPM_PUBLIC_SIZE_MAX);
    require(!(tpm_public_is_restricted_signing(&public) &&
              tpm_public_is_restricted_decrypting(&public)));
    if (public.type == TPM_ALG_RSA) {
        require(public.rsa_modulus.size == public.rsa_bits / 8U);
    } else {
        size_t width = tpm_curve_coordinate_size(public.curve);
        require(width > 0 && width <= sizeof(x));
        require(tpm_pad_integer(public.x, x, width) && tpm_pad_integer(public.y, y, width));
    }
    return 0;
}
