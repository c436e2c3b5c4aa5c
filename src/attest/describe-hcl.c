/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HCL report to JSON. What the paravisor wrote stays as it wrote it, the case of its hex too.
 */
#include "attest/describe-hcl.h"

#include "attest/describe-snp.h"
#include "verify/genuine-azure.h"

#include <errno.h>

#define HALF 32 /* bytes of REPORT_DATA that a SHA-256 leaves alone */

/* -ENOMEM: VALUE, which is given away, or JSON is NULL. */
static int set(json_t *json, const char *name, json_t *value)
{
    return json_object_set_new(json, name, value) == 0 ? 0 : -ENOMEM;
}

static json_t *runtime_data(const HclReport *report)
{
    return json_pack("{si si si ss si ss si sb}", "data_size", (int)report->data_size, "version",
                     (int)report->data_version, "report_type", (int)report->type,
                     "report_type_name", hcl_report_type_name(report->type), "hash_type",
                     (int)report->hash_type, "hash_type_name",
                     hcl_hash_type_name(report->hash_type), "claims_size", (int)report->claims.size,
                     "claims_truncated", 0);
}

static json_t *key_ids(const HclClaims *claims)
{
    json_auto_t *names = json_array();
    json_t *key;
    size_t i;

    json_array_foreach (hcl_claims_keys(claims), i, key)
        if (json_array_append(names, json_object_get(key, "kid")) < 0)
            return NULL;
    return TAKE_PTR(names);
}

static int set_claims(json_t *hcl, const HclClaims *claims)
{
    json_t *configuration = hcl_claims_vm_configuration(claims);

    int r = set(hcl, "key_ids", claims->json ? key_ids(claims) : json_null());
    if (r == 0)
        r = set(hcl, "vm_configuration", configuration ? json_incref(configuration) : json_null());
    json_t *user_data = json_object_get(claims->json, "user-data");
    if (r == 0)
        r = set(hcl, "user_data", user_data ? json_incref(user_data) : json_null());
    return r;
}

static int describe_blob(const HclReport *report, json_t **ret)
{
    _cleanup_hcl_claims_ HclClaims claims = { 0 };
    json_auto_t *hcl =
        json_pack("{ss si si si si si so}", "signature", "HCLA", "header_version",
                  (int)report->version, "report_size", (int)report->report_size, "request_type",
                  (int)report->request_type, "status", (int)report->status, "file_size",
                  (int)report->raw.size, "runtime_data", runtime_data(report));

    if (!hcl)
        return -ENOMEM;
    int r = hcl_claims_parse(report->claims, &claims); /* a no leaves them empty */
    if (r >= 0)
        r = set_claims(hcl, &claims);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(hcl);
    return 0;
}

static int set_binding(json_t *json, const HclReport *report)
{
    ByteView data = hcl_report_data(report);
    ByteView upper = { data.data + HALF, data.size - HALF };
    Digest digest;

    int r = hcl_claims_digest(report, &digest);
    if (r < 0)
        return r;
    ByteView used = { data.data, digest.size };
    r = set(json, "runtime_claims_hash_matches_report_data",
            json_boolean(view_equal(used, digest_view(&digest))));
    if (r == 0 && report->type == HCL_REPORT_TYPE_SNP)
        r = set(json, "report_data_upper_half_zero", json_boolean(view_is_filled_with(upper, 0)));
    return r;
}

static int set_hardware(json_t *json, const HclReport *report, SnpProduct product)
{
    json_t *described;
    SnpReport snp;

    if (report->type == HCL_REPORT_TYPE_TDX)
        return json_set_hex(json, "tdreport_report_data", hcl_report_data(report));
    if (snp_report_parse(report->hardware, SNP_REPORT_ACCEPT_NEWER | SNP_REPORT_ACCEPT_FIRST,
                         &snp) != SNP_REPORT_OK)
        return 0;
    int r = describe_snp_report(&snp, product, &described);
    return r < 0 ? r : set(json, "report", described);
}

int describe_hcl(const HclReport *report, SnpProduct product, json_t **ret)
{
    json_auto_t *json = json_object();
    json_t *hcl;

    if (!json)
        return -ENOMEM;
    int r = describe_blob(report, &hcl);
    if (r == 0)
        r = set(json, "hcl", hcl);
    if (r == 0)
        r = set_hardware(json, report, product);
    if (r == 0)
        r = set_binding(json, report);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(json);
    return 0;
}
