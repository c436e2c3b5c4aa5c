/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies of a verifier. The first byte chooses status, content type and which exchange it is; a
 * step that is not broken has what its kind promises.
 */
#include "format/evidence-claims.h"
#include "protocol/native.h"
#include "protocol/problem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned statuses[] = { 200, 403, 400, 503 };

static void check_step(const Step *step)
{
    switch (step->kind) {
    case STEP_NEED_EVIDENCE:
        if (step->challenge.nonce.size < CLAIMS_NONCE_MIN ||
            step->challenge.nonce.size > CLAIMS_NONCE_MAX)
            abort();
        break;
    case STEP_TOKEN:
    case STEP_REFUSAL_CLAIMED:
        if (!step->token.data)
            abort();
        break;
    case STEP_BROKEN:
        if (!findings_first_failure(&step->findings) || step->token.data)
            abort();
        break;
    case STEP_REFUSED:
    case STEP_SEALED_TOKEN:
    case STEP_SEND:
        abort();
    }
}

/* Brings the conversation to where the evidence has been sent. */
static void advance(Conversation *conversation)
{
    static const char challenge[] =
        "{\"nonce\":\"AAAAAAAAAAE\",\"accept\":[\"application/cmw+json; "
        "cmwc_t=\\\"" EVIDENCE_PROFILE "\\\"\"]}";
    _cleanup_step_ Step need = { 0 }, send = { 0 };
    const ProtocolReply reply = { .status = 200, .body = view_of_string(challenge) };

    const ProtocolEvidence evidence = { .json = view_of_string("{}") };

    if (protocol_native.feed(conversation, &reply, &need) < 0 || need.kind != STEP_NEED_EVIDENCE ||
        protocol_native.submit(conversation, &evidence, &send) < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[] = { 1 };
    Conversation *conversation = NULL;
    _cleanup_step_ Step begun = { 0 }, step = { 0 };

    if (size == 0)
        return 0;
    bool with_keys = data[0] & 0x10;
    const ProtocolIdentity identity = {
        .ek_public = with_keys ? VIEW_OF_ARRAY(key) : (ByteView){ 0 },
    };
    const ProtocolReply reply = {
        .status = statuses[data[0] & 3],
        .content_type = data[0] & 4 ? PROBLEM_MEDIA_TYPE : NULL,
        .body = { .data = data + 1, .size = size - 1 },
    };
    if (protocol_native.begin(&identity, &conversation, &begun) < 0)
        abort();
    if (data[0] & 8)
        advance(conversation);
    if (protocol_native.feed(conversation, &reply, &step) == 0)
        check_step(&step);
    (void)protocol_native.free(conversation);
    return 0;
}
