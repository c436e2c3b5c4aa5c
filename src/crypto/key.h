/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An asymmetric key, public or with its private half. Every way in refuses what is weak or not on
 * its curve, so that whoever holds a Key need not ask again.
 */
#pragma once

#include "crypto/digest.h"

typedef struct Key Key;

typedef enum KeyType {
    KEY_RSA,
    KEY_P256,
    KEY_P384,
    KEY_P521,
    KEY_ED25519,
} KeyType;

enum {
    KEY_OK,
    KEY_E_SYNTAX,      /* not the encoding it claims to be, or bytes left over */
    KEY_E_UNSUPPORTED, /* a type or curve other than those above */
    KEY_E_WEAK,        /* RSA below 2048 or above 8192 bits, exponent even or below 65537 */
    KEY_E_INVALID,     /* point not on the curve, coordinates of the wrong size */
    KEY_E_PUBLIC_ONLY, /* the private half is wanted and absent */
};

#define KEY_RSA_BITS_MIN    2048 /* spec/endpoints 7.1 rule 3 */
#define KEY_RSA_BITS_MAX    8192
#define KEY_COORDINATE_MAX  66         /* bytes, P-521 */
#define KEY_FILE_SIZE_MAX   (16 << 10) /* bytes of a PEM or DER key */
#define KEY_THUMBPRINT_SIZE 32

/* A word for each of the above, for error texts. */
const char *key_reason(int reason);

/* Fresh pair of an elliptic type. KEY_OK; KEY_E_UNSUPPORTED for KEY_RSA; -ENOMEM, -EIO. */
_must_check_ int key_generate(KeyType type, Key **ret);
/* From DER SubjectPublicKeyInfo, every byte used. A named no above, or -ENOMEM, -EIO. */
_must_check_ int key_from_spki(ByteView der, Key **ret);
/* From PEM: PUBLIC KEY, PRIVATE KEY, EC PRIVATE KEY or RSA PRIVATE KEY; never encrypted. */
_must_check_ int key_from_pem(ByteView pem, Key **ret);
/*
 * A private key from DER: PKCS #8, or the older forms that PEM calls EC and RSA PRIVATE KEY; never
 * encrypted, every byte used.
 */
_must_check_ int key_from_private_der(ByteView der, Key **ret);
/* From big-endian modulus and public exponent. Leading zeros are allowed. */
_must_check_ int key_from_rsa(ByteView n, ByteView e, Key **ret);
/*
 * From big-endian coordinates, each at most as long as the curve's field; shorter ones (TPMs drop
 * leading zeros) are padded. JWK demands full length and checks it itself.
 */
_must_check_ int key_from_ec(KeyType type, ByteView x, ByteView y, Key **ret);
/* From the 32 raw bytes of a public Ed25519 key. */
_must_check_ int key_from_ed25519(ByteView raw, Key **ret);

/* Another handle on the same key, to be freed as well. NULL: no memory. */
Key *key_ref(const Key *key);
Key *key_free(Key *key);
DEFINE_CLEANUP(Key *, key_free);

KeyType key_type(const Key *key);
const char *key_type_name(KeyType type); /* "RSA", "P-256", …, "Ed25519" */
unsigned key_bits(const Key *key);       /* 256 for P-256, 3072 for such an RSA key */
bool key_is_private(const Key *key);
/* Are the public halves the same? */
bool key_equal(const Key *a, const Key *b);
/* Bytes of one coordinate: 32, 48, 66; 0 for RSA and Ed25519. */
size_t key_coordinate_size(const Key *key);

/* Both coordinates in full length, big-endian. KEY_OK, KEY_E_UNSUPPORTED; -ENOMEM, -EIO. */
_must_check_ int key_ec_point(const Key *key, Bytes *ret_x, Bytes *ret_y);
/* Modulus and exponent, big-endian without leading zeros. KEY_OK, KEY_E_UNSUPPORTED; … */
_must_check_ int key_rsa_numbers(const Key *key, Bytes *ret_n, Bytes *ret_e);
/* The 32 bytes of a public Ed25519 key. KEY_OK, KEY_E_UNSUPPORTED; … */
_must_check_ int key_ed25519_raw(const Key *key, Bytes *ret);

/* DER SubjectPublicKeyInfo. -ENOMEM, -EIO. */
_must_check_ int key_to_spki(const Key *key, Bytes *ret);
/* SHA-384 of the above: how roots are named in policies. */
_must_check_ int key_spki_sha384(const Key *key, Digest *ret);
/* PEM "PUBLIC KEY". -ENOMEM, -EIO. */
_must_check_ int key_to_public_pem(const Key *key, Bytes *ret);
/* PEM "PRIVATE KEY" (PKCS #8), not encrypted. Release with bytes_wipe_done(). KEY_E_PUBLIC_ONLY. */
_must_check_ int key_to_private_pem(const Key *key, Bytes *ret);
