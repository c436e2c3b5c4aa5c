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
        for (size_t role = 0; role < AMD_ROLE_COUNT; role++)
            key_free(roots->keys[product][role]);
    free(roots);
    return NULL;
}

int amd_roots_new(AmdRoots **ret)
{
    _cleanup_(amd_roots_freep) AmdRoots *roots = calloc(1, sizeof(*roots));

    if (!roots)
        return -ENOMEM;
    for (size_t i = 0; i < amd_n_keys; i++) {
        const AmdKey *key = &amd_keys[i];
        int r = key_from_rsa(VIEW_OF_ARRAY(key->modulus), VIEW_OF_ARRAY(exponent),
                             &roots->keys[key->product][key->role]);
        if (r != KEY_OK)
            return r < 0 ? r : -EIO;
    }
    *ret = TAKE_PTR(roots);
    return 0;
}

const Key *amd_roots_key(const AmdRoots *roots, SnpProduct product, AmdRole role)
{
    return roots->keys[product][role];
}
