/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one verification costs, against what OpenSSL costs bare: decoding the certificates that came
 * along and the AK, and the same signatures, nothing else. Then the replay of a long log.
 */
#include "format/event-type.h"
#include "verify/replay.h"
#include "verify/verify.h"

#include "lab.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <time.h>

#define ROUNDS 300 /* the best of them counts */

static double now_usec(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static X509 *decode(ByteView der)
{
    const unsigned char *at = der.data;
    X509 *certificate = d2i_X509(NULL, &at, (long)der.size);

    check(certificate != NULL);
    return certificate;
}

/* r ‖ s in DER, as OpenSSL wants them. */
static void verify_ecdsa(EVP_PKEY *key, const EVP_MD *md, ByteView message, ByteView r, ByteView s)
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    unsigned char *der = NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    check(ECDSA_SIG_set0(signature, BN_bin2bn(r.data, (int)r.size, NULL),
                         BN_bin2bn(s.data, (int)s.size, NULL)) == 1);
    int size = i2d_ECDSA_SIG(signature, &der);
    check(EVP_DigestVerifyInit(context, NULL, md, NULL, key) == 1);
    check(EVP_DigestVerify(context, der, (size_t)size, message.data, message.size) == 1);
    EVP_MD_CTX_free(context);
    OPENSSL_free(der);
    ECDSA_SIG_free(signature);
}

static EVP_PKEY *p256(ByteView x, ByteView y)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;
    uint8_t point[65] = { 0x04 };
    char group[] = "P-256";

    memcpy(point + 1 + 32 - x.size, x.data, x.size);
    memcpy(point + 33 + 32 - y.size, y.data, y.size);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
        OSSL_PARAM_construct_end(),
    };
    check(EVP_PKEY_fromdata_init(context) == 1);
    check(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) == 1);
    EVP_PKEY_CTX_free(context);
    return key;
}

/* Three certificates, three signatures on them, the report's and the quote's. */
static void bare(const Lab *lab, const Evidence *evidence)
{
    X509 *vcek = decode(sim_chip_certificate(lab_chip(lab), "vcek"));
    X509 *ask = decode(sim_chip_certificate(lab_chip(lab), "ask"));
    X509 *ark = decode(sim_chip_certificate(lab_chip(lab), "ark"));
    uint8_t r[48], s[48];
    SnpReport report;
    TpmPublic ak;
    const uint8_t *signature = evidence->vtpm.signature.data;

    check(X509_verify(vcek, X509_get0_pubkey(ask)) == 1);
    check(X509_verify(ask, X509_get0_pubkey(ark)) == 1);
    check(X509_verify(ark, X509_get0_pubkey(ark)) == 1);
    check_int(snp_report_parse(VIEW(evidence->cpu.outblob), 0, &report), SNP_REPORT_OK);
    check_int(snp_report_signature(&report, r, s), SNP_SIGNATURE_OK);
    verify_ecdsa(X509_get0_pubkey(vcek), EVP_sha384(), snp_report_signed_part(&report),
                 VIEW_OF_ARRAY(r), VIEW_OF_ARRAY(s));
    check_int(tpm_public_parse(VIEW(evidence->vtpm.ak_public), &ak), TPM_PUBLIC_OK);
    EVP_PKEY *key = p256(ak.x, ak.y);
    verify_ecdsa(key, EVP_sha256(), VIEW(evidence->vtpm.attest), (ByteView){ signature + 6, 32 },
                 (ByteView){ signature + 40, 32 });
    EVP_PKEY_free(key);
    X509_free(vcek);
    X509_free(ask);
    X509_free(ark);
}

static void whole(const VerifyInput *input)
{
    _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;

    check_int(verify_evidence(input, &appraisal), VERIFY_OK);
}

static void measure_verification(void)
{
    _cleanup_(lab_freep) Lab *lab = lab_new(SIM_MILAN, false);
    const LabOrder order = { 0 };
    _cleanup_evidence_ Evidence evidence = lab_evidence(lab, &order);
    _cleanup_(policy_freep) Policy *policy =
        lab_policy("{'attestd_policy':1,'id':'bench','tpm':{'roots':['host']}}");
    _cleanup_(amd_roots_freep) AmdRoots *roots = NULL;
    VerifyInput input = lab_input(lab, &evidence, policy);
    double best_bare = 1e9, best_whole = 1e9;

    check_int(amd_roots_new(&roots), 0);
    input.roots = roots;
    for (int i = 0; i < ROUNDS; i++) {
        double a = now_usec();
        bare(lab, &evidence);
        double b = now_usec();
        whole(&input);
        double c = now_usec();
        best_bare = MIN(best_bare, b - a);
        best_whole = MIN(best_whole, c - b);
    }
    (void)printf("one verification: %.0f us CPU; OpenSSL bare: %.0f us; ratio %.2f\n", best_whole,
                 best_bare, best_whole / best_bare);
}

static void measure_replay(void)
{
    LabLog log;
    Digest digest;
    double best_hash = 1e9, best_replay = 1e9;

    lab_log_begin(&log, DIGEST_SHA256);
    lab_log_boot(&log, NULL);
    for (int i = 0; i < 60; i++) /* in number and size like public logs: 34 KiB in 85 events */
        lab_log_grub(&log, "grub_cmd: ", "set a_variable=\"of a menu entry, as long as they are\"");
    _cleanup_bytes_ Bytes database = { 0 };
    check_int(bytes_new(26000, &database), 0);
    lab_log_plain(&log, 1, EV_EFI_HANDOFF_TABLES, VIEW(database));
    const ReplayInput input = { .firmware_log = VIEW(log.bytes), .quoted = &log.pcrs };
    for (int i = 0; i < 200; i++) {
        _cleanup_(replayed_log_freep) ReplayedLog *replayed = NULL;
        _cleanup_findings_ Findings findings = { 0 };
        double a = now_usec();
        check_int(digest_of(DIGEST_SHA256, VIEW(log.bytes), &digest), 0);
        double b = now_usec();
        check_int(replay(&input, &findings, &replayed), REPLAY_OK);
        double c = now_usec();
        check_int(findings.n_items, 0);
        best_hash = MIN(best_hash, b - a);
        best_replay = MIN(best_replay, c - b);
    }
    (void)printf("replay of %zu bytes in %zu events: %.0f us; SHA-256 over the bytes: %.0f us; "
                 "speed ratio %.2f\n",
                 log.bytes.size, log.n_events, best_replay, best_hash, best_hash / best_replay);
    lab_log_done(&log);
}

int main(void)
{
    measure_verification();
    measure_replay();
    return 0;
}
