/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the paravisor, then follows the two certificates a vTPM may have.
 */
#include "verify/vtpm-root.h"

#include "base/wipe.h"
#include "verify/refuse.h"

#include <errno.h>

#define SUBJECT "vtpm"

/* False: not there, or not readable (then with a finding). */
static int read_certificate(ByteView bytes, const char *name, Findings *findings, Certificate **ret,
                            bool *ret_there)
{
    *ret_there = false;
    if (bytes.size == 0)
        return 0;
    int r = certificate_parse(certificate_trim(bytes), ret);
    if (r < 0)
        return r;
    if (r != CERTIFICATE_OK)
        return refuse(findings, "tpm-certificate-malformed", SUBJECT, "an X.509 certificate",
                      "%s: %s", name, certificate_reason(r));
    *ret_there = true;
    return 0;
}

/* TCG OIDs in extendedKeyUsage: tcg-kp-EKCertificate, tcg-kp-AIKCertificate. */
#define USAGE_EK "2.23.133.8.1"
#define USAGE_AK "2.23.133.8.3"

static bool has_extended_usages(const Certificate *certificate)
{
    ByteView usages;

    return certificate_extension(certificate, "2.5.29.37", &usages) == CERTIFICATE_OK;
}

/*
 * Google's certificates of AKs name the EK's purpose; that they are for a signing key only their
 * keyUsage tells, so it must be there.
 */
bool vtpm_ak_certificate_is_fit(const Certificate *leaf)
{
    unsigned usage;
    bool has_usage = certificate_key_usage(leaf, &usage);

    if (certificate_claims_ca(leaf) || (has_usage && !(usage & CERTIFICATE_USAGE_SIGN)))
        return false;
    return !has_extended_usages(leaf) || certificate_has_extended_usage(leaf, USAGE_AK) ||
           (has_usage && certificate_has_extended_usage(leaf, USAGE_EK));
}

static bool is_fit_for_ek(const Certificate *leaf)
{
    unsigned usage;
    bool has_usage = certificate_key_usage(leaf, &usage);

    if (certificate_claims_ca(leaf) ||
        (has_usage && !(usage & (CERTIFICATE_USAGE_ENCIPHER | CERTIFICATE_USAGE_AGREE))))
        return false;
    return !has_extended_usages(leaf) || certificate_has_extended_usage(leaf, USAGE_EK);
}

/* Of AK or EK: the roots for it alone, and what its certificate must be. */
typedef struct LeafKind {
    const char *name;
    const CertificateList *anchors;
    bool (*is_fit)(const Certificate *leaf);
    const char *fit;
} LeafKind;

static bool is_empty(const CertificateList *list)
{
    return !list || list->n_items == 0;
}

/* Does it end in a configured root? If not, a warning says where it breaks. */
static int follow_chain(const VtpmRootInput *input, const LeafKind *kind, const Certificate *leaf,
                        Findings *findings, bool *ret_trusted)
{
    const CertificateList *const lists[] = { input->anchors, kind->anchors };
    const char *text = NULL;
    int r = CERTIFICATE_E_UNTRUSTED;

    *ret_trusted = false;
    if (is_empty(input->anchors) && is_empty(kind->anchors))
        return 0;
    if (!kind->is_fit(leaf))
        return warn(findings, "tpm-certificate-unfit", SUBJECT, kind->fit, "%s", kind->name);
    for (size_t i = 0; i < ELEMENTSOF(lists) && r > CERTIFICATE_OK; i++)
        if (!is_empty(lists[i]))
            r = certificate_verify_chain(leaf, input->intermediates, lists[i], input->now_sec,
                                         &text);
    if (r < 0)
        return r;
    *ret_trusted = r == CERTIFICATE_OK;
    if (*ret_trusted)
        return 0;
    return warn(findings, "tpm-certificate-untrusted", SUBJECT, "a chain to a configured root",
                "%s: %s%s%s", kind->name, certificate_reason(r), text ? ": " : "",
                text ? text : "");
}

static int follow_ak(const VtpmRootInput *input, Findings *findings, bool *ret_trusted)
{
    const LeafKind kind = {
        .name = "AK certificate",
        .anchors = input->ak_anchors,
        .is_fit = vtpm_ak_certificate_is_fit,
        .fit = "no CA; digitalSignature; " USAGE_AK " among its purposes, if it names any",
    };
    _cleanup_(certificate_freep) Certificate *certificate = NULL;
    bool there;

    *ret_trusted = false;
    int r = read_certificate(VIEW(input->vtpm->ak_certificate), kind.name, findings, &certificate,
                             &there);
    if (r < 0 || !there)
        return r;
    if (!key_equal(certificate_key(certificate), input->tpm->ak))
        return refuse(findings, "tpm-certificate-other-key", SUBJECT, "the key that signed",
                      "the AK certificate is for another key");
    return follow_chain(input, &kind, certificate, findings, ret_trusted);
}

/* The public area and the certificate are of one key, which can only decrypt, inside its TPM. */
static int judge_ek(const VtpmRootInput *input, const Certificate *certificate, Findings *findings,
                    bool *ret_sound)
{
    _cleanup_(key_freep) Key *key = NULL;
    TpmPublic public;

    *ret_sound = false;
    if (tpm_public_parse(VIEW(input->vtpm->ek_public), &public) != TPM_PUBLIC_OK)
        return refuse(findings, "tpm-ek-malformed", SUBJECT, "a TPMT_PUBLIC", "ek_public");
    int r = tpm_public_key(&public, &key);
    if (r < 0)
        return r;
    if (r != KEY_OK || !key_equal(certificate_key(certificate), key))
        return refuse(findings, "tpm-certificate-other-key", SUBJECT, "the key of ek_public",
                      "the EK certificate is for another key");
    if (!tpm_public_is_restricted_decrypting(&public) || !tpm_public_is_bound_to_tpm(&public))
        return refuse(findings, "tpm-ek-unfit", SUBJECT,
                      "restricted, decrypt, fixedTPM, fixedParent, sensitiveDataOrigin",
                      "attributes 0x%08x", public.attributes);
    *ret_sound = true;
    return 0;
}

static int judge_credential(const VtpmRootInput *input, Findings *findings, bool *ret_activated)
{
    *ret_activated = false;
    if (!input->credential_wanted.data)
        return 0;
    *ret_activated = input->credential_wanted.size > 0 &&
                     equal_constant_time(input->credential_wanted, input->credential_shown);
    if (*ret_activated)
        return 0;
    return refuse(findings, "tpm-credential-mismatch", SUBJECT, "the secret of the challenge",
                  input->credential_shown.size > 0 ? "another value" : "no credential");
}

static int follow_ek(const VtpmRootInput *input, Findings *findings, bool *ret_trusted)
{
    const LeafKind kind = {
        .name = "EK certificate",
        .anchors = input->ek_anchors,
        .is_fit = is_fit_for_ek,
        .fit = "no CA; keyEncipherment or keyAgreement; " USAGE_EK
               " among its purposes, if it names any",
    };
    _cleanup_(certificate_freep) Certificate *certificate = NULL;
    bool there, sound = false, activated, trusted = false;

    *ret_trusted = false;
    int r = judge_credential(input, findings, &activated);
    if (r >= 0)
        r = read_certificate(VIEW(input->vtpm->ek_certificate), kind.name, findings, &certificate,
                             &there);
    if (r < 0 || !there)
        return r;
    r = judge_ek(input, certificate, findings, &sound);
    if (r >= 0)
        r = follow_chain(input, &kind, certificate, findings, &trusted);
    if (r >= 0)
        *ret_trusted = activated && sound && trusted;
    return r;
}

static bool is_paravisor_of_tdx(const PolicyParavisor *paravisor, const TdxQuote *quote)
{
    return paravisor->mrtd.size > 0 &&
           view_equal(VIEW(paravisor->mrtd), VIEW_OF_ARRAY(quote->td.mr_td));
}

static bool is_paravisor_of_snp(const PolicyParavisor *paravisor, const SnpReport *report)
{
    ByteView id_key = VIEW_OF_ARRAY(report->id_key_digest);
    bool by_measurement = paravisor->measurement.size > 0;
    bool by_id_key = paravisor->id_key_digest.size > 0;

    if (by_measurement &&
        !view_equal(VIEW(paravisor->measurement), VIEW_OF_ARRAY(report->measurement)))
        return false;
    /* Zeros: started without an ID block, so by anyone. */
    if (by_id_key &&
        (view_is_filled_with(id_key, 0) || !view_equal(VIEW(paravisor->id_key_digest), id_key)))
        return false;
    return by_measurement || by_id_key;
}

/* Is the AK's keeper a listed paravisor, in the level that nothing in the guest can reach? */
static bool is_kept_by_paravisor(const VtpmRootInput *input)
{
    const GenuineAzure *azure = input->azure;

    if (!azure || !key_equal(azure->ak, input->tpm->ak))
        return false;
    bool is_snp = azure->has_snp && azure->snp.report.vmpl == 0;
    for (size_t i = 0; i < input->n_paravisors; i++) {
        const PolicyParavisor *paravisor = &input->paravisors[i];
        if ((is_snp && is_paravisor_of_snp(paravisor, &azure->snp.report)) ||
            (azure->tdx && is_paravisor_of_tdx(paravisor, &azure->tdx->quote)))
            return true;
    }
    return false;
}

int vtpm_root_derive(const VtpmRootInput *input, Findings *findings, VtpmRoot *ret)
{
    bool by_ak, by_ek;

    int r = follow_ak(input, findings, &by_ak);
    if (r >= 0)
        r = follow_ek(input, findings, &by_ek);
    if (r < 0)
        return r;
    *ret = is_kept_by_paravisor(input) ? VTPM_ROOT_PARAVISOR
           : by_ak || by_ek            ? VTPM_ROOT_CERTIFICATE
                                       : VTPM_ROOT_HOST;
    return 0;
}
