/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding the endorsement key by its certificate, template and nonce in NV.
 */
#include "tpm/tpm-endorsement-key.h"

#include "tpm/tpm-nv.h"

#include <errno.h>
#include <string.h>

/* PolicySecret(TPM_RH_ENDORSEMENT), SHA-256: EK Credential Profile, PolicyA. */
#define POLICY_A                                                                                   \
    {                                                                                              \
        .size = 32, .buffer = "\x83\x71\x97\x67\x44\x84\xb3\xf8\x1a\x90\xcc\x8d\x46\xa5\xd7\x24"   \
                              "\xfd\x52\xd7\x6e\x06\x52\x0b\x64\xf2\xa1\xda\x1b\x33\x14\x69\xaa"   \
    }

#define EK_ATTRIBUTES                                                                              \
    (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |            \
     TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)

#define AES_128_CFB                                                                                \
    {                                                                                              \
        .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB                    \
    }

#define RSA_2048_SIZE 256 /* bytes of unique */
#define P256_SIZE     32

/* Template L-2: ECC P-256. */
static const TPMT_PUBLIC ecc_template = {
    .type = TPM2_ALG_ECC,
    .nameAlg = TPM2_ALG_SHA256,
    .objectAttributes = EK_ATTRIBUTES,
    .authPolicy = POLICY_A,
    .parameters.eccDetail = {
        .symmetric = AES_128_CFB,
        .scheme = { .scheme = TPM2_ALG_NULL },
        .curveID = TPM2_ECC_NIST_P256,
        .kdf = { .scheme = TPM2_ALG_NULL },
    },
    .unique.ecc = { .x = { .size = P256_SIZE }, .y = { .size = P256_SIZE } },
};

/* Template L-1: RSA-2048. */
static const TPMT_PUBLIC rsa_template = {
    .type = TPM2_ALG_RSA,
    .nameAlg = TPM2_ALG_SHA256,
    .objectAttributes = EK_ATTRIBUTES,
    .authPolicy = POLICY_A,
    .parameters.rsaDetail = {
        .symmetric = AES_128_CFB,
        .scheme = { .scheme = TPM2_ALG_NULL },
        .keyBits = 2048,
        .exponent = 0,
    },
    .unique.rsa = { .size = RSA_2048_SIZE },
};

/* One row a kind of key, preferred first. The first is also the one used without certificate. */
typedef struct EkKind {
    uint32_t certificate_index;
    uint32_t nonce_index;
    uint32_t template_index;
    uint32_t persistent; /* where it usually stands; spares making an RSA key. 0: not looked for */
    const TPMT_PUBLIC *standard;
} EkKind;

static const EkKind kinds[] = {
    { 0x01c0000a, 0x01c0000b, 0x01c0000c, 0, &ecc_template },
    { 0x01c00002, 0x01c00003, 0x01c00004, 0x81010001, &rsa_template },
};

/* The nonce takes the place of unique, filled up with zeros (EK Credential Profile, B.2). */
static int apply_nonce(TpmContext *tpm, uint32_t index, TPMT_PUBLIC *template)
{
    _cleanup_bytes_ Bytes nonce = { 0 };
    bool rsa = template->type == TPM2_ALG_RSA;

    int r = tpm_nv_read(tpm, index, rsa ? RSA_2048_SIZE : P256_SIZE, &nonce);
    if (r != TPM_NV_OK)
        return r < 0 ? r : 0;
    if (rsa) {
        template->unique.rsa = (TPM2B_PUBLIC_KEY_RSA){ .size = RSA_2048_SIZE };
        memcpy(template->unique.rsa.buffer, nonce.data, nonce.size);
    } else {
        template->unique.ecc = (TPMS_ECC_POINT){ .x.size = P256_SIZE, .y.size = P256_SIZE };
        memcpy(template->unique.ecc.x.buffer, nonce.data, nonce.size);
    }
    return 0;
}

/* Standard template unless the vendor's stands in NV. */
static int choose_template(TpmContext *tpm, const EkKind *kind, TPMT_PUBLIC *ret)
{
    TPMT_PUBLIC template;

    int r = tpm_key_read_template(tpm, kind->template_index, &template);
    if (r < 0)
        return r;
    if (r != TPM_KEY_OK || template.type != kind->standard->type)
        template = *kind->standard;
    r = apply_nonce(tpm, kind->nonce_index, &template);
    if (r < 0)
        return r;
    *ret = template;
    return 0;
}

static bool is_like(const TpmKey *key, const TPMT_PUBLIC *template)
{
    TPMT_PUBLIC area;

    return tpm_key_parse(VIEW(key->public_area), &area) == TPM_KEY_OK &&
           area.type == template->type && area.nameAlg == template->nameAlg &&
           area.objectAttributes == template->objectAttributes &&
           area.authPolicy.size == template->authPolicy.size &&
           memcmp(area.authPolicy.buffer, template->authPolicy.buffer, area.authPolicy.size) == 0;
}

static int load_kind(TpmContext *tpm, const EkKind *kind, TpmKey **ret)
{
    _cleanup_(tpm_key_freep) TpmKey *key = NULL;
    TPMT_PUBLIC template;

    int r = choose_template(tpm, kind, &template);
    if (r < 0)
        return r;
    r = kind->persistent ? tpm_key_load(tpm, kind->persistent, &key) : TPM_KEY_E_ABSENT;
    if (r < 0)
        return r;
    if (r != TPM_KEY_OK || !is_like(key, &template)) {
        key = tpm_key_free(key);
        r = tpm_key_create(tpm, ESYS_TR_RH_ENDORSEMENT, &template, &key);
        if (r < 0)
            return r;
    }
    r = tpm_key_add_certificate(key, kind->certificate_index);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(key);
    return 0;
}

int tpm_endorsement_key_find(TpmContext *tpm, TpmKey **ret)
{
    const EkKind *chosen = &kinds[0];

    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        int r = tpm_handle_exists(tpm, kinds[i].certificate_index);
        if (r < 0)
            return r;
        if (r == TPM_HANDLE_OK) {
            chosen = &kinds[i];
            break;
        }
    }
    return load_kind(tpm, chosen, ret);
}

int tpm_endorsement_session(TpmContext *tpm, ESYS_TR *ret)
{
    const TPMT_SYM_DEF symmetric = { .algorithm = TPM2_ALG_NULL };
    ESYS_TR session = ESYS_TR_NONE;
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    do
        rc = Esys_StartAuthSession(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                   ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_POLICY, &symmetric,
                                   TPM2_ALG_SHA256, &session);
    while (tpm_retry(&patience, rc));

    int r = tpm_result(tpm, "TPM2_StartAuthSession", rc);
    if (r < 0)
        return r;
    rc = Esys_PolicySecret(tpm->esys, ESYS_TR_RH_ENDORSEMENT, session, ESYS_TR_PASSWORD,
                           ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL, NULL, 0, NULL, NULL);
    r = tpm_result(tpm, "TPM2_PolicySecret", rc);
    if (r < 0) {
        tpm_flush(tpm, &session);
        return r;
    }
    *ret = session;
    return 0;
}
