/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPMT_SIGNATURE, after TPM 2.0 Part 2, table 11.3.4. Declared in tpm-attest.h.
 */
#include "base/reader.h"
#include "format/tpm-attest.h"

#define RSA_SIZE_MAX    512 /* bytes, RSA-4096 */
#define SCALAR_SIZE_MAX 66  /* bytes, P-521 */

const char *tpm_signature_reason(int reason)
{
    switch (reason) {
    case TPM_SIGNATURE_OK:
        return "ok";
    case TPM_SIGNATURE_E_TRUNCATED:
        return "truncated";
    case TPM_SIGNATURE_E_TRAILING:
        return "bytes behind the structure";
    case TPM_SIGNATURE_E_ALGORITHM:
        return "neither RSASSA, RSAPSS nor ECDSA";
    case TPM_SIGNATURE_E_HASH:
        return "unknown hash";
    case TPM_SIGNATURE_E_VALUE:
        return "an empty or oversized number";
    }
    return "unknown";
}

static int read_number(Reader *reader, size_t size_max, ByteView *ret)
{
    uint16_t size = reader_be16(reader);
    ByteView view = reader_view(reader, size);

    if (reader_check(reader))
        return TPM_SIGNATURE_E_TRUNCATED;
    if (size == 0 || size > size_max)
        return TPM_SIGNATURE_E_VALUE;
    *ret = view;
    return TPM_SIGNATURE_OK;
}

int tpm_signature_parse(ByteView bytes, TpmSignature *ret)
{
    TpmSignature signature = { 0 };
    Reader reader = reader_over(bytes);

    signature.algorithm = reader_be16(&reader);
    signature.hash = reader_be16(&reader);
    if (reader_check(&reader))
        return TPM_SIGNATURE_E_TRUNCATED;
    bool is_rsa = signature.algorithm == TPM_ALG_RSASSA || signature.algorithm == TPM_ALG_RSAPSS;
    if (!is_rsa && signature.algorithm != TPM_ALG_ECDSA)
        return TPM_SIGNATURE_E_ALGORITHM;
    if (tpm_alg_digest_size(signature.hash) == 0)
        return TPM_SIGNATURE_E_HASH;

    int r = is_rsa ? read_number(&reader, RSA_SIZE_MAX, &signature.rsa)
                   : read_number(&reader, SCALAR_SIZE_MAX, &signature.r);
    if (r == 0 && !is_rsa)
        r = read_number(&reader, SCALAR_SIZE_MAX, &signature.s);
    if (r)
        return r;
    if (reader_end(&reader))
        return TPM_SIGNATURE_E_TRAILING;
    *ret = signature;
    return TPM_SIGNATURE_OK;
}
