/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real certificates: AMD's roots and chip keys, and those of cloud vTPMs, against what was
 * established about them elsewhere.
 */
#include "crypto/certificate.h"

#include "base/encode.h"
#include "base/json.h"
#include "testing.h"

#include <time.h>

static Certificate *load(const char *path)
{
    _cleanup_bytes_ Bytes der = test_vector(path);
    Certificate *certificate = NULL;

    check_int(certificate_from_der(VIEW(der), &certificate), CERTIFICATE_OK);
    return certificate;
}

static json_t *expected(const char *name)
{
    char path[256];
    json_t *object = NULL;

    (void)snprintf(path, sizeof(path), "expected/%s.json", name);
    _cleanup_bytes_ Bytes text = test_vector(path);
    check_int(json_parse(VIEW(text), text.size, &object), JSON_OK);
    return object;
}

/* "CN=…," of a name as the expectations write it, commas escaped by a backslash. */
static void check_cn(const char *found, const char *name)
{
    const char *at = strstr(name, "CN=");
    char wanted[256] = { 0 };
    size_t n = 0;

    for (at = at ? at + 3 : ""; *at && *at != ',' && n + 1 < sizeof(wanted); at++) {
        if (*at == '\\')
            at++;
        wanted[n++] = *at;
    }
    check_str(found, wanted);
}

/* "2020-10-22T17:23:05+00:00" */
static void check_date(int64_t found, const char *wanted)
{
    struct tm tm = { 0 };

    check(strptime(wanted, "%Y-%m-%dT%H:%M:%S", &tm) != NULL);
    check_int(found, timegm(&tm));
}

static void check_says(const Certificate *certificate, const json_t *wanted)
{
    Digest digest;

    check_cn(certificate_subject_cn(certificate),
             json_string_value(json_object_get(wanted, "subject")));
    check_cn(certificate_issuer_cn(certificate),
             json_string_value(json_object_get(wanted, "issuer")));
    check_str(certificate_serial(certificate),
              json_string_value(json_object_get(wanted, "serial")));
    check_date(certificate_not_before_sec(certificate),
               json_string_value(json_object_get(wanted, "not_before")));
    check_date(certificate_not_after_sec(certificate),
               json_string_value(json_object_get(wanted, "not_after")));
    check_int(digest_of(DIGEST_SHA256, certificate_der(certificate), &digest), 0);
    _cleanup_free_ char *hex = hex_encode(digest_view(&digest));
    check_str(hex, json_string_value(json_object_get(wanted, "sha256")));
}

static void amd_roots_are_what_they_should_be(void)
{
    static const char *const products[] = { "milan", "genoa", "turin" };
    static const char *const roles[] = { "ark", "ask", "asvk" };

    for (size_t i = 0; i < ELEMENTSOF(products); i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "amd-roots__%s", products[i]);
        json_t *wanted = expected(path);
        (void)snprintf(path, sizeof(path), "amd-roots/%s/ark.der", products[i]);
        _cleanup_(certificate_freep) Certificate *ark = load(path);
        for (size_t k = 0; k < ELEMENTSOF(roles); k++) {
            (void)snprintf(path, sizeof(path), "amd-roots/%s/%s.der", products[i], roles[k]);
            _cleanup_(certificate_freep) Certificate *certificate = load(path);
            check_says(certificate, json_object_get(wanted, roles[k]));
            check(certificate_is_amd_signed(certificate) && certificate_is_ca(certificate));
            check_int(certificate_verify_signed_by(certificate, ark), CERTIFICATE_OK);
            check_int(key_bits(certificate_key(certificate)), 4096);
        }
        Digest spki;
        check_int(digest_of(DIGEST_SHA256, certificate_spki(ark), &spki), 0);
        _cleanup_free_ char *hex = hex_encode(digest_view(&spki));
        check_str(hex, json_string_value(json_object_get(wanted, "ark_spki_sha256")));
        json_decref(wanted);
    }
}

static void the_milan_root_has_its_published_fingerprint(void)
{
    _cleanup_(certificate_freep) Certificate *ark = load("amd-roots/milan/ark.der");
    Digest digest;

    check_int(certificate_spki_sha384(ark, &digest), 0);
    _cleanup_free_ char *hex = hex_encode(digest_view(&digest));
    check_str(hex, "1249f67f15cf229a4069195e1a9ce537d1765ef706a1f4a123c36be9518786515d25ecc007f366b"
                   "564d2b3f31c48082e");
}

/* An INTEGER of 0 to 255 as AMD writes it: 02 01 xx or 02 02 00 xx (spec/snp 5.2). */
static void check_level(const Certificate *certificate, const char *suffix, const json_t *wanted)
{
    char oid[64];
    ByteView value = { 0 };

    (void)snprintf(oid, sizeof(oid), "1.3.6.1.4.1.3704.1.%s", suffix);
    int r = certificate_extension(certificate, oid, &value);
    if (!wanted) {
        check_int(r, CERTIFICATE_E_ABSENT);
        return;
    }
    check_int(r, CERTIFICATE_OK);
    check(value.size == 3 || value.size == 4);
    check_int(value.data[0], 2);
    check_int(value.data[1], value.size - 2);
    check_int(value.data[value.size - 1], json_integer_value(wanted));
}

static void check_extensions(const Certificate *certificate, const json_t *wanted)
{
    const char *hwid = json_string_value(json_object_get(wanted, "hwid"));
    ByteView value;

    check_level(certificate, "1", json_object_get(wanted, "struct_version"));
    check_level(certificate, "3.1", json_object_get(wanted, "bootloader"));
    check_level(certificate, "3.2", json_object_get(wanted, "tee"));
    check_level(certificate, "3.3", json_object_get(wanted, "snp"));
    check_level(certificate, "3.8", json_object_get(wanted, "microcode"));
    check_level(certificate, "3.9", json_object_get(wanted, "fmc"));
    int r = certificate_extension(certificate, "1.3.6.1.4.1.3704.1.4", &value);
    check_int(r, hwid ? CERTIFICATE_OK : CERTIFICATE_E_ABSENT);
    if (hwid) {
        _cleanup_free_ char *hex = hex_encode(value);
        check_str(hex, hwid);
    }
}

/* Checks SNP/DIRECTORY's signing certificate against its expectation and its chain. */
static void check_chip(const char *directory, const char *file, const json_t *verification,
                       const char *issuer)
{
    char path[256];
    char product[16] = { 0 };
    const char *name = json_string_value(json_object_get(verification, "product_from_chain"));
    if (!name)
        name = json_string_value(json_object_get(verification, "product"));
    check(name != NULL);
    for (size_t i = 0; name[i] && i + 1 < sizeof(product); i++)
        product[i] = (char)(name[i] | 0x20);

    (void)snprintf(path, sizeof(path), "%s/%s", directory, file);
    _cleanup_(certificate_freep) Certificate *leaf = load(path);
    (void)snprintf(path, sizeof(path), "amd-roots/%s/%s.der", product, issuer);
    _cleanup_(certificate_freep) Certificate *middle = load(path);
    (void)snprintf(path, sizeof(path), "amd-roots/%s/ark.der", product);
    _cleanup_(certificate_freep) Certificate *root = load(path);
    _cleanup_certificates_ CertificateList anchors = { 0 };
    _cleanup_certificates_ CertificateList intermediates = { 0 };

    check_says(leaf, json_object_get(verification, "cert"));
    check_extensions(leaf, json_object_get(verification, "cert_ext"));
    check(certificate_is_amd_signed(leaf) && !certificate_is_ca(leaf));
    check_int(key_type(certificate_key(leaf)), KEY_P384);
    check_int(certificate_verify_signed_by(leaf, middle), CERTIFICATE_OK);
    check_int(certificate_verify_signed_by(leaf, root), CERTIFICATE_E_ISSUER);

    check_int(certificate_list_add(&anchors, root), 0);
    check_int(certificate_list_add(&intermediates, middle), 0);
    int64_t inside = certificate_not_before_sec(leaf) + 1000;
    check_int(certificate_verify_chain(leaf, &intermediates, &anchors, inside, NULL),
              CERTIFICATE_OK);
    check_int(certificate_verify_chain(leaf, &intermediates, &anchors,
                                       certificate_not_after_sec(leaf) + 1000, NULL),
              CERTIFICATE_E_EXPIRED);
}

static void real_chip_certificates_verify(void)
{
    static const char *const vcek[] = {
        "milan-v2-vcek-a",     "milan-v2-vcek-aci", "milan-v2-vcek-b",     "milan-v2-vcek-c",
        "milan-v2-vcek-debug", "milan-v3-vcek",     "milan-v3-vcek-aci-b", "genoa-v3-vcek",
        "genoa-v3-vcek-tsm",   "genoa-v5-vcek",     "turin-v5-vcek"
    };

    for (size_t i = 0; i < ELEMENTSOF(vcek) + 1; i++) {
        bool is_vlek = i == ELEMENTSOF(vcek);
        const char *name = is_vlek ? "milan-v3-vlek" : vcek[i];
        char path[128];
        (void)snprintf(path, sizeof(path), "snp__%s", name);
        json_t *wanted = expected(path);
        (void)snprintf(path, sizeof(path), "snp/%s", name);
        check_chip(path, is_vlek ? "vlek.der" : "vcek.der", json_object_get(wanted, "verification"),
                   is_vlek ? "asvk" : "ask");
        json_decref(wanted);
    }
    json_t *wanted = expected("certs__vcek-turin-a");
    check_chip("certs/vcek-turin-a", "vcek.der", wanted, "ask");
    json_decref(wanted);
}

/* Sorted out by a flipped bit or altered extension: refused by parser or signature. */
static void altered_chip_certificates_are_refused(void)
{
    static const char *const files[] = { "wrong-vcek-new.der", "wrong-vcek-legacy.der" };
    _cleanup_(certificate_freep) Certificate *ask = load("amd-roots/milan/ask.der");

    for (size_t i = 0; i < ELEMENTSOF(files); i++) {
        char path[128];
        _cleanup_(certificate_freep) Certificate *certificate = NULL;
        (void)snprintf(path, sizeof(path), "snp/milan-v2-vcek-b/%s", files[i]);
        _cleanup_bytes_ Bytes der = test_vector(path);
        int r = certificate_from_der(VIEW(der), &certificate);
        if (r == CERTIFICATE_OK)
            r = certificate_verify_signed_by(certificate, ask);
        check(r > 0);
    }
}

/* No bit of a VCEK may be changed and still be the chip's. */
static void a_flipped_bit_in_a_vcek_is_refused(void)
{
    _cleanup_(certificate_freep) Certificate *ask = load("amd-roots/genoa/ask.der");
    _cleanup_bytes_ Bytes der = test_vector("snp/genoa-v3-vcek/vcek.der");

    for (size_t i = 0; i < der.size; i++) {
        _cleanup_(certificate_freep) Certificate *certificate = NULL;
        der.data[i] ^= (uint8_t)(1 << i % 8);
        int r = certificate_from_der(VIEW(der), &certificate);
        if (r == CERTIFICATE_OK)
            r = certificate_verify_signed_by(certificate, ask);
        check(r > 0);
        der.data[i] ^= (uint8_t)(1 << i % 8);
    }
}

/* Every CA there is goes on the list of candidates; only the true root is an anchor. */
static void cloud_vtpm_certificates_chain_to_their_roots(void)
{
    static const struct {
        const char *name;
        const char *root;
    } rows[] = {
        { "gce-ak-ecc-pca", "tpm-certs/gcp-ek-ak-ca-root/ca.der" },
        { "gce-ak-rsa-pca", "tpm-certs/gcp-ek-ak-ca-root/ca.der" },
        { "gce-ek-rsa-pca", "tpm-certs/gcp-ek-ak-ca-root/ca.der" },
        { "gce-ak-rsa-uca", "tpm-certs/gce-tpm-ek-root-1/ca.der" },
        { "gce-ek-ecc-uca", "tpm-certs/gce-tpm-ek-root-1/ca.der" },
        { "gce-ek-rsa-uca", "tpm-certs/gce-tpm-ek-root-1/ca.der" },
    };
    static const char *const middles[] = { "gcp-ek-ak-ca-intermediate-v3",
                                           "gce-tpm-ek-intermediate-2",
                                           "gce-tpm-ek-intermediate-3" };
    _cleanup_certificates_ CertificateList intermediates = { 0 };
    char path[128];

    for (size_t i = 0; i < ELEMENTSOF(middles); i++) {
        (void)snprintf(path, sizeof(path), "tpm-certs/%s/ca.der", middles[i]);
        _cleanup_(certificate_freep) Certificate *certificate = load(path);
        check_int(certificate_list_add(&intermediates, certificate), 0);
    }
    for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
        (void)snprintf(path, sizeof(path), "tpm-certs__%s", rows[i].name);
        json_t *wanted = expected(path);
        (void)snprintf(path, sizeof(path), "tpm-certs/%s/cert.der", rows[i].name);
        _cleanup_(certificate_freep) Certificate *leaf = load(path);
        _cleanup_(certificate_freep) Certificate *root = load(rows[i].root);
        _cleanup_certificates_ CertificateList anchors = { 0 };
        const char *text = "";
        check_int(certificate_list_add(&anchors, root), 0);
        check_says(leaf, json_object_get(wanted, "cert"));
        check_int(key_bits(certificate_key(leaf)),
                  json_integer_value(json_object_get(json_object_get(wanted, "key"), "bits")));
        int r = certificate_verify_chain(leaf, &intermediates, &anchors,
                                         certificate_not_before_sec(leaf) + 1000, &text);
        if (r)
            (void)fprintf(stderr, "%s: %s\n", rows[i].name, text);
        check_int(r, CERTIFICATE_OK);
        json_decref(wanted);
    }
}

static void the_azure_vtpm_ca_chains_to_its_root(void)
{
    _cleanup_(certificate_freep) Certificate *root =
        load("azure-vtpm-roots/azure-virtual-tpm-root-2023/root.der");
    _cleanup_(certificate_freep) Certificate *middle =
        load("azure-vtpm-roots/global-virtual-tpm-ca-03/intermediate.der");
    _cleanup_certificates_ CertificateList anchors = { 0 };
    json_t *wanted = expected("azure-vtpm-roots__global-virtual-tpm-ca-03");

    check_says(middle, json_object_get(wanted, "cert"));
    check(certificate_is_self_issued(root) && !certificate_is_self_issued(middle));
    check_int(certificate_list_add(&anchors, root), 0);
    check_int(certificate_verify_chain(middle, NULL, &anchors,
                                       certificate_not_before_sec(middle) + 1000, NULL),
              CERTIFICATE_OK);
    json_decref(wanted);
}

static void endorsement_certificates_say_so(void)
{
    _cleanup_(certificate_freep) Certificate *ek = load("tpm-certs/gce-ek-rsa-uca/cert.der");

    check(certificate_has_extended_usage(ek, "2.23.133.8.1"));
    check_str(certificate_subject_cn(ek), "");
}

static const Test tests[] = {
    { "AMD roots are what they should be", amd_roots_are_what_they_should_be },
    { "the Milan root has its published fingerprint",
      the_milan_root_has_its_published_fingerprint },
    { "real chip certificates verify", real_chip_certificates_verify },
    { "altered chip certificates are refused", altered_chip_certificates_are_refused },
    { "a flipped bit in a VCEK is refused", a_flipped_bit_in_a_vcek_is_refused },
    { "cloud vTPM certificates chain to their roots",
      cloud_vtpm_certificates_chain_to_their_roots },
    { "the Azure vTPM CA chains to its root", the_azure_vtpm_ca_chains_to_its_root },
    { "endorsement certificates say so", endorsement_certificates_say_so },
};

TEST_MAIN(tests)
