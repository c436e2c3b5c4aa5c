/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The provisioned storage root key, or the one of the common template (TCG TPM v2.0 Provisioning
 * Guidance, 7.5.1).
 */
#include "tpm/tpm-storage-key.h"

#include "crypto/gate.h"
#include "format/tpm-public.h"
#include "tpm/tpm-answer.h"

#include <errno.h>

#define PROVISIONED_HANDLE 0x81000001u

#define ATTRIBUTES                                                                                 \
    (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |            \
     TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)

#define AES_BITS  128
#define P256_SIZE 32

/* Frozen. */
static const TPMT_PUBLIC own_template = {
    .type = TPM2_ALG_ECC,
    .nameAlg = TPM2_ALG_SHA256,
    .objectAttributes = ATTRIBUTES,
    .parameters.eccDetail = {
        .symmetric = {
            .algorithm = TPM2_ALG_AES,
            .keyBits.aes = AES_BITS,
            .mode.aes = TPM2_ALG_CFB,
        },
        .scheme = { .scheme = TPM2_ALG_NULL },
        .curveID = TPM2_ECC_NIST_P256,
        .kdf = { .scheme = TPM2_ALG_NULL },
    },
    .unique.ecc = { .x = { .size = P256_SIZE }, .y = { .size = P256_SIZE } },
};

static const char *finding_of(int no)
{
    return no == TPM_STORAGE_KEY_E_OTHER ? "tpm-storage-key-changed"
                                         : "tpm-storage-key-authorization";
}

static const TpmNoTable noes = { .finding = finding_of };

bool tpm_storage_key_is_fit(ByteView public_area)
{
    TpmPublic area;

    return tpm_public_parse(public_area, &area) == TPM_PUBLIC_OK && area.type == TPM_ALG_ECC &&
           area.name_alg == TPM_ALG_SHA256 && area.curve == TPM_CURVE_P256 &&
           area.attributes == ATTRIBUTES && area.auth_policy.size == 0 &&
           area.scheme == TPM_ALG_NULL && area.symmetric == TPM_ALG_AES &&
           area.symmetric_bits == AES_BITS;
}

static bool is_wanted(const TpmKey *key, ByteView wanted_name)
{
    return tpm_storage_key_is_fit(VIEW(key->public_area)) &&
           (wanted_name.size == 0 || view_equal(VIEW(key->name), wanted_name));
}

/* Leaves RET alone when there is none, or it is not the wanted one. */
static int find_provisioned(TpmContext *tpm, ByteView wanted_name, TpmKey **ret)
{
    _cleanup_(tpm_key_freep) TpmKey *key = NULL;

    int r = tpm_key_load(tpm, PROVISIONED_HANDLE, &key);
    if (r != TPM_KEY_OK)
        return r < 0 ? r : 0;
    if (is_wanted(key, wanted_name))
        *ret = TAKE_PTR(key);
    return 0;
}

static int make(TpmContext *tpm, ByteView wanted_name, TpmKey **ret)
{
    _cleanup_(tpm_key_freep) TpmKey *key = NULL;

    int r = tpm_key_create(tpm, ESYS_TR_RH_OWNER, &own_template, &key);
    if (r == -EACCES && tpm->has_owner)
        return TPM_STORAGE_KEY_E_AUTHORIZATION; /* named already */
    if (r == -EACCES)
        return tpm_say_no(tpm, &noes, TPM_STORAGE_KEY_E_AUTHORIZATION,
                          "the owner hierarchy has an authorisation");
    if (r < 0)
        return r;
    if (!is_wanted(key, wanted_name))
        return tpm_say_no(tpm, &noes, TPM_STORAGE_KEY_E_OTHER, "no storage key has this Name");
    *ret = TAKE_PTR(key);
    return TPM_STORAGE_KEY_OK;
}

int tpm_storage_key_find(TpmContext *tpm, ByteView wanted_name, TpmKey **ret)
{
    _cleanup_(tpm_key_freep) TpmKey *key = NULL;

    int r = find_provisioned(tpm, wanted_name, &key);
    if (r < 0)
        return r;
    if (!key) {
        r = make(tpm, wanted_name, &key);
        if (r != TPM_STORAGE_KEY_OK)
            return r;
    }
    *ret = TAKE_PTR(key);
    return TPM_STORAGE_KEY_OK;
}
