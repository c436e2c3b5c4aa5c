/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One POST, by TLS to whom the gate names.
 */
#include "worker/vault.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/wipe.h"
#include "crypto/random.h"
#include "net/http.h"
#include "protocol/key-release.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define STATUS_OK  200
#define NONCE_SIZE 32 /* bytes, ours */

static const char *exchange_finding(int reason)
{
    switch (reason) {
    case HTTP_E_AUTHORITIES:
    case HTTP_E_TLS:
    case HTTP_E_TLS_CERTIFICATE:
    case HTTP_E_TLS_EARLY:
    case HTTP_E_TLS_EXPIRED:
    case HTTP_E_CLIENT_CERTIFICATE:
        return "vault-tls-failed";
    case HTTP_E_TOO_LARGE:
    case HTTP_E_REDIRECT:
    case HTTP_E_MALFORMED:
        return "vault-answer-malformed";
    default: /* not reached, or not to the end */
        return "vault-unreachable";
    }
}

static const char *answer_finding(int reason)
{
    switch (reason) {
    case KEY_RELEASE_E_OCT:
        return "vault-key-kind";
    case KEY_RELEASE_E_WRAPPED:
        return "vault-key-unreadable";
    case KEY_RELEASE_E_CHAIN:
    case KEY_RELEASE_E_HOST:
        return "vault-certificate-untrusted";
    case KEY_RELEASE_E_SIGNATURE:
        return "vault-signature-invalid";
    case KEY_RELEASE_E_KEY:
        return "vault-other-key";
    case KEY_RELEASE_E_NONCE:
        return "vault-nonce-mismatch";
    default: /* one way or another it is no such answer */
        return "vault-answer-malformed";
    }
}

static int refuse_exchange(int reason, const HttpReply *reply, GateNo *no)
{
    char found[HTTP_DETAIL_MAX + 64];

    (void)snprintf(found, sizeof(found), "%s: %s", http_reason(reason), reply->detail);
    return gate_no(no, exchange_finding(reason), found);
}

static int refuse_status(const HttpReply *reply, GateNo *no)
{
    const ProtocolReply said = { .status = reply->status, .body = VIEW(reply->body) };

    int r = key_release_refusal(&said, no->found, &no->finding);
    if (r < 0)
        return r;
    size_t used = strlen(no->found);
    if (reply->retry_after_sec > 0)
        (void)snprintf(no->found + used, sizeof(no->found) - used, ", again in %u s",
                       (unsigned)reply->retry_after_sec);
    return GATE_STEP_E_NO;
}

/* The bytes of the token are in libcurl's hands only while it sends. */
static int exchange(const VaultQuestion *question, const char *nonce, HttpReply *ret)
{
    const RequestGate *gate = question->gate;
    _cleanup_free_ char *url = key_release_url(gate->key_url, gate->api_version);
    _cleanup_(http_freep) Http *http = NULL;
    _cleanup_wiped_bytes_ Bytes body = { 0 };
    const HttpConfig config = { .ca_pem = gate->vault_ca_pem,
                                .proxy = question->proxy,
                                .bearer = question->access_token,
                                .timeout_sec = question->timeout_sec };

    if (!url)
        return -ENOMEM;
    int r = key_release_request(question->token, nonce, &body);
    if (r == 0)
        r = http_new(&config, &http);
    if (r)
        return r;
    const HttpRequest request = { .method = "POST",
                                  .url = url,
                                  .content_type = "application/json",
                                  .accept = "application/json",
                                  .body = VIEW(body),
                                  .reply_limit = KEY_RELEASE_REPLY_MAX };
    return http_exchange(http, &request, ret);
}

/* Those of the gate. LIST is left empty where it has none: the system's are meant. */
static int read_anchors(const RequestGate *gate, CertificateList *list)
{
    if (!gate->vault_ca_pem)
        return 0;
    int r = certificate_list_add_pem(list, view_of_string(gate->vault_ca_pem));
    return r == -E2BIG ? CERTIFICATE_E_SYNTAX : r;
}

static int verify(const VaultQuestion *question, const char *nonce, const KeyReleaseAnswer *answer,
                  GateNo *no)
{
    _cleanup_certificates_ CertificateList anchors = { 0 };
    const char *more = NULL;
    VaultKey key;

    if (!vault_key_parse(question->gate->key_url, &key))
        return -EINVAL;
    int r = read_anchors(question->gate, &anchors);
    if (r)
        return r < 0 ? r : gate_no(no, "vault-certificate-untrusted", certificate_reason(r));
    const KeyReleaseExpectation expected = {
        .key = &key,
        .nonce = nonce,
        .anchors = anchors.n_items > 0 ? &anchors : NULL,
        .now_sec = (int64_t)(clock_realtime_usec(&clock_system) / USEC_PER_SEC),
    };
    r = key_release_verify(answer, &expected, &more);
    return r > 0 ? gate_no(no, answer_finding(r), more ? more : key_release_reason(r)) : r;
}

static int read_answer(const VaultQuestion *question, const char *nonce, const HttpReply *reply,
                       GateNo *no, KeyReleaseAnswer *ret)
{
    _cleanup_key_release_ KeyReleaseAnswer answer = { 0 };

    int r = key_release_parse(VIEW(reply->body), &answer);
    if (r > 0)
        return gate_no(no, answer_finding(r), key_release_reason(r));
    if (r == KEY_RELEASE_OK)
        r = verify(question, nonce, &answer, no);
    if (r == GATE_STEP_OK)
        *ret = TAKE_STRUCT(answer);
    return r;
}

int vault_release(const VaultQuestion *question, GateNo *no, KeyReleaseAnswer *ret)
{
    _cleanup_http_reply_ HttpReply reply = { 0 };
    uint8_t bytes[NONCE_SIZE];

    int r = random_fill(bytes, sizeof(bytes));
    if (r < 0)
        return r;
    _cleanup_free_ char *nonce = base64url_encode(VIEW_OF_ARRAY(bytes));
    if (!nonce)
        return -ENOMEM;
    r = exchange(question, nonce, &reply);
    if (r < 0)
        return r;
    if (r != HTTP_OK)
        return refuse_exchange(r, &reply, no);
    return reply.status == STATUS_OK ? read_answer(question, nonce, &reply, no, ret)
                                     : refuse_status(&reply, no);
}
