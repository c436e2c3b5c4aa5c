/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything about one genuine report that can be made wrong, made wrong, one thing at a time and
 * all of them: each bit, each length, each other certificate. test-forge-snp VECTOR SHARD SHARDS
 */
#include "vectors.h"

#include "verify/genuine-snp.h"

#include <dirent.h>

typedef struct Shard {
    size_t index, n;
} Shard;

/* What stays the same from one look to the next. */
typedef struct Bench {
    Vector vector;
    const char *role;
    Bytes report, certificate;
    AmdRoots *roots;
} Bench;

static bool is_ours(const Shard *shard, size_t i)
{
    return i % shard->n == shard->index;
}

/* False and the findings, or true. CERTIFICATE .size 0: none. */
static bool judge(const Bench *bench, ByteView report, ByteView certificate, Findings *findings)
{
    const Evidence evidence = { 0 };
    _cleanup_endorsements_ Endorsements endorsements = { 0 };
    const EndorsementInput gather = { .evidence = &evidence,
                                      .certificates = &certificate,
                                      .n_certificates = certificate.size > 0 };
    GenuineSnp snp;

    check_int(endorsements_gather(&gather, findings, &endorsements), 0);
    const GenuineSnpInput input = { .report = report,
                                    .endorsements = &endorsements,
                                    .roots = bench->roots,
                                    .now_sec = CERTIFICATE_TIME_ANY,
                                    .newer_versions = true };
    int r = genuine_snp_verify(&input, findings, &snp);
    check(r == GENUINE_SNP_OK || r == GENUINE_SNP_E_REFUSED);
    check_int(r == GENUINE_SNP_OK, findings_first_failure(findings) == NULL);
    return r == GENUINE_SNP_OK;
}

/* Fails unless one of NAMES, NULL at the end, is among the failures. */
static void check_named(const Findings *findings, const char *const *names, const char *what,
                        size_t at)
{
    for (size_t i = 0; i < findings->n_items; i++)
        for (size_t k = 0; names[k]; k++)
            if (findings->items[i].result == FINDING_FAILURE &&
                strcmp(findings->items[i].name, names[k]) == 0)
                return;
    (void)fprintf(stderr, "%s %zu: not refused by the right name\n", what, at);
    lab_print(findings);
    abort();
}

/* --- bits of the report */

/* Bits that choose how the rest is read: they may be refused before the signature is asked. */
static const char *const *names_for(size_t offset)
{
    static const char *const version[] = { "snp-report-malformed", "snp-signature-invalid", NULL };
    static const char *const key[] = { "snp-signing-key-unknown", "snp-chip-key-masked",
                                       "snp-vek-missing", "snp-signature-invalid", NULL };
    static const char *const rest[] = { "snp-signature-invalid", NULL };

    if (offset < SNP_OFFSET_GUEST_SVN)
        return version;
    if (offset == SNP_OFFSET_KEY_INFO)
        return key;
    return rest;
}

static void flip_every_bit_of_the_report(const Bench *bench, const Shard *shard)
{
    _cleanup_bytes_ Bytes forged = { 0 };
    size_t n = 0;

    check_int(bytes_copy(VIEW(bench->report), &forged), 0);
    for (size_t bit = 0; bit < 8 * forged.size; bit++) {
        _cleanup_findings_ Findings findings = { 0 };
        if (!is_ours(shard, bit))
            continue;
        forged.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        check(!judge(bench, VIEW(forged), VIEW(bench->certificate), &findings));
        check_named(&findings, names_for(bit / 8), "bit of the report", bit);
        forged.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        n++;
    }
    (void)printf("  %zu bits of the report\n", n);
}

static void cut_the_report_everywhere(const Bench *bench, const Shard *shard)
{
    static const char *const names[] = { "snp-report-malformed", NULL };

    for (size_t size = 0; size < bench->report.size; size++) {
        _cleanup_findings_ Findings findings = { 0 };
        if (!is_ours(shard, size))
            continue;
        check(!judge(bench, (ByteView){ bench->report.data, size }, VIEW(bench->certificate),
                     &findings));
        check_named(&findings, names, "length of the report", size);
    }
    _cleanup_bytes_ Bytes longer = { 0 };
    _cleanup_findings_ Findings findings = { 0 };
    check_int(bytes_copy(VIEW(bench->report), &longer), 0);
    check_int(bytes_append_u8(&longer, 0), 0);
    check(!judge(bench, VIEW(longer), VIEW(bench->certificate), &findings));
    check_named(&findings, names, "length of the report", longer.size);
}

/* --- the certificate */

static const char *const certificate_names[] = {
    "snp-vek-missing", "snp-signature-invalid", "snp-chain-invalid", "snp-certificate-unfit", NULL,
};

static void flip_every_bit_of_the_certificate(const Bench *bench, const Shard *shard)
{
    _cleanup_bytes_ Bytes forged = { 0 };
    size_t n = 0;

    check_int(bytes_copy(VIEW(bench->certificate), &forged), 0);
    for (size_t bit = 0; bit < 8 * forged.size; bit++) {
        _cleanup_findings_ Findings findings = { 0 };
        if (!is_ours(shard, bit))
            continue;
        forged.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (judge(bench, VIEW(bench->report), VIEW(forged), &findings)) {
            (void)fprintf(stderr, "bit %zu of byte %zu of the certificate\n", bit % 8, bit / 8);
            abort();
        }
        check_named(&findings, certificate_names, "bit of the certificate", bit);
        forged.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        n++;
    }
    (void)printf("  %zu bits of the certificate\n", n);
}

static void cut_the_certificate_everywhere(const Bench *bench, const Shard *shard)
{
    static const char *const names[] = { "snp-vek-missing", NULL };

    for (size_t size = 0; size < bench->certificate.size; size++) {
        _cleanup_findings_ Findings findings = { 0 };
        if (!is_ours(shard, size))
            continue;
        check(!judge(bench, VIEW(bench->report), (ByteView){ bench->certificate.data, size },
                     &findings));
        check_named(&findings, names, "length of the certificate", size);
    }
}

/* Every other certificate there is, of chips, authorities and TPMs. */
static void swap_the_certificate(const Bench *bench)
{
    static const char *const kinds[] = { "snp", "certs", "amd-roots", "azure-snp", "tpm-certs" };
    static const char *const roles[] = { "vcek.der", "vlek.der", "ark.der", "ask.der",
                                         "asvk.der", "cert.der", "ca.der" };
    size_t n = 0;

    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        char path[512];
        (void)snprintf(path, sizeof(path), "%s/%s", VECTORS_DIR, kinds[i]);
        DIR *dir = opendir(path);
        check(dir != NULL);
        for (struct dirent *entry; (entry = readdir(dir));) {
            (void)snprintf(path, sizeof(path), "%s/%.400s", kinds[i], entry->d_name);
            for (size_t k = 0; k < ELEMENTSOF(roles); k++) {
                const Vector other = { .path = path };
                _cleanup_findings_ Findings findings = { 0 };
                if (entry->d_name[0] == '.' || !vector_has(&other, roles[k]))
                    continue;
                _cleanup_bytes_ Bytes der = vector_read(&other, roles[k]);
                if (view_equal(VIEW(der), VIEW(bench->certificate)))
                    continue;
                check(!judge(bench, VIEW(bench->report), VIEW(der), &findings));
                check_named(&findings, certificate_names, path, k);
                n++;
            }
        }
        (void)closedir(dir);
    }
    (void)printf("  %zu other certificates\n", n);
    check(n > 20);
}

/* A hierarchy that has every name right and is not AMD's. */
static void check_roots_of_others(const Bench *bench)
{
    static const char *const products[] = { "milan", "genoa", "turin" };
    size_t n_genuine = 0;

    for (size_t i = 0; i < ELEMENTSOF(products); i++) {
        _cleanup_certificates_ CertificateList list = { 0 };
        _cleanup_findings_ Findings findings = { 0 };
        AmdRoots *roots = NULL;
        static const char *const roles[] = { "ark", "ask", "asvk" };
        for (size_t k = 0; k < ELEMENTSOF(roles); k++) {
            char path[64];
            (void)snprintf(path, sizeof(path), "amd-roots/%s/%s.der", products[i], roles[k]);
            _cleanup_(certificate_freep) Certificate *certificate = vector_load_certificate(path);
            check_int(certificate_list_add(&list, certificate), 0);
        }
        check_int(amd_roots_from(&list, &roots), AMD_ROOTS_OK);
        Bench other = *bench;
        other.roots = roots;
        if (judge(&other, VIEW(bench->report), VIEW(bench->certificate), &findings))
            n_genuine++;
        else
            lab_check_failure(&findings, "snp-root-untrusted");
        amd_roots_free(roots);
    }
    check_int(n_genuine, 1); /* its own product's */
}

int main(int argc, char **argv)
{
    Bench bench = { 0 };
    char path[128];

    if (argc != 4)
        return 2;
    const Shard shard = { (size_t)strtoul(argv[2], NULL, 10), (size_t)strtoul(argv[3], NULL, 10) };
    check(shard.n > 0 && shard.index < shard.n);
    (void)snprintf(path, sizeof(path), "snp/%s", argv[1]);
    bench.vector = (Vector){ .path = path, .name = argv[1] };
    bench.report = vector_read(&bench.vector, "report.bin");
    bench.role = vector_has(&bench.vector, "vlek.der") ? "vlek.der" : "vcek.der";
    bench.certificate = vector_read(&bench.vector, bench.role);
    check_int(amd_roots_new(&bench.roots), 0);

    _cleanup_findings_ Findings findings = { 0 };
    check(judge(&bench, VIEW(bench.report), VIEW(bench.certificate), &findings));
    flip_every_bit_of_the_report(&bench, &shard);
    cut_the_report_everywhere(&bench, &shard);
    flip_every_bit_of_the_certificate(&bench, &shard);
    cut_the_certificate_everywhere(&bench, &shard);
    if (shard.index == 0) {
        swap_the_certificate(&bench);
        check_roots_of_others(&bench);
    }
    amd_roots_free(bench.roots);
    bytes_done(&bench.report);
    bytes_done(&bench.certificate);
    return 0;
}
