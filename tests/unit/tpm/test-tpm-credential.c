/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endorsement keys and credentials: made in software, opened by a real swtpm.
 */
#include "crypto/credential.h"
#include "format/tpm-public.h"
#include "swtpm.h"
#include "tpm/tpm-attestation-key.h"
#include "tpm/tpm-credential.h"
#include "tpm/tpm-endorsement-key.h"

static const uint8_t secret[32] = "the secret inside the credential";

typedef struct Keys {
    TpmContext *tpm;
    TpmKey *attestation;
    TpmKey *endorsement;
} Keys;

typedef struct Sealed {
    Bytes blob;
    Bytes secret;
} Sealed;

static Keys load_keys(const Swtpm *swtpm)
{
    Keys keys = { .tpm = swtpm_open(swtpm) };

    check_int(tpm_attestation_key_find(keys.tpm, "template", &keys.attestation),
              TPM_ATTESTATION_KEY_OK);
    check_int(tpm_endorsement_key_find(keys.tpm, &keys.endorsement), 0);
    return keys;
}

static void unload_keys(Keys *keys)
{
    tpm_key_free(keys->attestation);
    tpm_key_free(keys->endorsement);
    tpm_context_free(keys->tpm);
}

/* As a verifier does it, which has no TPM. */
static Sealed seal(ByteView ek_public, ByteView ak_name)
{
    _cleanup_(key_freep) Key *key = NULL;
    Sealed sealed = { 0 };
    TpmPublic area;

    check_int(tpm_public_parse(ek_public, &area), TPM_PUBLIC_OK);
    check(tpm_public_is_restricted_decrypting(&area));
    if (area.type == TPM_ALG_ECC) {
        check_int(key_from_ec(KEY_P256, area.x, area.y, &key), KEY_OK);
    } else {
        static const uint8_t exponent[] = { 1, 0, 1 };
        check_int(key_from_rsa(area.rsa_modulus, VIEW_OF_ARRAY(exponent), &key), KEY_OK);
    }
    const CredentialEk ek = { .key = key, .name_algorithm = DIGEST_SHA256, .symmetric_bits = 128 };
    check_int(credential_make(&ek, ak_name, VIEW_OF_ARRAY(secret), &sealed.blob, &sealed.secret),
              CREDENTIAL_OK);
    return sealed;
}

static void sealed_done(Sealed *sealed)
{
    bytes_done(&sealed->blob);
    bytes_done(&sealed->secret);
}

static int activate(const Keys *keys, const Sealed *sealed, Bytes *ret)
{
    return tpm_credential_activate(keys->tpm, keys->attestation, keys->endorsement,
                                   VIEW(sealed->blob), VIEW(sealed->secret), ret);
}

static void check_round_trip(const Swtpm *swtpm)
{
    Keys keys = load_keys(swtpm);
    Sealed sealed = seal(VIEW(keys.endorsement->public_area), VIEW(keys.attestation->name));
    _cleanup_wiped_bytes_ Bytes found = { 0 };

    check_int(activate(&keys, &sealed, &found), TPM_CREDENTIAL_OK);
    check(view_equal(VIEW(found), VIEW_OF_ARRAY(secret)));
    sealed_done(&sealed);
    unload_keys(&keys);
    swtpm_check_slots_free(swtpm);
}

static void a_credential_for_both_keys_is_opened(void)
{
    Swtpm swtpm = swtpm_start();

    check_round_trip(&swtpm);
    swtpm_stop(&swtpm);
}

static void a_credential_for_an_rsa_key_is_opened(void)
{
    static const uint8_t certificate[] = { 0x30, 0x02, 0x05, 0x00 };
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);

    swtpm_define_nv(tpm, 0x01c00002, VIEW_OF_ARRAY(certificate));
    tpm_context_free(tpm);
    check_round_trip(&swtpm);
    swtpm_stop(&swtpm);
}

static void the_persistent_rsa_key_is_used_when_it_is_of_the_template(void)
{
    static const uint8_t certificate[] = { 0x30, 0x02, 0x05, 0x00 };
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmKey *made = NULL, *found = NULL;

    swtpm_define_nv(tpm, 0x01c00002, VIEW_OF_ARRAY(certificate));
    check_int(tpm_endorsement_key_find(tpm, &made), 0);
    check_int(made->persistent, 0);
    swtpm_persist(tpm, made->handle, 0x81010001);
    check_int(tpm_endorsement_key_find(tpm, &found), 0);
    check_int(found->persistent, 0x81010001);
    check(view_equal(VIEW(found->public_area), VIEW(made->public_area)));
    tpm_key_free(made);
    tpm_key_free(found);
    tpm_context_free(tpm);
    check_round_trip(&swtpm);
    swtpm_stop(&swtpm);
}

static void another_key_at_the_persistent_handle_is_passed_over(void)
{
    static const uint8_t certificate[] = { 0x30, 0x02, 0x05, 0x00 };
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmKey *other = NULL, *found = NULL;

    swtpm_define_nv(tpm, 0x01c00002, VIEW_OF_ARRAY(certificate));
    check_int(tpm_attestation_key_find(tpm, "template", &other), 0);
    swtpm_persist(tpm, other->handle, 0x81010001);
    check_int(tpm_endorsement_key_find(tpm, &found), 0);
    check_int(found->persistent, 0);
    tpm_key_free(other);
    tpm_key_free(found);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void a_certificate_is_cut_and_decides_the_kind_of_key(void)
{
    static const uint8_t padded[] = { 0x30, 0x82, 0x00, 0x02, 0x05, 0x00, 0x00, 0x00, 0x00 };
    static const uint8_t zeros[16] = { 0 };
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmKey *key = NULL;

    swtpm_define_nv(tpm, 0x01c00002, VIEW_OF_ARRAY(padded));
    check_int(tpm_endorsement_key_find(tpm, &key), 0);
    check_int(key->certificate.size, 6);
    check_int(key->public_area.data[1], TPM_ALG_RSA);
    key = tpm_key_free(key);

    swtpm_define_nv(tpm, 0x01c0000a, VIEW_OF_ARRAY(zeros));
    check_int(tpm_endorsement_key_find(tpm, &key), 0);
    check_int(key->certificate.size, 0);
    check_int(key->public_area.data[1], TPM_ALG_ECC);
    tpm_key_free(key);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void a_nonce_in_nv_makes_another_key(void)
{
    static const uint8_t nonce[20] = "twenty bytes of it .";
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    TpmKey *plain = NULL, *with_nonce = NULL;

    check_int(tpm_endorsement_key_find(tpm, &plain), 0);
    swtpm_define_nv(tpm, 0x01c0000b, VIEW_OF_ARRAY(nonce));
    check_int(tpm_endorsement_key_find(tpm, &with_nonce), 0);
    check(!view_equal(VIEW(plain->public_area), VIEW(with_nonce->public_area)));
    tpm_key_free(plain);
    tpm_key_free(with_nonce);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void a_credential_for_other_keys_is_refused(void)
{
    Swtpm swtpm = swtpm_start();
    Keys keys = load_keys(&swtpm);
    Bytes found = { 0 };

    keys.attestation->name.data[5] ^= 1;
    Sealed other_ak = seal(VIEW(keys.endorsement->public_area), VIEW(keys.attestation->name));
    keys.attestation->name.data[5] ^= 1;
    check_int(activate(&keys, &other_ak, &found), TPM_CREDENTIAL_E_REFUSED);

    Sealed altered = seal(VIEW(keys.endorsement->public_area), VIEW(keys.attestation->name));
    altered.blob.data[altered.blob.size - 1] ^= 1;
    check_int(activate(&keys, &altered, &found), TPM_CREDENTIAL_E_REFUSED);
    altered.blob.data[altered.blob.size - 1] ^= 1;
    altered.secret.data[altered.secret.size - 1] ^= 1;
    check_int(activate(&keys, &altered, &found), TPM_CREDENTIAL_E_REFUSED);
    check(found.data == NULL);

    sealed_done(&other_ak);
    sealed_done(&altered);
    unload_keys(&keys);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void bytes_that_are_no_credential_are_named(void)
{
    Swtpm swtpm = swtpm_start();
    Keys keys = load_keys(&swtpm);
    Sealed sealed = seal(VIEW(keys.endorsement->public_area), VIEW(keys.attestation->name));
    Bytes found = { 0 };

    sealed.blob.size--;
    check_int(activate(&keys, &sealed, &found), TPM_CREDENTIAL_E_MALFORMED);
    sealed.blob.size = 0;
    check_int(activate(&keys, &sealed, &found), TPM_CREDENTIAL_E_MALFORMED);
    sealed_done(&sealed);

    sealed = seal(VIEW(keys.endorsement->public_area), VIEW(keys.attestation->name));
    check_int(bytes_append_u8(&sealed.secret, 0), 0);
    check_int(activate(&keys, &sealed, &found), TPM_CREDENTIAL_E_MALFORMED);
    sealed_done(&sealed);
    unload_keys(&keys);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static const Test tests[] = {
    { "a credential for both keys is opened", a_credential_for_both_keys_is_opened },
    { "a credential for an RSA endorsement key is opened", a_credential_for_an_rsa_key_is_opened },
    { "the persistent RSA key is used when it is of the template",
      the_persistent_rsa_key_is_used_when_it_is_of_the_template },
    { "another key at the persistent handle is passed over",
      another_key_at_the_persistent_handle_is_passed_over },
    { "a certificate is cut to its length and decides the kind of key",
      a_certificate_is_cut_and_decides_the_kind_of_key },
    { "a nonce in NV makes another endorsement key", a_nonce_in_nv_makes_another_key },
    { "a credential for other keys, or altered, is refused",
      a_credential_for_other_keys_is_refused },
    { "bytes that are no credential are named", bytes_that_are_no_credential_are_named },
};

TEST_MAIN(tests)
