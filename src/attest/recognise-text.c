/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes as text: evidence, policies, key sets, trust files, tokens. One JSON text is told from
 * another by a member that only it has.
 */
#include "attest/recognise.h"

#include "attest/describe-hcl.h"
#include "attest/describe-snp.h"
#include "attest/describe-token.h"
#include "format/bundle.h"
#include "format/evidence-claims.h"
#include "token/jwks.h"
#include "verify/policy-explain.h"

#include <errno.h>
#include <string.h>

#define TEXT_SIZE_MAX ((size_t)EVIDENCE_SIZE_MAX)

/* A JSON object of any of these formats, or NULL: something else, or of no JSON. -ENOMEM. */
static int read_object(ByteView bytes, json_t **ret)
{
    json_auto_t *json = NULL;
    size_t i = 0;

    *ret = NULL;
    while (i < bytes.size && memchr(" \t\r\n", bytes.data[i], 4))
        i++;
    if (i == bytes.size || bytes.data[i] != '{')
        return 0;
    int r = json_parse(bytes, TEXT_SIZE_MAX, &json);
    if (r)
        return r < 0 ? r : 0;
    *ret = TAKE_PTR(json);
    return 0;
}

static int has_member(ByteView bytes, const char *name, json_t **ret, bool *ret_has)
{
    int r = read_object(bytes, ret);

    *ret_has = *ret && json_object_get(*ret, name);
    return r;
}

/* The report of the processor, by itself or in that of a paravisor, when it can be read. */
static int describe_hardware(const Evidence *evidence, json_t *content)
{
    json_auto_t *described = NULL;
    HclReport hcl;
    SnpReport report;

    if (evidence->hcl.size > 0 && hcl_report_parse(VIEW(evidence->hcl), &hcl) == HCL_REPORT_OK) {
        int r = describe_hcl(&hcl, SNP_PRODUCT_UNKNOWN, &described);
        return r < 0 ? r : json_object_update(content, described) ? -ENOMEM : 0;
    }
    if (snp_report_parse(VIEW(evidence->cpu.outblob), SNP_REPORT_ACCEPT_NEWER, &report) !=
        SNP_REPORT_OK)
        return 0;
    int r = describe_snp_report(&report, SNP_PRODUCT_UNKNOWN, &described);
    return r < 0 ? r : json_object_set(content, "report", described) ? -ENOMEM : 0;
}

/* What the members are, by size, and the claims. */
static int describe_evidence(const Evidence *evidence, json_t **ret)
{
    json_auto_t *members = json_object();
    json_auto_t *claims = NULL;
    unsigned sent = evidence_members(evidence);
    int r = 0;

    for (unsigned bit = 1; bit <= EVIDENCE_MEMBERS_ALL; bit <<= 1)
        if (sent & bit)
            r |= json_object_set_new(members, evidence_member_name((EvidenceMember)bit),
                                     json_true());
    if (r || !members)
        return -ENOMEM;
    r = json_parse(VIEW(evidence->claims), CLAIMS_SIZE_MAX, &claims);
    if (r < 0)
        return r;
    json_auto_t *content = json_pack("{s:O, s:O*}", "members", members, "claims", claims);
    if (!content)
        return -ENOMEM;
    r = describe_hardware(evidence, content);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(content);
    return 0;
}

static int evidence(ByteView bytes, const char **reterr_reason, json_t **ret)
{
    _cleanup_evidence_ Evidence parsed = { 0 };
    json_auto_t *json = NULL;
    EvidenceDetail detail;
    bool is_ours;

    int r = has_member(bytes, "__cmwc_t", &json, &is_ours);
    if (r < 0 || !is_ours)
        return r < 0 ? r : RECOGNISE_E_OTHER;
    r = evidence_parse(bytes, &detail, &parsed);
    if (r < 0)
        return r;
    if (r != EVIDENCE_OK) {
        *reterr_reason = evidence_reason(r);
        return RECOGNISE_E_DAMAGED;
    }
    r = describe_evidence(&parsed, ret);
    return r < 0 ? r : RECOGNISE_OK;
}

static int jwks(ByteView bytes, const char **reterr_reason, json_t **ret)
{
    _cleanup_jwks_ Jwks keys = { 0 };
    json_auto_t *json = NULL;
    json_t *described = NULL;
    bool is_ours;

    int r = has_member(bytes, "keys", &json, &is_ours);
    if (r < 0 || !is_ours)
        return r < 0 ? r : RECOGNISE_E_OTHER;
    r = jwks_from_json(json, &keys);
    if (r < 0)
        return r;
    if (r != JWKS_OK) {
        *reterr_reason = jwks_reason(r);
        return RECOGNISE_E_DAMAGED;
    }
    r = describe_jwks(json, &described);
    if (r < 0)
        return r;
    *ret = json_pack("{s:o, s:I, s:I}", "jwks", described, "usable", (json_int_t)keys.n_keys,
                     "ignored", (json_int_t)keys.n_ignored);
    return *ret ? RECOGNISE_OK : -ENOMEM;
}

/* Public by nature; shown as it stands. */
static int trust(ByteView bytes, const char **reterr_reason, json_t **ret)
{
    json_auto_t *json = NULL;
    bool is_ours;

    (void)reterr_reason;
    int r = has_member(bytes, "attestd_trust", &json, &is_ours);
    if (r < 0 || !is_ours)
        return r < 0 ? r : RECOGNISE_E_OTHER;
    *ret = TAKE_PTR(json);
    return RECOGNISE_OK;
}

static int policy(ByteView bytes, const char **reterr_reason, json_t **ret)
{
    static const char *const marks[] = { "snp", "tpm", "gates", "simulated_roots" };
    _cleanup_(policy_freep) Policy *parsed = NULL;
    json_auto_t *json = NULL;
    PolicyError error = { 0 };
    bool is_ours = false;

    int r = read_object(bytes, &json);
    if (r < 0)
        return r;
    for (size_t i = 0; json && i < ELEMENTSOF(marks); i++)
        is_ours = is_ours || json_object_get(json, marks[i]);
    if (!is_ours || json_object_get(json, "attestd_trust"))
        return RECOGNISE_E_OTHER;
    r = policy_parse(bytes, &parsed, &error);
    if (r < 0)
        return r;
    if (r > 0) {
        *reterr_reason = "not as docs/policy.md has it; see attestctl policy explain";
        return RECOGNISE_E_DAMAGED;
    }
    r = policy_explain(parsed, ret);
    return r < 0 ? r : RECOGNISE_OK;
}

static int token(ByteView bytes, const char **reterr_reason, json_t **ret)
{
    ByteView text = token_trim(bytes);

    (void)reterr_reason;
    int r = text.size > 2 && memcmp(text.data, "ey", 2) == 0 ? describe_token(text, ret)
                                                             : DESCRIBE_TOKEN_E_FORM;
    if (r < 0)
        return r;
    return r == DESCRIBE_TOKEN_OK ? RECOGNISE_OK : RECOGNISE_E_OTHER;
}

const Recogniser recognisers_text[] = {
    { "evidence", evidence }, { "jwks", jwks },   { "trust", trust },
    { "policy", policy },     { "token", token }, { 0 },
};
