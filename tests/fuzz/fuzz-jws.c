/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compact JWS against a fixed set of keys whose private halves nobody has: only the seeds verify.
 */
#include "fuzz/require.h"
#include "token/jws.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char set_text[] =
    "{\"keys\":["
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"ES256\",\"alg\":\"ES256\","
    "\"x\":\"CoPdb9Eebb29yNb1z-0OujTI40csxNQAJMtp2mI54mA\","
    "\"y\":\"m2H9uYO3f2fzQqaDWzpZIw0sPypaT1hQNODK3mKA58Q\"},"
    "{\"kty\":\"EC\",\"crv\":\"P-384\",\"kid\":\"ES384\","
    "\"x\":\"3GehDdS1eFIHotF1DbUaTyyiStCcO6mv7cRbCNS_UyPzuM-bLfSCACn-os6GfB3B\","
    "\"y\":\"PlF-yUMeMiDBU7zNuFHQgBZxEEgNFpPT2t0VvRNOQA9Pq9H3okbg9aRn799dzoCG\"},"
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"EdDSA\","
    "\"x\":\"7B5WQr2hHl7xtQd7663VYHDaqBoArQp_qEC_M1x2tJE\"},"
    "{\"kty\":\"RSA\",\"kid\":\"RS256\",\"e\":\"AQAB\","
    "\"n\":\"k_luRtaQ7GpOFvkEYiiAD6toJLX9CxwAXMHc6Hlgl0MJRZ4JfZnXtlqfupYjhZM1dmKW75FlM2wiskN5-OM9R"
    "Yqw4YlQ_hB4KWHDlxs3SdJq8nXmZ-AgH6tRRBmuWyqGdTF4F2WMlxa-NZa8eFciEnFHl7FVBCPMZQHLeyC_-n3_cDdHCA"
    "_RWITCx_fg61GniuU0ArihfwgBzAOgfkPBBWZc3YA9XGI9fXK4c9RM7kH3thR0ajUcuSIEdTyJWsz8YXworPia7Iwm7cX"
    "Doyx9JXUHRZ4ethCToK-Ld9thzdlDGplajSP2M5ED8rSe6ss9h4R21Px_Y28E4CyR0cuuLQ\"}]}";

static const char *const algorithms[] = { "ES256", "ES384", "RS256", "PS256", "EdDSA", NULL };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Jwks jwks;
    _cleanup_jws_ Jws jws = { 0 };

    if (jwks.n_keys == 0)
        require(jwks_parse(view_of_string(set_text), &jwks) == JWKS_OK);

    JwsExpectation expected = { .keys = &jwks, .algorithms = algorithms };
    int r = jws_verify((ByteView){ .data = data, .size = size }, &expected, &jws);
    require(r >= 0);
    if (r != JWS_OK)
        return 0;
    require(json_is_object(jws.header) && jws.payload.size > 0);
    require(!json_object_get(jws.header, "crit"));
    require(jwa_suits(jws.algorithm, jws.key->key));
    return 0;
}
