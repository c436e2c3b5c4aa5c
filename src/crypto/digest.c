/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes and HMAC on OpenSSL's EVP.
 */
#include "crypto/digest.h"

#include "crypto/openssl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef struct DigestRow {
    const char *name;
    uint16_t tpm_id; /* TCG Algorithm Registry, table 3 */
    size_t size;
    size_t block_size;
} DigestRow;

static const DigestRow rows[] = {
    [DIGEST_SHA1] = { "sha1", 0x0004, 20, 64 },
    [DIGEST_SHA256] = { "sha256", 0x000b, 32, 64 },
    [DIGEST_SHA384] = { "sha384", 0x000c, 48, 128 },
    [DIGEST_SHA512] = { "sha512", 0x000d, 64, 128 },
};

struct Hasher {
    DigestAlgorithm algorithm;
    EVP_MD *function;
    EVP_MD_CTX *context;
    bool is_busy; /* a message is under way */
};

size_t digest_size(DigestAlgorithm algorithm)
{
    return rows[algorithm].size;
}

const char *digest_name(DigestAlgorithm algorithm)
{
    return rows[algorithm].name;
}

uint16_t digest_tpm_id(DigestAlgorithm algorithm)
{
    return rows[algorithm].tpm_id;
}

size_t digest_block_size(DigestAlgorithm algorithm)
{
    return rows[algorithm].block_size;
}

int digest_from_tpm_id(uint16_t id, DigestAlgorithm *ret)
{
    for (size_t i = 0; i < ELEMENTSOF(rows); i++)
        if (rows[i].tpm_id == id) {
            *ret = (DigestAlgorithm)i;
            return DIGEST_OK;
        }
    return DIGEST_E_UNKNOWN;
}

int digest_from_name(const char *name, DigestAlgorithm *ret)
{
    for (size_t i = 0; i < ELEMENTSOF(rows); i++)
        if (strcmp(rows[i].name, name) == 0) {
            *ret = (DigestAlgorithm)i;
            return DIGEST_OK;
        }
    return DIGEST_E_UNKNOWN;
}

bool digest_equal(const Digest *a, const Digest *b)
{
    return view_equal(digest_view(a), digest_view(b));
}

ByteView digest_view(const Digest *digest)
{
    return (ByteView){ .data = digest->data, .size = digest->size };
}

int hasher_new(DigestAlgorithm algorithm, Hasher **ret)
{
    _cleanup_(hasher_freep) Hasher *hasher = calloc(1, sizeof(*hasher));

    if (!hasher)
        return -ENOMEM;
    hasher->algorithm = algorithm;
    hasher->function = EVP_MD_fetch(NULL, openssl_digest_name(algorithm), NULL);
    hasher->context = EVP_MD_CTX_new();
    if (!hasher->function || !hasher->context ||
        EVP_DigestInit_ex2(hasher->context, hasher->function, NULL) != 1)
        return openssl_failure();
    *ret = TAKE_PTR(hasher);
    return 0;
}

Hasher *hasher_free(Hasher *hasher)
{
    if (!hasher)
        return NULL;
    EVP_MD_CTX_free(hasher->context);
    EVP_MD_free(hasher->function);
    free(hasher);
    return NULL;
}

DigestAlgorithm hasher_algorithm(const Hasher *hasher)
{
    return hasher->algorithm;
}

static int begin(Hasher *hasher)
{
    if (hasher->is_busy)
        return 0;
    /* The function stays set, and is not to be looked up anew. */
    if (EVP_DigestInit_ex2(hasher->context, NULL, NULL) != 1)
        return openssl_failure();
    hasher->is_busy = true;
    return 0;
}

int hasher_update(Hasher *hasher, ByteView data)
{
    int r = begin(hasher);
    if (r < 0)
        return r;
    if (data.size > 0 && EVP_DigestUpdate(hasher->context, data.data, data.size) != 1) {
        hasher->is_busy = false;
        return openssl_failure();
    }
    return 0;
}

int hasher_finish(Hasher *hasher, Digest *ret)
{
    Digest digest = { .size = rows[hasher->algorithm].size };

    int r = begin(hasher);
    if (r < 0)
        return r;
    hasher->is_busy = false;
    if (EVP_DigestFinal_ex(hasher->context, digest.data, NULL) != 1)
        return openssl_failure();
    *ret = digest;
    return 0;
}

int hasher_extend(Hasher *hasher, Digest *pcr, ByteView digest)
{
    size_t size = rows[hasher->algorithm].size;
    uint8_t both[2 * DIGEST_SIZE_MAX]; /* in one piece: each call of OpenSSL's costs */
    Digest extended;

    if (hasher->is_busy || pcr->size != size || digest.size != size)
        return -EINVAL;

    memcpy(both, pcr->data, size);
    memcpy(both + size, digest.data, size);
    int r = hasher_update(hasher, (ByteView){ .data = both, .size = 2 * size });
    if (r < 0)
        return r;
    r = hasher_finish(hasher, &extended);
    if (r < 0)
        return r;
    *pcr = extended;
    return 0;
}

int digest_of_parts(DigestAlgorithm algorithm, const ByteView *parts, size_t n_parts, Digest *ret)
{
    _cleanup_(hasher_freep) Hasher *hasher = NULL;

    int r = hasher_new(algorithm, &hasher);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n_parts; i++) {
        r = hasher_update(hasher, parts[i]);
        if (r < 0)
            return r;
    }
    return hasher_finish(hasher, ret);
}

int digest_of(DigestAlgorithm algorithm, ByteView data, Digest *ret)
{
    return digest_of_parts(algorithm, &data, 1, ret);
}

int digest_hmac(DigestAlgorithm algorithm, ByteView key, const ByteView *parts, size_t n_parts,
                Digest *ret)
{
    char name[16];
    OSSL_PARAM parameters[2];
    Digest digest = { .size = rows[algorithm].size };

    if (key.size == 0)
        return -EINVAL;

    _cleanup_(EVP_MAC_freep) EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    _cleanup_(EVP_MAC_CTX_freep) EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;
    if (!context)
        return openssl_failure();

    (void)snprintf(name, sizeof(name), "%s", openssl_digest_name(algorithm));
    parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0);
    parameters[1] = OSSL_PARAM_construct_end();
    if (EVP_MAC_init(context, key.data, key.size, parameters) != 1)
        return openssl_failure();
    for (size_t i = 0; i < n_parts; i++)
        if (parts[i].size > 0 && EVP_MAC_update(context, parts[i].data, parts[i].size) != 1)
            return openssl_failure();

    size_t size = 0;
    if (EVP_MAC_final(context, digest.data, &size, sizeof(digest.data)) != 1)
        return openssl_failure();
    if (size != digest.size)
        return -EIO;
    *ret = digest;
    return 0;
}
