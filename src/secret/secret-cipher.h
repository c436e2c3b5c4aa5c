/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From secret to file and back: AES-256-GCM under the data key, with the exact header bytes as
 * associated data. Here a header begins to be believed.
 */
#pragma once

#include "base/wipe.h"
#include "secret/secret-file.h"

#define SECRET_HEADER_SHA256_SIZE 32 /* bytes */

/* A secret whose header is authentic. Owned: opened_secret_done(), which wipes. */
typedef struct OpenedSecret {
    SecretHeader header;
    uint8_t header_sha256[SECRET_HEADER_SHA256_SIZE]; /* of its exact bytes */
    Bytes bytes;
} OpenedSecret;

void opened_secret_done(OpenedSecret *secret);
#define _cleanup_opened_secret_ _cleanup_(opened_secret_done)

/*
 * May ASKER ("unit:db.service") have it? Only an authentic header can say so, but for "user:0":
 * root may always (docs/secrets.md).
 */
bool opened_secret_is_for(const OpenedSecret *secret, const char *asker);

enum {
    SECRET_CIPHER_OK,
    SECRET_CIPHER_E_TAMPERED, /* header, nonce, ciphertext or data key is not the one of before */
    SECRET_CIPHER_E_SIZE,     /* an empty secret, or one beyond SECRET_SIZE_MAX */
};

/*
 * Encrypts SECRET under DATA_KEY, which has never been used. RET takes HEADER (left empty); its
 * sealed parts are still to be filled. _OK, _E_SIZE; -EINVAL, -ENOMEM, -EIO.
 */
_must_check_ int secret_encrypt(SecretHeader *header, const Secret *data_key, ByteView secret,
                                SecretFile *ret);
/* RET takes FILE's header. _OK, _E_TAMPERED; -ENOMEM, -EIO. FILE is untouched on failure. */
_must_check_ int secret_decrypt(SecretFile *file, const Secret *data_key, OpenedSecret *ret);
