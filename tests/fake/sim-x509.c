/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates in the shape of AMD's, down to string types, extension order and PSS parameters.
 */
#include "sim-x509.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#define FAILED          (-ENOTRECOVERABLE)
#define CA_NOT_BEFORE   INT64_C(1603387385) /* 2020-10-22, as ARK-Milan */
#define CA_NOT_AFTER    INT64_C(2392305785) /* 25 years later */
#define PSS_SALT_LENGTH 48
#define AMD_ARC         "1.3.6.1.4.1.3704.1" /* private extensions, KDS specification 57230 */

DEFINE_CLEANUP(BIO *, BIO_free);
DEFINE_CLEANUP(X509 *, X509_free);
DEFINE_CLEANUP(X509_CRL *, X509_CRL_free);
DEFINE_CLEANUP(X509_NAME *, X509_NAME_free);
DEFINE_CLEANUP(X509_EXTENSION *, X509_EXTENSION_free);
DEFINE_CLEANUP(ASN1_OBJECT *, ASN1_OBJECT_free);
DEFINE_CLEANUP(ASN1_OCTET_STRING *, ASN1_OCTET_STRING_free);
DEFINE_CLEANUP(ASN1_TIME *, ASN1_TIME_free);
DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free);

const char *sim_product_name(SimProduct product)
{
    switch (product) {
    case SIM_MILAN:
        return "Milan";
    case SIM_GENOA:
        return "Genoa";
    case SIM_TURIN:
        return "Turin";
    }
    return "unknown";
}

uint32_t sim_authority_serial(SimAuthority authority, SimProduct product)
{
    static const uint32_t serials[][3] = {
        [SIM_MILAN] = { [SIM_ARK] = 0x010000, [SIM_ASK] = 0x010001, [SIM_ASVK] = 0x010101 },
        [SIM_GENOA] = { [SIM_ARK] = 0x020000, [SIM_ASK] = 0x020002, [SIM_ASVK] = 0x020101 },
        [SIM_TURIN] = { [SIM_ARK] = 0x030000, [SIM_ASK] = 0x030001, [SIM_ASVK] = 0x030101 },
    };
    return serials[product][authority];
}

/* AMD writes OU, C, L, ST, O, CN, all UTF8String but the country. */
static int name_new(const char *common_name, X509_NAME **ret)
{
    const struct {
        int nid;
        int type;
        const char *value;
    } parts[] = {
        { NID_organizationalUnitName, V_ASN1_UTF8STRING, "Engineering" },
        { NID_countryName, V_ASN1_PRINTABLESTRING, "US" },
        { NID_localityName, V_ASN1_UTF8STRING, "Santa Clara" },
        { NID_stateOrProvinceName, V_ASN1_UTF8STRING, "CA" },
        { NID_organizationName, V_ASN1_UTF8STRING, "Advanced Micro Devices" },
        { NID_commonName, V_ASN1_UTF8STRING, common_name },
    };
    _cleanup_(X509_NAME_freep) X509_NAME *name = X509_NAME_new();

    if (!name)
        return -ENOMEM;
    for (size_t i = 0; i < ELEMENTSOF(parts); i++)
        if (X509_NAME_add_entry_by_NID(name, parts[i].nid, parts[i].type,
                                       (const unsigned char *)parts[i].value, -1, -1, 0) != 1)
            return FAILED;
    *ret = TAKE_PTR(name);
    return SIM_OK;
}

static int common_name_of(SimAuthority authority, SimProduct product, char out[static 32])
{
    static const char *const prefixes[] = {
        [SIM_ARK] = "ARK-",
        [SIM_ASK] = "SEV-",
        [SIM_ASVK] = "SEV-VLEK-",
    };
    int n = snprintf(out, 32, "%s%s", prefixes[authority], sim_product_name(product));
    return n > 0 && n < 32 ? SIM_OK : FAILED;
}

/* Fills version, serial, names, dates and key; extensions and signature come after. */
static int certificate_new(const char *const names[static 2], uint32_t serial,
                           const int64_t dates[static 2], EVP_PKEY *key, X509 **ret)
{
    _cleanup_(X509_freep) X509 *certificate = X509_new();
    _cleanup_(X509_NAME_freep) X509_NAME *subject = NULL;
    _cleanup_(X509_NAME_freep) X509_NAME *issuer = NULL;

    if (!certificate)
        return -ENOMEM;
    int r = name_new(names[0], &subject);
    if (r == SIM_OK)
        r = name_new(names[1], &issuer);
    if (r != SIM_OK)
        return r;
    if (X509_set_version(certificate, X509_VERSION_3) != 1 ||
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial) != 1 ||
        X509_set_subject_name(certificate, subject) != 1 ||
        X509_set_issuer_name(certificate, issuer) != 1 ||
        !ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)dates[0]) ||
        !ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)dates[1]) ||
        X509_set_pubkey(certificate, key) != 1)
        return FAILED;
    *ret = TAKE_PTR(certificate);
    return SIM_OK;
}

/* RSASSA-PSS, SHA-384, MGF1 with SHA-384, salt 48: the one algorithm AMD's authorities use. */
static int pss_begin(EVP_PKEY *key, EVP_MD_CTX **ret)
{
    _cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *parameters = NULL; /* owned by context */

    if (!context)
        return -ENOMEM;
    if (EVP_DigestSignInit(context, &parameters, EVP_sha384(), NULL, key) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) != 1 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md(parameters, EVP_sha384()) != 1 ||
        EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, PSS_SALT_LENGTH) != 1)
        return FAILED;
    *ret = TAKE_PTR(context);
    return SIM_OK;
}

static int take_der(unsigned char *der, int size, Bytes *ret)
{
    if (size <= 0)
        return FAILED;
    int r = bytes_copy((ByteView){ .data = der, .size = (size_t)size }, ret);
    OPENSSL_free(der);
    return r;
}

static int certificate_finish(X509 *certificate, EVP_PKEY *issuer_key, Bytes *ret)
{
    _cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *context = NULL;
    unsigned char *der = NULL;

    int r = pss_begin(issuer_key, &context);
    if (r != SIM_OK)
        return r;
    if (X509_sign_ctx(certificate, context) <= 0)
        return FAILED;
    int size = i2d_X509(certificate, &der);
    return take_der(der, size, ret);
}

static int add_standard(X509 *certificate, X509V3_CTX *context, int nid, const char *value)
{
    _cleanup_(X509_EXTENSION_freep) X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, context, nid, value);

    if (!extension || X509_add_ext(certificate, extension, -1) != 1)
        return FAILED;
    return SIM_OK;
}

/* Raw, for AMD writes certSign alone with one unused bit, which is not DER and yet genuine. */
static int add_key_usage(X509 *certificate, bool root)
{
    const uint8_t value[] = { 0x03, 0x02, 0x01, root ? 0x06 : 0x04 };
    _cleanup_(ASN1_OCTET_STRING_freep) ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    _cleanup_(X509_EXTENSION_freep) X509_EXTENSION *extension = NULL;

    if (!octets || ASN1_OCTET_STRING_set(octets, value, sizeof(value)) != 1)
        return FAILED;
    extension = X509_EXTENSION_create_by_NID(NULL, NID_key_usage, 1, octets);
    if (!extension || X509_add_ext(certificate, extension, -1) != 1)
        return FAILED;
    return SIM_OK;
}

/* The authority key identifier of an intermediate is the ARK's subject key identifier. */
static int add_authority_key_identifier(X509 *certificate, EVP_PKEY *ark_key)
{
    _cleanup_(X509_freep) X509 *ark = X509_new();
    X509V3_CTX context;

    if (!ark)
        return -ENOMEM;
    if (X509_set_pubkey(ark, ark_key) != 1)
        return FAILED;
    X509V3_set_ctx(&context, ark, ark, NULL, NULL, 0);
    int r = add_standard(ark, &context, NID_subject_key_identifier, "hash");
    if (r != SIM_OK)
        return r;
    X509V3_set_ctx(&context, ark, certificate, NULL, NULL, 0);
    return add_standard(certificate, &context, NID_authority_key_identifier, "keyid:always");
}

static int add_authority_extensions(X509 *certificate, SimAuthority authority, SimProduct product,
                                    EVP_PKEY *ark_key)
{
    bool root = authority == SIM_ARK;
    char crl[96];
    X509V3_CTX context;

    (void)snprintf(crl, sizeof(crl), "URI:https://kdsintf.amd.com/%s/v1/%s/crl",
                   authority == SIM_ASVK ? "vlek" : "vcek", sim_product_name(product));
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);

    int r = add_standard(certificate, &context, NID_subject_key_identifier, "hash");
    if (r == SIM_OK && !root)
        r = add_authority_key_identifier(certificate, ark_key);
    if (r == SIM_OK)
        r = add_standard(certificate, &context, NID_basic_constraints,
                         root ? "critical,CA:TRUE" : "critical,CA:TRUE,pathlen:0");
    if (r == SIM_OK)
        r = add_key_usage(certificate, root);
    if (r == SIM_OK)
        r = add_standard(certificate, &context, NID_crl_distribution_points, crl);
    return r;
}

int sim_authority_certificate(SimAuthority authority, SimProduct product, EVP_PKEY *key,
                              EVP_PKEY *issuer_key, Bytes *ret)
{
    static const int64_t dates[2] = { CA_NOT_BEFORE, CA_NOT_AFTER };
    char subject[32], issuer[32];
    _cleanup_(X509_freep) X509 *certificate = NULL;

    int r = common_name_of(authority, product, subject);
    if (r == SIM_OK)
        r = common_name_of(SIM_ARK, product, issuer);
    if (r == SIM_OK)
        r = certificate_new((const char *[]){ subject, issuer },
                            sim_authority_serial(authority, product), dates, key, &certificate);
    if (r == SIM_OK)
        r = add_authority_extensions(certificate, authority, product, issuer_key);
    if (r != SIM_OK)
        return r;
    return certificate_finish(certificate, issuer_key, ret);
}

/* VALUE is the content of extnValue as it stands; AMD's extensions are not critical. */
static int add_private(X509 *certificate, const char *suffix, ByteView value)
{
    char oid[64];
    _cleanup_(ASN1_OBJECT_freep) ASN1_OBJECT *object = NULL;
    _cleanup_(ASN1_OCTET_STRING_freep) ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    _cleanup_(X509_EXTENSION_freep) X509_EXTENSION *extension = NULL;

    (void)snprintf(oid, sizeof(oid), AMD_ARC ".%s", suffix);
    object = OBJ_txt2obj(oid, 1);
    if (!object || !octets || ASN1_OCTET_STRING_set(octets, value.data, (int)value.size) != 1)
        return FAILED;
    extension = X509_EXTENSION_create_by_OBJ(NULL, object, 0, octets);
    if (!extension || X509_add_ext(certificate, extension, -1) != 1)
        return FAILED;
    return SIM_OK;
}

/* Minimal DER: 02 01 xx below 0x80, else 02 02 00 xx. */
static int add_integer(X509 *certificate, const char *suffix, uint8_t value)
{
    const uint8_t small[] = { 0x02, 0x01, value };
    const uint8_t large[] = { 0x02, 0x02, 0x00, value };

    return add_private(certificate, suffix,
                       value < 0x80 ? VIEW_OF_ARRAY(small) : VIEW_OF_ARRAY(large));
}

static int add_ia5string(X509 *certificate, const char *suffix, const char *text)
{
    uint8_t der[2 + 127];
    size_t length = strlen(text);

    if (length > 127)
        return SIM_E_VALUE;
    der[0] = 0x16;
    der[1] = (uint8_t)length;
    memcpy(der + 2, text, length);
    return add_private(certificate, suffix, (ByteView){ .data = der, .size = 2 + length });
}

/* The order of the numbers is the one seen in genuine certificates of each product. */
static int add_versions(X509 *certificate, const SimLeaf *leaf)
{
    const bool turin = leaf->product == SIM_TURIN;
    const struct {
        const char *suffix;
        uint8_t value;
        bool present;
    } numbers[] = {
        { "3.9", leaf->tcb.fmc, turin },
        { "3.1", leaf->tcb.boot_loader, true },
        { "3.2", leaf->tcb.tee, true },
        { "3.3", leaf->tcb.snp, turin },
        { "3.4", 0, !turin },
        { "3.5", 0, true },
        { "3.6", 0, true },
        { "3.7", 0, true },
        { "3.3", leaf->tcb.snp, !turin },
        { "3.8", leaf->tcb.microcode, true },
    };

    for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
        if (!numbers[i].present)
            continue;
        int r = add_integer(certificate, numbers[i].suffix, numbers[i].value);
        if (r != SIM_OK)
            return r;
    }
    return SIM_OK;
}

static int add_leaf_extensions(X509 *certificate, const SimLeaf *leaf)
{
    int r = add_integer(certificate, "1", leaf->struct_version);

    if (r == SIM_OK && leaf->product_name)
        r = add_ia5string(certificate, "2", leaf->product_name);
    if (r == SIM_OK)
        r = add_versions(certificate, leaf);
    /* The naked bytes: AMD puts no OCTET STRING around the hardware id. */
    if (r == SIM_OK && leaf->hardware_id_size > 0)
        r = add_private(certificate, "4",
                        (ByteView){ .data = leaf->hardware_id, .size = leaf->hardware_id_size });
    if (r == SIM_OK && leaf->csp_id)
        r = add_ia5string(certificate, "5", leaf->csp_id);
    return r;
}

int sim_leaf_certificate(const SimLeaf *leaf, EVP_PKEY *key, EVP_PKEY *issuer_key, Bytes *ret)
{
    const int64_t dates[2] = { leaf->not_before, leaf->not_after };
    char issuer[32];
    _cleanup_(X509_freep) X509 *certificate = NULL;
    const bool vlek = leaf->signer == SIM_VLEK;

    int r = common_name_of(vlek ? SIM_ASVK : SIM_ASK, leaf->product, issuer);
    if (r == SIM_OK)
        r = certificate_new((const char *[]){ vlek ? "SEV-VLEK" : "SEV-VCEK", issuer }, 0, dates,
                            key, &certificate);
    if (r == SIM_OK)
        r = add_leaf_extensions(certificate, leaf);
    if (r != SIM_OK)
        return r;
    return certificate_finish(certificate, issuer_key, ret);
}

static int crl_add_revoked(X509_CRL *crl, uint32_t serial, ASN1_TIME *date)
{
    X509_REVOKED *revoked = X509_REVOKED_new();
    ASN1_INTEGER *number = ASN1_INTEGER_new();

    bool added = revoked && number && ASN1_INTEGER_set_uint64(number, serial) == 1 &&
                 X509_REVOKED_set_serialNumber(revoked, number) == 1 &&
                 X509_REVOKED_set_revocationDate(revoked, date) == 1 &&
                 X509_CRL_add0_revoked(crl, revoked) == 1;
    ASN1_INTEGER_free(number);
    if (added)
        return SIM_OK;
    X509_REVOKED_free(revoked);
    return FAILED;
}

int sim_authority_crl(SimProduct product, uint32_t serial, const int64_t dates[static 2],
                      EVP_PKEY *ark_key, Bytes *ret)
{
    char issuer[32];
    _cleanup_(X509_CRL_freep) X509_CRL *crl = X509_CRL_new();
    _cleanup_(X509_NAME_freep) X509_NAME *name = NULL;
    _cleanup_(ASN1_TIME_freep) ASN1_TIME *this_update = ASN1_TIME_set(NULL, (time_t)dates[0]);
    _cleanup_(ASN1_TIME_freep) ASN1_TIME *next_update = ASN1_TIME_set(NULL, (time_t)dates[1]);
    _cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *context = NULL;
    unsigned char *der = NULL;

    int r = common_name_of(SIM_ARK, product, issuer);
    if (r == SIM_OK)
        r = name_new(issuer, &name);
    if (r == SIM_OK)
        r = pss_begin(ark_key, &context);
    if (r != SIM_OK)
        return r;
    if (!crl || !this_update || !next_update ||
        X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
        X509_CRL_set_issuer_name(crl, name) != 1 ||
        X509_CRL_set1_lastUpdate(crl, this_update) != 1 ||
        X509_CRL_set1_nextUpdate(crl, next_update) != 1)
        return FAILED;
    if (serial != 0) {
        r = crl_add_revoked(crl, serial, this_update);
        if (r != SIM_OK)
            return r;
    }
    if (X509_CRL_sign_ctx(crl, context) <= 0)
        return FAILED;
    int size = i2d_X509_CRL(crl, &der);
    return take_der(der, size, ret);
}

int sim_certificate_to_pem(ByteView der, Bytes *ret)
{
    const unsigned char *cursor = der.data;
    _cleanup_(X509_freep) X509 *certificate = d2i_X509(NULL, &cursor, (long)der.size);
    _cleanup_(BIO_freep) BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    if (!certificate || !bio || PEM_write_bio_X509(bio, certificate) != 1)
        return FAILED;
    long size = BIO_get_mem_data(bio, &text);
    if (size <= 0)
        return FAILED;
    return bytes_copy((ByteView){ .data = (uint8_t *)text, .size = (size_t)size }, ret);
}
