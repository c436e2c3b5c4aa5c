/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows the two certificates a vTPM may have.
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

/* Does it end in a configured root? If not, a warning says where it breaks. */
static int follow_chain(const VtpmRootInput *input, const Certificate *leaf, const char *name,
                        Findings *findings, bool *ret_trusted)
{
    const char *text = NULL;

    *ret_trusted = false;
    if (!input->anchors || input->anchors->n_items == 0)
        return 0;
    int r =
        certificate_verify_chain(leaf, input->intermediates, input->anchors, input->now_sec, &text);
    if (r < 0)
        return r;
    *ret_trusted = r == CERTIFICATE_OK;
    if (*ret_trusted)
        return 0;
    return warn(findings, "tpm-certificate-untrusted", SUBJECT, "a chain to a configured root",
                "%s: %s%s%s", name, certificate_reason(r), text ? ": " : "", text ? text : "");
}

static int follow_ak(const VtpmRootInput *input, Findings *findings, bool *ret_trusted)
{
    _cleanup_(certificate_freep) Certificate *certificate = NULL;
    bool there;

    *ret_trusted = false;
    int r = read_certificate(VIEW(input->vtpm->ak_certificate), "AK certificate", findings,
                             &certificate, &there);
    if (r < 0 || !there)
        return r;
    if (!key_equal(certificate_key(certificate), input->tpm->ak))
        return refuse(findings, "tpm-certificate-other-key", SUBJECT, "the key that signed",
                      "the AK certificate is for another key");
    return follow_chain(input, certificate, "AK certificate", findings, ret_trusted);
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
    _cleanup_(certificate_freep) Certificate *certificate = NULL;
    bool there, sound = false, activated, trusted = false;

    *ret_trusted = false;
    int r = judge_credential(input, findings, &activated);
    if (r >= 0)
        r = read_certificate(VIEW(input->vtpm->ek_certificate), "EK certificate", findings,
                             &certificate, &there);
    if (r < 0 || !there)
        return r;
    r = judge_ek(input, certificate, findings, &sound);
    if (r >= 0)
        r = follow_chain(input, certificate, "EK certificate", findings, &trusted);
    if (r >= 0)
        *ret_trusted = activated && sound && trusted;
    return r;
}

int vtpm_root_derive(const VtpmRootInput *input, Findings *findings, VtpmRoot *ret)
{
    bool by_ak, by_ek;

    int r = follow_ak(input, findings, &by_ak);
    if (r >= 0)
        r = follow_ek(input, findings, &by_ek);
    if (r < 0)
        return r;
    *ret = by_ak || by_ek ? VTPM_ROOT_CERTIFICATE : VTPM_ROOT_HOST;
    return 0;
}
