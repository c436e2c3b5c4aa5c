/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys, evidence, token; and MAA's errors, whose members come in two spellings.
 */
#include "protocol/maa.h"

#include "base/encode.h"
#include "crypto/random.h"
#include "protocol/maa-request.h"
#include "protocol/maa-sealed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KEYS_REPLY_MAX   (256 * 1024) /* bytes; a key has up to 8 KiB, with the quote in it */
#define ATTEST_REPLY_MAX (256 * 1024) /* bytes */
/* Bytes, ours. Its base64url text has 48 characters, so that base64 of that text, as AzureGuest
 * gives it back, is base64url again. */
#define NONCE_SIZE   36
#define PATH_SIZE    96 /* bytes with NUL */
#define VERSION_SIZE 40 /* bytes with NUL */

typedef enum Expecting {
    EXPECTING_KEYS,     /* the reply to /certs */
    EXPECTING_EVIDENCE, /* our own side to hand over the evidence */
    EXPECTING_RESULT,   /* the reply to /attest */
    EXPECTING_NOTHING,  /* the conversation is over */
} Expecting;

struct Conversation {
    Expecting expecting;
    uint8_t nonce[NONCE_SIZE];
    bool is_guest;                  /* AzureGuest */
    char api_version[VERSION_SIZE]; /* "": what goes with the report */
    char path[PATH_SIZE];
};

static int maa_begin(const ProtocolIdentity *identity, Conversation **ret, Step *ret_step)
{
    const char *version = identity->api_version ? identity->api_version : "";
    _cleanup_free_ Conversation *conversation = calloc(1, sizeof(*conversation));

    if (!conversation)
        return -ENOMEM;
    *conversation = (Conversation){
        .expecting = EXPECTING_KEYS,
        .is_guest =
            identity->attestation_type && strcmp(identity->attestation_type, "AzureGuest") == 0,
    };
    if (strlen(version) >= sizeof(conversation->api_version))
        return -EINVAL;
    memcpy(conversation->api_version, version, strlen(version));
    int r = random_fill(conversation->nonce, sizeof(conversation->nonce));
    if (r < 0)
        return r;
    *ret = TAKE_PTR(conversation);
    *ret_step = (Step){ .kind = STEP_SEND,
                        .request = { .method = "GET",
                                     .path = "/certs",
                                     .accept = "application/json",
                                     .reply_limit = KEYS_REPLY_MAX } };
    return 0;
}

/* What a status means, and an error code where it says more. */
static const struct {
    unsigned status;
    const char *code; /* NULL: any */
    const char *finding;
} errors[] = {
    { 400, "PolicyEvaluationError", "maa-policy-refused" },
    { 400, "PolicyParsingError", "maa-policy-broken" },
    { 400, NULL, "maa-evidence-refused" },
    { 401, NULL, "maa-unauthorized" },
    { 403, NULL, "maa-unauthorized" },
    { 404, NULL, "verifier-path-unknown" },
    { 405, NULL, "verifier-path-unknown" },
    { 408, NULL, "verifier-busy" },
    { 413, NULL, "verifier-evidence-too-large" },
    { 429, NULL, "verifier-busy" },
    { 503, NULL, "verifier-busy" },
};

static const char *finding_of(unsigned status, const char *code)
{
    for (size_t i = 0; i < ELEMENTSOF(errors); i++)
        if (errors[i].status == status && (!errors[i].code || strcmp(errors[i].code, code) == 0))
            return errors[i].finding;
    return status / 100 == 5 ? "verifier-internal-error" : "verifier-status-unexpected";
}

/* A member in the service's spelling or in that of some of its servers. */
static const json_t *member(const json_t *object, const char *lower, const char *upper)
{
    const json_t *value = json_object_get(object, lower);

    return value ? value : json_object_get(object, upper);
}

static const char *text_of(const json_t *value)
{
    const char *text = json_string_value(value);

    return text ? text : "";
}

/*
 * {"error":{"code","message"}} or {"Error":{"Code","Message"}}. That the policy says no is MAA's
 * one documented refusal; of everything else nobody knows who says it.
 */
static int refuse(const ProtocolReply *reply, Step *step)
{
    char found[FINDING_TEXT_MAX];
    json_auto_t *document = NULL;

    int r = json_parse(reply->body, ATTEST_REPLY_MAX, &document);
    if (r < 0)
        return r;
    const json_t *error = member(document, "error", "Error");
    const char *code = text_of(member(error, "code", "Code"));
    const char *message = text_of(member(error, "message", "Message"));
    const char *name = finding_of(reply->status, code);

    (void)snprintf(found, sizeof(found), "%u%s%s%s%s", reply->status, *code ? " " : "", code,
                   *message ? ": " : "", message);
    r = step_break(step, name, found, NULL);
    if (strcmp(name, "maa-policy-refused") == 0)
        step->kind = STEP_REFUSED;
    return r;
}

static int feed_keys(Conversation *conversation, const ProtocolReply *reply, Step *step)
{
    json_auto_t *keys = NULL;

    if (reply->status != 200)
        return refuse(reply, step);
    int r = json_parse(reply->body, KEYS_REPLY_MAX, &keys);
    if (r < 0)
        return r;
    if (r != JSON_OK || !json_is_array(json_object_get(keys, "keys")))
        return step_break(step, "verifier-reply-malformed",
                          json_reason(r != JSON_OK ? r : JSON_E_MISSING), "a JWK set");
    r = bytes_copy(reply->body, &step->challenge.token_keys);
    if (r == 0)
        r = bytes_copy(VIEW_OF_ARRAY(conversation->nonce), &step->challenge.nonce);
    step->challenge.wants_encryption_key = conversation->is_guest;
    step->kind = STEP_NEED_EVIDENCE;
    conversation->expecting = EXPECTING_EVIDENCE;
    return r;
}

static int take_sealed(const char *token, Step *step)
{
    int r = maa_sealed_parse(token, &step->sealed);

    if (r > 0)
        return step_break(step, "maa-token-not-encrypted", maa_sealed_reason(r), NULL);
    step->kind = STEP_SEALED_TOKEN;
    return r;
}

static int feed_result(const Conversation *conversation, const ProtocolReply *reply, Step *step)
{
    json_auto_t *object = NULL;
    const char *token = NULL;

    if (reply->status != 200)
        return refuse(reply, step);
    int r = json_parse(reply->body, ATTEST_REPLY_MAX, &object);
    if (r == JSON_OK)
        r = json_get_string(object, "token", &token);
    if (r < 0)
        return r;
    if (r != JSON_OK)
        return step_break(step, "verifier-reply-malformed", json_reason(r), "a token");
    if (conversation->is_guest)
        return take_sealed(token, step);
    step->kind = STEP_TOKEN;
    return bytes_copy(view_of_string(token), &step->token);
}

static int maa_feed(Conversation *conversation, const ProtocolReply *reply, Step *ret_step)
{
    _cleanup_step_ Step step = { .kind = STEP_BROKEN };
    Expecting expected = conversation->expecting;
    int r = -EPROTO;

    conversation->expecting = EXPECTING_NOTHING;
    if (expected == EXPECTING_KEYS)
        r = feed_keys(conversation, reply, &step);
    else if (expected == EXPECTING_RESULT)
        r = feed_result(conversation, reply, &step);
    if (r < 0)
        return r;
    *ret_step = TAKE_STRUCT(step);
    return 0;
}

static int send_request(Conversation *conversation, MaaRequest *request, Step *ret_step)
{
    const char *version =
        conversation->api_version[0] ? conversation->api_version : request->api_version;

    (void)snprintf(conversation->path, sizeof(conversation->path), "/attest/%s?api-version=%s",
                   request->type, version);
    conversation->expecting = EXPECTING_RESULT;
    *ret_step = (Step){ .kind = STEP_SEND,
                        .request = { .method = "POST",
                                     .path = conversation->path,
                                     .content_type = "application/json",
                                     .accept = "application/json",
                                     .body = TAKE_STRUCT(request->body),
                                     .reply_limit = ATTEST_REPLY_MAX } };
    return 0;
}

static int maa_submit(Conversation *conversation, const ProtocolEvidence *evidence, Step *ret_step)
{
    _cleanup_step_ Step step = { 0 };
    MaaRequest request = { 0 };

    if (conversation->expecting != EXPECTING_EVIDENCE)
        return -EPROTO;
    _cleanup_free_ char *nonce = base64url_encode(VIEW_OF_ARRAY(conversation->nonce));
    if (!nonce)
        return -ENOMEM;
    int r = conversation->is_guest ? maa_guest_make(evidence, nonce, &request)
                                   : maa_request_make(evidence, nonce, &request);
    if (r < 0)
        return r;
    if (r == MAA_REQUEST_OK)
        return send_request(conversation, &request, ret_step);
    conversation->expecting = EXPECTING_NOTHING;
    r = step_break(&step,
                   r == MAA_REQUEST_E_AK_CERTIFICATE ? "maa-ak-certificate-missing"
                                                     : "maa-evidence-unfit",
                   maa_request_reason(r), NULL);
    if (r == 0)
        *ret_step = TAKE_STRUCT(step);
    return r;
}

static Conversation *maa_free(Conversation *conversation)
{
    free(conversation);
    return NULL;
}

const VerifierProtocol protocol_maa = {
    .name = "maa",
    .token_form = TOKEN_FORM_MAA,
    .sends_bearer = true,
    .publishes_keys = true,
    .begin = maa_begin,
    .feed = maa_feed,
    .submit = maa_submit,
    .free = maa_free,
};
