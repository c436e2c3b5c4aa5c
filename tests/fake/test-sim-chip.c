/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated chip against AMD's formats: certificates compared with genuine ones, report bytes
 * with the specification's offsets, signatures with OpenSSL.
 */
#include "sim-chip.h"

#include "testing.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <time.h>

DEFINE_CLEANUP(X509 *, X509_free);
DEFINE_CLEANUP(X509_CRL *, X509_CRL_free);
DEFINE_CLEANUP(ECDSA_SIG *, ECDSA_SIG_free);

/* A chip in a folder of its own, with the build's authority keys. */
static SimChip *make_chip(SimProduct product, bool vlek)
{
    char directory[] = "/tmp/sim-chip.XXXXXX";
    char command[64];
    SimChip *chip = NULL;
    const SimChipOptions options = { .product = product, .vlek = vlek, .keys_from = SIM_KEYS_DIR };

    check(mkdtemp(directory));
    check_int(sim_chip_create(directory, &options), SIM_OK);
    check_int(sim_chip_open(directory, &chip), SIM_OK);
    (void)snprintf(command, sizeof(command), "rm -r %s", directory);
    check_int(system(command), 0);
    return chip;
}

static X509 *parse_certificate(ByteView der)
{
    const unsigned char *cursor = der.data;
    X509 *certificate = d2i_X509(NULL, &cursor, (long)der.size);

    check(certificate);
    check(cursor == der.data + der.size);
    return certificate;
}

static X509 *certificate_of(const SimChip *chip, const char *name)
{
    return parse_certificate(sim_chip_certificate(chip, name));
}

static bool report_verifies(const SimChip *chip, const char *leaf, const uint8_t *report)
{
    _cleanup_(X509_freep) X509 *certificate = certificate_of(chip, leaf);
    _cleanup_(ECDSA_SIG_freep) ECDSA_SIG *signature = ECDSA_SIG_new();
    unsigned char *der = NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    check(ECDSA_SIG_set0(signature, BN_lebin2bn(report + 0x2a0, 72, NULL),
                         BN_lebin2bn(report + 0x2e8, 72, NULL)) == 1);
    int size = i2d_ECDSA_SIG(signature, &der);
    check(size > 0);
    check(EVP_DigestVerifyInit(context, NULL, EVP_sha384(), NULL, X509_get0_pubkey(certificate)) ==
          1);
    bool good = EVP_DigestVerify(context, der, (size_t)size, report, SIM_SIGNED_SIZE) == 1;
    EVP_MD_CTX_free(context);
    OPENSSL_free(der);
    return good;
}

static bool chain_verifies(const SimChip *chip, const char *intermediate, X509 *leaf)
{
    _cleanup_(X509_freep) X509 *root = certificate_of(chip, "ark");
    STACK_OF(X509) *untrusted = sk_X509_new_null();
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();

    check(sk_X509_push(untrusted, certificate_of(chip, intermediate)) == 1);
    check(X509_STORE_add_cert(store, root) == 1);
    check(X509_STORE_CTX_init(context, store, leaf, untrusted) == 1);
    bool good = X509_verify_cert(context) == 1;
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    sk_X509_pop_free(untrusted, X509_free);
    return good;
}

static void names_are_equal(const X509_NAME *a, const X509_NAME *b)
{
    const unsigned char *a_der = NULL, *b_der = NULL;
    size_t a_size = 0, b_size = 0;

    check(X509_NAME_get0_der(a, &a_der, &a_size) == 1);
    check(X509_NAME_get0_der(b, &b_der, &b_size) == 1);
    check(view_equal((ByteView){ .data = a_der, .size = a_size },
                     (ByteView){ .data = b_der, .size = b_size }));
}

/* The key identifiers name keys, hwID a chip, the rest numbers or text. */
static bool value_may_differ(X509_EXTENSION *extension)
{
    char oid[64];
    const ASN1_OBJECT *object = X509_EXTENSION_get_object(extension);

    (void)OBJ_obj2txt(oid, sizeof(oid), object, 1);
    return OBJ_obj2nid(object) == NID_subject_key_identifier ||
           OBJ_obj2nid(object) == NID_authority_key_identifier ||
           strncmp(oid, "1.3.6.1.4.1.3704.1.3.", 21) == 0 ||
           strcmp(oid, "1.3.6.1.4.1.3704.1.4") == 0 || strcmp(oid, "1.3.6.1.4.1.3704.1.5") == 0;
}

static void extensions_are_alike(const X509 *ours, const X509 *genuine)
{
    check_int(X509_get_ext_count(ours), X509_get_ext_count(genuine));
    /* AMD orders the extensions of ARK and ASK differently; ours may, too. */
    for (int i = 0; i < X509_get_ext_count(genuine); i++) {
        X509_EXTENSION *wanted = X509_get_ext(genuine, i);
        int at = X509_get_ext_by_OBJ(ours, X509_EXTENSION_get_object(wanted), -1);
        check(at >= 0);
        X509_EXTENSION *found = X509_get_ext(ours, at);
        check_int(X509_EXTENSION_get_critical(found), X509_EXTENSION_get_critical(wanted));
        const ASN1_OCTET_STRING *a = X509_EXTENSION_get_data(found);
        const ASN1_OCTET_STRING *b = X509_EXTENSION_get_data(wanted);
        if (!value_may_differ(wanted))
            check(ASN1_OCTET_STRING_cmp(a, b) == 0);
    }
}

static void compare_with_genuine(const SimChip *chip, const char *name, const char *vector)
{
    _cleanup_bytes_ Bytes der = test_vector(vector);
    _cleanup_(X509_freep) X509 *genuine = parse_certificate(VIEW(der));
    _cleanup_(X509_freep) X509 *ours = certificate_of(chip, name);

    names_are_equal(X509_get_subject_name(ours), X509_get_subject_name(genuine));
    names_are_equal(X509_get_issuer_name(ours), X509_get_issuer_name(genuine));
    check(ASN1_INTEGER_cmp(X509_get0_serialNumber(ours), X509_get0_serialNumber(genuine)) == 0);
    check_int(X509_get_version(ours), X509_get_version(genuine));
    check_int(X509_get_signature_nid(ours), X509_get_signature_nid(genuine));
    check_int(EVP_PKEY_get_bits(X509_get0_pubkey(ours)),
              EVP_PKEY_get_bits(X509_get0_pubkey(genuine)));
    extensions_are_alike(ours, genuine);
}

static void certificates_have_the_shape_of_genuine_ones(void)
{
    _cleanup_(sim_chip_freep) SimChip *milan = make_chip(SIM_MILAN, true);
    _cleanup_(sim_chip_freep) SimChip *genoa = make_chip(SIM_GENOA, true);
    _cleanup_(sim_chip_freep) SimChip *turin = make_chip(SIM_TURIN, true);

    compare_with_genuine(milan, "ark", "amd-roots/milan/ark.der");
    compare_with_genuine(milan, "ask", "amd-roots/milan/ask.der");
    compare_with_genuine(milan, "asvk", "amd-roots/milan/asvk.der");
    compare_with_genuine(milan, "vcek", "snp/milan-v3-vcek/vcek.der");
    compare_with_genuine(milan, "vlek", "snp/milan-v3-vlek/vlek.der");
    compare_with_genuine(genoa, "ark", "amd-roots/genoa/ark.der");
    compare_with_genuine(genoa, "ask", "amd-roots/genoa/ask.der");
    compare_with_genuine(genoa, "asvk", "amd-roots/genoa/asvk.der");
    compare_with_genuine(genoa, "vcek", "snp/genoa-v3-vcek/vcek.der");
    compare_with_genuine(turin, "ark", "amd-roots/turin/ark.der");
    compare_with_genuine(turin, "ask", "amd-roots/turin/ask.der");
    compare_with_genuine(turin, "asvk", "amd-roots/turin/asvk.der");
    compare_with_genuine(turin, "vcek", "snp/turin-v5-vcek/vcek.der");
}

static void a_report_of_every_product_verifies_along_its_chain(void)
{
    static const SimProduct products[] = { SIM_MILAN, SIM_GENOA, SIM_TURIN };

    for (size_t i = 0; i < ELEMENTSOF(products); i++) {
        for (int vlek = 0; vlek < 2; vlek++) {
            _cleanup_(sim_chip_freep) SimChip *chip = make_chip(products[i], vlek);
            const char *leaf_name = vlek ? "vlek" : "vcek";
            _cleanup_(X509_freep) X509 *leaf = certificate_of(chip, leaf_name);
            uint8_t bytes[SIM_REPORT_SIZE];
            SimReport report;

            check(chain_verifies(chip, vlek ? "asvk" : "ask", leaf));
            check(!chain_verifies(chip, "ark", leaf));
            sim_report_default(chip, &report);
            check_int(sim_report_emit(chip, &report, bytes), SIM_OK);
            check(report_verifies(chip, leaf_name, bytes));
            bytes[0x29f] ^= 1;
            check(!report_verifies(chip, leaf_name, bytes));
            check_int(sim_report_sign(chip, sim_chip_signer(chip), bytes), SIM_OK);
            check(report_verifies(chip, leaf_name, bytes));
        }
    }
}

static void set(SimReport *report, const char *name, const char *value)
{
    check_int(sim_report_set(report, name, value), SIM_OK);
}

static void fields_lie_where_the_specification_says(void)
{
    uint8_t bytes[SIM_REPORT_SIZE];
    SimReport report = { .product = SIM_MILAN };
    static const uint8_t legacy[] = { 2, 3, 0, 0, 0, 0, 4, 5 };
    static const uint8_t turin[] = { 1, 2, 3, 4, 0, 0, 0, 5 };

    set(&report, "version", "3");
    set(&report, "policy", "0x8070605040302010");
    set(&report, "key_info", "0x11223344");
    set(&report, "current_tcb", "2.3.4.5");
    set(&report, "cpuid_family", "0x19");
    set(&report, "committed_major", "9");
    set(&report, "current_mitigations", "7");
    sim_report_encode(&report, bytes);
    check_int(bytes[0], 3);
    check_int(bytes[0x08], 0x10);
    check_int(bytes[0x0f], 0x80);
    check_int(bytes[0x48], 0x44);
    check(memcmp(bytes + 0x38, legacy, 8) == 0);
    check_int(bytes[0x188], 0x19);
    check_int(bytes[0x1ee], 9);
    check_int(bytes[0x200], 0); /* no mitigation vectors before version 5 */

    set(&report, "product", "Turin");
    set(&report, "version", "5");
    set(&report, "reported_tcb", "1.2.3.4.5");
    sim_report_encode(&report, bytes);
    check(memcmp(bytes + 0x180, turin, 8) == 0);
    check_int(bytes[0x200], 7);

    set(&report, "version", "2");
    sim_report_encode(&report, bytes);
    check_int(bytes[0x188], 0); /* no family before version 3 */
}

static void shorthands_change_what_they_name(void)
{
    SimReport report = { 0 };

    set(&report, "signing_key", "vlek");
    check_int(report.key_info, 4);
    set(&report, "signing_key", "none");
    check_int(report.key_info, 28);
    set(&report, "signing_key", "5");
    check_int(report.key_info, 20);
    set(&report, "debug", "yes");
    check_int(report.policy, 0x80000);
    set(&report, "debug", "no");
    check_int(report.policy, 0);
    set(&report, "tcb", "1.2.3.4");
    check_int(report.launch_tcb.microcode, 4);
    check_int(report.committed_tcb.boot_loader, 1);
    report.chip_id[63] = 1;
    set(&report, "mask_chip_id", "yes");
    check(view_is_filled_with(VIEW_OF_ARRAY(report.chip_id), 0));
}

static void unknown_fields_and_bad_values_are_refused(void)
{
    static const struct {
        const char *name, *value;
        int wanted;
    } cases[] = {
        { "no_such_field", "1", SIM_E_NAME },
        { "version", "", SIM_E_VALUE },
        { "version", "-1", SIM_E_VALUE },
        { "version", "4294967296", SIM_E_VALUE },
        { "version", "3x", SIM_E_VALUE },
        { "cpuid_step", "256", SIM_E_VALUE },
        { "host_data", "00", SIM_E_VALUE },
        { "host_data", "zz", SIM_E_VALUE },
        { "tcb", "1.2.3", SIM_E_VALUE },
        { "tcb", "1.2.3.256", SIM_E_VALUE },
        { "tcb", "1.2.3.4.5.6", SIM_E_VALUE },
        { "tcb", "1.2.3.4x", SIM_E_VALUE },
        { "signing_key", "8", SIM_E_VALUE },
        { "debug", "maybe", SIM_E_VALUE },
        { "mask_chip_id", "perhaps", SIM_E_VALUE },
        { "product", "Naples", SIM_E_NAME },
    };
    SimReport report = { 0 };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        check_int(sim_report_set(&report, cases[i].name, cases[i].value), cases[i].wanted);
}

static void a_masked_or_unsigned_report_has_no_signature(void)
{
    _cleanup_(sim_chip_freep) SimChip *chip = make_chip(SIM_MILAN, false);
    uint8_t bytes[SIM_REPORT_SIZE];
    SimReport report;

    sim_report_default(chip, &report);
    report.key_info = 2;
    check_int(sim_report_emit(chip, &report, bytes), SIM_OK);
    check(view_is_filled_with((ByteView){ .data = bytes + 0x2a0, .size = 512 }, 0));
    report.key_info = 7 << 2;
    check_int(sim_report_emit(chip, &report, bytes), SIM_OK);
    check(view_is_filled_with((ByteView){ .data = bytes + 0x2a0, .size = 512 }, 0));
    report.key_info = 1 << 2;
    check_int(sim_report_emit(chip, &report, bytes), SIM_E_KEYS);
}

static void a_leaf_is_issued_as_wished(void)
{
    _cleanup_(sim_chip_freep) SimChip *chip = make_chip(SIM_TURIN, false);
    _cleanup_bytes_ Bytes der = { 0 };
    SimLeaf leaf;

    sim_leaf_default(chip, SIM_VCEK, &leaf);
    check_int(leaf.hardware_id_size, 8);
    check_int(leaf.struct_version, 1);
    leaf.not_after = (int64_t)time(NULL) - 60;
    leaf.hardware_id_size = 0;
    check_int(sim_leaf_issue(chip, &leaf, &der), SIM_OK);
    _cleanup_(X509_freep) X509 *certificate = parse_certificate(VIEW(der));
    check_int(X509_get_ext_count(certificate), 10);
    check(!chain_verifies(chip, "ask", certificate));

    sim_leaf_default(chip, SIM_VLEK, &leaf);
    bytes_done(&der);
    check_int(sim_leaf_issue(chip, &leaf, &der), SIM_E_KEYS);
}

static void a_crl_is_signed_by_the_ark_and_names_the_ask(void)
{
    _cleanup_(sim_chip_freep) SimChip *chip = make_chip(SIM_MILAN, true);
    _cleanup_(X509_freep) X509 *ark = certificate_of(chip, "ark");
    _cleanup_bytes_ Bytes der = { 0 };
    const int64_t now = (int64_t)time(NULL);

    check_int(sim_chip_crl(chip, "ask", now, now + 86400, &der), SIM_OK);
    const unsigned char *cursor = der.data;
    _cleanup_(X509_CRL_freep) X509_CRL *crl = d2i_X509_CRL(NULL, &cursor, (long)der.size);
    check(crl);
    check(X509_CRL_verify(crl, X509_get0_pubkey(ark)) == 1);
    check_int(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 1);
    bytes_done(&der);
    check_int(sim_chip_crl(chip, NULL, now, now + 86400, &der), SIM_OK);
    bytes_done(&der);
    check_int(sim_chip_crl(chip, "vcek", now, now + 86400, &der), SIM_E_NAME);
}

/* Finds GUID's blob; the tables here are honest. */
static ByteView find_blob(const Bytes *table, const uint8_t guid[static 16])
{
    for (size_t at = 0; at + 24 <= table->size; at += 24) {
        uint32_t offset, length;
        memcpy(&offset, table->data + at + 16, 4);
        memcpy(&length, table->data + at + 20, 4);
        if (memcmp(table->data + at, guid, 16) == 0)
            return (ByteView){ .data = table->data + offset, .size = length };
    }
    return (ByteView){ 0 };
}

static void tables_hold_what_their_name_says(void)
{
    _cleanup_(sim_chip_freep) SimChip *chip = make_chip(SIM_GENOA, false);
    _cleanup_bytes_ Bytes full = { 0 };
    _cleanup_bytes_ Bytes leaf = { 0 };
    _cleanup_bytes_ Bytes none = { 0 };
    _cleanup_bytes_ Bytes pem = { 0 };
    _cleanup_bytes_ Bytes large = { 0 };
    const ByteView own = { 0 };

    check_int(sim_chip_table(chip, SIM_TABLE_FULL, SIM_VCEK, own, &full), SIM_OK);
    check(view_equal(find_blob(&full, sim_guid_vcek), sim_chip_certificate(chip, "vcek")));
    check(view_equal(find_blob(&full, sim_guid_ask), sim_chip_certificate(chip, "ask")));
    check(view_equal(find_blob(&full, sim_guid_ark), sim_chip_certificate(chip, "ark")));
    check_int(sim_chip_table(chip, SIM_TABLE_LEAF, SIM_VCEK, own, &leaf), SIM_OK);
    check(view_equal(find_blob(&leaf, sim_guid_vcek), sim_chip_certificate(chip, "vcek")));
    check_int(find_blob(&leaf, sim_guid_ask).size, 0);
    check_int(sim_chip_table(chip, SIM_TABLE_NONE, SIM_VCEK, own, &none), SIM_OK);
    check_int(none.size, 0);
    check_int(sim_chip_table(chip, SIM_TABLE_PEM, SIM_VCEK, own, &pem), SIM_OK);
    check(memcmp(find_blob(&pem, sim_guid_ark).data, "-----BEGIN CERTIFICATE-----", 27) == 0);
    check_int(sim_chip_table(chip, SIM_TABLE_OVERSIZE, SIM_VCEK, own, &large), SIM_OK);
    check(large.size > 0x4000);
}

static void a_folder_without_keys_is_refused(void)
{
    SimChip *chip = NULL;

    check_int(sim_chip_open("/nonexistent", &chip), SIM_E_KEYS);
    check(!chip);
}

static const Test tests[] = {
    { "a report of every product verifies along its chain",
      a_report_of_every_product_verifies_along_its_chain },
    { "fields lie where the specification says", fields_lie_where_the_specification_says },
    { "shorthands change what they name", shorthands_change_what_they_name },
    { "unknown fields and bad values are refused", unknown_fields_and_bad_values_are_refused },
    { "a masked or unsigned report has no signature",
      a_masked_or_unsigned_report_has_no_signature },
    { "a leaf is issued as wished", a_leaf_is_issued_as_wished },
    { "a CRL is signed by the ARK and names the ASK",
      a_crl_is_signed_by_the_ark_and_names_the_ask },
    { "tables hold what their name says", tables_hold_what_their_name_says },
    { "a folder without keys is refused", a_folder_without_keys_is_refused },
    { "certificates have the shape of genuine ones", certificates_have_the_shape_of_genuine_ones },
};

TEST_MAIN(tests)
