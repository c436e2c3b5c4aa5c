/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two requests to AMD, for each product line that it may be.
 */
#include "worker/proof-kds.h"

#include "worker/kds-fetch.h"

#include <errno.h>
#include <string.h>

#define TIMEOUT_SEC 15 /* of one exchange; AMD answers in some seconds, slowly when busy */

/* What is asked, and what comes of it. */
typedef struct Asking {
    KdsSource source;
    const SnpReport *report;
    WorkerAnswer *answer;
} Asking;

static int fetch(const Asking *asking, KdsItem item, SnpProduct product, Findings *findings,
                 Bytes *ret)
{
    const SnpReport *report = asking->report;
    KdsRequest request = {
        .item = item,
        .product = product,
        .tcb = snp_tcb_decode(report->reported_tcb, snp_product_tcb_layout(product)),
    };
    uint64_t retry_sec = 0;

    memcpy(request.chip_id, report->chip_id, sizeof(request.chip_id));
    int r = kds_fetch(&asking->source, &request, findings, &retry_sec, ret);
    if (retry_sec > 0)
        asking->answer->retry_after_sec = retry_sec;
    return r;
}

static int fetch_both(const Asking *asking, SnpProduct product, Findings *findings, Thim *ret)
{
    _cleanup_bytes_ Bytes vcek = { 0 }, chain = { 0 };

    int r = fetch(asking, KDS_VCEK, product, findings, &vcek);
    if (r != KDS_FETCH_OK)
        return r;
    r = fetch(asking, KDS_VCEK_CHAIN, product, findings, &chain);
    if (r != KDS_FETCH_OK)
        return r < 0 ? r : KDS_FETCH_E_FAILED;
    r = thim_make(VIEW(vcek), VIEW(chain), asking->report->reported_tcb, ret);
    if (r <= 0)
        return r;
    r = findings_add(findings, "kds-answer-unusable", snp_product_name(product), FINDING_FAILURE,
                     thim_reason(r), NULL);
    return r < 0 ? r : KDS_FETCH_E_FAILED;
}

/* Those that REPORT may be of. At least one: KDS names the one that is none. */
static size_t list_products(const SnpReport *report, SnpProduct ret[static 2])
{
    ret[0] = snp_report_product(report);
    if (ret[0] != SNP_PRODUCT_UNKNOWN || report->version != 2 ||
        snp_report_looks_like_turin(report))
        return 1;
    ret[0] = SNP_PRODUCT_MILAN;
    ret[1] = SNP_PRODUCT_GENOA;
    return 2;
}

int proof_kds(const Proof *proof, const SnpReport *report, Findings *findings, Thim *ret)
{
    const RoundRequest *request = proof->request;
    const Asking asking = {
        .source = { .base = request->evidence.kds_url,
                    .proxy = request->has_verifier ? request->verifier.proxy : NULL,
                    .timeout_sec = TIMEOUT_SEC },
        .report = report,
        .answer = proof->answer,
    };
    SnpProduct products[2];
    size_t n = list_products(report, products);
    int r = KDS_FETCH_E_NOT_FOUND;

    for (size_t i = 0; i < n && r == KDS_FETCH_E_NOT_FOUND; i++) {
        _cleanup_findings_ Findings own = { .source = findings->source };
        r = fetch_both(&asking, products[i], &own, ret);
        bool is_told = r == KDS_FETCH_E_FAILED || (r == KDS_FETCH_E_NOT_FOUND && i + 1 == n);
        int moved = is_told ? findings_move(findings, &own) : 0;
        r = moved < 0 ? moved : r;
    }
    return r > 0 ? PROOF_E_FAILED : r;
}
