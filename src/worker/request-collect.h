/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request of attest-collect, in the manner of request.h. Who asks has parsed bytes from the
 * network, so it names neither report data nor lock, and its paths are for collect.h to judge.
 */
#pragma once

#include "worker/request.h"

/* Owned: collect_request_free(). */
typedef struct CollectRequest {
    json_t *json;
    EvidenceSettings evidence;
    Bytes claims; /* not looked at yet; 1 byte to CLAIMS_SIZE_MAX */
} CollectRequest;

/* {"verb":"collect","evidence":{…},"claims":B64U}. As round_request_parse(). */
_must_check_ int collect_request_parse(ByteView line, const FdList *given, CollectRequest **ret,
                                       const char **reterr_member);
CollectRequest *collect_request_free(CollectRequest *request);
DEFINE_CLEANUP(CollectRequest *, collect_request_free);
