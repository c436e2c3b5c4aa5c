/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One const table of endpoints, and the answers that need no evidence.
 */
#include "verifier/answer.h"

#include "verifier/attest.h"
#include "verifier/challenge.h"

#include "format/bundle.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define RETRY_AFTER_SEC 5

typedef struct Route {
    const char *path; /* behind the prefix */
    bool post;        /* else GET and HEAD */
    size_t limit;     /* bytes of body */
    const char *media_type, *parameter, *value;
    const char *expected; /* the same in one text, for the problem */
} Route;

static const Route routes[ENDPOINT_MAX] = {
    [ENDPOINT_CHALLENGE] = { "/challenge", true, CHALLENGE_BODY_MAX, ANSWER_JSON, NULL, NULL,
                             ANSWER_JSON },
    [ENDPOINT_ATTEST] = { "/attest", true, EVIDENCE_SIZE_MAX, "application/cmw+json", "cmwc_t",
                          EVIDENCE_PROFILE, EVIDENCE_MEDIA_TYPE },
    [ENDPOINT_JWKS] = { "/.well-known/jwks.json", false, 0, NULL, NULL, NULL, NULL },
    [ENDPOINT_HEALTH] = { "/health", false, 0, NULL, NULL, NULL, NULL },
    [ENDPOINT_METRICS] = { "/metrics", false, 0, NULL, NULL, NULL, NULL },
    [ENDPOINT_OTHER] = { NULL, false, 0, NULL, NULL, NULL, NULL },
};

void reply_done(Reply *reply)
{
    bytes_done(&reply->body);
}

static Endpoint find_endpoint(const Instance *instance, const char *path)
{
    const char *prefix = instance->config->path_prefix;
    size_t size = strlen(prefix);
    size_t e = 0;

    if (strncmp(path, prefix, size) != 0)
        return ENDPOINT_OTHER;
    while (e < ENDPOINT_OTHER && strcmp(routes[e].path, path + size) != 0)
        e++;
    return (Endpoint)e;
}

int answer_problem(Problem problem, const char *subject, const char *found, const char *wanted,
                   Reply *ret)
{
    _cleanup_bytes_ Bytes body = { 0 };

    int r = problem_document(problem, subject, found, wanted, &body);
    if (r < 0)
        return r;
    ret->problem = problem;
    ret->status = problem_status(problem);
    ret->content_type = ANSWER_PROBLEM;
    ret->body = TAKE_STRUCT(body);
    return 0;
}

Reply answer_failure(Problem problem)
{
    Reply reply = { .endpoint = ENDPOINT_OTHER, .content_type = ANSWER_PROBLEM };

    (void)!answer_problem(problem, "verifier", NULL, NULL, &reply);
    reply.problem = problem;
    reply.status = problem_status(problem);
    reply.retry_after_sec = RETRY_AFTER_SEC;
    return reply;
}

/* Reads past NAME=VALUE or NAME="VALUE"; true when it is the one wanted. */
static bool parameter_is(const char **cursor, const char *name, const char *value)
{
    const char *start = *cursor;
    size_t name_size = strcspn(start, "=;");

    *cursor += name_size;
    if (**cursor != '=')
        return false;
    (*cursor)++;
    bool quoted = **cursor == '"';
    *cursor += quoted ? 1 : 0;
    const char *text = *cursor;
    size_t size = strcspn(text, quoted ? "\"" : "; \t");
    *cursor += size;
    *cursor += quoted && **cursor ? 1 : 0;
    return name_size == strlen(name) && strncasecmp(start, name, name_size) == 0 &&
           size == strlen(value) && memcmp(text, value, size) == 0;
}

bool media_type_is(const char *header, const char *type, const char *name, const char *value)
{
    if (!header)
        return false;
    header += strspn(header, " \t");
    size_t size = strcspn(header, "; \t");
    if (size != strlen(type) || strncasecmp(header, type, size) != 0)
        return false;

    const char *cursor = header + size;
    bool found = !name;
    for (;;) {
        cursor += strspn(cursor, " \t");
        if (*cursor != ';')
            return found && !*cursor;
        cursor += strspn(cursor, "; \t");
        if (*cursor && parameter_is(&cursor, name ? name : "", value ? value : ""))
            found = true;
    }
}

static int judge_body_head(const Route *route, const Request *request, Reply *ret)
{
    char found[32], wanted[64];

    if (route->post && !request->has_length)
        return answer_problem(PROBLEM_LENGTH_REQUIRED, "request", NULL, "Content-Length", ret);
    if (request->has_length && request->length > route->limit) {
        (void)snprintf(found, sizeof(found), "%llu bytes", (unsigned long long)request->length);
        (void)snprintf(wanted, sizeof(wanted), "at most %zu bytes", route->limit);
        return answer_problem(PROBLEM_BODY_TOO_LARGE, "request", found, wanted, ret);
    }
    if (route->media_type &&
        !media_type_is(request->content_type, route->media_type, route->parameter, route->value))
        return answer_problem(PROBLEM_MEDIA_TYPE, "request",
                              request->content_type ? request->content_type : "none",
                              route->expected, ret);
    return 0;
}

int answer_head(const Instance *instance, const Request *request, Reply *ret_problem)
{
    Reply reply = { .endpoint = find_endpoint(instance, request->path) };
    const Route *route = &routes[reply.endpoint];
    bool reads = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    bool posts = strcmp(request->method, "POST") == 0;
    int r;

    if (reply.endpoint == ENDPOINT_OTHER) {
        r = answer_problem(PROBLEM_PATH_UNKNOWN, "request", request->path, NULL, &reply);
    } else if (route->post ? !posts : !reads) {
        reply.allow = route->post ? "POST" : "GET, HEAD";
        r = answer_problem(PROBLEM_METHOD_NOT_ALLOWED, "request", request->method, reply.allow,
                           &reply);
    } else {
        r = judge_body_head(route, request, &reply);
    }
    if (r < 0)
        return r;
    if (reply.problem == PROBLEM_NONE)
        return ANSWER_OK;
    *ret_problem = reply;
    return ANSWER_E_PROBLEM;
}

static int answer_challenge(const Instance *instance, ByteView body, Reply *reply)
{
    uint64_t now_sec = clock_realtime_usec(instance->clock) / USEC_PER_SEC;
    const char *cause = NULL;

    int r = challenge_answer(&instance->nonce_keys, instance->config->verifier_id, now_sec, body,
                             &cause, &reply->body);
    if (r <= 0)
        return r;
    return answer_problem(r == CHALLENGE_E_KEYS ? PROBLEM_KEYS_MALFORMED
                                                : PROBLEM_REQUEST_MALFORMED,
                          "challenge", cause, NULL, reply);
}

static int answer_health(const Instance *instance, Reply *reply)
{
    json_t *json = json_pack("{s:s, s:s, s:s, s:s}", "status", "ok", "verifier_id",
                             instance->config->verifier_id, "policy", instance->policy->id,
                             "version", ATTESTD_VERSION);
    _cleanup_free_ char *text = json ? json_text(json) : NULL;

    json_decref(json);
    return text ? bytes_copy(view_of_string(text), &reply->body) : -ENOMEM;
}

int answer(const Instance *instance, const Request *request, Reply *ret)
{
    _cleanup_reply_ Reply reply = {
        .endpoint = find_endpoint(instance, request->path),
        .status = 200,
        .content_type = ANSWER_JSON,
    };
    int r = -EINVAL;

    switch (reply.endpoint) {
    case ENDPOINT_CHALLENGE:
        r = answer_challenge(instance, request->body, &reply);
        break;
    case ENDPOINT_ATTEST:
        r = attest_answer(instance, request->body, &reply);
        break;
    case ENDPOINT_JWKS:
        r = bytes_copy(view_of_string(instance->jwks), &reply.body);
        break;
    case ENDPOINT_HEALTH:
        r = answer_health(instance, &reply);
        break;
    case ENDPOINT_METRICS:
        reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
        r = metrics_text(instance->shared, &reply.body);
        break;
    case ENDPOINT_OTHER: /* answer_head() lets none through */
    case ENDPOINT_MAX:
        break;
    }
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(reply);
    return ANSWER_OK;
}
