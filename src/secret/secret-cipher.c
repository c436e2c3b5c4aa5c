/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES-256-GCM around a secret; the header becomes believed, or nothing does.
 */
#include "secret/secret-cipher.h"

#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/random.h"

#include <assert.h>
#include <string.h>

/* By D-Bus, under its own name: at the socket it may take any unit's. */
#define ROOT SECRET_USER "0"

static_assert(AEAD_NONCE_SIZE == SECRET_NONCE_SIZE, "the file's nonce is the cipher's");
static_assert(AEAD_TAG_SIZE == SECRET_TAG_SIZE, "the file's tag is the cipher's");

void opened_secret_done(OpenedSecret *secret)
{
    secret_header_done(&secret->header);
    bytes_wipe_done(&secret->bytes);
}

bool opened_secret_is_for(const OpenedSecret *secret, const char *asker)
{
    if (strcmp(asker, ROOT) == 0)
        return true;
    for (size_t i = 0; i < secret->header.n_who; i++)
        if (secret_who_names(secret->header.who[i], asker))
            return true;
    return false;
}

static Aead aead_of(const SecretFile *file, const Secret *data_key)
{
    return (Aead){
        .key = secret_view(data_key),
        .nonce = VIEW_OF_ARRAY(file->nonce),
        .associated = VIEW(file->header_bytes),
    };
}

int secret_encrypt(SecretHeader *header, const Secret *data_key, ByteView secret, SecretFile *ret)
{
    _cleanup_secret_file_ SecretFile file = { 0 };

    if (secret.size == 0 || secret.size > SECRET_SIZE_MAX)
        return SECRET_CIPHER_E_SIZE;
    int r = secret_header_emit(header, &file.header_bytes);
    if (r == 0)
        r = random_fill(file.nonce, sizeof(file.nonce));
    if (r < 0)
        return r;
    const Aead aead = aead_of(&file, data_key);
    r = aead_encrypt(&aead, secret, &file.ciphertext);
    if (r < 0)
        return r;
    file.header = TAKE_STRUCT(*header);
    *ret = TAKE_STRUCT(file);
    return SECRET_CIPHER_OK;
}

int secret_decrypt(SecretFile *file, const Secret *data_key, OpenedSecret *ret)
{
    const Aead aead = aead_of(file, data_key);
    _cleanup_wiped_bytes_ Bytes bytes = { 0 };
    Digest digest;

    int r = aead_decrypt(&aead, VIEW(file->ciphertext), &bytes);
    if (r < 0)
        return r;
    if (r != AEAD_OK)
        return SECRET_CIPHER_E_TAMPERED;
    r = digest_of(DIGEST_SHA256, VIEW(file->header_bytes), &digest);
    if (r < 0)
        return r;
    *ret = (OpenedSecret){ .header = TAKE_STRUCT(file->header), .bytes = TAKE_STRUCT(bytes) };
    memcpy(ret->header_sha256, digest.data, sizeof(ret->header_sha256));
    return SECRET_CIPHER_OK;
}
