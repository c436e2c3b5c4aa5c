/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of a collect request.
 */
#include "worker/request-collect.h"

#include "format/evidence-claims.h"
#include "worker/request-evidence.h"
#include "worker/request-member.h"

#include <errno.h>
#include <string.h>

static bool is_collect(const char *text)
{
    return strcmp(text, "collect") == 0;
}

static void read_collect(MemberReader *reader, const FdList *given, CollectRequest *request)
{
    static const char *const known[] = { "verb", "evidence", "claims", NULL };

    member_only(reader, "request", known);
    if (given->n_fds > 0)
        member_fail(reader, REQUEST_E_DESCRIPTORS, "fds");
    (void)member_text(reader, "verb", is_collect);
    member_bytes(reader, "claims", 1, CLAIMS_SIZE_MAX, &request->claims);
    request_read_evidence(reader, member_object(reader, "evidence"), &request->evidence);
}

int collect_request_parse(ByteView line, const FdList *given, CollectRequest **ret,
                          const char **reterr_member)
{
    _cleanup_(collect_request_freep) CollectRequest *request = calloc(1, sizeof(*request));
    if (!request)
        return -ENOMEM;

    MemberReader reader = { .reason = request_open(line, &request->json), .member = "request" };
    member_enter(&reader, request->json);
    if (!reader.reason)
        read_collect(&reader, given, request);
    int r = request_finish(&reader, reterr_member);
    if (r == REQUEST_OK)
        *ret = TAKE_PTR(request);
    return r;
}

CollectRequest *collect_request_free(CollectRequest *request)
{
    if (!request)
        return NULL;

    bytes_done(&request->claims);
    json_decref(request->json);
    free(request);
    return NULL;
}
