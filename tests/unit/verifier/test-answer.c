/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Media types and heads of requests, before any socket.
 */
#include "testing.h"

#include "format/bundle.h"
#include "verifier/answer.h"

static void media_types_are_compared_as_http_says(void)
{
    const char *const profile = EVIDENCE_PROFILE;

    check(media_type_is("application/json", "application/json", NULL, NULL));
    check(media_type_is("Application/JSON; charset=utf-8", "application/json", NULL, NULL));
    check(media_type_is(" application/json ;", "application/json", NULL, NULL));
    check(!media_type_is("application/jsonx", "application/json", NULL, NULL));
    check(!media_type_is("application/json x", "application/json", NULL, NULL));
    check(!media_type_is("", "application/json", NULL, NULL));
    check(!media_type_is(NULL, "application/json", NULL, NULL));

    check(media_type_is(EVIDENCE_MEDIA_TYPE, "application/cmw+json", "cmwc_t", profile));
    check(media_type_is("application/cmw+json;CMWC_T=\"tag:github.com,2026:attestd/evidence#1\"",
                        "application/cmw+json", "cmwc_t", profile));
    check(media_type_is("application/cmw+json; a=b; "
                        "cmwc_t=\"tag:github.com,2026:attestd/evidence#1\"",
                        "application/cmw+json", "cmwc_t", profile));
    check(!media_type_is("application/cmw+json", "application/cmw+json", "cmwc_t", profile));
    check(
        !media_type_is("application/cmw+json; cmwc_t", "application/cmw+json", "cmwc_t", profile));
    check(!media_type_is("application/cmw+json; cmwc_t=\"", "application/cmw+json", "cmwc_t",
                         profile));
    check(!media_type_is("application/cmw+json; cmwc_t=\"tag:x\"", "application/cmw+json", "cmwc_t",
                         profile));
    check(!media_type_is("application/cmw+json; cmwc_t=;;;=\"\"", "application/cmw+json", "cmwc_t",
                         profile));
}

static void heads_are_judged_before_bodies(void)
{
    static const struct {
        const char *method, *path, *type;
        bool has_length;
        uint64_t length;
        Problem problem;
    } cases[] = {
        { "POST", "/x/challenge", "application/json", true, 16384, PROBLEM_NONE },
        { "POST", "/x/challenge", "application/json", true, 16385, PROBLEM_BODY_TOO_LARGE },
        { "POST", "/x/challenge", "application/json", false, 0, PROBLEM_LENGTH_REQUIRED },
        { "POST", "/x/challenge", "text/plain", true, 2, PROBLEM_MEDIA_TYPE },
        { "POST", "/x/challenge", NULL, true, 2, PROBLEM_MEDIA_TYPE },
        { "GET", "/x/challenge", NULL, false, 0, PROBLEM_METHOD_NOT_ALLOWED },
        { "POST", "/x/attest", EVIDENCE_MEDIA_TYPE, true, 4 << 20, PROBLEM_NONE },
        { "POST", "/x/attest", EVIDENCE_MEDIA_TYPE, true, (4 << 20) + 1, PROBLEM_BODY_TOO_LARGE },
        { "POST", "/x/attest", "application/json", true, 2, PROBLEM_MEDIA_TYPE },
        { "DELETE", "/x/attest", NULL, false, 0, PROBLEM_METHOD_NOT_ALLOWED },
        { "GET", "/x/health", NULL, false, 0, PROBLEM_NONE },
        { "HEAD", "/x/health", NULL, false, 0, PROBLEM_NONE },
        { "GET", "/x/health", NULL, true, 1, PROBLEM_BODY_TOO_LARGE },
        { "POST", "/x/health", NULL, true, 0, PROBLEM_METHOD_NOT_ALLOWED },
        { "GET", "/x/.well-known/jwks.json", NULL, false, 0, PROBLEM_NONE },
        { "GET", "/x/metrics", NULL, false, 0, PROBLEM_NONE },
        { "GET", "/health", NULL, false, 0, PROBLEM_PATH_UNKNOWN },
        { "GET", "/x", NULL, false, 0, PROBLEM_PATH_UNKNOWN },
        { "GET", "/x/", NULL, false, 0, PROBLEM_PATH_UNKNOWN },
        { "GET", "/xhealth", NULL, false, 0, PROBLEM_PATH_UNKNOWN },
        { "GET", "/x/health/", NULL, false, 0, PROBLEM_PATH_UNKNOWN },
    };
    VerifierConfig config = { .path_prefix = (char[]){ "/x" } };
    const Instance instance = { .config = &config };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_(reply_done) Reply reply = { 0 };
        const Request request = {
            .method = cases[i].method,
            .path = cases[i].path,
            .content_type = cases[i].type,
            .has_length = cases[i].has_length,
            .length = cases[i].length,
        };
        int r = answer_head(&instance, &request, &reply);
        check_int(r, cases[i].problem == PROBLEM_NONE ? ANSWER_OK : ANSWER_E_PROBLEM);
        check_int(reply.problem, cases[i].problem);
        check_int(reply.allow != NULL, cases[i].problem == PROBLEM_METHOD_NOT_ALLOWED);
    }
}

static const Test tests[] = {
    { "media types are compared as HTTP says", media_types_are_compared_as_http_says },
    { "heads are judged before bodies are read", heads_are_judged_before_bodies },
};

TEST_MAIN(tests)
