/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to replies, without a socket in sight: what is asked, may it be asked so, and the
 * document that answers it. Whatever goes wrong has a name (problem.h).
 */
#pragma once

#include "verifier/instance.h"

#define ANSWER_JSON    "application/json"
#define ANSWER_PROBLEM "application/problem+json"

/* As received; borrowed. */
typedef struct Request {
    const char *method;
    const char *path;         /* without query */
    const char *content_type; /* NULL: none */
    bool has_length;          /* Content-Length was there */
    uint64_t length;          /* what it said, bytes */
    ByteView body;            /* not yet there for answer_head() */
} Request;

/* Owned: reply_done(). */
typedef struct Reply {
    Endpoint endpoint;
    Problem problem;          /* PROBLEM_NONE: success */
    unsigned status;          /* HTTP */
    const char *content_type; /* static */
    const char *allow;        /* static; NULL: header left out */
    unsigned retry_after_sec; /* 0: header left out */
    Bytes body;
} Reply;

void reply_done(Reply *reply);
#define _cleanup_reply_ _cleanup_(reply_done)

enum { ANSWER_OK, ANSWER_E_PROBLEM };

/*
 * May this request go on, before its body is read? ANSWER_OK: its length is bounded by the
 * endpoint's limit. ANSWER_E_PROBLEM: RET_PROBLEM is the reply. -ENOMEM.
 */
_must_check_ int answer_head(const Instance *instance, const Request *request, Reply *ret_problem);
/* The reply to a whole request. -ENOMEM, -EIO: answer with answer_failure(). */
_must_check_ int answer(const Instance *instance, const Request *request, Reply *ret);
/* "internal", or "busy" with Retry-After. A reply without body when there is no memory for one. */
Reply answer_failure(Problem problem);

/* Makes RET the reply of a problem: see problem_document(). -ENOMEM. */
_must_check_ int answer_problem(Problem problem, const char *subject, const char *found,
                                const char *wanted, Reply *ret);
/* Is HEADER of media type TYPE, with parameter NAME of VALUE when NAME is not NULL? */
bool media_type_is(const char *header, const char *type, const char *name, const char *value);
