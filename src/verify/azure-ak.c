/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HCLAkPub against the key that quotes.
 */
#include "verify/azure-ak.h"

#include "verify/genuine-tpm.h"
#include "verify/refuse.h"

#include <errno.h>
#include <string.h>

#define SUBJECT     "vtpm"
#define AK_BITS_MIN 2048
#define AK_BITS_MAX 4096

/* What must not be set beside what tpm_public_is_…() demand: the key would be another one's, or
 * sign certificates. */
#define FORBIDDEN                                                                                  \
    (TPM_OBJECT_ST_CLEAR | TPM_OBJECT_ENCRYPTED_DUPLICATION | TPM_OBJECT_DECRYPT |                 \
     TPM_OBJECT_X509_SIGN)

static bool has_usual_exponent(const HclKey *key)
{
    static const uint8_t usual[] = { 1, 0, 1 };

    return key->exponent_size == sizeof(usual) && memcmp(key->exponent, usual, sizeof(usual)) == 0;
}

int azure_ak_public(const HclKey *key, Bytes *ret)
{
    /* TPMT_PUBLIC, TPM 2.0 Part 2, 12.2.4: RSA, nameAlg SHA-256, attributes, no policy, no
     * symmetric algorithm, RSASSA, SHA-256. */
    static const uint8_t head[] = { 0x00, 0x01, 0x00, 0x0b, 0x00, 0x05, 0x04, 0x72,
                                    0x00, 0x00, 0x00, 0x10, 0x00, 0x14, 0x00, 0x0b };
    _cleanup_bytes_ Bytes out = { 0 };
    size_t bits = key->modulus_size * 8;

    if (bits < AK_BITS_MIN || bits > AK_BITS_MAX || !has_usual_exponent(key))
        return -EINVAL;
    int r = bytes_append(&out, VIEW_OF_ARRAY(head));
    if (r == 0)
        r = bytes_append_be16(&out, (uint16_t)bits);
    if (r == 0)
        r = bytes_append_be32(&out, 0); /* the usual exponent */
    if (r == 0)
        r = bytes_append_be16(&out, (uint16_t)key->modulus_size);
    if (r == 0)
        r = bytes_append(&out, (ByteView){ key->modulus, key->modulus_size });
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(out);
    return 0;
}

static int check_key(const GenuineAzure *azure, const TpmPublic *ak, Findings *findings)
{
    _cleanup_(key_freep) Key *key = NULL;

    int r = tpm_public_key(ak, &key);
    if (r < 0 || (r == KEY_OK && key_equal(key, azure->ak)))
        return r;
    return refuse(findings, "hcl-ak-mismatch", SUBJECT, "HCLAkPub of the runtime claims",
                  "another key quotes");
}

static int check_attributes(const TpmPublic *ak, Findings *findings)
{
    if (tpm_public_is_restricted_signing(ak) && tpm_public_is_bound_to_tpm(ak) &&
        !(ak->attributes & FORBIDDEN))
        return 0;
    return refuse(findings, "hcl-ak-unfit", SUBJECT,
                  "restricted, sign, fixedTPM, fixedParent, sensitiveDataOrigin and no other use",
                  "attributes 0x%08x", ak->attributes);
}

/* nameAlg ‖ H(PREFIX ‖ BYTES), which Names and qualified names are. */
static int name_of(uint16_t name_alg, ByteView prefix, ByteView bytes,
                   uint8_t out[static TPM_NAME_SIZE_MAX], size_t *ret_size)
{
    const ByteView parts[] = { prefix, bytes };
    DigestAlgorithm algorithm;
    Digest digest;

    *ret_size = 0;
    if (digest_from_tpm_id(name_alg, &algorithm) != DIGEST_OK)
        return 0;
    int r = digest_of_parts(algorithm, parts, ELEMENTSOF(parts), &digest);
    if (r < 0)
        return r;
    out[0] = (uint8_t)(name_alg >> 8);
    out[1] = (uint8_t)name_alg;
    memcpy(out + 2, digest.data, digest.size);
    *ret_size = 2 + digest.size;
    return 0;
}

/* The key is a primary one of the endorsement hierarchy (TPM 2.0 Part 1, 26.5), so the TPM signs
 * as H(TPM_RH_ENDORSEMENT ‖ Name). */
static int check_name(const TpmPublic *ak, ByteView qualified_signer, AzureAkSource source,
                      Findings *findings)
{
    static const uint8_t endorsement[] = { 0x40, 0x00, 0x00, 0x0b };
    uint8_t name[TPM_NAME_SIZE_MAX], qualified[TPM_NAME_SIZE_MAX];
    char found[HEX_TEXT_MAX], wanted[HEX_TEXT_MAX];
    size_t size;

    int r = name_of(ak->name_alg, (ByteView){ 0 }, ak->raw, name, &size);
    if (r == 0)
        r = name_of(ak->name_alg, VIEW_OF_ARRAY(endorsement), (ByteView){ name, size }, qualified,
                    &size);
    if (r < 0 || (size > 0 && view_equal(qualified_signer, (ByteView){ qualified, size })))
        return r;
    hex_text(qualified_signer, found);
    hex_text((ByteView){ qualified, size }, wanted);
    if (source == AZURE_AK_TEMPLATE)
        return warn(findings, "hcl-ak-template-unknown", SUBJECT, wanted, "%s", found);
    return refuse(findings, "hcl-ak-name-mismatch", SUBJECT, wanted, "%s", found);
}

int azure_ak_judge(const GenuineAzure *azure, const TpmPublic *ak, ByteView qualified_signer,
                   AzureAkSource source, Findings *findings)
{
    _cleanup_findings_ Findings own = { .source = findings->source };

    int r = check_key(azure, ak, &own);
    if (r >= 0)
        r = check_attributes(ak, &own);
    if (r >= 0)
        r = check_name(ak, qualified_signer, source, &own);
    if (r < 0)
        return r;
    r = findings_conclude(findings, &own);
    return r > 0 ? AZURE_AK_E_REFUSED : r;
}
