/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AzureGuest (spec azure 5.4): quote, log, keys and hardware report in one JSON, mostly in base64
 * with padding; sizes of TPM2B stand before public areas and nowhere else. Evidence of a vTPM alone
 * is Trusted Launch, which has no hardware report.
 */
#include "protocol/maa-request.h"

#include "base/encode.h"
#include "format/tpm-attest.h"

#include <errno.h>
#include <string.h>

static int set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) < 0 ? -ENOMEM : 0;
}

static int set_base64(json_t *object, const char *name, ByteView bytes)
{
    _cleanup_free_ char *text = base64_encode(bytes);

    return text ? set(object, name, json_string(text)) : -ENOMEM;
}

static int set_text(json_t *object, const char *name, const char *text)
{
    return set_base64(object, name, view_of_string(text));
}

/* TPM2B_PUBLIC of a TPMT_PUBLIC. */
static int set_public(json_t *object, const char *name, ByteView area)
{
    _cleanup_bytes_ Bytes sized = { 0 };

    int r = bytes_append_be16(&sized, (uint16_t)area.size);
    if (r == 0)
        r = bytes_append(&sized, area);
    return r < 0 ? r : set_base64(object, name, VIEW(sized));
}

/* The bare number of a TPMT_SIGNATURE. MAA_REQUEST_OK or NO; -ENOMEM. */
static int set_signature(json_t *object, const char *name, ByteView bytes, int no)
{
    TpmSignature signature;

    if (tpm_signature_parse(bytes, &signature) != TPM_SIGNATURE_OK ||
        signature.algorithm != TPM_ALG_RSASSA || signature.hash != TPM_ALG_SHA256)
        return no;
    return set_base64(object, name, signature.rsa);
}

static int set_registers(json_t *info, const EvidencePcrs *pcrs)
{
    json_auto_t *selection = json_array(), *values = json_array();
    int r = selection && values ? 0 : -ENOMEM;

    for (unsigned pcr = 0; pcr < TPM_PCR_COUNT && r == 0; pcr++) {
        json_t *item = json_pack("{si}", "Index", (int)pcr);
        ByteView value = evidence_pcr(pcrs, pcr);
        if (value.size == 0) {
            json_decref(item);
            continue;
        }
        r = item ? set_base64(item, "Digest", value) : -ENOMEM;
        if (json_array_append_new(values, item) < 0 ||
            json_array_append_new(selection, json_integer((json_int_t)pcr)) < 0)
            r = -ENOMEM;
    }
    if (r == 0 && (json_object_set(info, "PcrSet", selection) < 0 ||
                   json_object_set(info, "PCRs", values) < 0))
        r = -ENOMEM;
    return r;
}

static int set_quote(json_t *info, const EvidenceVtpm *vtpm)
{
    if (vtpm->attest.size == 0 || vtpm->pcrs.bank != TPM_ALG_SHA256)
        return MAA_REQUEST_E_QUOTE;
    if (vtpm->ak_certificate.size == 0)
        return MAA_REQUEST_E_AK_CERTIFICATE;
    int r = set_base64(info, "AikCert", VIEW(vtpm->ak_certificate));
    if (r == 0)
        r = set_public(info, "AikPub", VIEW(vtpm->ak_public));
    if (r == 0)
        r = set_base64(info, "PcrQuote", VIEW(vtpm->attest));
    if (r == 0)
        r = set_signature(info, "PcrSignature", VIEW(vtpm->signature), MAA_REQUEST_E_QUOTE);
    return r == 0 ? set_registers(info, &vtpm->pcrs) : r;
}

static int set_key(json_t *info, const ProtocolEvidence *evidence)
{
    if (evidence->key_public.size == 0)
        return MAA_REQUEST_E_KEY;
    int r = set_public(info, "EncKeyPub", evidence->key_public);
    if (r == 0)
        r = set_base64(info, "EncKeyCertifyInfo", evidence->key_attest);
    if (r == 0)
        r = set_signature(info, "EncKeyCertifyInfoSignature", evidence->key_signature,
                          MAA_REQUEST_E_KEY);
    return r;
}

static int set_tpm(json_t *inner, const Evidence *parsed, const ProtocolEvidence *evidence)
{
    json_t *info = json_object();
    int r = set(inner, "TpmInfo", info);

    if (r == 0)
        r = set_quote(info, &parsed->vtpm);
    return r == 0 ? set_key(info, evidence) : r;
}

static int set_proof(json_t *isolation, const HclReport *hcl, const Evidence *parsed,
                     ByteView td_quote)
{
    _cleanup_free_ char *report = NULL;

    if (hcl->type == HCL_REPORT_TYPE_TDX)
        return td_quote.size > 0 ? set_base64(isolation, "Proof", td_quote)
                                 : MAA_REQUEST_E_TD_QUOTE;
    int r = maa_request_snp_report(hcl, &parsed->endorsements, &report);
    return r ? r : json_set_base64url(isolation, "Proof", view_of_string(report));
}

static int set_isolation(json_t *inner, const Evidence *parsed, ByteView td_quote)
{
    HclReport hcl;

    if (!(evidence_members(parsed) & (EVIDENCE_MEMBER_HCL | EVIDENCE_MEMBER_CPU)))
        return set(inner, "IsolationInfo", json_pack("{ss}", "Type", "TrustedLaunch"));
    if (hcl_report_parse(VIEW(parsed->hcl), &hcl) != HCL_REPORT_OK)
        return MAA_REQUEST_E_HCL;
    bool is_tdx = hcl.type == HCL_REPORT_TYPE_TDX;
    json_t *evidence = json_object();
    json_t *isolation =
        json_pack("{ss so}", "Type", is_tdx ? "Tdx" : "SevSnp", "Evidence", evidence);
    int r = set(inner, "IsolationInfo", isolation);
    if (r == 0)
        r = set_proof(evidence, &hcl, parsed, td_quote);
    if (r)
        return r;
    return is_tdx ? set_base64(evidence, "RunTimeData", hcl.claims)
                  : json_set_base64url(evidence, "RunTimeData", hcl.claims);
}

static int set_system(json_t *inner, const Evidence *parsed, const char *nonce)
{
    json_t *payload = json_object();
    int r = set(inner, "ClientPayload", payload);

    if (r == 0)
        r = set_text(payload, "nonce", nonce);
    if (r == 0)
        r = set_text(inner, "OSType", "Linux");
    if (r == 0)
        r = set_text(inner, "OSDistro", "Linux");
    if (r == 0)
        r = set_text(inner, "OSBuild", "NotApplication"); /* sic, as every client has it */
    return r == 0 ? set_base64(inner, "TcgLogs", VIEW(parsed->eventlog)) : r;
}

int maa_guest_make(const ProtocolEvidence *evidence, const char *nonce, MaaRequest *ret)
{
    _cleanup_evidence_ Evidence parsed = { 0 };
    json_auto_t *inner = json_pack("{ss si si}", "AttestationProtocolVersion", "2.0",
                                   "OSVersionMajor", 0, "OSVersionMinor", 0);
    json_auto_t *outer = json_object();

    if (!inner || !outer)
        return -ENOMEM;
    int r = evidence_parse(evidence->json, NULL, &parsed);
    if (r)
        return r < 0 ? r : MAA_REQUEST_E_EVIDENCE;
    r = set_system(inner, &parsed, nonce);
    if (r == 0)
        r = set_isolation(inner, &parsed, evidence->td_quote);
    if (r == 0)
        r = set_tpm(inner, &parsed, evidence);
    if (r)
        return r;
    _cleanup_free_ char *text = json_text(inner);
    r = text ? json_set_base64url(outer, "AttestationInfo", view_of_string(text)) : -ENOMEM;
    if (r < 0)
        return r;
    _cleanup_free_ char *body = json_text(outer);
    MaaRequest request = { .type = "AzureGuest", .api_version = "2020-10-01" };
    r = body ? bytes_copy(view_of_string(body), &request.body) : -ENOMEM;
    if (r == 0)
        *ret = request;
    return r;
}
