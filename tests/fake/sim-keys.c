/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated chip's private keys: made, saved, loaded.
 */
#include "base/file.h"

#include "sim-x509.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#define FAILED         (-ENOTRECOVERABLE)
#define KEY_FILE_LIMIT 16384u /* bytes; an RSA-4096 key as PEM has 3.3 KiB */

DEFINE_CLEANUP(BIO *, BIO_free);

EVP_PKEY *sim_key_free(EVP_PKEY *key)
{
    EVP_PKEY_free(key);
    return NULL;
}

int sim_key_new_rsa4096(EVP_PKEY **ret)
{
    EVP_PKEY *key = EVP_RSA_gen(4096);

    if (!key)
        return FAILED;
    *ret = key;
    return SIM_OK;
}

int sim_key_new_p384(EVP_PKEY **ret)
{
    EVP_PKEY *key = EVP_EC_gen("P-384");

    if (!key)
        return FAILED;
    *ret = key;
    return SIM_OK;
}

int sim_key_save(EVP_PKEY *key, const char *path)
{
    _cleanup_(BIO_freep) BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    if (!bio || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
        return FAILED;

    long size = BIO_get_mem_data(bio, &text);
    if (size <= 0)
        return FAILED;
    return file_write_atomic(path, (ByteView){ .data = (uint8_t *)text, .size = (size_t)size },
                             0600);
}

int sim_key_load(const char *path, EVP_PKEY **ret)
{
    _cleanup_bytes_ Bytes text = { 0 };
    int r = file_read(path, KEY_FILE_LIMIT, &text);
    if (r < 0)
        return r;

    _cleanup_(BIO_freep) BIO *bio = BIO_new_mem_buf(text.data, (int)text.size);
    if (!bio)
        return -ENOMEM;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    if (!key)
        return SIM_E_KEYS;
    *ret = key;
    return SIM_OK;
}
