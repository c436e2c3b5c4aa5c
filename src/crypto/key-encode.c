/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys in DER, PEM and as bare numbers.
 */
#include "base/wipe.h"
#include "crypto/openssl.h"

#include <openssl/pem.h>
#include <string.h>

int key_from_spki(ByteView der, Key **ret)
{
    const uint8_t *at = der.data;

    if (der.size == 0 || der.size > KEY_FILE_SIZE_MAX)
        return KEY_E_SYNTAX;

    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)der.size);
    if (!pkey)
        return openssl_refusal(KEY_E_SYNTAX);
    openssl_forget();
    if (at != der.data + der.size)
        return KEY_E_SYNTAX;
    return key_from_pkey(pkey, false, ret);
}

/* One block of a PEM text. */
typedef struct Block {
    char *name;
    char *header; /* not empty: encrypted */
    uint8_t *data;
    long size;
} Block;

static void block_done(Block *block)
{
    OPENSSL_free(block->name);
    OPENSSL_free(block->header);
    OPENSSL_clear_free(block->data, (size_t)block->size);
    *block = (Block){ 0 };
}

/* The halves of an elliptic pair may have been put together by hand. */
static int judge_pair(const Key *key)
{
    if (key_coordinate_size(key) == 0)
        return KEY_OK;

    _cleanup_(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key_pkey(key), NULL);
    if (!context)
        return openssl_failure();
    int r = EVP_PKEY_pairwise_check(context) == 1 ? KEY_OK : KEY_E_INVALID;
    openssl_forget();
    return r;
}

int key_from_private_der(ByteView der, Key **ret)
{
    const uint8_t *at = der.data;
    _cleanup_(key_freep) Key *key = NULL;

    if (der.size == 0 || der.size > KEY_FILE_SIZE_MAX)
        return KEY_E_SYNTAX;
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &at, (long)der.size);
    if (!pkey)
        return openssl_refusal(KEY_E_SYNTAX);
    openssl_forget();
    if (at != der.data + der.size)
        return KEY_E_SYNTAX;

    int r = key_from_pkey(pkey, true, &key);
    if (r)
        return r;
    r = judge_pair(key);
    if (r)
        return r;
    *ret = TAKE_PTR(key);
    return KEY_OK;
}

static bool is_private_name(const char *name)
{
    return strcmp(name, "PRIVATE KEY") == 0 || strcmp(name, "EC PRIVATE KEY") == 0 ||
           strcmp(name, "RSA PRIVATE KEY") == 0;
}

int key_from_pem(ByteView pem, Key **ret)
{
    if (pem.size > KEY_FILE_SIZE_MAX)
        return KEY_E_SYNTAX;

    _cleanup_(BIO_free_allp) BIO *reader = openssl_reader(pem);
    if (!reader)
        return openssl_failure();

    for (;;) {
        _cleanup_(block_done) Block block = { 0 };
        if (PEM_read_bio(reader, &block.name, &block.header, &block.data, &block.size) != 1)
            return openssl_refusal(KEY_E_SYNTAX);
        if (block.header[0] != 0)
            return KEY_E_UNSUPPORTED;
        if (strcmp(block.name, "PUBLIC KEY") == 0)
            return key_from_spki((ByteView){ block.data, (size_t)block.size }, ret);
        if (is_private_name(block.name))
            return key_from_private_der((ByteView){ block.data, (size_t)block.size }, ret);
        if (strcmp(block.name, "EC PARAMETERS") != 0)
            return KEY_E_UNSUPPORTED;
    }
}

/* PARAMETER of KEY as big-endian bytes, padded to SIZE; 0: as short as it is. */
static int number_of(const Key *key, const char *parameter, size_t size, Bytes *ret)
{
    _cleanup_(BN_freep) BIGNUM *number = NULL;
    _cleanup_bytes_ Bytes bytes = { 0 };

    if (EVP_PKEY_get_bn_param(key_pkey(key), parameter, &number) != 1)
        return openssl_failure();
    int r = bytes_new(size > 0 ? size : (size_t)BN_num_bytes(number), &bytes);
    if (r < 0)
        return r;
    if (BN_bn2binpad(number, bytes.data, (int)bytes.size) < 0)
        return openssl_failure();
    *ret = TAKE_STRUCT(bytes);
    return KEY_OK;
}

static int two_numbers_of(const Key *key, const char *const names[static 2], size_t size,
                          Bytes *ret_first, Bytes *ret_second)
{
    _cleanup_bytes_ Bytes first = { 0 };
    _cleanup_bytes_ Bytes second = { 0 };

    int r = number_of(key, names[0], size, &first);
    if (r)
        return r;
    r = number_of(key, names[1], size, &second);
    if (r)
        return r;
    *ret_first = TAKE_STRUCT(first);
    *ret_second = TAKE_STRUCT(second);
    return KEY_OK;
}

int key_ec_point(const Key *key, Bytes *ret_x, Bytes *ret_y)
{
    static const char *const names[] = { OSSL_PKEY_PARAM_EC_PUB_X, OSSL_PKEY_PARAM_EC_PUB_Y };

    if (key_coordinate_size(key) == 0)
        return KEY_E_UNSUPPORTED;
    return two_numbers_of(key, names, key_coordinate_size(key), ret_x, ret_y);
}

int key_rsa_numbers(const Key *key, Bytes *ret_n, Bytes *ret_e)
{
    static const char *const names[] = { OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E };

    if (key_type(key) != KEY_RSA)
        return KEY_E_UNSUPPORTED;
    return two_numbers_of(key, names, 0, ret_n, ret_e);
}

int key_ed25519_raw(const Key *key, Bytes *ret)
{
    uint8_t raw[32];
    size_t size = sizeof(raw);

    if (key_type(key) != KEY_ED25519)
        return KEY_E_UNSUPPORTED;
    if (EVP_PKEY_get_raw_public_key(key_pkey(key), raw, &size) != 1)
        return openssl_failure();
    return bytes_copy((ByteView){ raw, size }, ret);
}

int key_to_spki(const Key *key, Bytes *ret)
{
    uint8_t *der = NULL;

    int size = i2d_PUBKEY(key_pkey(key), &der);
    if (size < 0)
        return openssl_failure();
    int r = bytes_copy((ByteView){ der, (size_t)size }, ret);
    OPENSSL_free(der);
    return r;
}

int key_spki_sha384(const Key *key, Digest *ret)
{
    _cleanup_bytes_ Bytes spki = { 0 };

    int r = key_to_spki(key, &spki);
    if (r < 0)
        return r;
    return digest_of(DIGEST_SHA384, VIEW(spki), ret);
}

static int written_to(BIO *writer, Bytes *ret)
{
    char *text = NULL;
    long size = BIO_get_mem_data(writer, &text);

    if (size <= 0)
        return openssl_failure();
    return bytes_copy((ByteView){ (const uint8_t *)text, (size_t)size }, ret);
}

int key_to_public_pem(const Key *key, Bytes *ret)
{
    _cleanup_(BIO_free_allp) BIO *writer = BIO_new(BIO_s_mem());

    if (!writer || PEM_write_bio_PUBKEY(writer, key_pkey(key)) != 1)
        return openssl_failure();
    return written_to(writer, ret);
}

int key_to_private_pem(const Key *key, Bytes *ret)
{
    if (!key_is_private(key))
        return KEY_E_PUBLIC_ONLY;

    /* This kind of BIO erases its memory when it is freed. */
    _cleanup_(BIO_free_allp) BIO *writer = BIO_new(BIO_s_secmem());
    if (!writer ||
        PEM_write_bio_PKCS8PrivateKey(writer, key_pkey(key), NULL, NULL, 0, NULL, NULL) != 1)
        return openssl_failure();
    return written_to(writer, ret);
}
