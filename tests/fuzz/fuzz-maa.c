/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies of an attestation provider. The first byte chooses the status and which exchange it is; a
 * step has what its kind promises, and only a 400 refuses.
 */
#include "format/bundle.h"
#include "protocol/maa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned statuses[] = { 200, 400, 403, 503 };

static void check_step(const Step *step, unsigned status)
{
    bool has_failure = findings_first_failure(&step->findings);

    switch (step->kind) {
    case STEP_NEED_EVIDENCE:
        if (step->challenge.nonce.size != 36 || step->challenge.token_keys.size == 0)
            abort();
        break;
    case STEP_TOKEN:
        if (!step->token.data || status != 200)
            abort();
        break;
    case STEP_REFUSED:
        if (!has_failure || status != 400)
            abort();
        break;
    case STEP_BROKEN:
        if (!has_failure || step->token.data)
            abort();
        break;
    case STEP_REFUSAL_CLAIMED:
    case STEP_SEALED_TOKEN:
    case STEP_SEND:
        abort();
    }
}

/* A TDX report of zeros in zeros: all that a request with a quote needs. */
static void make_evidence(Bytes *ret)
{
    static const uint8_t header[] = { 'H', 'C', 'L', 'A', 2, 0, 0, 0, 0xd7, 4, 0, 0, 2, 0, 0, 0 };
    static const uint8_t runtime[] = { 23, 0, 0, 0, 1, 0, 0, 0, 4,   0,   0,   0,
                                       1,  0, 0, 0, 3, 0, 0, 0, '{', '}', '\n' };
    _cleanup_evidence_ Evidence evidence = { 0 };

    if (bytes_new(0x4c0 + sizeof(runtime), &evidence.hcl) < 0 ||
        bytes_copy(view_of_string("claims"), &evidence.claims) < 0)
        abort();
    for (size_t i = 0; i < sizeof(header); i++)
        evidence.hcl.data[i] = header[i];
    for (size_t i = 0; i < sizeof(runtime); i++)
        evidence.hcl.data[0x4c0 + i] = runtime[i];
    if (evidence_emit(&evidence, ret) < 0)
        abort();
}

/* Brings the conversation to where the evidence has been sent. */
static void advance(Conversation *conversation)
{
    static const uint8_t quote[] = { 4 };
    const ProtocolReply keys = { .status = 200, .body = view_of_string("{\"keys\":[]}") };
    _cleanup_step_ Step need = { 0 }, send = { 0 };
    _cleanup_bytes_ Bytes json = { 0 };

    make_evidence(&json);
    const ProtocolEvidence evidence = { .json = VIEW(json), .td_quote = VIEW_OF_ARRAY(quote) };
    if (protocol_maa.feed(conversation, &keys, &need) < 0 || need.kind != STEP_NEED_EVIDENCE ||
        protocol_maa.submit(conversation, &evidence, &send) < 0 || send.kind != STEP_SEND)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const ProtocolIdentity identity = { 0 };
    Conversation *conversation = NULL;
    _cleanup_step_ Step begun = { 0 }, step = { 0 };

    if (size == 0)
        return 0;
    unsigned status = statuses[data[0] & 3];
    const ProtocolReply reply = { .status = status,
                                  .body = { .data = data + 1, .size = size - 1 } };
    if (protocol_maa.begin(&identity, &conversation, &begun) < 0)
        abort();
    if (data[0] & 8)
        advance(conversation);
    if (protocol_maa.feed(conversation, &reply, &step) == 0)
        check_step(&step, status);
    (void)protocol_maa.free(conversation);
    return 0;
}
