/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compact JWE for fixed keys: what is read has the sizes that opening relies on, and nothing is
 * opened but what was sealed. The input is also the JSON of the header, which base64url hides.
 */
#include "base/encode.h"
#include "crypto/jwe.h"
#include "fuzz/require.h"
#include "rsa-sample.h"

#include <stdio.h>

#define SIZE_MAX_HERE 4096 /* bytes; twice what can be a JWE */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
                          "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAAAAAAAAAAAAAAAA\n"
                          "AAAAAAAAAAAAAAAAAAAAAKd+V9GhRANCAATALske7+ls+9DuMrCgxUOp1M5Q1Nee\n"
                          "w8bCJnQ0wgvySUwdU76pFDKc2yGl4cOMCbPUvl8LMd38XL8Ou6o8XdXe\n"
                          "-----END PRIVATE KEY-----\n";

/* By each key there is; only the seeds were sealed, and these are 32 bytes. */
static void open_jwe(const Key *key, const JweParts *parts)
{
    bool is_rsa = parts->algorithm == JWE_RSA_OAEP_256, has_rsa = key_type(key) == KEY_RSA;
    _cleanup_(secret_freep) Secret *secret = NULL;

    int r = jwe_open(key, parts, has_rsa ? (ByteView){ 0 } : view_of_string("nonce"), &secret);
    require(r == JWE_OK || r == JWE_E_OPEN);
    require(r != JWE_OK || is_rsa == has_rsa);
    require((r == JWE_OK) == (secret != NULL) && (!secret || secret_view(secret).size == 32));
}

static bool has_size_of_its_kind(const JweParts *parts)
{
    size_t size = parts->encrypted_key.size;

    return parts->algorithm == JWE_RSA_OAEP_256 ? size >= 256 && size <= 512 : size == 40;
}

static void read_jwe(Key *const keys[static 2], const char *text)
{
    _cleanup_jwe_parts_ JweParts parts = { 0 };

    int r = jwe_parse(text, &parts);
    require(r == JWE_OK || r == JWE_E_MALFORMED || r == JWE_E_ALGORITHM);
    if (r != JWE_OK) {
        require(!parts.header && !parts.ciphertext.data);
        return;
    }
    require(strlen(text) <= JWE_TEXT_MAX && json_is_object(parts.header));
    require(!json_object_get(parts.header, "crit") && !json_object_get(parts.header, "zip"));
    require(has_size_of_its_kind(&parts) && parts.nonce.size == 12 && parts.ciphertext.size > 16);
    require(parts.apu.size <= JWE_PARTY_INFO_MAX && parts.apv.size <= JWE_PARTY_INFO_MAX);
    open_jwe(keys[0], &parts);
    open_jwe(keys[1], &parts);
}

static void read_header(Key *const keys[static 2], ByteView json)
{
    _cleanup_free_ char *header = base64url_encode(json);
    _cleanup_free_ char *text = NULL;

    if (asprintf(&text,
                 "%s.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA."
                 "AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA",
                 header) < 0)
        abort();
    read_jwe(keys, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Key *keys[2];
    _cleanup_bytes_ Bytes text = { 0 };

    if (!keys[0])
        require(key_from_pem(view_of_string(pem), &keys[0]) == KEY_OK &&
                key_from_pem(view_of_string(rsa_sample_pem), &keys[1]) == KEY_OK);
    if (size > SIZE_MAX_HERE)
        return 0;
    require(bytes_copy((ByteView){ .data = data, .size = size }, &text) == 0);
    read_jwe(keys, (const char *)text.data);
    read_header(keys, VIEW(text));
    return 0;
}
