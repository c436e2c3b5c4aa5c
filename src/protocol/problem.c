/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statuses and problem types, each with the finding it becomes.
 */
#include "protocol/problem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TOKEN_SIZE_MAX (64 * 1024) /* bytes, spec/endpoints 7.1 rule 1 */

/* Names behind PROBLEM_TYPE_PREFIX (docs/protocols.md). */
static const struct {
    const char *type;
    const char *finding;
} problems[] = {
    { "nonce-expired", "verifier-nonce-expired" },
    { "nonce-unknown", "verifier-nonce-refused" },
    { "nonce-early", "verifier-nonce-refused" },
    { "nonce-replayed", "verifier-nonce-refused" },
    { "evidence-malformed", "verifier-evidence-malformed" },
    { "challenge-keys-malformed", "verifier-keys-refused" },
    { "request-body-too-large", "verifier-evidence-too-large" },
    { "busy", "verifier-busy" },
};

static const struct {
    unsigned status;
    const char *finding;
} statuses[] = {
    { 400, "verifier-request-refused" },
    { 401, "verifier-unauthorized" },
    { 403, "verifier-proxy-refused" },
    { 404, "verifier-path-unknown" },
    { 405, "verifier-path-unknown" },
    { 407, "verifier-proxy-refused" },
    { 408, "verifier-busy" },
    { 410, "verifier-path-unknown" },
    { 413, "verifier-evidence-too-large" },
    { 415, "verifier-request-refused" },
    { 422, "verifier-request-refused" },
    { 425, "verifier-busy" },
    { 429, "verifier-busy" },
    { 500, "verifier-internal-error" },
    { 501, "verifier-path-unknown" },
    { 502, "verifier-internal-error" },
    { 503, "verifier-busy" },
    { 504, "verifier-internal-error" },
};

/* A known type wins over the status. TYPE: what stands behind the prefix; NULL: no document. */
static const char *finding_for(unsigned status, const char *type)
{
    for (size_t i = 0; type && i < ELEMENTSOF(problems); i++)
        if (strcmp(problems[i].type, type) == 0)
            return problems[i].finding;
    for (size_t i = 0; i < ELEMENTSOF(statuses); i++)
        if (statuses[i].status == status)
            return statuses[i].finding;
    return "verifier-status-unexpected";
}

/* The media type alone decides, parameters may follow. */
static bool is_problem(const char *content_type)
{
    size_t length = strlen(PROBLEM_MEDIA_TYPE);

    return content_type && strncasecmp(content_type, PROBLEM_MEDIA_TYPE, length) == 0 &&
           (content_type[length] == 0 || strchr("; \t", content_type[length]));
}

/* The document, or NULL when there is none that can be read: the status then speaks alone. */
static int parse(const ProtocolReply *reply, json_t **ret)
{
    if (!is_problem(reply->content_type))
        return 0;
    int r = json_parse(reply->body, PROBLEM_SIZE_MAX, ret);
    return r < 0 ? r : 0;
}

static const char *type_of(const json_t *document)
{
    size_t length = strlen(PROBLEM_TYPE_PREFIX);
    const char *type;

    if (json_get_string(document, "type", &type) != JSON_OK ||
        strncmp(type, PROBLEM_TYPE_PREFIX, length) != 0)
        return NULL;
    return type + length;
}

int findings_from_verifier(Findings *findings, const json_t *array)
{
    _cleanup_findings_ Findings theirs = { 0 };

    int r = findings_from_json(&theirs, array);
    if (r != JSON_OK)
        return r < 0 ? r : 0;
    for (size_t i = 0; i < theirs.n_items; i++) {
        free(theirs.items[i].source);
        theirs.items[i].source = strdup("verifier");
        if (!theirs.items[i].source)
            return -ENOMEM;
    }
    return findings_merge(findings, &theirs);
}

static int take_findings(const json_t *document, Findings *findings)
{
    const json_t *array = json_object_get(document, "findings");

    return array ? findings_from_verifier(findings, array) : 0;
}

static int claim_refusal(const json_t *document, const char *token, Step *step)
{
    int r = bytes_copy(view_of_string(token), &step->token);
    if (r < 0)
        return r;
    step->kind = STEP_REFUSAL_CLAIMED;
    return take_findings(document, &step->findings);
}

static const char *detail_of(const ProtocolReply *reply, const json_t *document)
{
    const char *text;

    if (json_get_string(document, "detail", &text) == JSON_OK ||
        json_get_string(document, "title", &text) == JSON_OK)
        return text;
    return reply->content_type ? reply->content_type : "no content";
}

static int break_by(const ProtocolReply *reply, const json_t *document, Step *step)
{
    char found[FINDING_TEXT_MAX];
    const char *type = type_of(document);

    (void)snprintf(found, sizeof(found), "%u (%s)", reply->status, detail_of(reply, document));
    int r = step_break(step, finding_for(reply->status, type), found, NULL);
    if (r < 0)
        return r;
    return type ? take_findings(document, &step->findings) : 0;
}

int problem_read(const ProtocolReply *reply, Step *step)
{
    json_auto_t *document = NULL;
    const char *token;

    int r = parse(reply, &document);
    if (r < 0)
        return r;
    const char *type = type_of(document);
    if (reply->status == 403 && type && strcmp(type, "refused") == 0 &&
        json_get_string(document, "token", &token) == JSON_OK && *token &&
        strlen(token) <= TOKEN_SIZE_MAX)
        return claim_refusal(document, token, step);
    return break_by(reply, document, step);
}
