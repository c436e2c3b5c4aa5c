/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence JSON and claims JSON: parse, emit, parse again, emit again, compare.
 */
#include "base/encode.h"
#include "format/evidence-claims.h"
#include "fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_claims(ByteView bytes)
{
    _cleanup_evidence_claims_ EvidenceClaims claims = { 0 }, again = { 0 };
    _cleanup_bytes_ Bytes first = { 0 }, second = { 0 };
    EvidenceDetail detail = { "" };

    int r = evidence_claims_parse(bytes, &detail, &claims);
    require(r >= 0 && strcmp(evidence_claims_reason(r), "unknown") != 0);
    if (r)
        return;
    require(evidence_claims_emit(&claims, &first) == 0);
    require(evidence_claims_parse(VIEW(first), NULL, &again) == CLAIMS_OK);
    require(evidence_claims_emit(&again, &second) == 0);
    require(view_equal(VIEW(first), VIEW(second)));
}

static void read_evidence(ByteView bytes)
{
    _cleanup_evidence_ Evidence evidence = { 0 }, again = { 0 };
    _cleanup_bytes_ Bytes first = { 0 }, second = { 0 };
    EvidenceDetail detail = { "" };

    int r = evidence_parse(bytes, &detail, &evidence);
    require(r >= 0 && strcmp(evidence_reason(r), "unknown") != 0);
    if (r)
        return;
    require(evidence_emit(&evidence, &first) == 0);
    require(evidence_parse(VIEW(first), NULL, &again) == EVIDENCE_OK);
    require(evidence_members(&again) == evidence_members(&evidence));
    require(evidence_emit(&again, &second) == 0);
    require(view_equal(VIEW(first), VIEW(second)));
    read_claims(VIEW(evidence.claims));
}

/* The input as the JSON inside the record LABEL, which base64url hides from a mutator. */
static void read_inside(ByteView bytes, const char *label, const char *media_type)
{
    _cleanup_free_ char *content = base64url_encode(bytes);
    json_auto_t *json = json_pack("{ss s[ssi] s[ssi]}", "__cmwc_t", EVIDENCE_PROFILE, "claims",
                                  "application/eat-ucs+json; eat_profile=\"" EVIDENCE_PROFILE "\"",
                                  "AA", 4, label, media_type, content, 4);
    _cleanup_free_ char *text = json_text(json);

    require(text != NULL);
    read_evidence(view_of_string(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_inside((ByteView){ data, size }, "cpu", "application/vnd.veraison.tsm-report+json");
    read_inside((ByteView){ data, size }, "vtpm", "application/vnd.attestd.tpm2-quote+json");
    read_inside((ByteView){ data, size }, "rewrap", "application/vnd.attestd.rewrap+json");
    read_claims((ByteView){ data, size });
    read_evidence((ByteView){ data, size });
    return 0;
}
