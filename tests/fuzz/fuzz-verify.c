/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole evidence through everything: parsed, verified, replayed, without a policy. Its own root is
 * listed as simulated, so that what lies behind a good chain is reached too.
 */
#include "format/tdx-quote.h"
#include "fuzz/require.h"
#include "verify/endorsement.h"
#include "verify/verify.h"

#include <string.h>

#define NOW INT64_C(1796083200) /* 2026-12-01, inside the certificates of the corpus */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void find_root(const Evidence *evidence, SpkiDigest *ret)
{
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_endorsements_ Endorsements endorsements = { 0 };
    const EndorsementInput input = { .evidence = evidence };
    Digest digest;

    require(endorsements_gather(&input, &findings, &endorsements) == 0);
    for (size_t i = 0; i < endorsements.certificates.n_items; i++) {
        const Certificate *certificate = endorsements.certificates.items[i];
        if (strncmp(certificate_subject_cn(certificate), "ARK-", 4) == 0 &&
            certificate_spki_sha384(certificate, &digest) == 0)
            memcpy(ret->bytes, digest.data, sizeof(ret->bytes));
    }
}

/* Of the PCK chain in a TD quote. */
static void find_td_root(const Evidence *evidence, SpkiDigest *ret)
{
    _cleanup_certificates_ CertificateList list = { 0 };
    TdxQuote quote;
    Digest digest;

    if (tdx_quote_parse(VIEW(evidence->td_quote), &quote) != TDX_QUOTE_OK ||
        certificate_list_add_pem(&list, quote.chain) != CERTIFICATE_OK || list.n_items == 0)
        return;
    if (certificate_spki_sha384(list.items[list.n_items - 1], &digest) == 0)
        memcpy(ret->bytes, digest.data, sizeof(ret->bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static AmdRoots *roots;
    _cleanup_evidence_ Evidence evidence = { 0 };
    _cleanup_(appraisal_freep) Appraisal *appraisal = NULL;
    SpkiDigest roots_listed[2] = { 0 };

    require(roots || amd_roots_new(&roots) == 0);
    if (evidence_parse((ByteView){ .data = data, .size = size }, NULL, &evidence) != EVIDENCE_OK)
        return 0;
    find_root(&evidence, &roots_listed[0]);
    find_td_root(&evidence, &roots_listed[1]);
    const VerifyInput input = {
        .evidence = &evidence,
        .caller_allowed = true,
        .now_sec = NOW,
        .roots = roots,
        .hardware_unneeded = true,
        .simulated_roots = roots_listed,
        .n_simulated_roots = ELEMENTSOF(roots_listed),
    };
    int r = verify_evidence(&input, &appraisal);
    require(r >= 0 && appraisal);
    require((r == VERIFY_OK) == !findings_first_failure(&appraisal->findings));
    require((r == VERIFY_OK) == (appraisal->status < TIER_CONTRAINDICATED));
    require(appraisal->status != TIER_AFFIRMING || !appraisal->cpu.present ||
            appraisal->cpu.status == TIER_AFFIRMING);
    require(appraisal->cpu.present == (appraisal->hardware != HARDWARE_NONE));
    return 0;
}
