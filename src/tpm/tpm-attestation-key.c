/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which attestation key, in which order.
 */
#include "tpm/tpm-attestation-key.h"

#include <errno.h>
#include <string.h>

#define AZURE_REPORT_INDEX 0x01400001u /* the paravisor's report; beside it is its key */
#define AZURE_AK_HANDLE    0x81000003u

#define HANDLE_DIGITS 8
#define OWN_LABEL     "attestd attestation key 1" /* in unique: apart from other software's keys */

/* Google's vTPMs (go-tpm-tools: client/handles.go); elliptic first. */
static const struct {
    uint32_t template_index;
    uint32_t certificate_index;
} vendor_keys[] = {
    { 0x01c10003, 0x01c10002 },
    { 0x01c10001, 0x01c10000 },
};

/*
 * Frozen. ECDSA P-256 with SHA-256, in the key since a restricted key needs a fixed scheme; empty
 * authorisation, no policy, no dictionary attack protection.
 */
static const TPMT_PUBLIC own_template = {
    .type = TPM2_ALG_ECC,
    .nameAlg = TPM2_ALG_SHA256,
    .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                        TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
                        TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT,
    .parameters.eccDetail = {
        .symmetric = { .algorithm = TPM2_ALG_NULL },
        .scheme = { .scheme = TPM2_ALG_ECDSA, .details.ecdsa.hashAlg = TPM2_ALG_SHA256 },
        .curveID = TPM2_ECC_NIST_P256,
        .kdf = { .scheme = TPM2_ALG_NULL },
    },
    .unique.ecc = {
        .x = { .size = 32, .buffer = OWN_LABEL },
        .y = { .size = 32 },
    },
};

/* A no of tpm-key.h as a no of ours. */
static int translate(int r)
{
    switch (r) {
    case TPM_KEY_OK:
        return TPM_ATTESTATION_KEY_OK;
    case TPM_KEY_E_ABSENT:
        return TPM_ATTESTATION_KEY_E_ABSENT;
    case TPM_KEY_E_NOT_RESTRICTED:
        return TPM_ATTESTATION_KEY_E_NOT_RESTRICTED;
    case TPM_KEY_E_NOT_SIGNING:
        return TPM_ATTESTATION_KEY_E_NOT_SIGNING;
    case TPM_KEY_E_NOT_FIXED:
        return TPM_ATTESTATION_KEY_E_NOT_FIXED;
    case TPM_KEY_E_SCHEME:
        return TPM_ATTESTATION_KEY_E_SCHEME;
    case TPM_KEY_E_TEMPLATE:
        return TPM_ATTESTATION_KEY_E_TEMPLATE;
    }
    return r < 0 ? r : -EINVAL;
}

/* Hands KEY over when its quotes mean something. */
static int accept_key(TpmKey **key, TpmKey **ret)
{
    int r = tpm_key_check_attestation(VIEW((*key)->public_area));

    if (r == TPM_KEY_OK)
        *ret = TAKE_PTR(*key);
    return translate(r);
}

static int from_handle(TpmContext *tpm, uint32_t handle, TpmKey **ret)
{
    _cleanup_(tpm_key_freep) TpmKey *key = NULL;

    int r = tpm_key_load(tpm, handle, &key);
    if (r != TPM_KEY_OK)
        return translate(r);
    return accept_key(&key, ret);
}

static int from_own_template(TpmContext *tpm, TpmKey **ret)
{
    _cleanup_(tpm_key_freep) TpmKey *key = NULL;

    int r = tpm_key_create(tpm, ESYS_TR_RH_ENDORSEMENT, &own_template, &key);
    if (r == -EACCES) {
        r = tpm_key_create(tpm, ESYS_TR_RH_OWNER, &own_template, &key);
        if (r == 0)
            key->in_owner_hierarchy = true;
    }
    if (r < 0)
        return r;
    return accept_key(&key, ret);
}

static int from_vendor_template(TpmContext *tpm, size_t i, TpmKey **ret)
{
    _cleanup_(tpm_key_freep) TpmKey *key = NULL;
    TPMT_PUBLIC template;

    int r = tpm_key_read_template(tpm, vendor_keys[i].template_index, &template);
    if (r != TPM_KEY_OK)
        return translate(r);
    r = tpm_key_create(tpm, ESYS_TR_RH_ENDORSEMENT, &template, &key);
    if (r < 0)
        return r;
    r = tpm_key_add_certificate(key, vendor_keys[i].certificate_index);
    if (r < 0)
        return r;
    return accept_key(&key, ret);
}

static int find_auto(TpmContext *tpm, TpmKey **ret)
{
    int r = tpm_handle_exists(tpm, AZURE_REPORT_INDEX);

    if (r < 0)
        return r;
    if (r == TPM_HANDLE_OK)
        return from_handle(tpm, AZURE_AK_HANDLE, ret);
    for (size_t i = 0; i < ELEMENTSOF(vendor_keys); i++) {
        r = from_vendor_template(tpm, i, ret);
        if (r != TPM_ATTESTATION_KEY_E_ABSENT)
            return r;
    }
    return from_own_template(tpm, ret);
}

/* "0x81" and six more hex digits. */
static int parse_handle(const char *choice, uint32_t *ret)
{
    if (strncmp(choice, "0x81", 4) != 0 || strlen(choice) != 2 + HANDLE_DIGITS ||
        strspn(choice + 2, "0123456789abcdefABCDEF") != HANDLE_DIGITS)
        return TPM_ATTESTATION_KEY_E_CHOICE;
    *ret = (uint32_t)strtoul(choice, NULL, 16);
    return TPM_ATTESTATION_KEY_OK;
}

int tpm_attestation_key_find(TpmContext *tpm, const char *choice, TpmKey **ret)
{
    uint32_t handle;

    if (strcmp(choice, "auto") == 0)
        return find_auto(tpm, ret);
    if (strcmp(choice, "template") == 0)
        return from_own_template(tpm, ret);

    int r = parse_handle(choice, &handle);
    if (r != TPM_ATTESTATION_KEY_OK)
        return r;
    return from_handle(tpm, handle, ret);
}
