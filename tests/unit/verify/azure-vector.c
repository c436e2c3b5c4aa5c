/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of the Azure vectors, and the two judgements on them.
 */
#include "azure-vector.h"

#include "format/pcr-file.h"
#include "format/tpm-attest.h"
#include "verify/genuine-tpm.h"

#include <stdio.h>

static Bytes read_role(const AzureVector *vector, const char *role)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", vector->path, role);
    return test_vector(path);
}

static EvidencePcrs read_pcrs(const AzureVector *vector)
{
    _cleanup_bytes_ Bytes text = read_role(vector, "pcrs.json");
    _cleanup_free_ PcrFile *file = calloc(1, sizeof(*file));

    check(file != NULL);
    check_int(pcr_file_parse(VIEW(text), file), PCR_FILE_OK);
    const EvidencePcrs *bank = pcr_file_bank(file, TPM_ALG_SHA256);
    check(bank != NULL);
    return *bank;
}

AzureVector azure_vector(const char *path)
{
    const char *name = strchr(path, '/');
    char kind[32];

    check(name != NULL);
    (void)snprintf(kind, sizeof(kind), "%.*s", (int)(name - path), path);
    AzureVector vector = { .path = path, .expected = lab_expected(kind, name + 1) };

    vector.report = read_role(&vector, "hcl_report.bin");
    if (json_object_get(vector.expected, "verification"))
        vector.vcek = read_role(&vector, "vcek.der");
    if (json_object_get(vector.expected, "td_quote"))
        vector.td_quote = read_role(&vector, "td_quote.bin");
    if (json_object_get(vector.expected, "quote")) {
        Bytes signature = read_role(&vector, "quote.sig");
        vector.quote.attest = read_role(&vector, "quote.msg");
        vector.quote.signature = lab_wrap_rsassa(VIEW(signature));
        vector.quote.pcrs = read_pcrs(&vector);
        bytes_done(&signature);
    }
    return vector;
}

void azure_vector_done(AzureVector *vector)
{
    json_decref(vector->expected);
    bytes_done(&vector->report);
    bytes_done(&vector->vcek);
    bytes_done(&vector->td_quote);
    bytes_done(&vector->quote.attest);
    bytes_done(&vector->quote.signature);
}

/* Made ready once a program. */
static const AmdRoots *amd_roots(void)
{
    static AmdRoots *roots;

    if (!roots)
        check_int(amd_roots_new(&roots), 0);
    return roots;
}

int azure_vector_judge(const AzureVector *vector, ByteView user_data, Findings *findings,
                       GenuineAzure *ret)
{
    _cleanup_endorsements_ Endorsements endorsements = { 0 };
    _cleanup_genuine_azure_ GenuineAzure own = { 0 };
    const Evidence nothing = { 0 };
    const ByteView vcek = VIEW(vector->vcek);
    const EndorsementInput gather = {
        .evidence = &nothing,
        .certificates = &vcek,
        .n_certificates = vcek.size > 0,
    };
    const GenuineTdxInput quote = {
        .quote = VIEW(vector->td_quote),
        .now_sec = CERTIFICATE_TIME_ANY,
    };
    GenuineTdx td_quote;

    check_int(endorsements_gather(&gather, findings, &endorsements), 0);
    if (quote.quote.size > 0)
        check_int(genuine_tdx_verify(&quote, findings, NULL, &td_quote), GENUINE_TDX_OK);
    const GenuineAzureInput input = {
        .report = VIEW(vector->report),
        .snp = { .endorsements = &endorsements,
                 .roots = amd_roots(),
                 .now_sec = CERTIFICATE_TIME_ANY },
        .td_quote = quote.quote.size > 0 ? &td_quote : NULL,
        .user_data = user_data,
        .hardware_optional = true,
    };
    int r = genuine_azure_verify(&input, findings, ret ? ret : &own);
    check(r >= 0);
    check_int(r, findings_first_failure(findings) ? GENUINE_AZURE_E_REFUSED : GENUINE_AZURE_OK);
    return r;
}

void azure_vector_quote(const AzureVector *vector, const GenuineAzure *claims_of,
                        ByteView ak_public, AzureAkSource source, Findings *findings)
{
    _cleanup_genuine_tpm_ GenuineTpm tpm = { 0 };
    EvidenceVtpm vtpm = vector->quote;
    TpmAttest attest;

    if (ak_public.size > 0)
        check_int(bytes_copy(ak_public, &vtpm.ak_public), 0);
    else
        check_int(azure_ak_public(&claims_of->claims.ak, &vtpm.ak_public), 0);
    int r = genuine_tpm_verify(&vtpm, (ByteView){ 0 }, findings, &tpm);
    check(r >= 0);
    check_int(tpm_attest_parse(VIEW(vtpm.attest), &attest), TPM_ATTEST_OK);
    if (r == GENUINE_TPM_OK) {
        size_t before = findings->n_items;
        r = azure_ak_judge(claims_of, &tpm.ak_public, attest.qualified_signer, source, findings);
        check(r >= 0);
        check_int(r == AZURE_AK_E_REFUSED,
                  findings->n_items > before && findings_first_failure(findings) != NULL);
    }
    bytes_done(&vtpm.ak_public);
}
