/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking for a certification, and judging it: nothing on the way to the TPM is believed.
 */
#include "tpm/tpm-certify.h"

#include "base/reader.h"
#include "crypto/random.h"
#include "crypto/signature.h"
#include "format/tpm-attest.h"
#include "format/tpm-public.h"

#include <errno.h>
#include <string.h>
#include <tss2/tss2_mu.h>

#define NAME_LIMIT       (2 + TPM_DIGEST_SIZE_MAX)
#define NONCE_SIZE       32              /* bytes of qualifying data, what every TPM takes */
#define CLOCK_INFO_SIZE  (8 + 4 + 4 + 1) /* TPM 2.0 Part 2, 10.11.1 */
#define FIRMWARE_VERSION 8

const char *tpm_certify_reason(int reason)
{
    switch (reason) {
    case TPM_CERTIFY_OK:
        return "ok";
    case TPM_CERTIFY_E_MALFORMED:
        return "the answer cannot be read";
    case TPM_CERTIFY_E_OTHER:
        return "the TPM certified another object";
    case TPM_CERTIFY_E_SIGNATURE:
        return "the certification is not signed by the attestation key";
    }
    return "unknown";
}

/* TPMS_ATTEST with TPMS_CERTIFY_INFO (Part 2, 10.12.12 and 10.12.3). */
static int check_attest(const TpmCertified *certified)
{
    Reader reader = reader_over(certified->attest);

    uint32_t magic = reader_be32(&reader);
    uint16_t type = reader_be16(&reader);
    (void)reader_tpm2b(&reader, NAME_LIMIT); /* qualifiedSigner */
    ByteView nonce = reader_tpm2b(&reader, TPM_DIGEST_SIZE_MAX);
    reader_skip(&reader, CLOCK_INFO_SIZE + FIRMWARE_VERSION);
    ByteView name = reader_tpm2b(&reader, NAME_LIMIT);
    (void)reader_tpm2b(&reader, NAME_LIMIT); /* qualifiedName */
    if (reader_end(&reader) || magic != TPM_GENERATED || type != TPM2_ST_ATTEST_CERTIFY)
        return TPM_CERTIFY_E_MALFORMED;
    return view_equal(nonce, certified->nonce) && view_equal(name, certified->name)
               ? TPM_CERTIFY_OK
               : TPM_CERTIFY_E_OTHER;
}

/* KEY_OK, a named no of key.h, negative errno. */
static int key_of(const TpmPublic *area, Key **ret)
{
    const uint8_t exponent[4] = { (uint8_t)(area->rsa_exponent >> 24),
                                  (uint8_t)(area->rsa_exponent >> 16),
                                  (uint8_t)(area->rsa_exponent >> 8), (uint8_t)area->rsa_exponent };

    if (area->type == TPM_ALG_RSA)
        return key_from_rsa(area->rsa_modulus, VIEW_OF_ARRAY(exponent), ret);
    return key_from_ec(area->curve == TPM_CURVE_P384 ? KEY_P384 : KEY_P256, area->x, area->y, ret);
}

static int verify(const TpmPublic *area, const TpmSignature *signature, ByteView message)
{
    _cleanup_(key_freep) Key *key = NULL;
    DigestAlgorithm digest;

    if (signature->algorithm != area->scheme || signature->hash != area->scheme_hash ||
        digest_from_tpm_id(area->scheme_hash, &digest) != DIGEST_OK || digest == DIGEST_SHA1)
        return TPM_CERTIFY_E_SIGNATURE;
    int r = key_of(area, &key);
    if (r)
        return r < 0 ? r : TPM_CERTIFY_E_SIGNATURE;
    if (signature->algorithm == TPM_ALG_ECDSA)
        r = signature_verify_ecdsa(key, digest, message, signature->r, signature->s);
    else
        r = signature_verify(
            key, signature->algorithm == TPM_ALG_RSASSA ? SIGNATURE_RSASSA : SIGNATURE_RSAPSS_AUTO,
            digest, message, signature->rsa);
    return r <= 0 ? r : TPM_CERTIFY_E_SIGNATURE;
}

int tpm_certify_check(const TpmCertified *certified)
{
    TpmSignature signature;
    TpmPublic area;

    int r = check_attest(certified);
    if (r != TPM_CERTIFY_OK)
        return r;
    if (tpm_signature_parse(certified->signature, &signature) != TPM_SIGNATURE_OK)
        return TPM_CERTIFY_E_MALFORMED;
    if (tpm_public_parse(certified->signer_public, &area) != TPM_PUBLIC_OK ||
        !tpm_public_is_restricted_signing(&area))
        return TPM_CERTIFY_E_SIGNATURE;
    return verify(&area, &signature, certified->attest);
}

/* What the TPM answers. */
typedef struct Answer {
    TPM2B_ATTEST *attest;
    TPMT_SIGNATURE *signature;
} Answer;

static void answer_done(Answer *answer)
{
    Esys_Free(answer->attest);
    Esys_Free(answer->signature);
}

static int ask(const TpmKey *signer, const TpmKey *object, ByteView nonce, Answer *answer)
{
    const TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_NULL }; /* the key's own */
    TPM2B_DATA data = { .size = (uint16_t)nonce.size };
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    memcpy(data.buffer, nonce.data, nonce.size);
    do
        rc = Esys_Certify(signer->tpm->esys, object->handle, signer->handle, ESYS_TR_PASSWORD,
                          ESYS_TR_PASSWORD, ESYS_TR_NONE, &data, &scheme, &answer->attest,
                          &answer->signature);
    while (tpm_retry(&patience, rc));
    return tpm_result(signer->tpm, "TPM2_Certify", rc);
}

int tpm_certify(const TpmKey *signer, const TpmKey *object)
{
    _cleanup_(answer_done) Answer answer = { 0 };
    uint8_t nonce[NONCE_SIZE], signature[sizeof(TPMT_SIGNATURE)];
    size_t size = 0;

    int r = random_fill(nonce, sizeof(nonce));
    if (r == 0)
        r = ask(signer, object, VIEW_OF_ARRAY(nonce), &answer);
    if (r == 0)
        r = tpm_result(
            signer->tpm, "TPMT_SIGNATURE",
            Tss2_MU_TPMT_SIGNATURE_Marshal(answer.signature, signature, sizeof(signature), &size));
    if (r < 0)
        return r;
    const TpmCertified certified = {
        .attest = { answer.attest->attestationData, answer.attest->size },
        .signature = { signature, size },
        .signer_public = VIEW(signer->public_area),
        .name = VIEW(object->name),
        .nonce = VIEW_OF_ARRAY(nonce),
    };
    return tpm_certify_check(&certified);
}
