/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPMT_PUBLIC by hand, after TPM 2.0 Part 2, tables 12.2.3 and 12.2.4.
 */
#include "format/tpm-public.h"

#include "base/reader.h"

#include <string.h>

#define ATTRIBUTES_KNOWN                                                                           \
    (TPM_OBJECT_FIXED_TPM | TPM_OBJECT_ST_CLEAR | TPM_OBJECT_FIXED_PARENT |                        \
     TPM_OBJECT_SENSITIVE_DATA_ORIGIN | TPM_OBJECT_USER_WITH_AUTH | TPM_OBJECT_ADMIN_WITH_POLICY | \
     TPM_OBJECT_FIRMWARE_LIMITED | TPM_OBJECT_SVN_LIMITED | TPM_OBJECT_NO_DA |                     \
     TPM_OBJECT_ENCRYPTED_DUPLICATION | TPM_OBJECT_RESTRICTED | TPM_OBJECT_DECRYPT |               \
     TPM_OBJECT_SIGN | TPM_OBJECT_X509_SIGN)

#define EXPONENT_DEFAULT 65537

const char *tpm_public_reason(int reason)
{
    switch (reason) {
    case TPM_PUBLIC_OK:
        return "ok";
    case TPM_PUBLIC_E_TRUNCATED:
        return "truncated";
    case TPM_PUBLIC_E_TRAILING:
        return "bytes behind the structure";
    case TPM_PUBLIC_E_TYPE:
        return "neither an RSA nor an ECC key";
    case TPM_PUBLIC_E_NAME_ALG:
        return "unknown name algorithm";
    case TPM_PUBLIC_E_ATTRIBUTES:
        return "reserved attributes set";
    case TPM_PUBLIC_E_POLICY:
        return "policy digest of a wrong size";
    case TPM_PUBLIC_E_SYMMETRIC:
        return "unsupported symmetric algorithm";
    case TPM_PUBLIC_E_SCHEME:
        return "unsupported scheme";
    case TPM_PUBLIC_E_PARAMETER:
        return "unsupported key size, exponent or curve";
    case TPM_PUBLIC_E_UNIQUE:
        return "modulus or point of a wrong size";
    }
    return "unknown";
}

/* TPMT_SYM_DEF_OBJECT (11.1.7) */
static int read_symmetric(Reader *reader, TpmPublic *public)
{
    public->symmetric = reader_be16(reader);
    if (public->symmetric == TPM_ALG_NULL)
        return TPM_PUBLIC_OK;

    public->symmetric_bits = reader_be16(reader);
    public->symmetric_mode = reader_be16(reader);
    if (reader_check(reader))
        return TPM_PUBLIC_E_TRUNCATED;
    bool is_size_known = public->symmetric_bits == 128 || public->symmetric_bits == 192 ||
                         public->symmetric_bits == 256;
    if (public->symmetric != TPM_ALG_AES || public->symmetric_mode != TPM_ALG_CFB || !is_size_known)
        return TPM_PUBLIC_E_SYMMETRIC;
    return TPM_PUBLIC_OK;
}

/* TPMT_RSA_SCHEME and TPMT_ECC_SCHEME (11.2.4.2, 11.2.5.6) */
static int read_scheme(Reader *reader, TpmPublic *public)
{
    static const struct {
        uint16_t scheme;
        uint16_t type; /* of the key; 0: either */
        bool has_hash;
    } schemes[] = {
        { TPM_ALG_NULL, 0, false },
        { TPM_ALG_RSASSA, TPM_ALG_RSA, true },
        { TPM_ALG_RSAPSS, TPM_ALG_RSA, true },
        { TPM_ALG_RSAES, TPM_ALG_RSA, false },
        { TPM_ALG_OAEP, TPM_ALG_RSA, true },
        { TPM_ALG_ECDSA, TPM_ALG_ECC, true },
        { TPM_ALG_ECDH, TPM_ALG_ECC, true },
    };

    public->scheme = reader_be16(reader);
    if (reader_check(reader))
        return TPM_PUBLIC_E_TRUNCATED;
    for (size_t i = 0; i < ELEMENTSOF(schemes); i++) {
        if (schemes[i].scheme != public->scheme)
            continue;
        if (schemes[i].type != 0 && schemes[i].type != public->type)
            return TPM_PUBLIC_E_SCHEME;
        if (!schemes[i].has_hash)
            return TPM_PUBLIC_OK;
        public->scheme_hash = reader_be16(reader);
        if (reader_check(reader))
            return TPM_PUBLIC_E_TRUNCATED;
        return tpm_alg_digest_size(public->scheme_hash) > 0 ? TPM_PUBLIC_OK : TPM_PUBLIC_E_SCHEME;
    }
    return TPM_PUBLIC_E_SCHEME;
}

/* TPMS_RSA_PARMS (12.2.3.5) behind its scheme, then TPM2B_PUBLIC_KEY_RSA */
static int read_rsa(Reader *reader, TpmPublic *public)
{
    public->rsa_bits = reader_be16(reader);
    public->rsa_exponent = reader_be32(reader);
    if (reader_check(reader))
        return TPM_PUBLIC_E_TRUNCATED;
    if (public->rsa_bits != 2048 && public->rsa_bits != 3072 && public->rsa_bits != 4096)
        return TPM_PUBLIC_E_PARAMETER;
    if (public->rsa_exponent == 0)
    public->rsa_exponent = EXPONENT_DEFAULT;
    if (public->rsa_exponent < EXPONENT_DEFAULT || public->rsa_exponent % 2 == 0)
        return TPM_PUBLIC_E_PARAMETER;

    uint16_t size = reader_be16(reader);
    public->rsa_modulus = reader_view(reader, size);
    if (reader_check(reader))
        return TPM_PUBLIC_E_TRUNCATED;
    if (size != public->rsa_bits / 8 || !(public->rsa_modulus.data[0] & 0x80) ||
        !(public->rsa_modulus.data[size - 1] & 1))
        return TPM_PUBLIC_E_UNIQUE;
    return TPM_PUBLIC_OK;
}

static int read_coordinate(Reader *reader, size_t size_max, ByteView *ret)
{
    uint16_t size = reader_be16(reader);
    ByteView view = reader_view(reader, size);

    if (reader_check(reader))
        return TPM_PUBLIC_E_TRUNCATED;
    if (size == 0 || size > size_max)
        return TPM_PUBLIC_E_UNIQUE;
    *ret = view;
    return TPM_PUBLIC_OK;
}

/* TPMS_ECC_PARMS (12.2.3.6) behind its scheme, then TPMS_ECC_POINT */
static int read_ecc(Reader *reader, TpmPublic *public)
{
    public->curve = reader_be16(reader);
    uint16_t kdf = reader_be16(reader);
    if (reader_check(reader))
        return TPM_PUBLIC_E_TRUNCATED;
    size_t size = tpm_curve_coordinate_size(public->curve);
    if (size == 0 || kdf != TPM_ALG_NULL)
        return TPM_PUBLIC_E_PARAMETER;

    int r = read_coordinate(reader, size, &public->x);
    return r ? r : read_coordinate(reader, size, &public->y);
}

/* type to authPolicy (12.2.4) */
static int read_head(Reader *reader, TpmPublic *public)
{
    public->type = reader_be16(reader);
    public->name_alg = reader_be16(reader);
    public->attributes = reader_be32(reader);
    uint16_t policy_size = reader_be16(reader);
    public->auth_policy = reader_view(reader, policy_size);
    if (reader_check(reader))
        return TPM_PUBLIC_E_TRUNCATED;

    if (public->type != TPM_ALG_RSA && public->type != TPM_ALG_ECC)
        return TPM_PUBLIC_E_TYPE;
    size_t digest_size = tpm_alg_digest_size(public->name_alg);
    if (digest_size == 0)
        return TPM_PUBLIC_E_NAME_ALG;
    if ((public->attributes & ~(uint32_t)ATTRIBUTES_KNOWN) != 0)
        return TPM_PUBLIC_E_ATTRIBUTES;
    if (policy_size != 0 && policy_size != digest_size)
        return TPM_PUBLIC_E_POLICY;
    return TPM_PUBLIC_OK;
}

int tpm_public_parse(ByteView bytes, TpmPublic *ret)
{
    TpmPublic public = { .raw = bytes };
    Reader reader = reader_over(bytes);

    int r = read_head(&reader, &public);
    if (r)
        return r;
    r = read_symmetric(&reader, &public);
    if (r)
        return r;
    r = read_scheme(&reader, &public);
    if (r)
        return r;
    r = public.type == TPM_ALG_RSA ? read_rsa(&reader, &public) : read_ecc(&reader, &public);
    if (r)
        return r;
    if (reader_end(&reader))
        return TPM_PUBLIC_E_TRAILING;
    *ret = public;
    return TPM_PUBLIC_OK;
}

static bool has_all(const TpmPublic *public, uint32_t attributes)
{
    return (public->attributes & attributes) == attributes;
}

bool tpm_public_is_restricted_signing(const TpmPublic *public)
{
    return has_all(public, TPM_OBJECT_RESTRICTED | TPM_OBJECT_SIGN) &&
           !(public->attributes & TPM_OBJECT_DECRYPT);
}

bool tpm_public_is_restricted_decrypting(const TpmPublic *public)
{
    return has_all(public, TPM_OBJECT_RESTRICTED | TPM_OBJECT_DECRYPT) &&
           !(public->attributes & TPM_OBJECT_SIGN);
}

bool tpm_public_is_bound_to_tpm(const TpmPublic *public)
{
    return has_all(public, TPM_OBJECT_FIXED_TPM | TPM_OBJECT_FIXED_PARENT |
                               TPM_OBJECT_SENSITIVE_DATA_ORIGIN);
}

size_t tpm_curve_coordinate_size(uint16_t curve)
{
    switch (curve) {
    case TPM_CURVE_P256:
        return 32;
    case TPM_CURVE_P384:
        return 48;
    }
    return 0;
}

bool tpm_pad_integer(ByteView value, uint8_t *out, size_t size)
{
    while (value.size > size && value.data[0] == 0) {
        value.data++;
        value.size--;
    }
    if (value.size > size)
        return false;

    memset(out, 0, size - value.size);
    if (value.size > 0)
        memcpy(out + size - value.size, value.data, value.size);
    return true;
}
