/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cloud's metadata service, asked one thing at a time and never by a proxy. What it says is the
 * host's word: a hint, until something else vouches for it.
 */
#pragma once

#include "format/worker-answer.h"
#include "net/http.h"

#define METADATA_TIMEOUT_SEC 10

/* Borrowed. */
typedef struct MetadataRequest {
    const char *base;      /* http_is_metadata_url(), without a path */
    const char *path;      /* "/metadata/…" */
    const char *body;      /* JSON text for a POST; NULL: a GET */
    size_t reply_limit;    /* bytes */
    unsigned patience_sec; /* METADATA_TIMEOUT_SEC where the answer takes no work */
} MetadataRequest;

enum {
    METADATA_OK,
    METADATA_E_FAILED, /* FINDINGS gained a failure */
};

/*
 * The reply, whatever its status. HTTP_OK or another of http.h; negative errno. RET must be zeroed.
 */
_must_check_ int metadata_exchange(const MetadataRequest *request, HttpReply *ret);
/*
 * The body of a 200. A no is metadata-unreachable, metadata-refused or metadata-answer-unusable,
 * with the path as its subject; ANSWER gets Retry-After. METADATA_OK, a named no, negative errno.
 */
_must_check_ int metadata_ask(const MetadataRequest *request, Findings *findings,
                              WorkerAnswer *answer, Bytes *ret);
