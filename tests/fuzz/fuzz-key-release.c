/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a vault answers: a key that is read has certificates, a signature and something wrapped, and
 * one that nobody certified is not believed.
 */
#include "protocol/key-release-answer.h"
#include "protocol/key-release.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In its place an error of a vault's. */
static void try_refusal(ByteView body)
{
    const ProtocolReply reply = { .status = 403, .body = body };
    char found[FINDING_TEXT_MAX];
    const char *finding = NULL;

    if (key_release_refusal(&reply, found, &finding) < 0 || !finding)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const ByteView body = { .data = data, .size = size };
    _cleanup_certificates_ CertificateList nobody = { 0 };
    _cleanup_key_release_ KeyReleaseAnswer answer = { 0 };
    const char *text = NULL;

    try_refusal(body);
    int r = key_release_parse(body, &answer);
    if (r < 0)
        abort();
    if (r != KEY_RELEASE_OK) {
        if (answer.signature.data || answer.wrapped.data || answer.certificates.items)
            abort();
        return 0;
    }
    if (!answer.algorithm || answer.certificates.n_items == 0 || !answer.key.host[0] ||
        answer.encrypted_key.size != KEY_RELEASE_RSA_SIZE || answer.wrapped.size % 8 != 0)
        abort();
    const KeyReleaseExpectation expected = { &answer.key, "nonce", &nobody, 1800000000 };
    if (key_release_verify(&answer, &expected, &text) == KEY_RELEASE_OK)
        abort();
    return 0;
}
