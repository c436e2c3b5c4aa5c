/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM structures, one member a field.
 */
#include "attest/describe-quote.h"

#include "crypto/digest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value);
}

/* By name, or as a number where it has none. */
static json_t *algorithm(uint16_t alg)
{
    const char *name = tpm_alg_name(alg);

    return name ? json_string(name) : json_sprintf("0x%04x", alg);
}

static json_t *selected_pcrs(uint32_t pcrs)
{
    json_auto_t *array = json_array();

    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++)
        if (pcrs & 1U << pcr && json_array_append_new(array, json_integer(pcr)))
            return NULL;
    return TAKE_PTR(array);
}

static json_t *selections(const TpmAttest *attest)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; i < attest->n_selections; i++)
        if (json_array_append_new(array, json_pack("{s:o, s:o}", "bank",
                                                   algorithm(attest->selections[i].bank), "pcrs",
                                                   selected_pcrs(attest->selections[i].pcrs))))
            return NULL;
    return TAKE_PTR(array);
}

/* extraData often is a word; shown as one where it can be nothing else. */
static int set_extra_data(json_t *object, ByteView extra)
{
    int r = json_set_hex(object, "extra_data", extra);

    for (size_t i = 0; i < extra.size; i++)
        if (extra.data[i] < 0x20 || extra.data[i] > 0x7e)
            return r;
    r |= set(object, "extra_data_text", json_stringn((const char *)extra.data, extra.size));
    return r;
}

int describe_tpm_attest(const TpmAttest *attest, json_t **ret)
{
    json_auto_t *object = json_object();
    int r = set(object, "magic", json_sprintf("%08x", TPM_GENERATED));

    r |= set(object, "type", json_sprintf("%04x", TPM_ST_ATTEST_QUOTE));
    r |= json_set_hex(object, "qualified_signer", attest->qualified_signer);
    r |= set_extra_data(object, attest->extra_data);
    r |= set(object, "clock", json_integer((json_int_t)attest->clock_msec));
    r |= set(object, "reset_count", json_integer(attest->reset_count));
    r |= set(object, "restart_count", json_integer(attest->restart_count));
    r |= set(object, "safe", json_integer(attest->safe ? 1 : 0));
    r |= set(object, "firmware_version",
             json_sprintf("%016llx", (unsigned long long)attest->firmware_version));
    r |= set(object, "pcr_selection", selections(attest));
    r |= json_set_hex(object, "pcr_digest", attest->pcr_digest);
    r |= set(object, "trailing_bytes", json_integer(0)); /* others are not parsed */
    if (r)
        return -ENOMEM;
    *ret = TAKE_PTR(object);
    return 0;
}

static json_t *attributes(uint32_t bits)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {
        { TPM_OBJECT_FIXED_TPM, "fixedTPM" },
        { TPM_OBJECT_ST_CLEAR, "stClear" },
        { TPM_OBJECT_FIXED_PARENT, "fixedParent" },
        { TPM_OBJECT_SENSITIVE_DATA_ORIGIN, "sensitiveDataOrigin" },
        { TPM_OBJECT_USER_WITH_AUTH, "userWithAuth" },
        { TPM_OBJECT_ADMIN_WITH_POLICY, "adminWithPolicy" },
        { TPM_OBJECT_FIRMWARE_LIMITED, "firmwareLimited" },
        { TPM_OBJECT_SVN_LIMITED, "svnLimited" },
        { TPM_OBJECT_NO_DA, "noDA" },
        { TPM_OBJECT_ENCRYPTED_DUPLICATION, "encryptedDuplication" },
        { TPM_OBJECT_RESTRICTED, "restricted" },
        { TPM_OBJECT_DECRYPT, "decrypt" },
        { TPM_OBJECT_SIGN, "sign" },
        { TPM_OBJECT_X509_SIGN, "x509sign" },
    };
    json_auto_t *array = json_array();

    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (bits & names[i].bit && json_array_append_new(array, json_string(names[i].name)))
            return NULL;
    return TAKE_PTR(array);
}

/* nameAlg ‖ H(TPMT_PUBLIC); left out for a hash that cannot be computed here. */
static int set_name(json_t *object, const TpmPublic *public)
{
    uint8_t name[2 + DIGEST_SIZE_MAX] = { (uint8_t)(public->name_alg >> 8),
                                          (uint8_t) public->name_alg };
    DigestAlgorithm hash;
    Digest digest;

    if (digest_from_tpm_id(public->name_alg, &hash) != DIGEST_OK)
        return 0;
    int r = digest_of(hash, public->raw, &digest);
    if (r < 0)
        return r;
    memcpy(name + 2, digest.data, digest.size);
    return json_set_hex(object, "name", (ByteView){ name, 2 + digest.size });
}

static int set_key(json_t *object, const TpmPublic *public)
{
    int r = 0;

    if (public->type == TPM_ALG_RSA) {
        r |= set(object, "type", json_string("RSAPublicKey"));
        r |= set(object, "bits", json_integer(public->rsa_bits));
        r |= set(object, "exponent", json_integer(public->rsa_exponent));
        r |= json_set_hex(object, "modulus", public->rsa_modulus);
        return r;
    }
    r |= set(object, "type", json_string("EllipticCurvePublicKey"));
    r |= set(object, "curve", json_string(public->curve == TPM_CURVE_P384 ? "P-384" : "P-256"));
    r |= json_set_hex(object, "x", public->x);
    r |= json_set_hex(object, "y", public->y);
    return r;
}

int describe_tpm_public(const TpmPublic *public, json_t **ret)
{
    json_auto_t *object = json_object();
    int r = set_key(object, public);

    r |= set(object, "name_alg", algorithm(public->name_alg));
    r |= set(object, "attributes", json_sprintf("0x%08x", public->attributes));
    r |= set(object, "attribute_names", attributes(public->attributes));
    r |= json_set_hex(object, "auth_policy", public->auth_policy);
    if (public->scheme != TPM_ALG_NULL)
        r |= set(object, "scheme", algorithm(public->scheme));
    if (public->scheme_hash != 0)
        r |= set(object, "hash", algorithm(public->scheme_hash));
    r |= set(object, "restricted_signing", json_boolean(tpm_public_is_restricted_signing(public)));
    if (r)
        return -ENOMEM;
    r = set_name(object, public);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(object);
    return 0;
}

int describe_tpm_signature(const TpmSignature *signature, json_t **ret)
{
    json_t *object = json_pack("{s:o, s:o}", "scheme", algorithm(signature->algorithm), "hash",
                               algorithm(signature->hash));

    if (!object)
        return -ENOMEM;
    *ret = object;
    return 0;
}

static json_t *bank_values(const EvidencePcrs *bank)
{
    json_auto_t *object = json_object();

    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
        char name[8];
        if (!(bank->mask & 1U << pcr))
            continue;
        (void)snprintf(name, sizeof(name), "%u", pcr);
        if (json_set_hex(object, name, evidence_pcr(bank, pcr)) < 0)
            return NULL;
    }
    return TAKE_PTR(object);
}

int describe_pcrs(const EvidencePcrs *banks, size_t n_banks, json_t **ret)
{
    json_auto_t *object = json_object();

    for (size_t i = 0; i < n_banks; i++) {
        const char *name = tpm_alg_name(banks[i].bank);
        if (name && set(object, name, bank_values(&banks[i])))
            return -ENOMEM;
    }
    if (!object)
        return -ENOMEM;
    *ret = TAKE_PTR(object);
    return 0;
}
