/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotes of a real swtpm: verified without it, retried when registers change meanwhile.
 */
#include "crypto/signature.h"
#include "format/tpm-public.h"
#include "swtpm.h"
#include "tpm/tpm-attestation-key.h"
#include "tpm/tpm-quote.h"

static const uint8_t data[TPM_QUOTE_DATA_SIZE] = "thirty-two bytes to be quoted ..";
static const TpmSelection selection = { .bank = TPM_ALG_SHA256, .pcrs = 0xffffff };

/* How many of the coming quotes are followed by an extension of PCR 16. */
static unsigned extensions_to_come;

int __real_tpm_pcr_read(TpmContext *tpm, TpmSelection wanted, EvidencePcrs *ret);
int __wrap_tpm_pcr_read(TpmContext *tpm, TpmSelection wanted, EvidencePcrs *ret);

/* Stands between the quote and the reading of what was quoted. */
int __wrap_tpm_pcr_read(TpmContext *tpm, TpmSelection wanted, EvidencePcrs *ret)
{
    if (extensions_to_come > 0) {
        extensions_to_come--;
        swtpm_extend(tpm, 16, 0x5a);
    }
    return __real_tpm_pcr_read(tpm, wanted, ret);
}

static int quote(TpmContext *tpm, TpmSelection wanted, TpmQuote *ret)
{
    _cleanup_(tpm_key_freep) TpmKey *key = NULL;

    check_int(tpm_attestation_key_find(tpm, "template", &key), TPM_ATTESTATION_KEY_OK);
    return tpm_quote(tpm, key, wanted, VIEW_OF_ARRAY(data), ret);
}

static int verify(ByteView public_area, const TpmQuote *found)
{
    _cleanup_(key_freep) Key *key = NULL;
    TpmSignature signature;
    TpmPublic area;

    check_int(tpm_public_parse(public_area, &area), TPM_PUBLIC_OK);
    check_int(key_from_ec(KEY_P256, area.x, area.y, &key), KEY_OK);
    check_int(tpm_signature_parse(VIEW(found->signature), &signature), TPM_SIGNATURE_OK);
    check_int(signature.algorithm, TPM_ALG_ECDSA);
    return signature_verify_ecdsa(key, DIGEST_SHA256, VIEW(found->attest), signature.r,
                                  signature.s);
}

static void a_quote_verifies_without_the_tpm(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    _cleanup_tpm_quote_ TpmQuote found = { 0 };
    TpmKey *key = NULL;
    TpmAttest attest;

    swtpm_extend(tpm, 7, 0x77);
    check_int(tpm_attestation_key_find(tpm, "template", &key), TPM_ATTESTATION_KEY_OK);
    check_int(tpm_quote(tpm, key, selection, VIEW_OF_ARRAY(data), &found), TPM_QUOTE_OK);
    check_int(found.tries, 1);
    check_int(found.pcrs.mask, 0xffffff);
    check_int(found.pcrs.bank, TPM_ALG_SHA256);
    check(!view_is_filled_with(evidence_pcr(&found.pcrs, 7), 0));
    check(view_is_filled_with(evidence_pcr(&found.pcrs, 17), 0xff));

    check_int(tpm_attest_parse(VIEW(found.attest), &attest), TPM_ATTEST_OK);
    check(view_equal(attest.extra_data, VIEW_OF_ARRAY(data)));
    check_int(attest.reset_count < 1000, 1); /* not disguised: endorsement hierarchy */
    check_int(verify(VIEW(key->public_area), &found), SIGNATURE_OK);
    found.attest.data[found.attest.size - 1] ^= 1;
    check_int(verify(VIEW(key->public_area), &found), SIGNATURE_E_BAD);

    tpm_key_free(key);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

/* As a vendor's key may be. */
static void a_quote_by_an_rsa_key_verifies(void)
{
    static const uint8_t exponent[] = { 1, 0, 1 };
    static const TPMT_PUBLIC template = {
        .type = TPM2_ALG_RSA,
        .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = 0x00050472,
        .parameters.rsaDetail = {
            .symmetric = { .algorithm = TPM2_ALG_NULL },
            .scheme = { .scheme = TPM2_ALG_RSASSA, .details.rsassa.hashAlg = TPM2_ALG_SHA256 },
            .keyBits = 2048,
        },
        .unique.rsa = { .size = 256 },
    };
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    _cleanup_tpm_quote_ TpmQuote found = { 0 };
    _cleanup_(key_freep) Key *public = NULL;
    TpmSignature signature;
    TpmKey *key = NULL;
    TpmPublic area;

    check_int(tpm_key_create(tpm, ESYS_TR_RH_ENDORSEMENT, &template, &key), 0);
    check_int(tpm_key_check_attestation(VIEW(key->public_area)), TPM_KEY_OK);
    check_int(tpm_quote(tpm, key, selection, VIEW_OF_ARRAY(data), &found), TPM_QUOTE_OK);
    check_int(tpm_public_parse(VIEW(key->public_area), &area), TPM_PUBLIC_OK);
    check_int(key_from_rsa(area.rsa_modulus, VIEW_OF_ARRAY(exponent), &public), KEY_OK);
    check_int(tpm_signature_parse(VIEW(found.signature), &signature), TPM_SIGNATURE_OK);
    check_int(signature_verify(public, SIGNATURE_RSASSA, DIGEST_SHA256, VIEW(found.attest),
                               signature.rsa),
              SIGNATURE_OK);
    tpm_key_free(key);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void registers_that_change_meanwhile_are_quoted_again(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    _cleanup_tpm_quote_ TpmQuote found = { 0 };

    extensions_to_come = 2;
    check_int(quote(tpm, selection, &found), TPM_QUOTE_OK);
    check_int(found.tries, 3);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void registers_that_never_rest_are_named(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmQuote found = { 0 };

    extensions_to_come = 100;
    check_int(quote(tpm, selection, &found), TPM_QUOTE_E_UNSTABLE);
    check_int(extensions_to_come, 100 - TPM_QUOTE_TRIES);
    check(found.attest.data == NULL);
    extensions_to_come = 100;
    check_int(quote(tpm, (TpmSelection){ TPM_ALG_SHA256, 0xff }, &found), TPM_QUOTE_OK);
    check_int(found.tries, 1);
    extensions_to_come = 0;
    tpm_quote_done(&found);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void the_sha384_bank_is_digested_with_the_signatures_hash(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    _cleanup_tpm_quote_ TpmQuote found = { 0 };

    check_int(quote(tpm, (TpmSelection){ TPM_ALG_SHA384, 0x8001ff }, &found), TPM_QUOTE_OK);
    check_int(found.pcrs.digest_size, 48);
    check_int(found.pcrs.mask, 0x8001ff);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

/* Leaves only the sha256 bank allocated. */
static void deactivate_other_banks(Swtpm *swtpm)
{
    TPML_PCR_SELECTION allocation = { .count = 4 };
    static const uint16_t banks[] = { TPM2_ALG_SHA1, TPM2_ALG_SHA256, TPM2_ALG_SHA384,
                                      TPM2_ALG_SHA512 };
    TpmContext *tpm = swtpm_open(swtpm);
    TPMI_YES_NO done = 0;

    for (size_t i = 0; i < ELEMENTSOF(banks); i++) {
        allocation.pcrSelections[i].hash = banks[i];
        allocation.pcrSelections[i].sizeofSelect = 3;
        if (banks[i] == TPM2_ALG_SHA256)
            memset(allocation.pcrSelections[i].pcrSelect, 0xff, 3);
    }
    check_int(Esys_PCR_Allocate(tpm->esys, ESYS_TR_RH_PLATFORM, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                ESYS_TR_NONE, &allocation, &done, NULL, NULL, NULL),
              TSS2_RC_SUCCESS);
    check_int(done, 1);
    tpm_context_free(tpm);
    swtpm_restart(swtpm);
}

static void a_bank_without_registers_is_named(void)
{
    Swtpm swtpm = swtpm_start();
    TpmQuote found = { 0 };

    deactivate_other_banks(&swtpm);
    TpmContext *tpm = swtpm_open(&swtpm);
    check_int(quote(tpm, (TpmSelection){ TPM_ALG_SHA384, 0xff }, &found),
              TPM_QUOTE_E_BANK_INACTIVE);
    check_int(quote(tpm, (TpmSelection){ TPM_ALG_SHA3_256, 0xff }, &found),
              TPM_QUOTE_E_BANK_UNKNOWN);
    check_int(quote(tpm, (TpmSelection){ 0, 0xff }, &found), TPM_QUOTE_E_BANK_UNKNOWN);
    check(found.attest.data == NULL);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void an_impossible_selection_is_named(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmQuote found = { 0 };

    check_int(quote(tpm, (TpmSelection){ TPM_ALG_SHA256, 0 }, &found), TPM_QUOTE_E_SELECTION);
    check_int(quote(tpm, (TpmSelection){ TPM_ALG_SHA256, 1u << 24 }, &found),
              TPM_QUOTE_E_SELECTION);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void qualifying_data_of_another_size_is_our_error(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmQuote found = { 0 };
    TpmKey *key = NULL;

    check_int(tpm_attestation_key_find(tpm, "template", &key), TPM_ATTESTATION_KEY_OK);
    check_int(tpm_quote(tpm, key, selection, (ByteView){ data, 31 }, &found), -EINVAL);
    tpm_key_free(key);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static const Test tests[] = {
    { "a quote verifies without the TPM, and a flipped bit does not",
      a_quote_verifies_without_the_tpm },
    { "a quote by an RSA key verifies", a_quote_by_an_rsa_key_verifies },
    { "registers that change meanwhile are quoted again",
      registers_that_change_meanwhile_are_quoted_again },
    { "registers that never rest are named, and those not selected do not matter",
      registers_that_never_rest_are_named },
    { "the sha384 bank is digested with the signature's hash",
      the_sha384_bank_is_digested_with_the_signatures_hash },
    { "a bank without registers is named, and so is an unknown one",
      a_bank_without_registers_is_named },
    { "an impossible selection is named", an_impossible_selection_is_named },
    { "qualifying data of another size is our own error",
      qualifying_data_of_another_size_is_our_error },
};

TEST_MAIN(tests)
