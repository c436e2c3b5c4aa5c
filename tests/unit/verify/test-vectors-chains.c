/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every vector of certificates alone: AMD's roots, chip keys without reports, vTPM certificates of
 * clouds. What they say, and the chains they make.
 */
#include "vectors.h"

#include "verify/amd-roots.h"
#include "verify/snp-chain.h"
#include "verify/vek.h"

#include <dirent.h>

/* --- AMD */

static void run_roots(const Vector *vector)
{
    static const char *const roles[] = { "ark", "ask", "asvk" };
    static const char *const links[] = { "ark_self_signed", "ask_by_ark", "asvk_by_ark" };
    _cleanup_(certificate_freep) Certificate *ark = vector_certificate(vector, "ark.der");
    _cleanup_certificates_ CertificateList list = { 0 };
    _cleanup_(amd_roots_freep) AmdRoots *roots = NULL, *given = NULL;
    Digest digest;

    check_int(amd_roots_new(&roots), 0);
    for (size_t i = 0; i < ELEMENTSOF(roles); i++) {
        char role[16];
        SnpProduct product;
        AmdRole of;
        (void)snprintf(role, sizeof(role), "%s.der", roles[i]);
        _cleanup_(certificate_freep) Certificate *certificate = vector_certificate(vector, role);
        vector_check_certificate(certificate, vector_at(vector->expected, roles[i]));
        check_int(certificate_verify_signed_by(certificate, ark) == CERTIFICATE_OK,
                  vector_number(vector->expected, links[i]));
        check(certificate_is_amd_signed(certificate) && certificate_is_ca(certificate));
        check(amd_subject_parse(certificate_subject_cn(certificate), &product, &of));
        check(key_equal(certificate_key(certificate), amd_roots_key(roots, product, of)));
        check_int(certificate_list_add(&list, certificate), 0);
    }
    check_int(digest_of(DIGEST_SHA256, certificate_spki(ark), &digest), 0);
    vector_check_hex(vector->expected, "ark_spki_sha256", digest_view(&digest));
    check_int(amd_roots_from(&list, &given) == AMD_ROOTS_OK, vector_passes(vector));
}

static void test_every_root_is_what_it_should_be(void)
{
    vectors_each("amd-roots", 3, run_roots);
}

/* A VCEK without a report. */
static void run_chip(const Vector *vector)
{
    _cleanup_(certificate_freep) Certificate *vcek = vector_certificate(vector, "vcek.der");
    const json_t *ext = vector_at(vector->expected, "cert_ext");
    _cleanup_(amd_roots_freep) AmdRoots *roots = NULL;
    _cleanup_findings_ Findings findings = { 0 };
    const Endorsements none = { 0 };
    SnpChain chain = { 0 };
    Vek vek;

    vector_check_certificate(vcek, vector_at(vector->expected, "cert"));
    check_int(vek_parse(vcek, &vek), VEK_OK);
    check_int(vek.tcb.boot_loader, vector_number(ext, "bootloader"));
    check_int(vek.tcb.tee, vector_number(ext, "tee"));
    check_int(vek.tcb.snp, vector_number(ext, "snp"));
    check_int(vek.tcb.microcode, vector_number(ext, "microcode"));
    check_int(vek.tcb.has_fmc, vector_at(ext, "fmc") != NULL);
    if (vek.tcb.has_fmc)
        check_int(vek.tcb.fmc, vector_number(ext, "fmc"));
    vector_check_hex(ext, "hwid", (ByteView){ vek.hwid, vek.hwid_size });

    check_int(amd_roots_new(&roots), 0);
    const SnpChainInput input = {
        .endorsements = &none,
        .roots = roots,
        .signer = strcmp(lab_text(vector->expected, "issuer_ca"), "ASK") == 0 ? AMD_ASK : AMD_ASVK,
        .now_sec = CERTIFICATE_TIME_ANY
    };
    int r = snp_chain_verify(&input, vcek, &findings, &chain);
    check_int(r == SNP_CHAIN_OK, vector_number(vector->expected, "chain_valid"));
    check_int(r == SNP_CHAIN_OK, vector_passes(vector));
    check_str(snp_product_name(chain.product), lab_text(vector->expected, "product"));
}

static void test_every_chip_certificate_chains(void)
{
    vectors_each("certs", 1, run_chip);
}

/* --- clouds */

/* Adds every certificate of VECTOR to one list, self-issued ones to the other. */
static void sort_certificates(const char *kind, CertificateList *anchors,
                              CertificateList *intermediates)
{
    char path[512];
    struct dirent **names = NULL;

    (void)snprintf(path, sizeof(path), "%s/%s", VECTORS_DIR, kind);
    int n = scandir(path, &names, NULL, alphasort);
    check(n >= 0);
    for (int i = 0; i < n; i++) {
        static const char *const roles[] = { "ca.der", "root.der", "intermediate.der" };
        char vector_path[400];
        (void)snprintf(vector_path, sizeof(vector_path), "%s/%s", kind, names[i]->d_name);
        const Vector vector = { .path = vector_path };
        for (size_t k = 0; k < ELEMENTSOF(roles); k++) {
            if (names[i]->d_name[0] == '.' || !vector_has(&vector, roles[k]))
                continue;
            _cleanup_(certificate_freep) Certificate *certificate =
                vector_certificate(&vector, roles[k]);
            check_int(certificate_list_add(certificate_is_self_issued(certificate) ? anchors
                                                                                   : intermediates,
                                           certificate),
                      0);
        }
        free(names[i]);
    }
    free(names);
}

/* The one anchor that CHAIN ends in, by its common name. */
static Certificate *find_anchor(const CertificateList *anchors, const json_t *chain)
{
    const char *name = json_string_value(json_array_get(chain, json_array_size(chain) - 1));

    for (size_t i = 0; i < anchors->n_items; i++)
        if (strcmp(certificate_subject_cn(anchors->items[i]), name) == 0)
            return anchors->items[i];
    return NULL;
}

static void check_key(const Certificate *certificate, const json_t *wanted)
{
    const Key *key = certificate_key(certificate);

    if (!wanted)
        return;
    check_str(key_type(key) == KEY_RSA ? "RSAPublicKey" : "ECPublicKey", lab_text(wanted, "type"));
    if (vector_at(wanted, "bits"))
        check_int(key_bits(key), vector_number(wanted, "bits"));
}

static void check_usages(const Certificate *certificate, const json_t *usages)
{
    const json_t *usage;
    size_t i;

    json_array_foreach (usages, i, usage)
        check(certificate_has_extended_usage(certificate, json_string_value(usage)));
}

static void check_chain(const Vector *vector, const char *kind, const char *role)
{
    _cleanup_certificates_ CertificateList anchors = { 0 }, intermediates = { 0 }, one = { 0 },
                                           none = { 0 };
    _cleanup_(certificate_freep) Certificate *leaf = vector_certificate(vector, role);
    const char *text = "";

    sort_certificates(kind, &anchors, &intermediates);
    vector_check_certificate(leaf, vector_at(vector->expected, "cert"));
    check_key(leaf, vector_at(vector->expected, "key"));
    check_usages(leaf, vector_at(vector->expected, "eku"));
    if (vector_at(vector->expected, "self_signed"))
        check_int(certificate_is_self_issued(leaf), vector_number(vector->expected, "self_signed"));

    Certificate *anchor = find_anchor(&anchors, vector_at(vector->expected, "chain"));
    check(anchor != NULL);
    check_int(certificate_list_add(&one, anchor), 0);
    int r = certificate_verify_chain(leaf, &intermediates, &one, CERTIFICATE_TIME_ANY, &text);
    if (r)
        (void)fprintf(stderr, "%s\n", text);
    check_int(r == CERTIFICATE_OK, vector_number(vector->expected, "chain_valid"));
    check_int(r == CERTIFICATE_OK, vector_passes(vector));
    /* The roots beside it, and no root at all, are no way. */
    check(certificate_verify_chain(leaf, &intermediates, &none, CERTIFICATE_TIME_ANY, &text) > 0);
    for (size_t i = 0; i < anchors.n_items; i++) {
        _cleanup_certificates_ CertificateList other = { 0 };
        if (anchors.items[i] == anchor)
            continue;
        check_int(certificate_list_add(&other, anchors.items[i]), 0);
        check(certificate_verify_chain(leaf, &intermediates, &other, CERTIFICATE_TIME_ANY, &text) >
              0);
    }
}

static void run_tpm(const Vector *vector)
{
    check_chain(vector, "tpm-certs", vector_has(vector, "cert.der") ? "cert.der" : "ca.der");
}

static void test_every_tpm_certificate_chains(void)
{
    vectors_each("tpm-certs", 11, run_tpm);
}

static void run_azure(const Vector *vector)
{
    check_chain(vector, "azure-vtpm-roots",
                vector_has(vector, "root.der") ? "root.der" : "intermediate.der");
}

static void test_every_azure_authority_chains(void)
{
    vectors_each("azure-vtpm-roots", 2, run_azure);
}

static const Test tests[] = {
    { "every root is what it should be", test_every_root_is_what_it_should_be },
    { "every chip certificate chains", test_every_chip_certificate_chains },
    { "every TPM certificate chains", test_every_tpm_certificate_chains },
    { "every Azure authority chains", test_every_azure_authority_chains },
};

TEST_MAIN(tests)
