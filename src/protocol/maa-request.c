/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encodings inside encodings: base64url without padding everywhere but inside the PEM text.
 */
#include "protocol/maa-request.h"

#include "base/encode.h"

#include <errno.h>
#include <string.h>

#define PEM_COLUMNS 64

const char *maa_request_reason(int reason)
{
    switch (reason) {
    case MAA_REQUEST_OK:
        return "ok";
    case MAA_REQUEST_E_EVIDENCE:
        return "not evidence of ours";
    case MAA_REQUEST_E_HCL:
        return "no report of a paravisor";
    case MAA_REQUEST_E_VCEK:
        return "no VCEK, ASK and ARK";
    case MAA_REQUEST_E_TD_QUOTE:
        return "no TD quote";
    case MAA_REQUEST_E_QUOTE:
        return "no quote of the sha256 bank by an RSA key";
    case MAA_REQUEST_E_AK_CERTIFICATE:
        return "no certificate of the attestation key yet";
    case MAA_REQUEST_E_KEY:
        return "no key of the TPM to encrypt to";
    }
    return "unknown";
}

static int append_pem(Bytes *text, ByteView der)
{
    _cleanup_free_ char *base64 = base64_encode(der);

    if (!base64)
        return -ENOMEM;
    int r = bytes_append(text, view_of_string("-----BEGIN CERTIFICATE-----\n"));
    for (size_t done = 0, size = strlen(base64); r == 0 && done < size; done += PEM_COLUMNS) {
        ByteView line = { .data = (const uint8_t *)base64 + done,
                          .size = MIN(size - done, (size_t)PEM_COLUMNS) };
        r = bytes_append(text, line);
        if (r == 0)
            r = bytes_append(text, view_of_string("\n"));
    }
    return r < 0 ? r : bytes_append(text, view_of_string("-----END CERTIFICATE-----\n"));
}

/* VCEK, ASK, ARK: the order in which THIM's two texts follow each other. */
static int make_chain(const EvidenceEndorsements *endorsements, Bytes *ret)
{
    const Bytes *const certificates[] = { &endorsements->vcek, &endorsements->ask,
                                          &endorsements->ark };

    for (size_t i = 0; i < ELEMENTSOF(certificates); i++) {
        if (certificates[i]->size == 0)
            return MAA_REQUEST_E_VCEK;
        int r = append_pem(ret, VIEW(*certificates[i]));
        if (r < 0)
            return r;
    }
    return MAA_REQUEST_OK;
}

int maa_request_snp_report(const HclReport *hcl, const EvidenceEndorsements *endorsements,
                           char **ret)
{
    _cleanup_bytes_ Bytes chain = { 0 };
    json_auto_t *report = json_object();

    if (!report)
        return -ENOMEM;
    int r = make_chain(endorsements, &chain);
    if (r == 0)
        r = json_set_base64url(report, "SnpReport", hcl->hardware);
    if (r == 0)
        r = json_set_base64url(report, "VcekCertChain", VIEW(chain));
    if (r)
        return r;
    char *text = json_text(report);
    if (!text)
        return -ENOMEM;
    *ret = text;
    return MAA_REQUEST_OK;
}

static int set_report(json_t *body, const HclReport *hcl, const EvidenceEndorsements *endorsements)
{
    _cleanup_free_ char *text = NULL;
    int r = maa_request_snp_report(hcl, endorsements, &text);

    return r ? r : json_set_base64url(body, "report", view_of_string(text));
}

/* What the hash in the report is of, to the byte. */
static int set_runtime(json_t *body, const HclReport *hcl)
{
    json_t *runtime = json_pack("{ss}", "dataType", "JSON");

    if (!runtime || json_object_set_new(body, "runtimeData", runtime) < 0)
        return -ENOMEM;
    return json_set_base64url(runtime, "data", hcl->claims);
}

static int set_hardware(json_t *body, const HclReport *hcl, const Evidence *parsed,
                        ByteView td_quote, MaaRequest *request)
{
    if (hcl->type == HCL_REPORT_TYPE_SNP) {
        request->type = "SevSnpVm";
        request->api_version = "2022-08-01";
        return set_report(body, hcl, &parsed->endorsements);
    }
    request->type = "TdxVm";
    request->api_version = "2025-06-01";
    if (td_quote.size == 0)
        return MAA_REQUEST_E_TD_QUOTE;
    return json_set_base64url(body, "quote", td_quote);
}

static int make_body(const Evidence *parsed, ByteView td_quote, const char *nonce,
                     MaaRequest *request)
{
    json_auto_t *body = json_pack("{ss}", "nonce", nonce);
    HclReport hcl;

    if (!body)
        return -ENOMEM;
    if (hcl_report_parse(VIEW(parsed->hcl), &hcl) != HCL_REPORT_OK)
        return MAA_REQUEST_E_HCL;
    int r = set_hardware(body, &hcl, parsed, td_quote, request);
    if (r == 0)
        r = set_runtime(body, &hcl);
    if (r)
        return r;
    _cleanup_free_ char *text = json_text(body);
    return text ? bytes_copy(view_of_string(text), &request->body) : -ENOMEM;
}

int maa_request_make(const ProtocolEvidence *evidence, const char *nonce, MaaRequest *ret)
{
    _cleanup_evidence_ Evidence parsed = { 0 };
    MaaRequest request = { 0 };

    int r = evidence_parse(evidence->json, NULL, &parsed);
    if (r)
        return r < 0 ? r : MAA_REQUEST_E_EVIDENCE;
    r = make_body(&parsed, evidence->td_quote, nonce, &request);
    if (r == MAA_REQUEST_OK)
        *ret = request;
    return r;
}
