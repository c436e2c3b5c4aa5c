/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates in DER or PEM: read, ask everything, hold against itself.
 */
#include "base/json.h"
#include "crypto/certificate.h"
#include "fuzz/require.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const Certificate *certificate)
{
    CertificateSignature signature;
    ByteView value;
    _cleanup_free_ char *subject = NULL, *issuer = NULL;
    Digest digest;
    char oid[128];

    require(strlen(certificate_subject_cn(certificate)) < 1024);
    require(strlen(certificate_issuer_cn(certificate)) < 1024);
    require(strlen(certificate_serial(certificate)) > 0);
    require(key_bits(certificate_key(certificate)) >= 256);
    require(certificate_spki_sha384(certificate, &digest) == 0);
    for (size_t i = 0; certificate_extension_at(certificate, i, oid, sizeof(oid)); i++)
        if (certificate_extension(certificate, oid, &value) == CERTIFICATE_OK)
            require(value.data != NULL || value.size == 0);
    require(certificate_subject_name(certificate, &subject) == 0);
    require(certificate_issuer_name(certificate, &issuer) == 0);
    json_auto_t *names = json_pack("[s, s]", subject, issuer);
    require(names != NULL); /* UTF-8, whatever the certificate holds */
    (void)certificate_has_extended_usage(certificate, "2.23.133.8.3");
    (void)certificate_is_ca(certificate);
    (void)certificate_is_self_issued(certificate);
    if (certificate_is_amd_signed(certificate))
        require(certificate_signature(certificate, &signature) == CERTIFICATE_OK);
}

static void chain(Certificate *certificate)
{
    _cleanup_certificates_ CertificateList anchors = { 0 };
    int64_t at_sec = certificate_not_before_sec(certificate);
    int r = certificate_verify_signed_by(certificate, certificate);

    require(r >= 0);
    require(certificate_list_add(&anchors, certificate) == 0);
    r = certificate_verify_chain(certificate, &anchors, NULL, at_sec, NULL);
    require(r > 0); /* no anchor, no trust */
    r = certificate_verify_chain(certificate, NULL, &anchors, at_sec, NULL);
    require(r >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ByteView view = { .data = data, .size = size };
    _cleanup_certificates_ CertificateList list = { 0 };
    _cleanup_(certificate_freep) Certificate *certificate = NULL;
    _cleanup_(certificate_freep) Certificate *again = NULL;

    require(certificate_trim(view).size <= size);
    require(certificate_list_add_pem(&list, view) != 0 || list.n_items > 0);
    if (certificate_parse(view, &certificate) != CERTIFICATE_OK)
        return 0;
    ask(certificate);
    chain(certificate);
    require(certificate_from_der(certificate_der(certificate), &again) == CERTIFICATE_OK);
    return 0;
}
