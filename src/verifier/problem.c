/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Problem documents (RFC 9457) from the table and the catalogue.
 */
#include "verifier/problem.h"

#include "base/json.h"
#include "format/catalog.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef struct ProblemRow {
    const char *name;    /* of the type */
    const char *finding; /* of the catalogue */
    unsigned status;     /* HTTP */
} ProblemRow;

static const ProblemRow rows[PROBLEM_MAX] = {
    [PROBLEM_NONE] = { "none", NULL, 200 },
    [PROBLEM_REFUSED] = { "refused", NULL, 403 },
    [PROBLEM_PATH_UNKNOWN] = { "request-path-unknown", "request-path-unknown", 404 },
    [PROBLEM_METHOD_NOT_ALLOWED] = { "request-method-not-allowed", "request-method-not-allowed",
                                     405 },
    [PROBLEM_MEDIA_TYPE] = { "request-media-type-unsupported", "request-media-type-unsupported",
                             415 },
    [PROBLEM_LENGTH_REQUIRED] = { "request-length-required", "request-length-required", 411 },
    [PROBLEM_BODY_TOO_LARGE] = { "request-body-too-large", "request-body-too-large", 413 },
    [PROBLEM_REQUEST_MALFORMED] = { "request-malformed", "request-malformed", 400 },
    [PROBLEM_KEYS_MALFORMED] = { "challenge-keys-malformed", "challenge-keys-malformed", 400 },
    [PROBLEM_EVIDENCE_MALFORMED] = { "evidence-malformed", "evidence-malformed", 400 },
    [PROBLEM_NONCE_UNKNOWN] = { "nonce-unknown", "nonce-unknown", 409 },
    [PROBLEM_NONCE_EXPIRED] = { "nonce-expired", "nonce-expired", 409 },
    [PROBLEM_NONCE_EARLY] = { "nonce-early", "nonce-early", 409 },
    [PROBLEM_NONCE_REPLAYED] = { "nonce-replayed", "nonce-replayed", 409 },
    [PROBLEM_BUSY] = { "busy", "verifier-busy", 503 },
    [PROBLEM_INTERNAL] = { "internal", "verifier-internal-error", 500 },
};

const char *problem_name(Problem problem)
{
    return rows[problem].name;
}

unsigned problem_status(Problem problem)
{
    return rows[problem].status;
}

static int document_text(Problem problem, const char *title, const char *detail,
                         const Findings *findings, const char *token, Bytes *ret)
{
    char type[96];
    (void)snprintf(type, sizeof(type), "%s%s", PROBLEM_TYPE_PREFIX, rows[problem].name);

    json_t *json = json_pack("{s:s, s:s, s:i, s:s, s:o, s:s*}", "type", type, "title", title,
                             "status", (int)rows[problem].status, "detail", detail, "findings",
                             findings_to_json(findings), "token", token);
    _cleanup_free_ char *text = json ? json_text(json) : NULL;

    json_decref(json);
    if (!text)
        return -ENOMEM;
    return bytes_copy(view_of_string(text), ret);
}

int problem_document(Problem problem, const char *subject, const char *found, const char *wanted,
                     Bytes *ret)
{
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    const CatalogEntry *entry = catalog_find(rows[problem].finding);

    int r = findings_add(&findings, rows[problem].finding, subject, FINDING_FAILURE, found, wanted);
    if (r < 0)
        return r;

    /* The list's copy, where bytes that came from outside are already printable and cut. */
    const char *detail = findings.items[0].found;
    return document_text(problem, entry->text, detail && *detail ? detail : entry->remedy,
                         &findings, NULL, ret);
}

int problem_refusal(const Findings *findings, const char *token, Bytes *ret)
{
    const Finding *first = findings_first_failure(findings);
    const CatalogEntry *entry = first ? catalog_find(first->name) : NULL;
    char detail[FINDING_TEXT_MAX];

    (void)snprintf(detail, sizeof(detail), "%s: %s", first ? first->subject : "evidence",
                   entry ? entry->text : "not affirming");
    return document_text(PROBLEM_REFUSED, "the verifier refuses this machine", detail, findings,
                         token, ret);
}
