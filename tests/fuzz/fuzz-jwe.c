/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compact JWE for a fixed key: what is read has the sizes that opening relies on, and nothing is
 * opened but what was sealed. The input is also the JSON of the header, which base64url hides.
 */
#include "base/encode.h"
#include "crypto/jwe.h"
#include "fuzz/require.h"

#include <stdio.h>

#define SIZE_MAX_HERE 4096 /* bytes; twice what can be a JWE */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
                          "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAAAAAAAAAAAAAAAA\n"
                          "AAAAAAAAAAAAAAAAAAAAAKd+V9GhRANCAATALske7+ls+9DuMrCgxUOp1M5Q1Nee\n"
                          "w8bCJnQ0wgvySUwdU76pFDKc2yGl4cOMCbPUvl8LMd38XL8Ou6o8XdXe\n"
                          "-----END PRIVATE KEY-----\n";

static void read_jwe(const Key *key, const char *text)
{
    _cleanup_jwe_parts_ JweParts parts = { 0 };
    _cleanup_(secret_freep) Secret *secret = NULL;

    int r = jwe_parse(text, &parts);
    require(r == JWE_OK || r == JWE_E_MALFORMED || r == JWE_E_ALGORITHM);
    if (r != JWE_OK) {
        require(!parts.header && !parts.ciphertext.data);
        return;
    }
    require(strlen(text) <= JWE_TEXT_MAX && json_is_object(parts.header));
    require(!json_object_get(parts.header, "crit") && !json_object_get(parts.header, "zip"));
    require(parts.encrypted_key.size == 40 && parts.nonce.size == 12 && parts.ciphertext.size > 16);
    require(parts.apu.size <= JWE_PARTY_INFO_MAX && parts.apv.size <= JWE_PARTY_INFO_MAX);

    r = jwe_open(key, &parts, view_of_string("nonce"), &secret);
    require(r == JWE_OK || r == JWE_E_OPEN);
    /* Only the seeds were sealed, and these are 32 bytes. */
    require((r == JWE_OK) == (secret != NULL) && (!secret || secret_view(secret).size == 32));
}

static void read_header(const Key *key, ByteView json)
{
    _cleanup_free_ char *header = base64url_encode(json);
    _cleanup_free_ char *text = NULL;

    if (asprintf(&text,
                 "%s.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA."
                 "AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA",
                 header) < 0)
        abort();
    read_jwe(key, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Key *key;
    _cleanup_bytes_ Bytes text = { 0 };

    if (!key)
        require(key_from_pem(view_of_string(pem), &key) == KEY_OK);
    if (size > SIZE_MAX_HERE)
        return 0;
    require(bytes_copy((ByteView){ .data = data, .size = size }, &text) == 0);
    read_jwe(key, (const char *)text.data);
    read_header(key, VIEW(text));
    return 0;
}
