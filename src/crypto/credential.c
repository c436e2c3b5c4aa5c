/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM2_MakeCredential without a TPM.
 */
#include "crypto/credential.h"

#include "base/wipe.h"
#include "crypto/openssl.h"
#include "crypto/random.h"

#include <errno.h>
#include <openssl/rsa.h>
#include <string.h>

#define LABEL_IDENTITY "IDENTITY" /* TPM 2.0 Part 1, 24.4; every label counts its NUL */
#define AES_BLOCK      16

int credential_kdfa(const KdfInput *input, Digest *ret)
{
    uint8_t counter[4] = { 0 };
    uint8_t length[4] = { 0, 0, (uint8_t)(input->bits >> 8), (uint8_t)input->bits };
    ByteView label = { (const uint8_t *)input->label, strlen(input->label) + 1 };
    ByteView parts[] = { VIEW_OF_ARRAY(counter), label, input->u, input->v, VIEW_OF_ARRAY(length) };
    Digest derived = { .size = input->bits / 8 };

    if (input->bits % 8 != 0 || input->bits > DIGEST_SIZE_MAX * 8)
        return -EINVAL;
    for (size_t done = 0; done < derived.size; done += digest_size(input->digest)) {
        Digest block;
        counter[3]++;
        int r = digest_hmac(input->digest, input->secret, parts, ELEMENTSOF(parts), &block);
        if (r < 0)
            return r;
        memcpy(derived.data + done, block.data, MIN(block.size, derived.size - done));
        wipe(&block, sizeof(block));
    }
    *ret = derived;
    wipe(&derived, sizeof(derived));
    return 0;
}

int credential_kdfe(const KdfInput *input, Digest *ret)
{
    static const uint8_t counter[4] = { 0, 0, 0, 1 };
    ByteView label = { (const uint8_t *)input->label, strlen(input->label) + 1 };
    ByteView parts[] = { VIEW_OF_ARRAY(counter), input->secret, label, input->u, input->v };

    /* One block is enough for every seed there is. */
    if (input->bits % 8 != 0 || input->bits / 8 > digest_size(input->digest))
        return -EINVAL;
    int r = digest_of_parts(input->digest, parts, ELEMENTSOF(parts), ret);
    if (r == 0)
        ret->size = input->bits / 8;
    return r;
}

static int append_tpm2b(Bytes *bytes, ByteView value)
{
    int r = bytes_append_be16(bytes, (uint16_t)value.size);
    if (r < 0)
        return r;
    return bytes_append(bytes, value);
}

/* RSA-OAEP with the name digest for both hashes (TPM 2.0 Part 1, B.4). */
static int encrypt_oaep(const CredentialEk *ek, ByteView seed, Bytes *ret)
{
    _cleanup_(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *context =
        EVP_PKEY_CTX_new_from_pkey(NULL, key_pkey(ek->key), NULL);
    const char *hash = openssl_digest_name(ek->name_algorithm);
    uint8_t *label = OPENSSL_memdup(LABEL_IDENTITY, sizeof(LABEL_IDENTITY));
    size_t size = key_bits(ek->key) / 8;
    _cleanup_bytes_ Bytes encrypted = { 0 };

    if (!context || !label || EVP_PKEY_encrypt_init(context) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) != 1 ||
        EVP_PKEY_CTX_set_rsa_oaep_md_name(context, hash, NULL) != 1 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md_name(context, hash, NULL) != 1 ||
        EVP_PKEY_CTX_set0_rsa_oaep_label(context, label, (int)sizeof(LABEL_IDENTITY)) != 1) {
        OPENSSL_free(label);
        return openssl_failure();
    }
    int r = bytes_new(size, &encrypted);
    if (r < 0)
        return r;
    if (EVP_PKEY_encrypt(context, encrypted.data, &size, seed.data, seed.size) != 1)
        return openssl_failure();
    *ret = TAKE_STRUCT(encrypted);
    return 0;
}

static int seed_by_rsa(const CredentialEk *ek, Digest *ret_seed, Bytes *ret_secret)
{
    Digest seed = { .size = digest_size(ek->name_algorithm) };
    _cleanup_bytes_ Bytes encrypted = { 0 };
    _cleanup_bytes_ Bytes secret = { 0 };

    int r = random_fill(seed.data, seed.size);
    if (r < 0)
        return r;
    r = encrypt_oaep(ek, digest_view(&seed), &encrypted);
    if (r == 0)
        r = append_tpm2b(&secret, VIEW(encrypted));
    if (r == 0) {
        *ret_seed = seed;
        *ret_secret = TAKE_STRUCT(secret);
    }
    wipe(&seed, sizeof(seed));
    return r;
}

/* The x coordinate both sides arrive at. */
static int agree(const Key *own, const Key *peer, Bytes *ret)
{
    _cleanup_(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *context =
        EVP_PKEY_CTX_new_from_pkey(NULL, key_pkey(own), NULL);
    size_t size = key_coordinate_size(own);
    _cleanup_wiped_bytes_ Bytes z = { 0 };

    if (!context || EVP_PKEY_derive_init(context) != 1 ||
        EVP_PKEY_derive_set_peer(context, key_pkey(peer)) != 1)
        return openssl_failure();
    int r = bytes_new(size, &z);
    if (r < 0)
        return r;
    if (EVP_PKEY_derive(context, z.data, &size) != 1 || size != z.size)
        return openssl_failure();
    *ret = TAKE_STRUCT(z);
    return 0;
}

/* The encrypted secret is the ephemeral point: TPMS_ECC_POINT in a TPM2B. */
static int point_of(ByteView x, ByteView y, Bytes *ret)
{
    _cleanup_bytes_ Bytes point = { 0 };
    _cleanup_bytes_ Bytes secret = { 0 };

    int r = append_tpm2b(&point, x);
    if (r == 0)
        r = append_tpm2b(&point, y);
    if (r == 0)
        r = append_tpm2b(&secret, VIEW(point));
    if (r == 0)
        *ret = TAKE_STRUCT(secret);
    return r;
}

static int seed_by_ecdh(const CredentialEk *ek, Digest *ret_seed, Bytes *ret_secret)
{
    _cleanup_(key_freep) Key *ephemeral = NULL;
    _cleanup_wiped_bytes_ Bytes z = { 0 };
    _cleanup_bytes_ Bytes x = { 0 };
    _cleanup_bytes_ Bytes y = { 0 };
    _cleanup_bytes_ Bytes ek_x = { 0 };
    _cleanup_bytes_ Bytes ek_y = { 0 };
    _cleanup_bytes_ Bytes secret = { 0 };

    int r = key_generate(key_type(ek->key), &ephemeral);
    if (r)
        return r < 0 ? r : -EINVAL;
    r = agree(ephemeral, ek->key, &z);
    if (r < 0)
        return r;
    r = key_ec_point(ephemeral, &x, &y);
    if (r)
        return r < 0 ? r : -EINVAL;
    r = key_ec_point(ek->key, &ek_x, &ek_y);
    if (r)
        return r < 0 ? r : -EINVAL;
    r = point_of(VIEW(x), VIEW(y), &secret);
    if (r < 0)
        return r;
    KdfInput input = { .digest = ek->name_algorithm,
                       .secret = VIEW(z),
                       .label = LABEL_IDENTITY,
                       .u = VIEW(x),
                       .v = VIEW(ek_x),
                       .bits = (unsigned)digest_size(ek->name_algorithm) * 8 };
    r = credential_kdfe(&input, ret_seed);
    if (r == 0)
        *ret_secret = TAKE_STRUCT(secret);
    return r;
}

/* AES-CFB with a zero IV, in place. */
static int encrypt_cfb(ByteView key, Bytes *text)
{
    static const uint8_t iv[AES_BLOCK] = { 0 };
    int size;
    _cleanup_(EVP_CIPHER_freep) EVP_CIPHER *cipher =
        EVP_CIPHER_fetch(NULL, key.size == 32 ? "AES-256-CFB" : "AES-128-CFB", NULL);
    _cleanup_(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

    if (!cipher || !context || EVP_EncryptInit_ex2(context, cipher, key.data, iv, NULL) != 1 ||
        EVP_EncryptUpdate(context, text->data, &size, text->data, (int)text->size) != 1 ||
        (size_t)size != text->size)
        return openssl_failure();
    return 0;
}

/* TPM2B_ID_OBJECT: integrity over the encrypted identity and the AK's Name, then that identity. */
static int seal_identity(const CredentialEk *ek, const Digest *seed, ByteView ak_name,
                         ByteView secret, Bytes *ret)
{
    DigestAlgorithm hash = ek->name_algorithm;
    KdfInput storage = { .digest = hash,
                         .secret = digest_view(seed),
                         .label = "STORAGE",
                         .u = ak_name,
                         .bits = ek->symmetric_bits };
    KdfInput outer = { .digest = hash,
                       .secret = digest_view(seed),
                       .label = "INTEGRITY",
                       .bits = (unsigned)digest_size(hash) * 8 };
    Digest key;
    Digest integrity;
    _cleanup_wiped_bytes_ Bytes identity = { 0 };
    _cleanup_bytes_ Bytes body = { 0 };
    _cleanup_bytes_ Bytes blob = { 0 };

    int r = append_tpm2b(&identity, secret);
    if (r == 0)
        r = credential_kdfa(&storage, &key);
    if (r == 0)
        r = encrypt_cfb(digest_view(&key), &identity);
    if (r == 0)
        r = credential_kdfa(&outer, &key);
    if (r == 0)
        r = digest_hmac(hash, digest_view(&key), (ByteView[]){ VIEW(identity), ak_name }, 2,
                        &integrity);
    wipe(&key, sizeof(key));
    if (r == 0)
        r = append_tpm2b(&body, digest_view(&integrity));
    if (r == 0)
        r = bytes_append(&body, VIEW(identity));
    if (r == 0)
        r = append_tpm2b(&blob, VIEW(body));
    if (r == 0)
        *ret = TAKE_STRUCT(blob);
    return r;
}

static int judge(const CredentialEk *ek, ByteView ak_name, ByteView secret)
{
    KeyType type = key_type(ek->key);

    if (type != KEY_RSA && type != KEY_P256 && type != KEY_P384)
        return CREDENTIAL_E_KEY;
    if (secret.size == 0 || secret.size > digest_size(ek->name_algorithm))
        return CREDENTIAL_E_SIZE;
    if (ek->symmetric_bits != 128 && ek->symmetric_bits != 256)
        return CREDENTIAL_E_SIZE;
    if (ak_name.size <= 2 || ak_name.size > 2 + DIGEST_SIZE_MAX)
        return CREDENTIAL_E_SIZE;
    return CREDENTIAL_OK;
}

int credential_make(const CredentialEk *ek, ByteView ak_name, ByteView secret, Bytes *ret_blob,
                    Bytes *ret_secret)
{
    Digest seed;
    _cleanup_bytes_ Bytes blob = { 0 };
    _cleanup_bytes_ Bytes encrypted = { 0 };

    int r = judge(ek, ak_name, secret);
    if (r)
        return r;
    r = key_type(ek->key) == KEY_RSA ? seed_by_rsa(ek, &seed, &encrypted)
                                     : seed_by_ecdh(ek, &seed, &encrypted);
    if (r < 0)
        return r;
    r = seal_identity(ek, &seed, ak_name, secret, &blob);
    wipe(&seed, sizeof(seed));
    if (r < 0)
        return r;
    *ret_blob = TAKE_STRUCT(blob);
    *ret_secret = TAKE_STRUCT(encrypted);
    return CREDENTIAL_OK;
}
