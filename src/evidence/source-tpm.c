/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM transactions for evidence, with every no of the TPM storey turned into a finding.
 */
#include "evidence/source-tpm.h"

#include "tpm/tpm-attestation-key.h"
#include "tpm/tpm-credential.h"
#include "tpm/tpm-endorsement-key.h"
#include "tpm/tpm-quote.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct Vtpm {
    TpmContext *tpm;
    TpmKey *attestation;
    TpmKey *endorsement; /* NULL until asked for */
    TpmSelection selection;
    char *bank_name;
    char *key_choice;
    AzurePlatform platform;
};

static int fail(Findings *findings, const char *name, const char *found, const char *wanted)
{
    int r = findings_add(findings, name, "vtpm", FINDING_FAILURE, found, wanted);

    return r < 0 ? r : VTPM_E_FAILED;
}

/* A negative errno of the TPM storey: the TPM's own words where it had any. */
static int fail_errno(Vtpm *vtpm, Findings *findings, int r)
{
    const TpmFailure *failure = &vtpm->tpm->failure;

    if (r == -ENOMEM)
        return r;
    if (failure->finding)
        return fail(findings, failure->finding, failure->text, NULL);
    return fail(findings, "tpm-command-refused", strerror(-r), NULL);
}

static int open_context(const VtpmSettings *settings, Findings *findings, TpmContext **ret)
{
    const TpmContextOptions options = {
        .tcti = settings->tcti,
        .lock_directory = settings->lock_directory,
        .owner = settings->owner,
    };
    TpmFailure failure = { 0 };

    int r = tpm_context_open(&options, &failure, ret);
    if (r == TPM_CONTEXT_OK || r == -ENOMEM)
        return r;
    return fail(findings, failure.finding ? failure.finding : "tpm-unreachable", failure.text,
                NULL);
}

static int fail_key(Vtpm *vtpm, Findings *findings, int r)
{
    static const char *const names[] = {
        [TPM_ATTESTATION_KEY_E_CHOICE] = "tpm-ak-choice-invalid",
        [TPM_ATTESTATION_KEY_E_ABSENT] = "tpm-ak-missing",
        [TPM_ATTESTATION_KEY_E_NOT_RESTRICTED] = "tpm-ak-not-restricted",
        [TPM_ATTESTATION_KEY_E_NOT_SIGNING] = "tpm-ak-not-signing",
        [TPM_ATTESTATION_KEY_E_NOT_FIXED] = "tpm-ak-not-fixed",
        [TPM_ATTESTATION_KEY_E_SCHEME] = "tpm-ak-scheme",
        [TPM_ATTESTATION_KEY_E_TEMPLATE] = "tpm-ak-template-malformed",
    };

    if (r < 0)
        return fail_errno(vtpm, findings, r);
    if (vtpm->platform == AZURE_CONFIDENTIAL && strcmp(vtpm->key_choice, AZURE_AK_CHOICE) == 0)
        return fail(findings,
                    r == TPM_ATTESTATION_KEY_E_ABSENT ? "azure-ak-missing" : "azure-ak-foreign",
                    names[r], NULL);
    return fail(findings, names[r], vtpm->key_choice, NULL);
}

static int find_key(Vtpm *vtpm, Findings *findings)
{
    int r = tpm_attestation_key_find(vtpm->tpm, vtpm->key_choice, &vtpm->attestation);

    if (r != TPM_ATTESTATION_KEY_OK)
        return fail_key(vtpm, findings, r);
    if (!vtpm->attestation->in_owner_hierarchy)
        return VTPM_OK;
    return findings_add(findings, "tpm-ak-owner-hierarchy", "vtpm", FINDING_WARNING, NULL, NULL);
}

static bool has_platform_key(const Vtpm *vtpm)
{
    return vtpm->platform == AZURE_CONFIDENTIAL || vtpm->platform == AZURE_TRUSTED_LAUNCH;
}

/* Where the platform has a key, with or without a report, it is the one to quote with. */
static int look_for_paravisor(Vtpm *vtpm, const AzureIndices *indices, Findings *findings)
{
    int r = indices ? azure_detect(vtpm->tpm, indices, AZURE_DMI_DIRECTORY, &vtpm->platform) : 0;

    if (r < 0)
        return fail_errno(vtpm, findings, r);
    if (!has_platform_key(vtpm) || strcmp(vtpm->key_choice, "auto") != 0)
        return VTPM_OK;
    free(vtpm->key_choice);
    vtpm->key_choice = strdup(AZURE_AK_CHOICE);
    return vtpm->key_choice ? VTPM_OK : -ENOMEM;
}

/* Its certificate has no use for the report, so nothing about it is an error. */
static int complete_key(Vtpm *vtpm, const AzureIndices *indices, Findings *findings)
{
    /* With a report it is the paravisor's wherever it is, or it serves for nothing. */
    bool is_platforms = vtpm->platform == AZURE_CONFIDENTIAL
                            ? vtpm->attestation->persistent != 0
                            : vtpm->platform == AZURE_TRUSTED_LAUNCH &&
                                  vtpm->attestation->persistent == AZURE_AK_HANDLE;

    if (!is_platforms || vtpm->attestation->certificate.size > 0)
        return VTPM_OK;
    return azure_add_certificate(vtpm->attestation, indices, findings);
}

int vtpm_open(const VtpmSettings *settings, Findings *findings, Vtpm **ret)
{
    _cleanup_(vtpm_freep) Vtpm *vtpm = calloc(1, sizeof(*vtpm));

    if (!vtpm)
        return -ENOMEM;
    vtpm->platform = AZURE_NONE;
    vtpm->selection.bank = tpm_alg_hash_by_name(settings->pcr_bank);
    vtpm->selection.pcrs = settings->pcr_mask;
    vtpm->bank_name = strdup(settings->pcr_bank);
    vtpm->key_choice = strdup(settings->attestation_key);
    if (!vtpm->bank_name || !vtpm->key_choice)
        return -ENOMEM;

    int r = open_context(settings, findings, &vtpm->tpm);
    if (r != VTPM_OK)
        return r;
    r = look_for_paravisor(vtpm, settings->azure, findings);
    if (r == VTPM_OK)
        r = find_key(vtpm, findings);
    if (r == VTPM_OK)
        r = complete_key(vtpm, settings->azure, findings);
    if (r != VTPM_OK)
        return r;
    *ret = TAKE_PTR(vtpm);
    return VTPM_OK;
}

Vtpm *vtpm_free(Vtpm *vtpm)
{
    if (!vtpm)
        return NULL;
    tpm_key_free(vtpm->endorsement);
    tpm_key_free(vtpm->attestation);
    tpm_context_free(vtpm->tpm);
    free(vtpm->bank_name);
    free(vtpm->key_choice);
    free(vtpm);
    return NULL;
}

AzurePlatform vtpm_platform(const Vtpm *vtpm)
{
    return vtpm->platform;
}

ByteView vtpm_ak_public(const Vtpm *vtpm)
{
    return VIEW(vtpm->attestation->public_area);
}

ByteView vtpm_ak_name(const Vtpm *vtpm)
{
    return VIEW(vtpm->attestation->name);
}

ByteView vtpm_ak_certificate(const Vtpm *vtpm)
{
    return VIEW(vtpm->attestation->certificate);
}

int vtpm_load_endorsement(Vtpm *vtpm, Findings *findings)
{
    if (vtpm->endorsement)
        return VTPM_OK;

    int r = tpm_endorsement_key_find(vtpm->tpm, &vtpm->endorsement);
    return r < 0 ? fail_errno(vtpm, findings, r) : VTPM_OK;
}

ByteView vtpm_ek_public(const Vtpm *vtpm)
{
    return vtpm->endorsement ? VIEW(vtpm->endorsement->public_area) : (ByteView){ 0 };
}

ByteView vtpm_ek_certificate(const Vtpm *vtpm)
{
    return vtpm->endorsement ? VIEW(vtpm->endorsement->certificate) : (ByteView){ 0 };
}

int vtpm_activate(Vtpm *vtpm, ByteView credential_blob, ByteView secret, Findings *findings,
                  Bytes *ret)
{
    int r = vtpm_load_endorsement(vtpm, findings);

    if (r != VTPM_OK)
        return r;
    r = tpm_credential_activate(vtpm->tpm, vtpm->attestation, vtpm->endorsement, credential_blob,
                                secret, ret);
    if (r < 0)
        return fail_errno(vtpm, findings, r);
    if (r == TPM_CREDENTIAL_E_MALFORMED)
        return fail(findings, "tpm-credential-malformed", NULL, NULL);
    if (r == TPM_CREDENTIAL_E_REFUSED)
        return fail(findings, "tpm-credential-refused", NULL, NULL);
    return VTPM_OK;
}

static int fail_quote(Vtpm *vtpm, Findings *findings, int r)
{
    char pcrs[32];

    (void)snprintf(pcrs, sizeof(pcrs), "PCR mask 0x%06x", vtpm->selection.pcrs);
    switch (r) {
    case TPM_QUOTE_E_BANK_UNKNOWN:
        return fail(findings, "tpm-bank-unknown", vtpm->bank_name, NULL);
    case TPM_QUOTE_E_BANK_INACTIVE:
        return fail(findings, "tpm-bank-inactive", vtpm->bank_name, pcrs);
    case TPM_QUOTE_E_SELECTION:
        return fail(findings, "tpm-pcr-selection-invalid", pcrs, NULL);
    case TPM_QUOTE_E_UNSTABLE:
        return fail(findings, "tpm-quote-unstable", pcrs, NULL);
    case TPM_QUOTE_E_OTHER_SELECTION:
        return fail(findings, "tpm-quote-mismatch", "another selection", pcrs);
    case TPM_QUOTE_E_OTHER_DATA:
        return fail(findings, "tpm-quote-mismatch", "other qualifying data", NULL);
    case TPM_QUOTE_E_MALFORMED:
        return fail(findings, "tpm-quote-malformed", NULL, NULL);
    }
    return fail_errno(vtpm, findings, r);
}

static void vtpm_evidence_done(EvidenceVtpm *evidence)
{
    bytes_done(&evidence->attest);
    bytes_done(&evidence->signature);
    bytes_done(&evidence->ak_public);
    bytes_done(&evidence->ak_certificate);
    bytes_done(&evidence->ek_public);
    bytes_done(&evidence->ek_certificate);
}

static int copy_keys(const Vtpm *vtpm, EvidenceVtpm *evidence)
{
    const struct {
        ByteView from;
        Bytes *to;
    } copies[] = {
        { vtpm_ak_public(vtpm), &evidence->ak_public },
        { vtpm_ak_certificate(vtpm), &evidence->ak_certificate },
        { vtpm_ek_public(vtpm), &evidence->ek_public },
        { vtpm_ek_certificate(vtpm), &evidence->ek_certificate },
    };

    for (size_t i = 0; i < ELEMENTSOF(copies); i++) {
        int r = copies[i].from.size > 0 ? bytes_copy(copies[i].from, copies[i].to) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

int vtpm_quote(Vtpm *vtpm, ByteView qualifying_data, Findings *findings, EvidenceVtpm *ret)
{
    _cleanup_(vtpm_evidence_done) EvidenceVtpm evidence = { 0 };
    _cleanup_tpm_quote_ TpmQuote quote = { 0 };

    int r = tpm_quote(vtpm->tpm, vtpm->attestation, vtpm->selection, qualifying_data, &quote);
    if (r != TPM_QUOTE_OK)
        return fail_quote(vtpm, findings, r);
    evidence.attest = TAKE_STRUCT(quote.attest);
    evidence.signature = TAKE_STRUCT(quote.signature);
    evidence.pcrs = quote.pcrs;
    r = copy_keys(vtpm, &evidence);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(evidence);
    return VTPM_OK;
}

TpmContext *vtpm_context(Vtpm *vtpm)
{
    return vtpm->tpm;
}

const TpmKey *vtpm_attestation_key(const Vtpm *vtpm)
{
    return vtpm->attestation;
}

void vtpm_drop_keys(Vtpm *vtpm)
{
    vtpm->endorsement = tpm_key_free(vtpm->endorsement);
    vtpm->attestation = tpm_key_free(vtpm->attestation);
}
