/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TDX quotes made to order, each with one thing wrong.
 */
#include "verify/genuine-tdx.h"

#include "lab.h"
#include "tdx-lab.h"

/* Everything a test looks at. */
typedef struct Outcome {
    int result;
    Findings findings;
    TdxSteps steps;
    GenuineTdx genuine;
} Outcome;

static void outcome_done(Outcome *outcome)
{
    findings_done(&outcome->findings);
    tdx_steps_done(&outcome->steps);
}
#define _cleanup_outcome_ _cleanup_(outcome_done)

static void judge(const GenuineTdxInput *input, Outcome *out)
{
    *out = (Outcome){ 0 };
    out->result = genuine_tdx_verify(input, &out->findings, &out->steps, &out->genuine);
    check(out->result >= 0);
    check((out->result == GENUINE_TDX_OK) == !findings_first_failure(&out->findings));
    check((out->result == GENUINE_TDX_OK) == (out->genuine.quote.version != 0));
}

/* Judges QUOTE as one of LAB at any time. */
static void judge_quote(const TdxLab *lab, ByteView quote, Outcome *out)
{
    const SpkiDigest root = tdx_lab_root(lab);
    const GenuineTdxInput input = {
        .quote = quote,
        .now_sec = CERTIFICATE_TIME_ANY,
        .simulated_roots = &root,
        .n_simulated_roots = 1,
    };

    judge(&input, out);
}

static void check_refused(const TdxLab *lab, const TdxOrder *order, const char *name)
{
    _cleanup_bytes_ Bytes quote = tdx_lab_quote(lab, order);
    _cleanup_outcome_ Outcome outcome;

    judge_quote(lab, VIEW(quote), &outcome);
    lab_check_failure(&outcome.findings, name);
}

static void test_a_good_quote_of_each_form_is_genuine(void)
{
    static const TdxOrder orders[] = {
        { .version = 4 },
        { .version = 5, .body_type = TDX_BODY_1_0 },
        { .version = 5, .body_type = TDX_BODY_1_5 },
        { .auth_data = { (const uint8_t *)"", 0 } },
        { .qe_attributes = 0x11 }, /* a 32-bit enclave */
    };
    _cleanup_(tdx_lab_freep) TdxLab *lab = tdx_lab_new();

    for (size_t i = 0; i < ELEMENTSOF(orders); i++) {
        _cleanup_bytes_ Bytes quote = tdx_lab_quote(lab, &orders[i]);
        _cleanup_outcome_ Outcome outcome;
        judge_quote(lab, VIEW(quote), &outcome);
        lab_check_no_failure(&outcome.findings);
        lab_check_warning(&outcome.findings, "tdx-root-simulated");
        check(outcome.genuine.simulated);
        check(outcome.steps.quote_signature_valid && outcome.steps.qe_binds_key);
        check(outcome.steps.qe_signature_valid && outcome.steps.chain_valid);
        check_int(outcome.genuine.quote.report_data[63], 0x07);
        check_int(outcome.genuine.quote.td.rtmr[3][0], 0x13);
        check_int(outcome.genuine.quote.qe.isv_svn, 7);
    }
}

static void test_every_quote_says_that_its_tcb_is_not_evaluated(void)
{
    _cleanup_(tdx_lab_freep) TdxLab *lab = tdx_lab_new();
    const TdxOrder orders[] = { { 0 }, { .qe_attributes = 0x17 } };

    for (size_t i = 0; i < ELEMENTSOF(orders); i++) {
        _cleanup_bytes_ Bytes quote = tdx_lab_quote(lab, &orders[i]);
        _cleanup_outcome_ Outcome outcome;
        judge_quote(lab, VIEW(quote), &outcome);
        lab_check_warning(&outcome.findings, "tdx-tcb-not-evaluated");
    }
}

static void test_a_root_that_is_not_listed_is_refused(void)
{
    _cleanup_(tdx_lab_freep) TdxLab *lab = tdx_lab_new();
    _cleanup_bytes_ Bytes quote = tdx_lab_quote(lab, &(TdxOrder){ 0 });
    _cleanup_outcome_ Outcome outcome;
    const GenuineTdxInput input = { .quote = VIEW(quote), .now_sec = CERTIFICATE_TIME_ANY };

    judge(&input, &outcome);
    lab_check_failure(&outcome.findings, "tdx-root-untrusted");
    check(outcome.steps.qe_signature_valid && !outcome.steps.chain_valid);
}

static void test_an_enclave_that_is_not_intels_is_refused(void)
{
    _cleanup_(tdx_lab_freep) TdxLab *lab = tdx_lab_new();

    check_refused(lab, &(TdxOrder){ .qe_attributes = 0x17 /* DEBUG */ }, "tdx-qe-unknown");
    check_refused(lab, &(TdxOrder){ .qe_attributes = 0x05 }, "tdx-qe-unknown");
    check_refused(lab, &(TdxOrder){ .qe_prod_id = 1 /* the one for SGX */ }, "tdx-qe-unknown");
    check_refused(lab, &(TdxOrder){ .other_qe_signer = true }, "tdx-qe-unknown");
    check_refused(lab, &(TdxOrder){ .other_vendor = true }, "tdx-qe-unknown");
}

static void test_a_module_that_is_not_intels_is_refused(void)
{
    _cleanup_(tdx_lab_freep) TdxLab *lab = tdx_lab_new();

    check_refused(lab, &(TdxOrder){ .mr_signer_seam = 1 }, "tdx-module-unknown");
    check_refused(lab, &(TdxOrder){ .seam_attributes = 1 }, "tdx-module-unknown");
}

static void test_report_data_is_compared_when_it_is_given(void)
{
    _cleanup_(tdx_lab_freep) TdxLab *lab = tdx_lab_new();
    _cleanup_bytes_ Bytes quote = tdx_lab_quote(lab, &(TdxOrder){ 0 });
    const SpkiDigest root = tdx_lab_root(lab);
    uint8_t wanted[64];
    GenuineTdxInput input = {
        .quote = VIEW(quote),
        .report_data = VIEW_OF_ARRAY(wanted),
        .now_sec = CERTIFICATE_TIME_ANY,
        .simulated_roots = &root,
        .n_simulated_roots = 1,
    };

    memset(wanted, 0x07, sizeof(wanted));
    for (size_t i = 0; i <= sizeof(wanted); i++) {
        _cleanup_outcome_ Outcome outcome;
        if (i > 0)
            wanted[i - 1] ^= 0x80;
        judge(&input, &outcome);
        if (i == 0)
            lab_check_no_failure(&outcome.findings);
        else
            lab_check_failure(&outcome.findings, "tdx-report-data-mismatch");
        if (i > 0)
            wanted[i - 1] ^= 0x80;
    }
    _cleanup_outcome_ Outcome outcome;
    input.report_data.size = 63;
    judge(&input, &outcome);
    lab_check_failure(&outcome.findings, "tdx-report-data-mismatch");
}

static void test_bytes_behind_the_quote_are_said_unless_zero(void)
{
    _cleanup_(tdx_lab_freep) TdxLab *lab = tdx_lab_new();
    _cleanup_bytes_ Bytes quote = tdx_lab_quote(lab, &(TdxOrder){ 0 });

    for (uint8_t last = 0; last < 2; last++) {
        _cleanup_outcome_ Outcome outcome;
        check_int(bytes_append_u8(&quote, last), 0);
        judge_quote(lab, VIEW(quote), &outcome);
        lab_check_no_failure(&outcome.findings);
        check(findings_has(&outcome.findings, "tdx-quote-trailing") == (last != 0));
        check_int(outcome.genuine.quote.trailing.size, last + 1);
    }
}

/* --- the chain */

/* A chain whose certificate at PLACE is WANTED. */
static void check_unfit(const TdxLab *lab, size_t place, const ForgeCertificate *wanted,
                        const char *name)
{
    ForgeCertificate certificates[TDX_CHAIN_LENGTH];

    for (size_t i = 0; i < TDX_CHAIN_LENGTH; i++)
        certificates[i] = i == place ? *wanted : tdx_lab_certificate(lab, i);
    _cleanup_bytes_ Bytes chain = tdx_lab_chain(certificates, TDX_CHAIN_LENGTH);
    check_refused(lab, &(TdxOrder){ .chain = VIEW(chain) }, name);
}

static void test_certificates_of_another_form_are_refused(void)
{
    _cleanup_(tdx_lab_freep) TdxLab *lab = tdx_lab_new();
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *p384 = forge_pkey("P-384");
    ForgeCertificate wanted = tdx_lab_certificate(lab, TDX_CHAIN_PCK);

    wanted.extension_oid = NULL;
    check_unfit(lab, TDX_CHAIN_PCK, &wanted, "tdx-certificate-unfit");
    wanted = tdx_lab_certificate(lab, TDX_CHAIN_PCK);
    wanted.is_ca = true;
    check_unfit(lab, TDX_CHAIN_PCK, &wanted, "tdx-certificate-unfit");
    wanted = tdx_lab_certificate(lab, TDX_CHAIN_PCK);
    wanted.digest = "SHA384";
    check_unfit(lab, TDX_CHAIN_PCK, &wanted, "tdx-certificate-unfit");
    wanted = tdx_lab_certificate(lab, TDX_CHAIN_PCK);
    wanted.key = p384;
    check_unfit(lab, TDX_CHAIN_PCK, &wanted, "tdx-certificate-unfit");
    wanted = tdx_lab_certificate(lab, TDX_CHAIN_CA);
    wanted.is_ca = false;
    check_unfit(lab, TDX_CHAIN_CA, &wanted, "tdx-certificate-unfit");
    wanted = tdx_lab_certificate(lab, TDX_CHAIN_ROOT);
    wanted.key_usage = "digitalSignature";
    check_unfit(lab, TDX_CHAIN_ROOT, &wanted, "tdx-certificate-unfit");
}

static void test_certificates_of_another_issuer_are_refused(void)
{
    _cleanup_(tdx_lab_freep) TdxLab *lab = tdx_lab_new();
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *other = forge_pkey("P-256");

    for (size_t place = 0; place < TDX_CHAIN_LENGTH; place++) {
        ForgeCertificate wanted = tdx_lab_certificate(lab, place);
        wanted.issuer_key = other;
        check_unfit(lab, place, &wanted, "tdx-chain-invalid");
        wanted = tdx_lab_certificate(lab, place);
        wanted.issuer = "Somebody Else";
        check_unfit(lab, place, &wanted, "tdx-chain-invalid");
        wanted = tdx_lab_certificate(lab, place);
        wanted.subject = "Intel SGX TCB Signing";
        check_unfit(lab, place, &wanted, "tdx-chain-malformed");
    }
    ForgeCertificate wanted = tdx_lab_certificate(lab, TDX_CHAIN_PCK);
    wanted.key = other;
    check_unfit(lab, TDX_CHAIN_PCK, &wanted, "tdx-qe-signature-invalid");
}

static void test_a_chain_has_three_certificates_in_order(void)
{
    static const size_t orders[][3] = { { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 },
                                        { 2, 0, 1 }, { 2, 1, 0 }, { 0, 0, 2 } };
    _cleanup_(tdx_lab_freep) TdxLab *lab = tdx_lab_new();
    ForgeCertificate certificates[4];

    for (size_t i = 0; i < ELEMENTSOF(orders); i++) {
        for (size_t k = 0; k < TDX_CHAIN_LENGTH; k++)
            certificates[k] = tdx_lab_certificate(lab, orders[i][k]);
        _cleanup_bytes_ Bytes chain = tdx_lab_chain(certificates, TDX_CHAIN_LENGTH);
        check_refused(lab, &(TdxOrder){ .chain = VIEW(chain) }, "tdx-chain-malformed");
    }
    for (size_t k = 0; k < ELEMENTSOF(certificates); k++)
        certificates[k] = tdx_lab_certificate(lab, MIN(k, TDX_CHAIN_ROOT));
    for (size_t n = 1; n <= ELEMENTSOF(certificates); n++) {
        _cleanup_bytes_ Bytes chain = tdx_lab_chain(certificates, n);
        if (n != TDX_CHAIN_LENGTH)
            check_refused(lab, &(TdxOrder){ .chain = VIEW(chain) }, "tdx-chain-malformed");
    }
    check_refused(lab, &(TdxOrder){ .chain = view_of_string("no certificate at all") },
                  "tdx-chain-malformed");
}

static void test_a_chain_of_many_certificates_is_refused(void)
{
    _cleanup_(tdx_lab_freep) TdxLab *lab = tdx_lab_new();
    ForgeCertificate certificates[CERTIFICATE_LIST_MAX + 1];

    for (size_t i = 0; i < ELEMENTSOF(certificates); i++)
        certificates[i] = tdx_lab_certificate(lab, TDX_CHAIN_ROOT);
    _cleanup_bytes_ Bytes chain = tdx_lab_chain(certificates, ELEMENTSOF(certificates));
    check_refused(lab, &(TdxOrder){ .chain = VIEW(chain) }, "tdx-chain-malformed");
}

static void test_the_processor_ca_is_as_good_as_the_platform_ca(void)
{
    _cleanup_(tdx_lab_freep) TdxLab *lab = tdx_lab_new();
    ForgeCertificate certificates[TDX_CHAIN_LENGTH];
    _cleanup_outcome_ Outcome outcome;

    for (size_t i = 0; i < TDX_CHAIN_LENGTH; i++)
        certificates[i] = tdx_lab_certificate(lab, i);
    certificates[TDX_CHAIN_CA].subject = "Intel SGX PCK Processor CA";
    certificates[TDX_CHAIN_PCK].issuer = "Intel SGX PCK Processor CA";
    _cleanup_bytes_ Bytes chain = tdx_lab_chain(certificates, TDX_CHAIN_LENGTH);
    _cleanup_bytes_ Bytes quote = tdx_lab_quote(lab, &(TdxOrder){ .chain = VIEW(chain) });
    judge_quote(lab, VIEW(quote), &outcome);
    lab_check_no_failure(&outcome.findings);
}

static void test_dates_are_judged_when_there_is_a_time(void)
{
    static const struct {
        int64_t now_sec;
        const char *failure;
    } times[] = {
        { FORGE_2025 - 1, "tdx-certificate-not-yet-valid" },
        { FORGE_2030, NULL },
        { FORGE_2035 + 1, "tdx-certificate-expired" },
        { 0, "tdx-certificate-not-yet-valid" },
    };
    _cleanup_(tdx_lab_freep) TdxLab *lab = tdx_lab_new();
    _cleanup_bytes_ Bytes quote = tdx_lab_quote(lab, &(TdxOrder){ 0 });
    const SpkiDigest root = tdx_lab_root(lab);

    for (size_t i = 0; i < ELEMENTSOF(times); i++) {
        _cleanup_outcome_ Outcome outcome;
        const GenuineTdxInput input = {
            .quote = VIEW(quote),
            .now_sec = times[i].now_sec,
            .simulated_roots = &root,
            .n_simulated_roots = 1,
        };
        judge(&input, &outcome);
        if (times[i].failure)
            lab_check_failure(&outcome.findings, times[i].failure);
        else
            lab_check_no_failure(&outcome.findings);
    }
}

/* --- revocation */

static void judge_with_list(const TdxLab *lab, const ForgeCrl *wanted, int64_t now_sec,
                            Outcome *outcome)
{
    _cleanup_bytes_ Bytes quote = tdx_lab_quote(lab, &(TdxOrder){ 0 });
    _cleanup_bytes_ Bytes crl = forge_crl(wanted);
    const SpkiDigest root = tdx_lab_root(lab);
    const ByteView crls[] = { VIEW(crl) };
    const GenuineTdxInput input = {
        .quote = VIEW(quote),
        .now_sec = now_sec,
        .crls = crls,
        .n_crls = ELEMENTSOF(crls),
        .simulated_roots = &root,
        .n_simulated_roots = 1,
    };

    judge(&input, outcome);
    outcome->genuine = (GenuineTdx){ 0 }; /* the quote is gone */
}

static ForgeCrl list_of(const TdxLab *lab, size_t issuer, long revoked)
{
    return (ForgeCrl){
        .issuer = tdx_lab_certificate(lab, issuer).subject,
        .issuer_key = tdx_lab_key(lab, issuer),
        .revoked = revoked,
        .this_update_sec = FORGE_2025,
        .next_update_sec = FORGE_2030,
    };
}

static void test_a_revoked_certificate_is_refused(void)
{
    static const struct {
        size_t issuer;
        long serial;
        bool revoked;
    } lists[] = {
        { TDX_CHAIN_CA, 0, false },  { TDX_CHAIN_CA, 1, true },    { TDX_CHAIN_CA, 2, false },
        { TDX_CHAIN_ROOT, 2, true }, { TDX_CHAIN_ROOT, 1, false },
    };
    _cleanup_(tdx_lab_freep) TdxLab *lab = tdx_lab_new();

    for (size_t i = 0; i < ELEMENTSOF(lists); i++) {
        const ForgeCrl list = list_of(lab, lists[i].issuer, lists[i].serial);
        _cleanup_outcome_ Outcome outcome;
        judge_with_list(lab, &list, FORGE_2025 + 1, &outcome);
        check(!findings_has(&outcome.findings, "tdx-crl-unusable"));
        if (lists[i].revoked)
            lab_check_failure(&outcome.findings, "tdx-certificate-revoked");
        else
            lab_check_no_failure(&outcome.findings);
    }
}

static void test_a_list_that_cannot_be_used_is_said(void)
{
    _cleanup_(tdx_lab_freep) TdxLab *lab = tdx_lab_new();
    const ForgeCrl expired = list_of(lab, TDX_CHAIN_CA, 1);
    ForgeCrl foreign = expired, forged = expired;
    _cleanup_outcome_ Outcome a, b, c, d;

    judge_with_list(lab, &expired, FORGE_2030 + 1, &a);
    lab_check_warning(&a.findings, "tdx-crl-unusable");
    lab_check_no_failure(&a.findings);
    judge_with_list(lab, &expired, CERTIFICATE_TIME_ANY, &b);
    lab_check_failure(&b.findings, "tdx-certificate-revoked");
    foreign.issuer = "Somebody Else";
    judge_with_list(lab, &foreign, FORGE_2025 + 1, &c);
    lab_check_warning(&c.findings, "tdx-crl-unusable");
    forged.issuer_key = tdx_lab_key(lab, TDX_CHAIN_ROOT);
    judge_with_list(lab, &forged, FORGE_2025 + 1, &d);
    lab_check_warning(&d.findings, "tdx-crl-unusable");
}

/* --- bytes that are no quote */

static void test_what_is_no_quote_is_refused(void)
{
    _cleanup_(tdx_lab_freep) TdxLab *lab = tdx_lab_new();
    static const uint8_t zeros[5006];
    const ByteView none[] = {
        { NULL, 0 }, VIEW_OF_ARRAY(zeros), view_of_string("quote"), { zeros, 1 }
    };

    for (size_t i = 0; i < ELEMENTSOF(none); i++) {
        _cleanup_outcome_ Outcome outcome;
        judge_quote(lab, none[i], &outcome);
        lab_check_failure(&outcome.findings, "tdx-quote-malformed");
        check(!findings_has(&outcome.findings, "tdx-tcb-not-evaluated"));
        check_int(outcome.steps.chain.certificates.n_items, 0);
    }
}

static void test_steps_may_be_left_out(void)
{
    _cleanup_(tdx_lab_freep) TdxLab *lab = tdx_lab_new();
    _cleanup_bytes_ Bytes quote = tdx_lab_quote(lab, &(TdxOrder){ 0 });
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    const GenuineTdxInput input = { .quote = VIEW(quote), .now_sec = CERTIFICATE_TIME_ANY };
    GenuineTdx genuine;

    check_int(genuine_tdx_verify(&input, &findings, NULL, &genuine), GENUINE_TDX_E_REFUSED);
    check_str(findings.items[0].source, "verifier");
}

static const Test tests[] = {
    { "a good quote of each form is genuine", test_a_good_quote_of_each_form_is_genuine },
    { "every quote says that its TCB is not evaluated",
      test_every_quote_says_that_its_tcb_is_not_evaluated },
    { "a root that is not listed is refused", test_a_root_that_is_not_listed_is_refused },
    { "an enclave that is not Intel's is refused", test_an_enclave_that_is_not_intels_is_refused },
    { "a module that is not Intel's is refused", test_a_module_that_is_not_intels_is_refused },
    { "report data is compared when it is given", test_report_data_is_compared_when_it_is_given },
    { "bytes behind the quote are said unless zero",
      test_bytes_behind_the_quote_are_said_unless_zero },
    { "certificates of another form are refused", test_certificates_of_another_form_are_refused },
    { "certificates of another issuer are refused",
      test_certificates_of_another_issuer_are_refused },
    { "a chain has three certificates in order", test_a_chain_has_three_certificates_in_order },
    { "a chain of many certificates is refused", test_a_chain_of_many_certificates_is_refused },
    { "the processor CA is as good as the platform CA",
      test_the_processor_ca_is_as_good_as_the_platform_ca },
    { "dates are judged when there is a time", test_dates_are_judged_when_there_is_a_time },
    { "a revoked certificate is refused", test_a_revoked_certificate_is_refused },
    { "a list that cannot be used is said", test_a_list_that_cannot_be_used_is_said },
    { "what is no quote is refused", test_what_is_no_quote_is_refused },
    { "steps may be left out", test_steps_may_be_left_out },
};

TEST_MAIN(tests)
