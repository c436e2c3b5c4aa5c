/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key as a vault releases it: a JWS with the vault's certificates, in it the key wrapped to the
 * one that the attestation token names (spec azure 6.2, 6.3). Pure.
 */
#pragma once

#include "crypto/certificate.h"
#include "crypto/jwa.h"
#include "format/vault-key.h"

#define KEY_RELEASE_REPLY_MAX (256 * 1024) /* bytes; real answers have 10 to 20 KiB */
#define KEY_RELEASE_RSA_SIZE  256          /* bytes: the TPM's key is RSA-2048 */

enum {
    KEY_RELEASE_OK,
    KEY_RELEASE_E_JSON,         /* not one bounded JSON object with a text "value" */
    KEY_RELEASE_E_JWS,          /* not three parts of strict base64url, or a header that is none */
    KEY_RELEASE_E_ALGORITHM,    /* no algorithm of ours, or one that the certificate is not for */
    KEY_RELEASE_E_CERTIFICATES, /* no x5c, or what is in it are no certificates */
    KEY_RELEASE_E_PAYLOAD,      /* members of the payload missing or of a wrong type */
    KEY_RELEASE_E_OCT,          /* a symmetric key */
    KEY_RELEASE_E_ENC,          /* wrapped in another way than asked for */
    KEY_RELEASE_E_WRAPPED,      /* what is wrapped has an impossible size */
    /* Of key_release_verify() alone: */
    KEY_RELEASE_E_CHAIN,     /* the certificates lead to no anchor, or not at this time */
    KEY_RELEASE_E_HOST,      /* they are for another host */
    KEY_RELEASE_E_SIGNATURE, /* not signed by the first of them */
    KEY_RELEASE_E_KEY,       /* another key than was asked for */
    KEY_RELEASE_E_NONCE,     /* the answer to another question */
};

/* A word or two for each of the above, for error texts. */
const char *key_release_reason(int reason);

/* As read: believed by nobody until key_release_verify() says so. Owned; zeroed is empty. */
typedef struct KeyReleaseAnswer {
    const Jwa *algorithm;
    CertificateList certificates; /* leaf first; one or more */
    Bytes signed_text;
    Bytes signature;
    VaultKey asked;      /* what the vault says it was asked for; host "": it does not */
    VaultKey key;        /* what it gave */
    char *nonce;         /* of the question; NULL: it does not say */
    Bytes encrypted_key; /* KEY_RELEASE_RSA_SIZE bytes: an AES-256 key, RSA-OAEP over SHA-1 */
    Bytes wrapped;       /* the private key, by key-wrap.h: PKCS #8 */
} KeyReleaseAnswer;

void key_release_answer_done(KeyReleaseAnswer *answer);
#define _cleanup_key_release_ _cleanup_(key_release_answer_done)

/* BODY of a 200. Members that are not known are passed over. A named no; -ENOMEM, -EIO. */
_must_check_ int key_release_parse(ByteView body, KeyReleaseAnswer *ret);

/* What the answer must be. Borrowed. */
typedef struct KeyReleaseExpectation {
    const VaultKey *key;
    const char *nonce;
    const CertificateList *anchors; /* NULL: the authorities of this system */
    int64_t now_sec;                /* since 1970 */
} KeyReleaseExpectation;

/*
 * Is it signed by who is certified for the host of the key, about that key and this question?
 * RETERR_TEXT gets more words on KEY_RELEASE_E_CHAIN, static. A named no; -ENOMEM, -EIO.
 */
_must_check_ int key_release_verify(const KeyReleaseAnswer *answer,
                                    const KeyReleaseExpectation *expected,
                                    const char **reterr_text);
