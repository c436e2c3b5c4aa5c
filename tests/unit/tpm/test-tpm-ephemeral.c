/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key that a service encrypts to, on a real TPM: the same until a reset, closed by a register.
 */
#include "tpm/tpm-ephemeral.h"

#include "crypto/key.h"
#include "format/tpm-public.h"
#include "swtpm.h"
#include "tpm/tpm-attestation-key.h"
#include "tpm/tpm-certify.h"
#include "tpm/tpm-pcr.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define MASK 0xffU /* PCR 0 to 7, as Microsoft's client takes them */

static const uint8_t secret[32] = "thirty-two bytes of an inner key";

static GatePcrs registers_of(TpmContext *tpm)
{
    const TpmSelection selection = { .bank = TPM_ALG_SHA256, .pcrs = MASK };
    EvidencePcrs found = { 0 };
    GatePcrs pcrs = { .mask = MASK };

    check_int(tpm_pcr_read(tpm, selection, &found), TPM_PCR_OK);
    for (unsigned i = 0; i < 8; i++)
        memcpy(pcrs.values[i], found.values[i], sizeof(pcrs.values[i]));
    return pcrs;
}

static EVP_PKEY *public_of(const TpmKey *key)
{
    static const uint8_t exponent[] = { 1, 0, 1 };
    _cleanup_bytes_ Bytes spki = { 0 };
    _cleanup_(key_freep) Key *rsa = NULL;
    TpmPublic area;

    check_int(tpm_public_parse(VIEW(key->public_area), &area), TPM_PUBLIC_OK);
    check_int(area.attributes, 0x00020432);
    check_int(area.rsa_bits, 2048);
    check_int(area.auth_policy.size, 32);
    check_int(key_from_rsa(area.rsa_modulus, VIEW_OF_ARRAY(exponent), &rsa), KEY_OK);
    check_int(key_to_spki(rsa, &spki), 0);
    const uint8_t *at = spki.data;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)spki.size);
    check(pkey);
    return pkey;
}

/* As the service encrypts. */
static Bytes encrypted(const TpmKey *key, TpmPadding padding)
{
    EVP_PKEY *pkey = public_of(key);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);
    const EVP_MD *md = padding == TPM_PADDING_OAEP_SHA256 ? EVP_sha256() : EVP_sha1();
    bool is_oaep = padding != TPM_PADDING_RSAES;
    Bytes out = { 0 };
    size_t size = 256;

    check(context && bytes_new(size, &out) == 0);
    check(EVP_PKEY_encrypt_init(context) == 1);
    check(EVP_PKEY_CTX_set_rsa_padding(context,
                                       is_oaep ? RSA_PKCS1_OAEP_PADDING : RSA_PKCS1_PADDING) == 1);
    check(!is_oaep || EVP_PKEY_CTX_set_rsa_oaep_md(context, md) == 1);
    check(!is_oaep || EVP_PKEY_CTX_set_rsa_mgf1_md(context, md) == 1);
    check(EVP_PKEY_encrypt(context, out.data, &size, secret, sizeof(secret)) == 1);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(pkey);
    return out;
}

static int decrypt(const TpmKey *key, const GatePcrs *pcrs, TpmPadding padding, ByteView bytes)
{
    _cleanup_wiped_bytes_ Bytes plain = { 0 };
    int r = tpm_ephemeral_decrypt(key, pcrs, padding, bytes, &plain);

    check(r != TPM_EPHEMERAL_OK || view_equal(VIEW(plain), VIEW_OF_ARRAY(secret)));
    check(r == TPM_EPHEMERAL_OK || !plain.data);
    return r;
}

static void what_is_encrypted_to_it_is_read(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    GatePcrs pcrs = registers_of(tpm);
    TpmKey *key = NULL;

    check_int(tpm_ephemeral_make(tpm, &pcrs, &key), TPM_EPHEMERAL_OK);
    for (TpmPadding padding = TPM_PADDING_RSAES; padding <= TPM_PADDING_OAEP_SHA256; padding++) {
        _cleanup_bytes_ Bytes bytes = encrypted(key, padding);
        check_int(decrypt(key, &pcrs, padding, VIEW(bytes)), TPM_EPHEMERAL_OK);
    }
    tpm_key_free(key);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void it_is_the_same_until_a_reset(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    GatePcrs pcrs = registers_of(tpm), other = pcrs;
    TpmKey *first = NULL, *again = NULL, *bound = NULL;

    other.values[7][0] ^= 1;
    check_int(tpm_ephemeral_make(tpm, &pcrs, &first), TPM_EPHEMERAL_OK);
    _cleanup_bytes_ Bytes before = { 0 };
    check_int(bytes_copy(VIEW(first->public_area), &before), 0);
    tpm_key_free(first);
    check_int(tpm_ephemeral_make(tpm, &pcrs, &again), TPM_EPHEMERAL_OK);
    check(view_equal(VIEW(again->public_area), VIEW(before)));
    tpm_key_free(again);
    check_int(tpm_ephemeral_make(tpm, &other, &bound), TPM_EPHEMERAL_OK);
    check(!view_equal(VIEW(bound->public_area), VIEW(before)));
    tpm_key_free(bound);
    tpm_context_free(tpm);

    swtpm_restart(&swtpm);
    tpm = swtpm_open(&swtpm);
    check_int(tpm_ephemeral_make(tpm, &pcrs, &again), TPM_EPHEMERAL_OK);
    check(!view_equal(VIEW(again->public_area), VIEW(before)));
    tpm_key_free(again);
    tpm_context_free(tpm);
    swtpm_stop(&swtpm);
}

static void a_register_that_changed_closes_it(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    GatePcrs before = registers_of(tpm), none = { 0 };
    TpmKey *key = NULL;

    check_int(tpm_ephemeral_make(tpm, &none, &key), TPM_EPHEMERAL_E_PCRS);
    check_int(tpm_ephemeral_make(tpm, &before, &key), TPM_EPHEMERAL_OK);
    _cleanup_bytes_ Bytes bytes = encrypted(key, TPM_PADDING_RSAES);
    swtpm_extend(tpm, 7, 1);
    GatePcrs after = registers_of(tpm);
    check_int(decrypt(key, &before, TPM_PADDING_RSAES, VIEW(bytes)), TPM_EPHEMERAL_E_PCRS);
    /* Whoever says what they are now has another policy than the key's. */
    check(decrypt(key, &after, TPM_PADDING_RSAES, VIEW(bytes)) < 0);
    tpm_key_free(key);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void what_is_not_for_it_is_refused(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    GatePcrs pcrs = registers_of(tpm);
    TpmKey *key = NULL;

    check_int(tpm_ephemeral_make(tpm, &pcrs, &key), TPM_EPHEMERAL_OK);
    _cleanup_bytes_ Bytes bytes = encrypted(key, TPM_PADDING_OAEP_SHA1);
    ByteView shorter = { bytes.data, bytes.size - 1 };
    check_int(decrypt(key, &pcrs, TPM_PADDING_OAEP_SHA256, VIEW(bytes)), TPM_EPHEMERAL_E_CIPHER);
    check_int(decrypt(key, &pcrs, TPM_PADDING_OAEP_SHA1, shorter), TPM_EPHEMERAL_E_CIPHER);
    check_int(decrypt(key, &pcrs, TPM_PADDING_OAEP_SHA1, (ByteView){ 0 }), TPM_EPHEMERAL_E_CIPHER);
    bytes.data[128] ^= 1;
    check_int(decrypt(key, &pcrs, TPM_PADDING_OAEP_SHA1, VIEW(bytes)), TPM_EPHEMERAL_E_CIPHER);
    memset(bytes.data, 0xff, bytes.size);
    check_int(decrypt(key, &pcrs, TPM_PADDING_OAEP_SHA1, VIEW(bytes)), TPM_EPHEMERAL_E_CIPHER);
    tpm_key_free(key);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static void the_attestation_key_vouches_for_it(void)
{
    Swtpm swtpm = swtpm_start();
    TpmContext *tpm = swtpm_open(&swtpm);
    GatePcrs pcrs = registers_of(tpm);
    TpmKey *key = NULL, *signer = NULL;
    _cleanup_bytes_ Bytes attest = { 0 }, signature = { 0 };

    check_int(tpm_attestation_key_find(tpm, "template", &signer), TPM_ATTESTATION_KEY_OK);
    check_int(tpm_ephemeral_make(tpm, &pcrs, &key), TPM_EPHEMERAL_OK);
    check_int(tpm_ephemeral_certify(signer, key, &attest, &signature), 0);
    TpmCertified certified = { .attest = VIEW(attest),
                               .signature = VIEW(signature),
                               .signer_public = VIEW(signer->public_area),
                               .name = VIEW(key->name) };
    check_int(tpm_certify_check(&certified), TPM_CERTIFY_OK);
    certified.name = VIEW(signer->name);
    check_int(tpm_certify_check(&certified), TPM_CERTIFY_E_OTHER);
    tpm_key_free(key);
    tpm_key_free(signer);
    tpm_context_free(tpm);
    swtpm_check_slots_free(&swtpm);
    swtpm_stop(&swtpm);
}

static const Test tests[] = {
    { "what is encrypted to it is read", what_is_encrypted_to_it_is_read },
    { "it is the same until a reset", it_is_the_same_until_a_reset },
    { "a register that changed closes it", a_register_that_changed_closes_it },
    { "what is not for it is refused", what_is_not_for_it_is_refused },
    { "the attestation key vouches for it", the_attestation_key_vouches_for_it },
};

int main(int argc, char **argv)
{
    swtpm_skip_if_absent();
    return run_tests(tests, ELEMENTSOF(tests), argc, argv);
}
