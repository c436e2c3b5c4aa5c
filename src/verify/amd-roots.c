/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds AMD's keys, by product and role, and makes them ready for use.
 */
#include "verify/amd-roots.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct AmdRoots {
    Key *keys[SNP_PRODUCT_COUNT][AMD_ROLE_COUNT];
    Certificate *certificates[SNP_PRODUCT_COUNT][AMD_ROLE_COUNT]; /* the caller's; NULL: AMD's */
    SpkiDigest pins[SNP_PRODUCT_COUNT]; /* of the ARKs; meant only where there is such a key */
    bool are_amds;                      /* the compiled-in ones */
};

static const uint8_t exponent[] = { 0x01, 0x00, 0x01 };

const AmdKey *amd_key(SnpProduct product, AmdRole role)
{
    for (size_t i = 0; i < amd_n_keys; i++)
        if (amd_keys[i].product == product && amd_keys[i].role == role)
            return &amd_keys[i];
    return NULL;
}

bool amd_root_is_pinned(SnpProduct product, const SpkiDigest *digest)
{
    const AmdKey *key = amd_key(product, AMD_ARK);

    return key && memcmp(key->digest.bytes, digest->bytes, sizeof(digest->bytes)) == 0;
}

bool spki_digest_is_listed(const SpkiDigest *digest, const SpkiDigest *roots, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(roots[i].bytes, digest->bytes, sizeof(digest->bytes)) == 0)
            return true;
    return false;
}

static const char *subject_prefix(AmdRole role)
{
    switch (role) {
    case AMD_ARK:
        return "ARK-";
    case AMD_ASK:
        return "SEV-";
    case AMD_ASVK:
        return "SEV-VLEK-";
    case AMD_ROLE_COUNT:
        break;
    }
    return "";
}

void amd_subject(SnpProduct product, AmdRole role, char out[static 32])
{
    (void)snprintf(out, 32, "%s%s", subject_prefix(role), snp_product_name(product));
}

bool amd_subject_parse(const char *name, SnpProduct *ret_product, AmdRole *ret_role)
{
    for (AmdRole role = AMD_ARK; role < AMD_ROLE_COUNT; role++) {
        size_t length = strlen(subject_prefix(role));
        if (strncmp(name, subject_prefix(role), length) != 0)
            continue;
        SnpProduct product = snp_product_by_name(name + length);
        if (product == SNP_PRODUCT_UNKNOWN)
            continue;
        *ret_product = product;
        *ret_role = role;
        return true;
    }
    return false;
}

AmdRoots *amd_roots_free(AmdRoots *roots)
{
    if (!roots)
        return NULL;
    for (size_t product = 0; product < SNP_PRODUCT_COUNT; product++)
        for (size_t role = 0; role < AMD_ROLE_COUNT; role++) {
            key_free(roots->keys[product][role]);
            certificate_free(roots->certificates[product][role]);
        }
    free(roots);
    return NULL;
}

int amd_roots_new(AmdRoots **ret)
{
    _cleanup_(amd_roots_freep) AmdRoots *roots = calloc(1, sizeof(*roots));

    if (!roots)
        return -ENOMEM;
    roots->are_amds = true;
    for (size_t i = 0; i < amd_n_keys; i++) {
        const AmdKey *key = &amd_keys[i];
        int r = key_from_rsa(VIEW_OF_ARRAY(key->modulus), VIEW_OF_ARRAY(exponent),
                             &roots->keys[key->product][key->role]);
        if (r != KEY_OK)
            return r < 0 ? r : -EIO;
        if (key->role == AMD_ARK)
            roots->pins[key->product] = key->digest;
    }
    *ret = TAKE_PTR(roots);
    return 0;
}

const char *amd_roots_reason(int reason)
{
    switch (reason) {
    case AMD_ROOTS_OK:
        return "ok";
    case AMD_ROOTS_E_SUBJECT:
        return "its subject is no ARK, ASK or ASVK of a known product";
    case AMD_ROOTS_E_TWICE:
        return "two roots of one product and role";
    case AMD_ROOTS_E_CHAIN:
        return "an ASK or ASVK without the ARK that signed it";
    }
    return "unknown";
}

/* Where each of LIST belongs. Borrowed. */
typedef struct GivenRoots {
    Certificate *items[SNP_PRODUCT_COUNT][AMD_ROLE_COUNT];
} GivenRoots;

static int sort_roots(const CertificateList *list, GivenRoots *given)
{
    for (size_t i = 0; i < list->n_items; i++) {
        SnpProduct product;
        AmdRole role;
        if (!amd_subject_parse(certificate_subject_cn(list->items[i]), &product, &role))
            return AMD_ROOTS_E_SUBJECT;
        if (given->items[product][role])
            return AMD_ROOTS_E_TWICE;
        given->items[product][role] = list->items[i];
    }
    return AMD_ROOTS_OK;
}

static int take_root(const GivenRoots *given, SnpProduct product, AmdRole role, AmdRoots *roots)
{
    const Certificate *root = given->items[product][AMD_ARK];
    Certificate *certificate = given->items[product][role];
    Digest digest;

    if (!certificate)
        return AMD_ROOTS_OK;
    int r = root ? certificate_verify_signed_by(certificate, root) : CERTIFICATE_E_ISSUER;
    if (r)
        return r < 0 ? r : AMD_ROOTS_E_CHAIN;
    if (role == AMD_ARK) {
        r = certificate_spki_sha384(certificate, &digest);
        if (r < 0)
            return r;
        memcpy(roots->pins[product].bytes, digest.data, sizeof(roots->pins[product].bytes));
    }
    roots->certificates[product][role] = certificate_ref(certificate);
    roots->keys[product][role] = key_ref(certificate_key(certificate));
    return roots->keys[product][role] ? AMD_ROOTS_OK : -ENOMEM;
}

int amd_roots_from(const CertificateList *certificates, AmdRoots **ret)
{
    _cleanup_(amd_roots_freep) AmdRoots *roots = calloc(1, sizeof(*roots));
    GivenRoots given = { 0 };

    if (!roots)
        return -ENOMEM;
    int r = sort_roots(certificates, &given);
    for (SnpProduct product = 0; r == AMD_ROOTS_OK && product < SNP_PRODUCT_COUNT; product++)
        for (AmdRole role = AMD_ARK; r == AMD_ROOTS_OK && role < AMD_ROLE_COUNT; role++)
            r = take_root(&given, product, role, roots);
    if (r)
        return r;
    *ret = TAKE_PTR(roots);
    return AMD_ROOTS_OK;
}

int amd_roots_know(const AmdRoots *roots, ByteView der, bool *ret)
{
    bool known = false;
    Digest digest;

    int r = roots->are_amds ? digest_of(DIGEST_SHA256, der, &digest) : 0;
    if (r < 0)
        return r;
    for (size_t i = 0; roots->are_amds && !known && i < amd_n_keys; i++)
        known = memcmp(amd_keys[i].certificate, digest.data, digest.size) == 0;
    *ret = known;
    return 0;
}

bool amd_roots_pin(const AmdRoots *roots, SnpProduct product, const SpkiDigest *digest)
{
    return roots->keys[product][AMD_ARK] &&
           memcmp(roots->pins[product].bytes, digest->bytes, sizeof(digest->bytes)) == 0;
}

const Key *amd_roots_key(const AmdRoots *roots, SnpProduct product, AmdRole role)
{
    return roots->keys[product][role];
}

int amd_roots_lookup(const AmdRoots *roots, SnpProduct product, AmdRole role, const Crl *crl)
{
    const Certificate *certificate = roots->certificates[product][role];
    const AmdKey *key = roots->are_amds ? amd_key(product, role) : NULL;

    if (certificate)
        return crl_lookup(crl, certificate);
    return key ? crl_lookup_serial(crl, key->serial) : CRL_E_ISSUER;
}
