/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The encrypted token of an attestation provider, without the base64url around it: what is read has
 * its key, its nonce and more than a tag.
 */
#include "base/encode.h"
#include "protocol/maa-sealed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_free_ char *text = base64url_encode((ByteView){ .data = data, .size = size });
    _cleanup_sealed_token_ SealedToken sealed = { 0 };

    if (!text)
        abort();
    int r = maa_sealed_parse(text, &sealed);
    if (r == MAA_SEALED_OK &&
        (sealed.key.size != 256 || sealed.nonce.size != 12 || sealed.ciphertext.size <= 16))
        abort();
    if (r != MAA_SEALED_OK && sealed.key.data)
        abort();
    return 0;
}
