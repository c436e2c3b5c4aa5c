/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One exchange with the metadata service.
 */
#include "worker/identity-token.h"

#include "protocol/managed-identity.h"
#include "worker/metadata.h"

#include <errno.h>
#include <stdio.h>

#define STATUS_OK 200

static int refuse_exchange(int reason, const HttpReply *reply, GateNo *no)
{
    char found[HTTP_DETAIL_MAX + 64];
    bool is_answer = reason == HTTP_E_TOO_LARGE || reason == HTTP_E_REDIRECT ||
                     reason == HTTP_E_TRUNCATED || reason == HTTP_E_MALFORMED;

    (void)snprintf(found, sizeof(found), "%s: %s", http_reason(reason), reply->detail);
    return gate_no(no, is_answer ? "metadata-answer-unusable" : "metadata-unreachable", found);
}

static int refuse_status(const HttpReply *reply, GateNo *no)
{
    const ProtocolReply said = { .status = reply->status, .body = VIEW(reply->body) };

    int r = managed_identity_refusal(&said, no->found, &no->finding);
    return r < 0 ? r : GATE_STEP_E_NO;
}

static int read_reply(HttpReply *reply, GateNo *no, Secret **ret)
{
    int r = managed_identity_parse(VIEW(reply->body), ret);

    bytes_wipe_done(&reply->body);
    return r > 0 ? gate_no(no, "identity-answer-malformed", managed_identity_reason(r)) : r;
}

int identity_token_ask(const IdentityTokenRequest *request, GateNo *no, Secret **ret)
{
    _cleanup_http_reply_ HttpReply reply = { 0 };

    if (!request->metadata_url)
        return gate_no(no, "identity-missing", "MetadataURL=none: there is nobody to ask");
    _cleanup_free_ char *path = managed_identity_path(request->resource, request->client_id);
    if (!path)
        return -ENOMEM;
    const MetadataRequest ask = { .base = request->metadata_url,
                                  .path = path,
                                  .reply_limit = MANAGED_IDENTITY_REPLY_MAX,
                                  .patience_sec = METADATA_TIMEOUT_SEC };
    int r = metadata_exchange(&ask, &reply);
    if (r < 0)
        return r;
    if (r != HTTP_OK)
        return refuse_exchange(r, &reply, no);
    return reply.status == STATUS_OK ? read_reply(&reply, no, ret) : refuse_status(&reply, no);
}
