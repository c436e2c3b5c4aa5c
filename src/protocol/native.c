/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Challenge, evidence, token. Members that a later verifier may add to its replies are ignored;
 * what we need is bounded and checked.
 */
#include "protocol/native.h"

#include "format/bundle.h"
#include "format/evidence-claims.h"
#include "protocol/problem.h"
#include "protocol/raw-member.h"

#include <errno.h>
#include <string.h>

#define CHALLENGE_REPLY_MAX (16 * 1024)  /* bytes, spec/endpoints 8.1 */
#define ATTEST_REPLY_MAX    (256 * 1024) /* bytes, spec/endpoints 8.1 */
#define CREDENTIAL_MAX      1024         /* bytes; RSA-4096 needs 514 */

typedef enum Expecting {
    EXPECTING_CHALLENGE, /* the reply to /challenge */
    EXPECTING_EVIDENCE,  /* our own side to hand over the evidence */
    EXPECTING_RESULT,    /* the reply to /attest */
    EXPECTING_NOTHING,   /* the conversation is over */
} Expecting;

struct Conversation {
    Expecting expecting;
    bool sent_keys; /* only then may a challenge bring a credential */
};

static int challenge_body(const ProtocolIdentity *identity, Bytes *ret)
{
    json_auto_t *object = json_object();
    int r = object ? 0 : -ENOMEM;

    if (r == 0 && identity->ek_public.size > 0) {
        r = json_set_base64url(object, "ak_public", identity->ak_public);
        if (r == 0)
            r = json_set_base64url(object, "ek_public", identity->ek_public);
        if (r == 0 && identity->ek_certificate.size > 0)
            r = json_set_base64url(object, "ek_certificate", identity->ek_certificate);
    }
    if (r < 0)
        return r;

    _cleanup_free_ char *text = json_text(object);
    return text ? bytes_copy(view_of_string(text), ret) : -ENOMEM;
}

static int native_begin(const ProtocolIdentity *identity, Conversation **ret, Step *ret_step)
{
    Step step = { .kind = STEP_SEND,
                  .request = { .method = "POST",
                               .path = "/challenge",
                               .content_type = "application/json",
                               .accept = "application/json, " PROBLEM_MEDIA_TYPE,
                               .reply_limit = CHALLENGE_REPLY_MAX } };
    _cleanup_free_ Conversation *conversation = calloc(1, sizeof(*conversation));
    if (!conversation)
        return -ENOMEM;

    int r = challenge_body(identity, &step.request.body);
    if (r < 0)
        return r;
    *conversation = (Conversation){ .expecting = EXPECTING_CHALLENGE,
                                    .sent_keys = identity->ek_public.size > 0 };
    *ret = TAKE_PTR(conversation);
    *ret_step = step;
    return 0;
}

static bool accepts_our_evidence(const json_t *object)
{
    const json_t *accept = json_object_get(object, "accept");

    for (size_t i = 0; i < json_array_size(accept); i++) {
        const char *type = json_string_value(json_array_get(accept, i));
        if (type && strcmp(type, EVIDENCE_MEDIA_TYPE) == 0)
            return true;
    }
    return false;
}

/* JSON_OK or a named no of json.h; -ENOMEM. */
static int read_nonce(const json_t *object, Challenge *ret)
{
    int r = json_get_base64url(object, "nonce", CLAIMS_NONCE_MAX, &ret->nonce);

    if (r)
        return r;
    return ret->nonce.size < CLAIMS_NONCE_MIN ? JSON_E_SIZE : JSON_OK;
}

static int read_credential(const json_t *object, bool is_due, Challenge *ret)
{
    json_t *credential;
    int r = json_get_object(object, "credential", &credential);

    if (r == JSON_E_MISSING)
        return JSON_OK;
    if (r != JSON_OK || !is_due)
        return JSON_E_TYPE;
    r = json_get_base64url(credential, "credential_blob", CREDENTIAL_MAX, &ret->credential_blob);
    if (r)
        return r;
    return json_get_base64url(credential, "secret", CREDENTIAL_MAX, &ret->credential_secret);
}

static int parse_challenge(const json_t *object, bool sent_keys, Challenge *ret)
{
    int r = json_is_object(object) ? JSON_OK : JSON_E_SYNTAX;

    if (r == JSON_OK)
        r = read_nonce(object, ret);
    if (r == JSON_OK)
        r = read_credential(object, sent_keys, ret);
    return r;
}

static int feed_challenge(Conversation *conversation, const ProtocolReply *reply, Step *step)
{
    json_auto_t *object = NULL;

    if (reply->status != 200)
        return problem_read(reply, step);
    int r = json_parse(reply->body, CHALLENGE_REPLY_MAX, &object);
    if (r == JSON_OK)
        r = parse_challenge(object, conversation->sent_keys, &step->challenge);
    if (r < 0)
        return r;
    if (r != JSON_OK)
        return step_break(step, "verifier-reply-malformed", json_reason(r), "a challenge");
    if (!accepts_our_evidence(object))
        return step_break(step, "verifier-evidence-unsupported", NULL, EVIDENCE_MEDIA_TYPE);

    step->kind = STEP_NEED_EVIDENCE;
    conversation->expecting = EXPECTING_EVIDENCE;
    return 0;
}

static int feed_result(const ProtocolReply *reply, Step *step)
{
    json_auto_t *object = NULL;
    const char *token = NULL;

    if (reply->status != 200)
        return problem_read(reply, step);
    int r = json_parse(reply->body, ATTEST_REPLY_MAX, &object);
    if (r == JSON_OK)
        r = json_get_string(object, "token", &token);
    if (r < 0)
        return r;
    if (r != JSON_OK)
        return step_break(step, "verifier-reply-malformed", json_reason(r), "a token");

    step->kind = STEP_TOKEN;
    r = bytes_copy(raw_member(reply->body, "gates"), &step->gates);
    return r < 0 ? r : bytes_copy(view_of_string(token), &step->token);
}

static int native_feed(Conversation *conversation, const ProtocolReply *reply, Step *ret_step)
{
    _cleanup_step_ Step step = { .kind = STEP_BROKEN };
    Expecting expected = conversation->expecting;
    int r = -EPROTO;

    conversation->expecting = EXPECTING_NOTHING;
    switch (expected) {
    case EXPECTING_CHALLENGE:
        r = feed_challenge(conversation, reply, &step);
        break;
    case EXPECTING_RESULT:
        r = feed_result(reply, &step);
        break;
    case EXPECTING_EVIDENCE:
    case EXPECTING_NOTHING:
        break;
    }
    if (r < 0)
        return r;
    *ret_step = TAKE_STRUCT(step);
    return 0;
}

static int native_submit(Conversation *conversation, const ProtocolEvidence *evidence,
                         Step *ret_step)
{
    Step step = { .kind = STEP_SEND,
                  .request = { .method = "POST",
                               .path = "/attest",
                               .content_type = EVIDENCE_MEDIA_TYPE,
                               .accept = "application/json, " PROBLEM_MEDIA_TYPE,
                               .reply_limit = ATTEST_REPLY_MAX } };

    if (conversation->expecting != EXPECTING_EVIDENCE)
        return -EPROTO;
    int r = bytes_copy(evidence->json, &step.request.body);
    if (r < 0)
        return r;
    conversation->expecting = EXPECTING_RESULT;
    *ret_step = step;
    return 0;
}

static Conversation *native_free(Conversation *conversation)
{
    free(conversation);
    return NULL;
}

/* draft-ietf-rats-ear-03 */
static const char *const token_profiles[] = { "tag:ietf.org,2026:rats/ear#03", NULL };

const VerifierProtocol protocol_native = {
    .name = "native",
    .token_profiles = token_profiles,
    .token_form = TOKEN_FORM_EAR,
    .sends_bearer = true,
    .opens_gates = true,
    .begin = native_begin,
    .feed = native_feed,
    .submit = native_submit,
    .free = native_free,
};
