/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What judging costs, step by step, each beside what cannot be avoided in the same run: OpenSSL's
 * bare decoding and verifying of the same certificates and signatures, SHA-256 over the same bytes.
 * The least of many rounds counts, in CPU time, since other work only ever adds.
 */
#include "bare.h"

#include "crypto/ecdsa-p384.h"
#include "format/event-type.h"
#include "verify/genuine-snp.h"
#include "verify/genuine-tpm.h"
#include "verify/log-values.h"
#include "verify/replay.h"
#include "verify/verify.h"

#include "lab.h"

#include <openssl/crypto.h>
#include <time.h>

#define ROUNDS_MAX     300
#define TIME_PER_STEP  4e6 /* microseconds, after which a step stops */
#define LOG_SMALL_SIZE (40U << 10)
#define LOG_LARGE_SIZE (1U << 20)
#define LOG_TINY_SIZE  (80U << 10) /* of nothing but short texts */

static double now_usec(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* What is measured: the lab's evidence, and what is prepared once. */
typedef struct Subject {
    Lab *lab;
    Evidence evidence;
    Policy *policy;
    AmdRoots *roots; /* of the lab's chip */
    EVP_PKEY *ask, *vcek;
    SpkiDigest fingerprint;
    SnpReport report;
    uint8_t r[48], s[48];
    BareSnp snp;
    TpmPublic ak;
    BareQuote quote;
    VerifyInput input;
    LabLog log;
} Subject;

typedef void (*Step)(const Subject *subject);

/* Both in turn, so that a change of the machine's speed meets both. */
static void compare(const char *what, const Subject *subject, Step ours, Step bare)
{
    double best_ours = 1e12, best_bare = 1e12, began = now_usec();

    for (int i = 0; i < ROUNDS_MAX && now_usec() - began < TIME_PER_STEP; i++) {
        double a = now_usec();
        bare(subject);
        double b = now_usec();
        ours(subject);
        double c = now_usec();
        best_bare = MIN(best_bare, b - a);
        best_ours = MIN(best_ours, c - b);
    }
    (void)printf("%-46s %7.0f us   bare %7.0f us   ratio %.2f\n", what, best_ours, best_bare,
                 best_ours / best_bare);
}

/* --- the hardware report */

static void judge_report(const Subject *subject, const AmdRoots *roots,
                         const ByteView *certificates, size_t n)
{
    _cleanup_endorsements_ Endorsements endorsements = { 0 };
    _cleanup_findings_ Findings findings = { 0 };
    const Evidence none = { 0 };
    const EndorsementInput gather = { .evidence = &none,
                                      .certificates = certificates,
                                      .n_certificates = n };
    GenuineSnp snp;

    check_int(endorsements_gather(&gather, &findings, &endorsements), 0);
    const GenuineSnpInput input = { .report = VIEW(subject->evidence.cpu.outblob),
                                    .endorsements = &endorsements,
                                    .roots = roots,
                                    .now_sec = subject->input.now_sec,
                                    .simulated_roots = &subject->fingerprint,
                                    .n_simulated_roots = 1 };
    check_int(genuine_snp_verify(&input, &findings, &snp), GENUINE_SNP_OK);
}

/* The whole chain came along; nothing is known of it but the fingerprint of its root. */
static void snp_cold(const Subject *subject)
{
    const ByteView all[] = { subject->snp.vcek, subject->snp.ask, subject->snp.ark };

    judge_report(subject, subject->input.roots, all, ELEMENTSOF(all));
}

static void snp_cold_bare(const Subject *subject)
{
    bare_snp_cold(&subject->snp);
}

/* ARK and ASK are ready, and only the chip's certificate comes along. */
static void snp_prepared(const Subject *subject)
{
    judge_report(subject, subject->roots, &subject->snp.vcek, 1);
}

static void snp_prepared_bare(const Subject *subject)
{
    bare_snp_prepared(&subject->snp, subject->ask);
}

static void p384(const Subject *subject)
{
    _cleanup_(certificate_freep) Certificate *unused = NULL;
    static Key *key; /* made once: the step is the signature alone */

    if (!key) {
        check_int(certificate_from_der(subject->snp.vcek, &unused), CERTIFICATE_OK);
        key = key_ref(certificate_key(unused));
    }
    check_int(signature_verify_ecdsa(key, DIGEST_SHA384, subject->snp.signed_part, subject->snp.r,
                                     subject->snp.s),
              SIGNATURE_OK);
}

static void p384_bare(const Subject *subject)
{
    bare_report(&subject->snp, subject->vcek);
}

/* --- a real report with AMD's own chain, where the vectors are there */

typedef struct Real {
    Bytes report, vcek, ask, ark;
    SnpReport parsed;
    uint8_t r[48], s[48];
    BareSnp snp;
} Real;

static Real real;

static void real_cold(const Subject *subject)
{
    const ByteView all[] = { real.snp.vcek, real.snp.ask, real.snp.ark };
    _cleanup_endorsements_ Endorsements endorsements = { 0 };
    _cleanup_findings_ Findings findings = { 0 };
    const Evidence none = { 0 };
    const EndorsementInput gather = { .evidence = &none,
                                      .certificates = all,
                                      .n_certificates = ELEMENTSOF(all),
                                      .roots = subject->input.roots };
    GenuineSnp snp;

    check_int(endorsements_gather(&gather, &findings, &endorsements), 0);
    const GenuineSnpInput input = { .report = VIEW(real.report),
                                    .endorsements = &endorsements,
                                    .roots = subject->input.roots,
                                    .now_sec = CERTIFICATE_TIME_ANY };
    check_int(genuine_snp_verify(&input, &findings, &snp), GENUINE_SNP_OK);
}

static void real_cold_bare(const Subject *subject)
{
    (void)subject;
    bare_snp_cold(&real.snp);
}

static void measure_real(const Subject *subject)
{
    if (access(VECTORS_DIR, R_OK) != 0)
        return;
    real.report = test_vector("snp/genoa-v5-vcek/report.bin");
    real.vcek = test_vector("snp/genoa-v5-vcek/vcek.der");
    real.ask = test_vector("amd-roots/genoa/ask.der");
    real.ark = test_vector("amd-roots/genoa/ark.der");
    check_int(snp_report_parse(VIEW(real.report), 0, &real.parsed), SNP_REPORT_OK);
    check_int(snp_report_signature(&real.parsed, real.r, real.s), SNP_SIGNATURE_OK);
    real.snp = (BareSnp){ .vcek = VIEW(real.vcek),
                          .ask = VIEW(real.ask),
                          .ark = VIEW(real.ark),
                          .signed_part = snp_report_signed_part(&real.parsed),
                          .r = VIEW_OF_ARRAY(real.r),
                          .s = VIEW_OF_ARRAY(real.s) };
    compare("SNP report, AMD's own chain came along", subject, real_cold, real_cold_bare);
}

/* --- the quote */

static void quote(const Subject *subject)
{
    _cleanup_genuine_tpm_ GenuineTpm tpm = { 0 };
    _cleanup_findings_ Findings findings = { 0 };

    check_int(genuine_tpm_verify(&subject->evidence.vtpm, (ByteView){ 0 }, &findings, &tpm),
              GENUINE_TPM_OK);
}

static void quote_bare(const Subject *subject)
{
    bare_quote(&subject->quote);
}

/* --- the log */

static void replay_log(const Subject *subject)
{
    _cleanup_(replayed_log_freep) ReplayedLog *replayed = NULL;
    _cleanup_findings_ Findings findings = { 0 };
    const ReplayInput input = { .firmware_log = VIEW(subject->log.bytes),
                                .quoted = &subject->log.pcrs };

    check_int(replay(&input, &findings, &replayed), REPLAY_OK);
    check_int(findings.n_items, 0);
}

static void compute_log(const Subject *subject)
{
    LogValues values;

    check_int(log_values(VIEW(subject->log.bytes), 0, NULL, &values), EVENT_LOG_OK);
}

static void hash_log(const Subject *subject)
{
    bare_sha256(VIEW(subject->log.bytes));
}

/* A boot in numbers and sizes as public logs have them, then one large table where SIZE wants it:
 * 34 KiB in 85 events is usual, and large logs are large by tables and databases. */
static void make_log(Subject *subject, size_t size, size_t n_texts)
{
    _cleanup_bytes_ Bytes table = { 0 };

    lab_log_begin(&subject->log, DIGEST_SHA256);
    lab_log_boot(&subject->log, NULL);
    for (size_t i = 0; i < n_texts; i++)
        lab_log_grub(&subject->log,
                     "grub_cmd: ", "set a_variable=\"of a menu entry, as long as they are\"");
    check_int(bytes_new(4096, &table), 0);
    while (subject->log.bytes.size + table.size < size)
        lab_log_plain(&subject->log, 1, EV_EFI_HANDOFF_TABLES, VIEW(table));
}

static void measure_log(Subject *subject, size_t size, size_t n_texts)
{
    char what[64];

    make_log(subject, size, n_texts);
    (void)snprintf(what, sizeof(what), "replay of %zu KiB, %zu events", size >> 10,
                   subject->log.n_events);
    compare(what, subject, replay_log, hash_log);
    compare("  the same as mere arithmetic, one bank", subject, compute_log, hash_log);
    lab_log_done(&subject->log);
}

/* --- all of it */

static void whole(const Subject *subject)
{
    _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;

    check_int(verify_evidence(&subject->input, &appraisal), VERIFY_OK);
}

static void whole_bare(const Subject *subject)
{
    bare_snp_cold(&subject->snp);
    bare_quote(&subject->quote);
    bare_sha256(VIEW(subject->evidence.eventlog));
}

static void amd_keys_ready(const Subject *subject)
{
    AmdRoots *roots = NULL;

    (void)subject;
    check_int(amd_roots_new(&roots), 0);
    amd_roots_free(roots);
}

static AmdRoots *roots_of(const Subject *subject)
{
    const ByteView items[] = { subject->snp.ark, subject->snp.ask };
    _cleanup_certificates_ CertificateList list = { 0 };
    AmdRoots *roots = NULL;

    for (size_t i = 0; i < ELEMENTSOF(items); i++) {
        _cleanup_(certificate_freep) Certificate *certificate = NULL;
        check_int(certificate_from_der(items[i], &certificate), CERTIFICATE_OK);
        check_int(certificate_list_add(&list, certificate), 0);
    }
    check_int(amd_roots_from(&list, &roots), AMD_ROOTS_OK);
    return roots;
}

static EVP_PKEY *key_of(ByteView der)
{
    X509 *certificate = bare_certificate(der);
    EVP_PKEY *key = X509_get_pubkey(certificate);

    X509_free(certificate);
    return key;
}

static void prepare(Subject *subject)
{
    const LabOrder order = { 0 };
    const uint8_t *signature;
    AmdRoots *amd = NULL;

    subject->lab = lab_new(SIM_MILAN, false);
    subject->evidence = lab_evidence(subject->lab, &order);
    subject->policy = lab_policy("{'attestd_policy':1,'id':'bench','tpm':{'roots':['host']}}");
    subject->input = lab_input(subject->lab, &subject->evidence, subject->policy);
    check_int(amd_roots_new(&amd), 0);
    subject->input.roots = amd;
    subject->fingerprint = lab_root(subject->lab);
    check_int(snp_report_parse(VIEW(subject->evidence.cpu.outblob), 0, &subject->report),
              SNP_REPORT_OK);
    check_int(snp_report_signature(&subject->report, subject->r, subject->s), SNP_SIGNATURE_OK);
    subject->snp = (BareSnp){
        .vcek = sim_chip_certificate(lab_chip(subject->lab), "vcek"),
        .ask = sim_chip_certificate(lab_chip(subject->lab), "ask"),
        .ark = sim_chip_certificate(lab_chip(subject->lab), "ark"),
        .signed_part = snp_report_signed_part(&subject->report),
        .r = VIEW_OF_ARRAY(subject->r),
        .s = VIEW_OF_ARRAY(subject->s),
    };
    subject->roots = roots_of(subject);
    subject->ask = key_of(subject->snp.ask);
    subject->vcek = key_of(subject->snp.vcek);
    check_int(tpm_public_parse(VIEW(subject->evidence.vtpm.ak_public), &subject->ak),
              TPM_PUBLIC_OK);
    signature = subject->evidence.vtpm.signature.data;
    subject->quote = (BareQuote){ .x = subject->ak.x,
                                  .y = subject->ak.y,
                                  .attest = VIEW(subject->evidence.vtpm.attest),
                                  .r = { signature + 6, 32 },
                                  .s = { signature + 40, 32 } };
}

int main(void)
{
    static Subject subject; /* large, and released with the process */

    prepare(&subject);
    (void)printf("P-384 by %s; bare is %s\n", ecdsa_p384_backend(),
                 OpenSSL_version(OPENSSL_VERSION));
    compare("P-384, the report's signature alone", &subject, p384, p384_bare);
    compare("AMD's nine keys made ready (beside a P-384)", &subject, amd_keys_ready, p384_bare);
    compare("SNP report, chain cold", &subject, snp_cold, snp_cold_bare);
    compare("SNP report, chain prepared", &subject, snp_prepared, snp_prepared_bare);
    measure_real(&subject);
    compare("quote, P-256", &subject, quote, quote_bare);
    measure_log(&subject, LOG_SMALL_SIZE, 60);
    measure_log(&subject, LOG_LARGE_SIZE, 600);
    measure_log(&subject, LOG_TINY_SIZE, 500);
    compare("a whole evidence set", &subject, whole, whole_bare);
    lab_free(subject.lab);
    return 0;
}
