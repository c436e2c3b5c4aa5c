/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a metadata service calls an access token: what is read can stand in a header.
 */
#include "protocol/managed-identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_refusal(ByteView body)
{
    const ProtocolReply reply = { .status = 400, .body = body };
    char found[FINDING_TEXT_MAX];
    const char *finding = NULL;

    if (managed_identity_refusal(&reply, found, &finding) < 0 || !finding)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const ByteView body = { .data = data, .size = size };
    _cleanup_(secret_freep) Secret *token = NULL;

    try_refusal(body);
    int r = managed_identity_parse(body, &token);
    if ((r == MANAGED_IDENTITY_OK) != (token != NULL))
        abort();
    ByteView text = token ? secret_view(token) : (ByteView){ 0 };
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~')
            abort();
    return 0;
}
