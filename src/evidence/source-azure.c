/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Detection, one read of the report, and what makes it believable enough to be sent.
 */
#include "evidence/source-azure.h"

#include "base/clock.h"
#include "base/file.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "format/hcl-claims.h"
#include "format/hcl-report.h"
#include "format/tpm-public.h"
#include "tpm/tpm-key.h"
#include "tpm/tpm-nv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SUBJECT "cpu"

/* "MSFT AZURE VM" in decimal. */
#define ASSET_TAG      "7783-7084-3265-9085-8269-3286-77"
#define ASSET_TAG_SIZE 256 /* bytes of the file at most */

/* Issuer of what stands in the index before a certificate has been issued. */
#define PLACEHOLDER "MICROSOFT AZURE TRUSTED VM RSA"

/* Microsoft's own client renews a certificate that lasts less than 90 days: by then it is late. */
#define CERTIFICATE_LEFT_SEC (INT64_C(14) * 24 * 60 * 60)

_Static_assert(AZURE_USER_DATA_SIZE == HCL_USER_DATA_SIZE, "the claims repeat all of it");

static int fail(Findings *findings, const char *name, const char *found, const char *wanted)
{
    int r = findings_add(findings, name, SUBJECT, FINDING_FAILURE, found, wanted);

    return r < 0 ? r : AZURE_E_FAILED;
}

static bool is_azure(const char *dmi_directory)
{
    _cleanup_bytes_ Bytes tag = { 0 };
    _cleanup_free_ char *path = NULL;

    if (asprintf(&path, "%s/chassis_asset_tag", dmi_directory) < 0 ||
        file_read(path, ASSET_TAG_SIZE, &tag) < 0)
        return false;
    while (tag.size > 0 && tag.data[tag.size - 1] == '\n')
        tag.size--;
    return view_equal(VIEW(tag), view_of_string(ASSET_TAG));
}

static int find_platform_key(TpmContext *tpm, const AzureIndices *indices, bool *ret_key,
                             bool *ret_place)
{
    int key = tpm_handle_exists(tpm, AZURE_AK_HANDLE);
    int place = key < 0 ? key : tpm_handle_exists(tpm, indices->certificate);

    if (place < 0)
        return place;
    *ret_key = key == TPM_HANDLE_OK;
    *ret_place = place == TPM_HANDLE_OK;
    return 0;
}

int azure_detect(TpmContext *tpm, const AzureIndices *indices, const char *dmi_directory,
                 AzurePlatform *ret)
{
    int r = tpm ? tpm_handle_exists(tpm, indices->report) : TPM_HANDLE_E_ABSENT;

    if (r < 0)
        return r;
    if (r == TPM_HANDLE_OK) {
        *ret = AZURE_CONFIDENTIAL;
        return 0;
    }
    bool has_key = false, has_place = false;
    r = tpm ? find_platform_key(tpm, indices, &has_key, &has_place) : 0;
    if (r < 0)
        return r;
    /* Key and place for its certificate are as good as the firmware's word. */
    if (has_key && (has_place || is_azure(dmi_directory)))
        *ret = AZURE_TRUSTED_LAUNCH;
    else
        *ret = is_azure(dmi_directory) ? AZURE_PLAIN : AZURE_NONE;
    return 0;
}

const char *azure_platform_finding(AzurePlatform platform)
{
    switch (platform) {
    case AZURE_CONFIDENTIAL:
        return NULL;
    case AZURE_TRUSTED_LAUNCH:
        return "azure-trusted-launch";
    case AZURE_PLAIN:
        return "azure-plain-vm";
    case AZURE_NONE:
        break;
    }
    return "azure-not-azure";
}

/* Only this hash has ever been seen; another is for the verifier to judge, so nothing is sent. */
static int check_hash(const HclReport *report, Findings *findings)
{
    uint8_t wanted[AZURE_USER_DATA_SIZE] = { 0 };
    Digest digest;

    if (report->hash_type != HCL_HASH_SHA256)
        return fail(findings, "azure-report-malformed", hcl_hash_type_name(report->hash_type),
                    hcl_hash_type_name(HCL_HASH_SHA256));
    int r = digest_of(DIGEST_SHA256, report->claims, &digest);
    if (r < 0)
        return r;
    memcpy(wanted, digest.data, digest.size);
    return view_equal(hcl_report_data(report), VIEW_OF_ARRAY(wanted)) ? AZURE_OK : AZURE_E_TORN;
}

static int check_key(const HclKey *key, ByteView ak_public, Findings *findings)
{
    uint8_t exponent[sizeof(uint32_t)];
    TpmPublic ak;

    int r = tpm_public_parse(ak_public, &ak);
    if (r != TPM_PUBLIC_OK)
        return fail(findings, "azure-ak-foreign", tpm_public_reason(r), "HCLAkPub of the report");
    for (size_t i = 0; i < sizeof(exponent); i++)
        exponent[i] = (uint8_t)(ak.rsa_exponent >> (24 - 8 * i));
    ByteView e = VIEW_OF_ARRAY(exponent);
    while (e.size > 0 && e.data[0] == 0)
        e = (ByteView){ e.data + 1, e.size - 1 };
    if (ak.type != TPM_ALG_RSA)
        return fail(findings, "azure-ak-foreign", "no RSA key", "HCLAkPub of the report");
    if (!view_equal((ByteView){ key->modulus, key->modulus_size }, ak.rsa_modulus) ||
        !view_equal((ByteView){ key->exponent, key->exponent_size }, e))
        return fail(findings, "azure-ak-foreign", "another key", "HCLAkPub of the report");
    if (!tpm_public_is_restricted_signing(&ak) || !tpm_public_is_bound_to_tpm(&ak))
        return fail(findings, "azure-ak-foreign", "a key that may sign anything",
                    "the paravisor's attributes");
    return AZURE_OK;
}

static int check_user_data(const HclClaims *claims, ByteView wanted, Findings *findings)
{
    if (claims->has_user_data)
        return view_equal(VIEW_OF_ARRAY(claims->user_data), wanted) ? AZURE_OK : AZURE_E_STALE;
    return findings_add(findings, "azure-user-data-unsupported", SUBJECT, FINDING_WARNING,
                        "no user-data in the claims", NULL);
}

static int check_claims(const HclReport *report, const AzureWanted *wanted, Findings *findings)
{
    _cleanup_hcl_claims_ HclClaims claims = { 0 };

    int r = hcl_claims_parse(report->claims, &claims);
    if (r < 0)
        return r;
    if (r == HCL_CLAIMS_E_KEY)
        return fail(findings, "azure-ak-missing", hcl_claims_reason(r), NULL);
    if (r != HCL_CLAIMS_OK)
        return fail(findings, "azure-report-malformed", hcl_claims_reason(r), NULL);
    r = check_user_data(&claims, wanted->user_data, findings);
    return r == AZURE_OK ? check_key(&claims.ak, wanted->ak_public, findings) : r;
}

int azure_report_check(ByteView bytes, const AzureWanted *wanted, Findings *findings)
{
    HclReport report;

    int r = hcl_report_parse(bytes, &report);
    if (r == HCL_REPORT_E_LENGTHS)
        return AZURE_E_TORN; /* of two reports: the lengths stand in different parts */
    if (r != HCL_REPORT_OK)
        return fail(findings, "azure-report-malformed", hcl_report_reason(r), NULL);
    r = check_hash(&report, findings);
    return r == AZURE_OK ? check_claims(&report, wanted, findings) : r;
}

/* Of the owner's authorisation none was given, or the wrong one. */
static int fail_owner(const TpmContext *tpm, Findings *findings)
{
    bool is_named = tpm->has_owner && tpm->failure.finding;

    return fail(findings, is_named ? tpm->failure.finding : "azure-owner-authorization",
                tpm->failure.text, NULL);
}

/* A command of the TPM storey that failed; errors of our own go up. */
static int fail_tpm(TpmContext *tpm, Findings *findings, const char *name, int r)
{
    if (r == -ENOMEM)
        return r;
    if (r == -EACCES)
        return fail_owner(tpm, findings);
    return fail(findings, name, tpm->failure.finding ? tpm->failure.text : strerror(-r), NULL);
}

static int read_index(TpmContext *tpm, uint32_t index, Findings *findings, Bytes *ret)
{
    int r = tpm_nv_read(tpm, index, HCL_REPORT_SIZE_MAX, ret);

    switch (r) {
    case TPM_NV_OK:
        return AZURE_OK;
    case TPM_NV_E_ABSENT:
        return fail(findings, "azure-report-missing", "no such index, or never written", NULL);
    case TPM_NV_E_SIZE:
        return fail(findings, "azure-report-malformed", hcl_report_reason(HCL_REPORT_E_SIZE), NULL);
    case TPM_NV_E_DENIED:
        return fail_owner(tpm, findings);
    }
    return fail_tpm(tpm, findings, "azure-report-unreadable", r);
}

/* Azure's own index is a mailbox by convention; what stands at another may be anybody's. */
static int write_user_data(TpmContext *tpm, uint32_t index, ByteView data, Findings *findings)
{
    bool is_replaced = false;
    char found[16];

    int r = tpm_nv_write(tpm, index, data,
                         index == AZURE_USER_DATA_INDEX_DEFAULT ? &is_replaced : NULL);
    if (r < 0)
        return fail_tpm(tpm, findings, "azure-user-data-unwritable", r);
    (void)snprintf(found, sizeof(found), "0x%08x", (unsigned)index);
    return is_replaced ? findings_add(findings, "azure-user-data-redefined", "cpu", FINDING_WARNING,
                                      found, NULL)
                       : AZURE_OK;
}

int azure_report_read(TpmContext *tpm, const AzureIndices *indices, const AzureWanted *wanted,
                      Pacing *pacing, Findings *findings, Bytes *ret)
{
    _cleanup_bytes_ Bytes report = { 0 };

    int r = write_user_data(tpm, indices->user_data, wanted->user_data, findings);
    if (r != AZURE_OK)
        return r;
    r = pacing_wait(pacing);
    if (r < 0)
        return r;
    r = read_index(tpm, indices->report, findings, &report);
    if (r == AZURE_OK)
        r = azure_report_check(VIEW(report), wanted, findings);
    if (r == AZURE_OK)
        *ret = TAKE_STRUCT(report);
    return r;
}

int azure_report_give_up(int reason, Findings *findings)
{
    char found[32];

    (void)snprintf(found, sizeof(found), "%d times", AZURE_READS_MAX);
    return fail(findings, reason == AZURE_E_TORN ? "azure-report-torn" : "azure-report-stale",
                found, NULL);
}

static bool is_placeholder(const Certificate *certificate)
{
    return strstr(certificate_issuer_cn(certificate), PLACEHOLDER);
}

/* The key of an RSA area with the usual exponent; NULL: of another. -ENOMEM, -EIO. */
static int key_of(const TpmKey *key, Key **ret)
{
    static const uint8_t exponent[] = { 1, 0, 1 };
    TpmPublic area;

    if (tpm_public_parse(VIEW(key->public_area), &area) != TPM_PUBLIC_OK ||
        area.type != TPM_ALG_RSA)
        return 0;
    int r = key_from_rsa(area.rsa_modulus, VIEW_OF_ARRAY(exponent), ret);
    return MIN(r, 0);
}

static int leave_out(TpmKey *key, const char *name, const char *found, Findings *findings)
{
    bytes_done(&key->certificate);
    return findings_add(findings, name, "vtpm", FINDING_WARNING, found, NULL);
}

/* The platform renews it in time; where it does not, somebody should know before it is over. */
static int judge_expiry(const Certificate *certificate, Findings *findings)
{
    int64_t now = (int64_t)(clock_realtime_usec(&clock_system) / USEC_PER_SEC);
    int64_t end = certificate_not_after_sec(certificate);
    char found[32];

    if (end - now > CERTIFICATE_LEFT_SEC)
        return 0;
    format_timestamp((uint64_t)MAX(end, INT64_C(0)) * USEC_PER_SEC, found);
    return findings_add(findings, "azure-ak-certificate-expiring", "vtpm", FINDING_WARNING, found,
                        NULL);
}

/* One that is not of this key would have the verifier refuse the whole. */
static int judge_certificate(TpmKey *key, Findings *findings)
{
    _cleanup_(certificate_freep) Certificate *certificate = NULL;
    _cleanup_(key_freep) Key *ours = NULL;

    int r = certificate_parse(VIEW(key->certificate), &certificate);
    if (r < 0)
        return r;
    if (r != CERTIFICATE_OK)
        return leave_out(key, "azure-ak-certificate-other", certificate_reason(r), findings);
    if (is_placeholder(certificate))
        return leave_out(key, "azure-ak-certificate-placeholder",
                         certificate_issuer_cn(certificate), findings);
    r = key_of(key, &ours);
    if (r < 0)
        return r;
    if (ours && key_equal(certificate_key(certificate), ours))
        return judge_expiry(certificate, findings);
    return leave_out(key, "azure-ak-certificate-other", "for another key", findings);
}

int azure_add_certificate(TpmKey *key, const AzureIndices *indices, Findings *findings)
{
    int r = tpm_key_add_certificate(key, indices->certificate);

    if (r < 0 || key->certificate.size == 0)
        return r == -ENOMEM ? r : 0;
    return judge_certificate(key, findings);
}
