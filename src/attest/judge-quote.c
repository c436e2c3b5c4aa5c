/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TPM's quote by a key that the caller names, its registers, and the logs behind them.
 */
#include "attest/judge-quote.h"

#include "attest/describe-certificate.h"
#include "attest/describe-quote.h"
#include "verify/refuse.h"
#include "verify/vtpm-root.h"

#include <errno.h>

int judge_read_pcrs(const Judgement *j, PcrFile *ret)
{
    ByteView bytes = items_get(j->input, ATTEST_ITEM_PCRS);

    *ret = (PcrFile){ 0 };
    if (!bytes.data)
        return 0;
    int r = pcr_file_parse(bytes, ret);
    if (r <= 0)
        return r;
    *ret = (PcrFile){ 0 };
    return outcome_unreadable(j->outcome, "item-unreadable", "pcrs",
                              "PCR values as JSON or of tpm2-tools", "%s", pcr_file_reason(r));
}

/* The names on the way up from LEAF, by issuer, as far as certificates are at hand. */
static int chain_names(const Judgement *j, const Certificate *leaf, json_t **ret)
{
    const CertificateList *const lists[] = { &j->trust->certificates, &j->trust->vtpm_roots };
    json_auto_t *names = json_array();
    const Certificate *at = leaf;

    for (size_t depth = 0; at && depth < CERTIFICATE_LIST_MAX; depth++) {
        const Certificate *next = NULL;
        if (json_array_append_new(names, json_string(certificate_subject_cn(at))))
            return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(lists) && !certificate_is_self_issued(at); i++)
            for (size_t k = 0; k < lists[i]->n_items && !next; k++) {
                int r = certificate_verify_signed_by(at, lists[i]->items[k]);
                if (r < 0)
                    return r;
                next = r == CERTIFICATE_OK ? lists[i]->items[k] : NULL;
            }
        at = next;
    }
    if (!names)
        return -ENOMEM;
    *ret = TAKE_PTR(names);
    return 0;
}

/* null where no root was given to judge by. */
static int judge_chain(const Judgement *j, const Certificate *leaf, json_t **ret)
{
    const char *text = NULL;

    *ret = json_null();
    if (j->trust->vtpm_roots.n_items == 0)
        return 0;
    int r = certificate_verify_chain(leaf, &j->trust->certificates, &j->trust->vtpm_roots,
                                     j->trust->now_sec, &text);
    if (r < 0)
        return r;
    *ret = json_boolean(r == CERTIFICATE_OK);
    if (r != CERTIFICATE_OK)
        return refuse(&j->outcome->findings, "tpm-certificate-untrusted", "vtpm",
                      "a chain to a root that was given", "AK certificate: %s%s%s",
                      certificate_reason(r), text ? ": " : "", text ? text : "");
    if (!vtpm_ak_certificate_is_fit(leaf))
        return refuse(&j->outcome->findings, "tpm-certificate-unfit", "vtpm",
                      "the certificate of a signing key, no CA", "AK certificate");
    return 0;
}

static const Certificate *find_leaf(const Judgement *j, const JudgeAkCertificate *ask)
{
    const CertificateList *list = &j->trust->certificates;

    for (size_t i = 0; !ask->leaf && i < list->n_items; i++)
        if (key_equal(certificate_key(list->items[i]), ask->ak))
            return list->items[i];
    return ask->leaf;
}

int judge_ak_certificate(const Judgement *j, const JudgeAkCertificate *ask)
{
    const Certificate *leaf = find_leaf(j, ask);
    json_t *described = NULL;

    if (!leaf) {
        if (j->trust->vtpm_roots.n_items == 0)
            return 0;
        return refuse(&j->outcome->findings, "tpm-certificate-untrusted", "vtpm",
                      "a chain to a root that was given", "no certificate of this key came along");
    }
    int r = describe_certificate(leaf, &described);
    if (r >= 0)
        r = outcome_claim(j->outcome, "ak_cert", described);
    if (r >= 0)
        r = outcome_claim(j->outcome, ask->same_key,
                          json_boolean(key_equal(certificate_key(leaf), ask->ak)));
    if (r >= 0)
        r = chain_names(j, leaf, &described);
    if (r >= 0)
        r = outcome_claim(j->outcome, "ak_cert_chain", described);
    if (r >= 0)
        r = judge_chain(j, leaf, &described);
    return r < 0 ? r : outcome_claim(j->outcome, "ak_cert_chain_valid", described);
}

static int add_pcrs(const Judgement *j, const PcrFile *pcrs)
{
    json_t *described = NULL;

    if (pcrs->n_banks == 0)
        return 0;
    int r = describe_pcrs(pcrs->banks, pcrs->n_banks, &described);
    return r < 0 ? r : outcome_claim(j->outcome, "pcr_values", described);
}

/* What verified; or, where nothing did, what the signature calls itself, if it does. */
static int set_scheme(const Judgement *j, const GenuineQuote *genuine, json_t *object)
{
    ByteView bytes = items_get(j->input, ATTEST_ITEM_TPM_SIGNATURE);
    TpmSignature sent = { 0 };
    int r = 0;

    if (!genuine && tpm_signature_parse(bytes, &sent) != TPM_SIGNATURE_OK)
        return 0;
    const char *scheme = tpm_alg_name(genuine ? genuine->scheme : sent.algorithm);
    const char *hash = tpm_alg_name(genuine ? genuine->hash : sent.hash);
    if (scheme)
        r |= json_object_set_new(object, "scheme", json_string(scheme));
    if (hash)
        r |= json_object_set_new(object, "hash", json_string(hash));
    return r;
}

/* Signed how; and do the values give the digest? GENUINE NULL: refused, by FINDINGS. */
static int set_judged(const Judgement *j, json_t *object, const GenuineQuote *genuine,
                      const PcrFile *pcrs, const Findings *findings)
{
    bool is_bad = findings_has(findings, "tpm-signature-invalid") ||
                  findings_has(findings, "tpm-signature-malformed") ||
                  findings_has(findings, "tpm-signature-scheme") ||
                  findings_has(findings, "tpm-ak-malformed");
    json_auto_t *signature = json_object();
    int r = json_object_set_new(signature, "valid", json_boolean(!is_bad));

    r |= set_scheme(j, genuine, signature);
    r |= json_object_set(object, "signature", signature);
    if (pcrs->n_banks > 0)
        r |= json_object_set_new(object, "pcr_digest_matches",
                                 json_boolean(!findings_has(findings, "tpm-pcr-digest-mismatch") &&
                                              !findings_has(findings, "tpm-selection-mismatch")));
    return r ? -ENOMEM : 0;
}

static int add_quote(const Judgement *j, const GenuineQuote *genuine, const PcrFile *pcrs,
                     const Findings *findings)
{
    ByteView bytes = tpm_attest_unwrap(items_get(j->input, ATTEST_ITEM_TPM_QUOTE));
    json_t *described = NULL;
    TpmAttest attest;

    if (tpm_attest_parse(bytes, &attest) != TPM_ATTEST_OK)
        return 0;
    int r = describe_tpm_attest(&attest, &described);
    if (r < 0)
        return r;
    r = set_judged(j, described, genuine, pcrs, findings);
    if (r < 0) {
        json_decref(described);
        return r;
    }
    return outcome_claim(j->outcome, "quote", described);
}

int judge_quote_by(const Judgement *j, ByteView ak, GenuineQuote *ret, bool *ret_genuine)
{
    _cleanup_findings_ Findings own = { .source = OUTCOME_SOURCE };
    PcrFile pcrs;

    *ret_genuine = false;
    int r = judge_read_pcrs(j, &pcrs);
    if (r < 0 || j->outcome->unreadable)
        return r;
    const GenuineQuoteInput input = {
        .attest = items_get(j->input, ATTEST_ITEM_TPM_QUOTE),
        .signature = items_get(j->input, ATTEST_ITEM_TPM_SIGNATURE),
        .ak = ak,
        .pcrs = pcrs.n_banks > 0 ? &pcrs : NULL,
        .qualifying_data = items_get(j->input, ATTEST_ITEM_NONCE),
    };
    r = genuine_quote_verify(&input, &own, ret);
    if (r < 0)
        return r;
    *ret_genuine = r == GENUINE_QUOTE_OK;
    bool nonce_matches = !findings_has(&own, "tpm-qualifying-data-mismatch");
    r = add_quote(j, *ret_genuine ? ret : NULL, &pcrs, &own);
    if (r >= 0)
        r = findings_move(&j->outcome->findings, &own);
    if (r >= 0)
        r = add_pcrs(j, &pcrs);
    if (r >= 0 && input.qualifying_data.data)
        r = outcome_claim(j->outcome, "nonce_matches", json_boolean(nonce_matches));
    if (r < 0 || !*ret_genuine)
        return r;
    if (ret->has_pcrs)
        return judge_replay(j, &pcrs);
    if (!items_get(j->input, ATTEST_ITEM_EVENT_LOG).data &&
        !items_get(j->input, ATTEST_ITEM_USERSPACE_LOG).data)
        return 0;
    return refuse(&j->outcome->findings, "eventlog-unproven", "eventlog",
                  "PCR values to replay it against", "none were given");
}

static int add_ak(const Judgement *j, const GenuineQuote *quote)
{
    bool is_rsa = key_type(quote->ak) == KEY_RSA;
    json_t *described = NULL;

    if (quote->has_ak_public) {
        int r = describe_tpm_public(&quote->ak_public, &described);
        return r < 0 ? r : outcome_claim(j->outcome, "ak", described);
    }
    return outcome_claim(j->outcome, "ak",
                         json_pack("{s:s, s:i}", "type",
                                   is_rsa ? "RSAPublicKey" : "EllipticCurvePublicKey", "bits",
                                   (int)key_bits(quote->ak)));
}

/* A key that cannot be read is no defect of the quote. */
static int check_ak(const Judgement *j, ByteView bytes)
{
    _cleanup_quote_ak_ QuoteAk ak = { 0 };
    const char *reason = NULL;

    int r = quote_ak_parse(bytes, &reason, &ak);
    if (r <= 0)
        return r;
    return outcome_unreadable(j->outcome, "item-unreadable", "tpm-ak",
                              "TPMT_PUBLIC, TPM2B_PUBLIC, public key or certificate", "%s",
                              reason ? reason : "none of them");
}

int judge_quote(const Judgement *j)
{
    _cleanup_genuine_quote_ GenuineQuote quote = { 0 };
    ByteView ak = items_get(j->input, ATTEST_ITEM_TPM_AK);
    bool genuine;

    int r = check_ak(j, ak);
    if (r >= 0 && !j->outcome->unreadable)
        r = judge_quote_by(j, ak, &quote, &genuine);
    if (r < 0 || j->outcome->unreadable || !genuine)
        return r;
    const JudgeAkCertificate ask = {
        .ak = quote.ak,
        .leaf = quote.ak_certificate,
        .same_key = "ak_cert_certifies_quote_key",
    };
    r = add_ak(j, &quote);
    return r < 0 ? r : judge_ak_certificate(j, &ask);
}
