/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates, revocation lists and public keys, in DER and PEM.
 */
#include "attest/recognise.h"

#include "attest/describe-certificate.h"
#include "attest/describe-snp.h"
#include "base/clock.h"
#include "crypto/crl.h"
#include "verify/amd-roots.h"
#include "verify/snp-chain.h"

#include <errno.h>
#include <string.h>

static bool begins_with(ByteView bytes, const char *text)
{
    return bytes.size >= strlen(text) && memcmp(bytes.data, text, strlen(text)) == 0;
}

static bool is_vek(const Certificate *certificate)
{
    const char *subject = certificate_subject_cn(certificate);

    return strcmp(subject, snp_vek_subject(AMD_ASK)) == 0 ||
           strcmp(subject, snp_vek_subject(AMD_ASVK)) == 0;
}

/* What stands in it, and by which key roots are named in policies. */
static int describe_whole(const Certificate *certificate, json_t **ret)
{
    char key[CERTIFICATE_KEY_NAME_SIZE];
    json_auto_t *object = NULL;
    json_t *extensions = NULL;
    Digest digest;

    int r = describe_certificate(certificate, &object);
    if (r >= 0)
        r = certificate_spki_sha384(certificate, &digest);
    if (r >= 0 && is_vek(certificate))
        r = describe_vek(certificate, &extensions);
    if (r < 0)
        return r;
    int failed = json_set_hex(object, "spki_sha384", digest_view(&digest));
    certificate_key_name(certificate, key);
    failed |= json_object_set_new(object, "key", json_string(key));
    if (!certificate_key(certificate))
        failed |= json_object_set_new(object, "key_accepted", json_false());
    failed |= json_object_set_new(object, "is_ca", json_boolean(certificate_is_ca(certificate)));
    if (extensions)
        failed |= json_object_set_new(object, "cert_ext", extensions);
    if (failed)
        return -ENOMEM;
    *ret = TAKE_PTR(object);
    return 0;
}

static int describe_list(const CertificateList *list, json_t **ret)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; i < list->n_items; i++) {
        json_t *described = NULL;
        int r = describe_whole(list->items[i], &described);
        if (r < 0)
            return r;
        if (json_array_append_new(array, described))
            return -ENOMEM;
    }
    *ret = json_pack("{s:O}", "certificates", array);
    return *ret ? 0 : -ENOMEM;
}

/* Certificates of a TPM's NV index have padding behind them. */
static int read_certificates(ByteView bytes, CertificateList *list)
{
    _cleanup_(certificate_freep) Certificate *certificate = NULL;

    if (begins_with(bytes, "-----BEGIN"))
        return certificate_list_add_pem(list, bytes);
    int r = certificate_from_der_to_show(certificate_trim(bytes), &certificate);
    return r ? r : certificate_list_add(list, certificate);
}

static int certificate(ByteView bytes, const char **reterr_reason, json_t **ret)
{
    _cleanup_certificates_ CertificateList list = { 0 };
    bool is_marked = begins_with(bytes, "-----BEGIN CERTIFICATE-----");

    int r = read_certificates(bytes, &list);
    if (r == -E2BIG || (r > 0 && is_marked)) {
        *reterr_reason = r > 0 ? certificate_reason(r) : "more certificates than are ever needed";
        return RECOGNISE_E_DAMAGED;
    }
    if (r)
        return r < 0 ? r : RECOGNISE_E_OTHER;
    r = list.n_items == 1 ? describe_whole(list.items[0], ret) : describe_list(&list, ret);
    return r < 0 ? r : RECOGNISE_OK;
}

static int crl(ByteView bytes, const char **reterr_reason, json_t **ret)
{
    _cleanup_(crl_freep) Crl *parsed = NULL;
    char this_update[32] = "", next_update[32] = "";

    (void)reterr_reason;
    int r = crl_parse(bytes, &parsed);
    if (r)
        return r < 0 ? r : RECOGNISE_E_OTHER;
    format_timestamp((uint64_t)MAX(crl_this_update_sec(parsed), 0) * USEC_PER_SEC, this_update);
    format_timestamp((uint64_t)MAX(crl_next_update_sec(parsed), 0) * USEC_PER_SEC, next_update);
    *ret = json_pack("{s:s, s:s}", "this_update", this_update, "next_update", next_update);
    return *ret ? RECOGNISE_OK : -ENOMEM;
}

static int public_key(ByteView bytes, const char **reterr_reason, json_t **ret)
{
    _cleanup_(key_freep) Key *key = NULL;
    bool is_pem = begins_with(bytes, "-----BEGIN PUBLIC KEY-----");
    Digest digest;

    int r = is_pem ? key_from_pem(bytes, &key) : key_from_spki(bytes, &key);
    if (r < 0)
        return r;
    if (r != KEY_OK) {
        *reterr_reason = key_reason(r);
        return is_pem ? RECOGNISE_E_DAMAGED : RECOGNISE_E_OTHER;
    }
    r = key_spki_sha384(key, &digest);
    if (r < 0)
        return r;
    json_auto_t *object =
        json_pack("{s:s, s:i}", "type", key_type_name(key_type(key)), "bits", (int)key_bits(key));
    if (json_set_hex(object, "spki_sha384", digest_view(&digest)) < 0)
        return -ENOMEM;
    *ret = TAKE_PTR(object);
    return RECOGNISE_OK;
}

const Recogniser recognisers_x509[] = {
    { "certificate", certificate },
    { "crl", crl },
    { "public-key", public_key },
    { 0 },
};
