/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real evidence of an Azure machine (vectors/azure-snp), as THIM and we ourselves would tell it.
 */
#pragma once

#include "base/encode.h"
#include "base/json.h"
#include "format/bundle.h"
#include "testing.h"

#define SAMPLE_TCBM "DB18000000000004" /* of milan-v3-a, as THIM prints it */

static inline void sample_pem(Bytes *text, ByteView der)
{
    _cleanup_free_ char *base64 = base64_encode(der);

    check(base64 && bytes_append(text, view_of_string("-----BEGIN CERTIFICATE-----\n")) == 0);
    for (size_t i = 0, n = strlen(base64); i < n; i += 64) {
        ByteView line = { .data = (uint8_t *)base64 + i, .size = MIN(n - i, (size_t)64) };
        check(bytes_append(text, line) == 0 && bytes_append_u8(text, '\n') == 0);
    }
    check(bytes_append(text, view_of_string("-----END CERTIFICATE-----\n")) == 0);
}

/* The PEM text of vectors, one behind the other. */
static inline Bytes sample_pem_of(const char *const *names)
{
    Bytes text = { 0 };

    for (; *names; names++) {
        _cleanup_bytes_ Bytes der = test_vector(*names);
        sample_pem(&text, VIEW(der));
    }
    return text;
}

/* A new reference: THIM's answer for azure-snp/milan-v3-a. */
static inline json_t *sample_thim(void)
{
    static const char *const vcek[] = { "azure-snp/milan-v3-a/vcek.der", NULL };
    static const char *const chain[] = { "amd-roots/milan/ask.der", "amd-roots/milan/ark.der",
                                         NULL };
    _cleanup_bytes_ Bytes vcek_pem = sample_pem_of(vcek), chain_pem = sample_pem_of(chain);
    json_t *thim =
        json_pack("{ss ss ss ss}", "vcekCert", (const char *)vcek_pem.data, "tcbm", SAMPLE_TCBM,
                  "certificateChain", (const char *)chain_pem.data, "cacheControl", "86400");

    check(thim);
    return thim;
}

/* Evidence of ours with the paravisor's report VECTOR in it; endorsed: with Milan's certificates.
 */
static inline Bytes sample_evidence_of(const char *vector, bool is_endorsed)
{
    _cleanup_evidence_ Evidence evidence = { .hcl = test_vector(vector) };
    Bytes json = { 0 };

    check(bytes_copy(view_of_string("claims"), &evidence.claims) == 0);
    if (is_endorsed) {
        evidence.endorsements.vcek = test_vector("azure-snp/milan-v3-a/vcek.der");
        evidence.endorsements.ask = test_vector("amd-roots/milan/ask.der");
        evidence.endorsements.ark = test_vector("amd-roots/milan/ark.der");
    }
    check_int(evidence_emit(&evidence, &json), 0);
    return json;
}
