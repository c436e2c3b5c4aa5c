/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the quote to Intel: the attestation key signed the quote, the quoting enclave made that key,
 * the PCK signed the enclave's report, Intel certified the PCK. Every step is taken, so that one
 * look shows everything that is wrong.
 */
#include "verify/genuine-tdx.h"

#include "verify/refuse.h"

#include <string.h>

#define SUBJECT          "cpu"
#define REPORT_DATA_SIZE 64

/*
 * Intel's quoting enclave for TDX, as its signed identity has it (api.trustedservices.intel.com,
 * /tdx/certification/v4/qe/identity): what never changes between its versions. Its SVN is part of
 * the TCB, which is not evaluated. Without this any enclave that may ask for certification, by
 * whoever owns the host, could pass for it.
 */
static const uint8_t qe_vendor_id[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                          0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };
static const uint8_t qe_mr_signer[32] = { 0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17,
                                          0x47, 0x4e, 0x34, 0xa7, 0xfc, 0x43, 0xed, 0x03,
                                          0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba, 0xbd, 0xdf,
                                          0x63, 0x40, 0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5 };
#define QE_PROD_ID         2
#define QE_ATTRIBUTES      UINT64_C(0x11) /* INIT and PROVISIONKEY; not DEBUG */
#define QE_ATTRIBUTES_MASK (~UINT64_C(4)) /* MODE64BIT may be either */

void tdx_steps_done(TdxSteps *steps)
{
    tdx_chain_done(&steps->chain);
    *steps = (TdxSteps){ 0 };
}

/* SIGNATURE_OK or SIGNATURE_E_BAD; errno. */
static int verify_raw(const Key *key, ByteView message, ByteView signature)
{
    int r = signature_verify(key, SIGNATURE_ECDSA_RAW, DIGEST_SHA256, message, signature);

    return r > 0 ? SIGNATURE_E_BAD : r;
}

static int check_quote_signature(const TdxQuote *quote, Findings *findings, TdxSteps *steps)
{
    _cleanup_(key_freep) Key *key = NULL;
    ByteView x = { .data = quote->attestation_key.data, .size = 32 };
    ByteView y = { .data = quote->attestation_key.data + 32, .size = 32 };

    int r = key_from_ec(KEY_P256, x, y, &key);
    if (r < 0)
        return r;
    if (r != KEY_OK)
        return refuse(findings, "tdx-attestation-key-invalid", SUBJECT, "a point on P-256", "%s",
                      key_reason(r));
    r = verify_raw(key, quote->signed_part, quote->signature);
    if (r < 0)
        return r;
    steps->quote_signature_valid = r == SIGNATURE_OK;
    if (steps->quote_signature_valid)
        return 0;
    return refuse(findings, "tdx-quote-signature-invalid", SUBJECT,
                  "signed by the attestation key in it", "the signature is not of this quote");
}

/* REPORTDATA of the enclave: SHA-256 of attestation key and auth data, then zeros. */
static int check_binding(const TdxQuote *quote, Findings *findings, TdxSteps *steps)
{
    const ByteView parts[] = { quote->attestation_key, quote->qe_auth_data };
    const uint8_t *data = quote->qe.report_data;
    Digest digest;
    char wanted[HEX_TEXT_MAX], found[HEX_TEXT_MAX];

    int r = digest_of_parts(DIGEST_SHA256, parts, ELEMENTSOF(parts), &digest);
    if (r < 0)
        return r;
    ByteView rest = { .data = data + digest.size, .size = REPORT_DATA_SIZE - digest.size };
    steps->qe_binds_key =
        memcmp(data, digest.data, digest.size) == 0 && view_is_filled_with(rest, 0);
    if (steps->qe_binds_key)
        return 0;
    hex_text(digest_view(&digest), wanted);
    hex_text((ByteView){ .data = data, .size = REPORT_DATA_SIZE }, found);
    return refuse(findings, "tdx-qe-binding-mismatch", SUBJECT, wanted,
                  "the quoting enclave vouches for %s", found);
}

static int check_qe_identity(const TdxQuote *quote, Findings *findings)
{
    const SgxReport *qe = &quote->qe;

    if (memcmp(quote->qe_vendor_id, qe_vendor_id, sizeof(qe_vendor_id)) == 0 &&
        memcmp(qe->mr_signer, qe_mr_signer, sizeof(qe_mr_signer)) == 0 &&
        qe->isv_prod_id == QE_PROD_ID && qe->misc_select == 0 &&
        (qe->attributes & QE_ATTRIBUTES_MASK) == QE_ATTRIBUTES)
        return 0;

    char signer[HEX_TEXT_MAX];
    hex_text(VIEW_OF_ARRAY(qe->mr_signer), signer);
    return refuse(findings, "tdx-qe-unknown", SUBJECT, "Intel's quoting enclave for TDX, not DEBUG",
                  "product %u with attributes 0x%llx by signer %s", qe->isv_prod_id,
                  (unsigned long long)qe->attributes, signer);
}

/* Intel signs its TDX module itself, which reads as zero; SEAMATTRIBUTES has no bit yet. */
static int check_module(const TdxQuote *quote, Findings *findings)
{
    char signer[HEX_TEXT_MAX];

    if (view_is_filled_with(VIEW_OF_ARRAY(quote->mr_signer_seam), 0) && quote->seam_attributes == 0)
        return 0;
    hex_text(VIEW_OF_ARRAY(quote->mr_signer_seam), signer);
    return refuse(findings, "tdx-module-unknown", SUBJECT, "the TDX module of Intel",
                  "MRSIGNERSEAM %s, SEAMATTRIBUTES 0x%llx", signer,
                  (unsigned long long)quote->seam_attributes);
}

static int check_chain(const GenuineTdxInput *input, const TdxQuote *quote, Findings *findings,
                       TdxSteps *steps)
{
    const TdxChainInput chain_input = {
        .pem = quote->chain,
        .now_sec = input->now_sec,
        .crls = input->crls,
        .n_crls = input->n_crls,
        .simulated_roots = input->simulated_roots,
        .n_simulated_roots = input->n_simulated_roots,
        .policy_roots = input->policy_roots,
        .n_policy_roots = input->n_policy_roots,
    };

    int r = tdx_chain_verify(&chain_input, findings, &steps->chain);
    if (r < 0)
        return r;
    steps->chain_valid = r == TDX_CHAIN_OK;
    return 0;
}

/* By the first certificate of the chain, whatever else is wrong with the chain. */
static int check_qe_signature(const TdxQuote *quote, Findings *findings, TdxSteps *steps)
{
    const CertificateList *list = &steps->chain.certificates;

    if (list->n_items == 0) /* the chain said no already */
        return 0;
    int r = verify_raw(certificate_key(list->items[TDX_CHAIN_PCK]), quote->qe_report,
                       quote->qe_signature);
    if (r < 0)
        return r;
    steps->qe_signature_valid = r == SIGNATURE_OK;
    if (steps->qe_signature_valid)
        return 0;
    return refuse(findings, "tdx-qe-signature-invalid", SUBJECT,
                  "signed by the PCK of the certificate",
                  "the report of the quoting enclave is not");
}

static int check_report_data(const GenuineTdxInput *input, const TdxQuote *quote,
                             Findings *findings)
{
    char wanted[HEX_TEXT_MAX], found[HEX_TEXT_MAX];

    if (!input->report_data.data ||
        view_equal(input->report_data, VIEW_OF_ARRAY(quote->report_data)))
        return 0;
    hex_text(input->report_data, wanted);
    hex_text(VIEW_OF_ARRAY(quote->report_data), found);
    return refuse(findings, "tdx-report-data-mismatch", SUBJECT, wanted, "REPORTDATA %s", found);
}

/* What this verdict does not cover, said with every quote. */
static int say_limits(const TdxQuote *quote, Findings *findings)
{
    char svn[HEX_TEXT_MAX];

    hex_text(VIEW_OF_ARRAY(quote->tee_tcb_svn), svn);
    int r = warn(findings, "tdx-tcb-not-evaluated", SUBJECT, NULL,
                 "TEE_TCB_SVN %s, quoting enclave SVN %u", svn, quote->qe.isv_svn);
    if (r >= 0 && !tdx_quote_trailing_is_zero(quote))
        r = warn(findings, "tdx-quote-trailing", SUBJECT, "nothing, or zeros",
                 "%zu bytes behind the signature data", quote->trailing.size);
    return r;
}

/* All findings into FINDINGS; GENUINE is complete unless one of them is a failure. */
static int walk(const GenuineTdxInput *input, Findings *findings, TdxSteps *steps,
                GenuineTdx *genuine)
{
    TdxQuote *quote = &genuine->quote;

    int r = tdx_quote_parse(input->quote, quote);
    if (r != TDX_QUOTE_OK)
        return refuse(findings, "tdx-quote-malformed", SUBJECT, "a TDX quote of version 4 or 5",
                      "%s", tdx_quote_reason(r));
    r = check_quote_signature(quote, findings, steps);
    if (r >= 0)
        r = check_binding(quote, findings, steps);
    if (r >= 0)
        r = check_qe_identity(quote, findings);
    if (r >= 0)
        r = check_module(quote, findings);
    if (r >= 0)
        r = check_chain(input, quote, findings, steps);
    if (r >= 0)
        r = check_qe_signature(quote, findings, steps);
    if (r >= 0)
        r = check_report_data(input, quote, findings);
    if (r >= 0)
        r = say_limits(quote, findings);
    genuine->simulated = steps->chain.simulated;
    return r;
}

int genuine_tdx_verify(const GenuineTdxInput *input, Findings *findings, TdxSteps *reterr_steps,
                       GenuineTdx *ret)
{
    _cleanup_findings_ Findings own = { .source = findings->source };
    _cleanup_tdx_steps_ TdxSteps steps = { 0 };
    GenuineTdx genuine = { 0 };

    int r = walk(input, &own, &steps, &genuine);
    if (r < 0)
        return r;
    r = findings_conclude(findings, &own);
    if (r < 0)
        return r;
    if (reterr_steps)
        *reterr_steps = TAKE_STRUCT(steps);
    if (r > 0)
        return GENUINE_TDX_E_REFUSED;
    *ret = genuine;
    return GENUINE_TDX_OK;
}
