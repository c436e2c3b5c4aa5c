/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real certification, and every byte of it changed.
 */
#include "tpm/tpm-certify.h"

#include "swtpm.h"
#include "tpm/tpm-attestation-key.h"
#include "tpm/tpm-storage-key.h"

#include <tss2/tss2_mu.h>

static const uint8_t nonce[32] = "thirty-two bytes of some nonce..";

typedef struct Pair {
    TpmContext *tpm;
    TpmKey *signer;
    TpmKey *object;
} Pair;

static Pair load_pair(const Swtpm *swtpm)
{
    Pair pair = { .tpm = swtpm_open(swtpm) };

    check_int(tpm_attestation_key_find(pair.tpm, "template", &pair.signer), TPM_ATTESTATION_KEY_OK);
    check_int(tpm_storage_key_find(pair.tpm, (ByteView){ 0 }, &pair.object), TPM_STORAGE_KEY_OK);
    return pair;
}

static void unload_pair(Pair *pair)
{
    tpm_key_free(pair->signer);
    tpm_key_free(pair->object);
    tpm_context_free(pair->tpm);
}

static void the_storage_key_beside_the_attestation_key_is_certified(void)
{
    Swtpm swtpm = swtpm_start();
    Pair pair = load_pair(&swtpm);

    check_int(tpm_certify(pair.signer, pair.object), TPM_CERTIFY_OK);
    unload_pair(&pair);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void the_storage_key_of_another_tpm_is_not(void)
{
    Swtpm here = swtpm_start(), there = swtpm_start();
    Pair own = load_pair(&here), other = load_pair(&there);

    bytes_done(&own.object->name);
    check_int(bytes_copy(VIEW(other.object->name), &own.object->name), 0);
    check_int(tpm_certify(own.signer, own.object), TPM_CERTIFY_E_OTHER);
    unload_pair(&own);
    unload_pair(&other);
    swtpm_stop(&here);
    swtpm_stop(&there);
}

static void an_object_without_its_private_part_is_not(void)
{
    Swtpm here = swtpm_start(), there = swtpm_start();
    Pair own = load_pair(&here), other = load_pair(&there);
    TPM2B_PUBLIC area = { 0 };
    ESYS_TR real = own.object->handle, loaded = ESYS_TR_NONE;

    check_int(tpm_key_parse(VIEW(other.object->public_area), &area.publicArea), TPM_KEY_OK);
    check_int(Esys_LoadExternal(own.tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL,
                                &area, ESYS_TR_RH_OWNER, &loaded),
              TSS2_RC_SUCCESS);
    own.object->handle = loaded;
    check(tpm_certify(own.signer, own.object) < 0);
    own.object->handle = real;
    tpm_flush(own.tpm, &loaded);
    unload_pair(&own);
    unload_pair(&other);
    swtpm_stop(&here);
    swtpm_stop(&there);
}

/* What the TPM says, kept to be changed. */
typedef struct Kept {
    TPM2B_ATTEST *attest;
    uint8_t signature[sizeof(TPMT_SIGNATURE)];
    size_t signature_size;
} Kept;

static Kept keep(const Pair *pair)
{
    const TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_NULL };
    TPM2B_DATA data = { .size = sizeof(nonce) };
    TPMT_SIGNATURE *signature = NULL;
    Kept kept = { 0 };

    memcpy(data.buffer, nonce, sizeof(nonce));
    check_int(Esys_Certify(pair->tpm->esys, pair->object->handle, pair->signer->handle,
                           ESYS_TR_PASSWORD, ESYS_TR_PASSWORD, ESYS_TR_NONE, &data, &scheme,
                           &kept.attest, &signature),
              TSS2_RC_SUCCESS);
    check_int(Tss2_MU_TPMT_SIGNATURE_Marshal(signature, kept.signature, sizeof(kept.signature),
                                             &kept.signature_size),
              TSS2_RC_SUCCESS);
    Esys_Free(signature);
    return kept;
}

static TpmCertified view_of(const Kept *kept, const Pair *pair)
{
    return (TpmCertified){
        .attest = { kept->attest->attestationData, kept->attest->size },
        .signature = { kept->signature, kept->signature_size },
        .signer_public = VIEW(pair->signer->public_area),
        .name = VIEW(pair->object->name),
        .nonce = VIEW_OF_ARRAY(nonce),
    };
}

static void a_certification_with_any_bit_changed_is_refused(void)
{
    Swtpm swtpm = swtpm_start();
    Pair pair = load_pair(&swtpm);
    Kept kept = keep(&pair);
    TpmCertified certified = view_of(&kept, &pair);

    check_int(tpm_certify_check(&certified), TPM_CERTIFY_OK);
    for (size_t i = 0; i < certified.attest.size; i++) {
        kept.attest->attestationData[i] ^= 1;
        check(tpm_certify_check(&certified) > 0);
        kept.attest->attestationData[i] ^= 1;
    }
    for (size_t i = 0; i < certified.signature.size; i++) {
        kept.signature[i] ^= 1;
        check(tpm_certify_check(&certified) > 0);
        kept.signature[i] ^= 1;
    }
    check_int(tpm_certify_check(&certified), TPM_CERTIFY_OK);
    Esys_Free(kept.attest);
    unload_pair(&pair);
    swtpm_stop(&swtpm);
}

static void a_certification_that_is_cut_or_longer_is_malformed(void)
{
    Swtpm swtpm = swtpm_start();
    Pair pair = load_pair(&swtpm);
    Kept kept = keep(&pair);
    TpmCertified certified = view_of(&kept, &pair);

    for (size_t size = certified.attest.size; size-- > 0;) {
        certified.attest.size = size;
        check_int(tpm_certify_check(&certified), TPM_CERTIFY_E_MALFORMED);
    }
    certified = view_of(&kept, &pair);
    certified.attest.size++;
    check_int(tpm_certify_check(&certified), TPM_CERTIFY_E_MALFORMED);
    certified = view_of(&kept, &pair);
    for (size_t size = certified.signature.size; size-- > 0;) {
        certified.signature.size = size;
        check_int(tpm_certify_check(&certified), TPM_CERTIFY_E_MALFORMED);
    }
    Esys_Free(kept.attest);
    unload_pair(&pair);
    swtpm_stop(&swtpm);
}

static void what_another_key_signed_or_another_nonce_is_refused(void)
{
    Swtpm here = swtpm_start(), there = swtpm_start();
    Pair own = load_pair(&here), other = load_pair(&there);
    static const uint8_t other_nonce[32] = { 1 };
    Kept kept = keep(&own);
    TpmCertified certified = view_of(&kept, &own);

    certified.signer_public = VIEW(other.signer->public_area);
    check_int(tpm_certify_check(&certified), TPM_CERTIFY_E_SIGNATURE);
    /* A key that would sign anything, and a key that does not sign. */
    certified.signer_public = VIEW(own.object->public_area);
    check_int(tpm_certify_check(&certified), TPM_CERTIFY_E_SIGNATURE);
    certified = view_of(&kept, &own);
    certified.nonce = VIEW_OF_ARRAY(other_nonce);
    check_int(tpm_certify_check(&certified), TPM_CERTIFY_E_OTHER);
    for (int reason = TPM_CERTIFY_OK; reason <= TPM_CERTIFY_E_SIGNATURE; reason++)
        check(strcmp(tpm_certify_reason(reason), "unknown") != 0);
    Esys_Free(kept.attest);
    unload_pair(&own);
    unload_pair(&other);
    swtpm_stop(&here);
    swtpm_stop(&there);
}

static const Test tests[] = {
    { "the storage key beside the attestation key is certified",
      the_storage_key_beside_the_attestation_key_is_certified },
    { "the storage key of another TPM is not", the_storage_key_of_another_tpm_is_not },
    { "an object without its private part is not", an_object_without_its_private_part_is_not },
    { "a certification with any bit changed is refused",
      a_certification_with_any_bit_changed_is_refused },
    { "a certification that is cut or longer is malformed",
      a_certification_that_is_cut_or_longer_is_malformed },
    { "what another key signed, and another nonce, is refused",
      what_another_key_signed_or_another_nonce_is_refused },
};

TEST_MAIN(tests)
