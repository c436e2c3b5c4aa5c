/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and signatures: public keys, the public areas of a TPM, JWK sets, certificates to them.
 */
#include "ctl/show-content.h"

#include <string.h>

/* "RSA-2048", "P-384". */
static void show_key_kind(const json_t *key)
{
    const char *type = show_string(key, "type");
    long long bits = (long long)json_integer_value(show_at(key, "bits"));

    if (*show_string(key, "curve"))
        show_field(key, "Key", "curve");
    else if (strncmp(type, "RSA", strlen("RSA")) == 0)
        show_rowf("Key", "RSA-%lld", bits);
    else if (strcmp(type, "EllipticCurvePublicKey") == 0)
        show_rowf("Key", "elliptic curve, %lld bits", bits);
    else
        show_field(key, "Key", "type");
}

void show_public_key(const json_t *key)
{
    show_key_kind(key);
    show_field(key, "SPKI SHA-384", "spki_sha384");
}

void show_tpm_public(const json_t *key)
{
    show_key_kind(key);
    show_field(key, "Scheme", "scheme");
    show_field(key, "Scheme hash", "hash");
    show_field(key, "Name", "name");
    show_field(key, "Attributes", "attribute_names");
    show_field(key, "Policy", "auth_policy");
    if (!show_at(key, "restricted_signing"))
        return;
    show_row("", show_is_true(key, "restricted_signing")
                     ? "signs what its TPM made, and nothing else"
                     : "no attestation key: it is not one that signs only what its TPM made");
}

void show_tpm_signature(const json_t *signature)
{
    show_field(signature, "Scheme", "scheme");
    show_field(signature, "Hash", "hash");
}

void show_crl(const json_t *crl)
{
    show_field(crl, "Issued", "this_update");
    show_field(crl, "Next by", "next_update");
}

void show_jwks(const json_t *content)
{
    size_t i, k;
    json_t *key, *certificate;

    show_rowf("Keys", "%lld can be used, %lld cannot",
              (long long)json_integer_value(show_at(content, "usable")),
              (long long)json_integer_value(show_at(content, "ignored")));
    json_array_foreach (show_at(content, "jwks"), i, key) {
        (void)putchar('\n');
        show_field(key, "Key id", "kid");
        show_field(key, "Algorithm", "alg");
        json_array_foreach (show_at(key, "certs"), k, certificate) {
            show_row(k == 0 ? "Certificate" : "issued by", show_string(certificate, "subject"));
            show_rowf("", "valid from %s until %s", show_string(certificate, "not_before"),
                      show_string(certificate, "not_after"));
        }
    }
}

void show_certificate_key(const json_t *certificate)
{
    const json_t *accepted = show_at(certificate, "key_accepted");

    show_field(certificate, "Key", "key");
    if (json_is_false(accepted))
        show_row("", "too weak, or of a kind that is not accepted: nothing is verified with it");
}
