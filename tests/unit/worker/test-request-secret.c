/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/request-secret.h"

#include "request-changes.h"

#include <errno.h>

static const FdList no_fds;
/* approval-db, asker-0, asker-1 */
static const FdList three_fds = { .fds = { 100, 101, 102 }, .n_fds = 3 };

static json_t *sample_release(void)
{
    json_t *request =
        json_pack("{ss so ss ss ss s[{ss ss}] s[{ss ss ss}{ss ss ss}] s[sss]}", "verb", "release",
                  "evidence", sample_evidence(), "secrets_directory", "/var/lib/attestd/secrets",
                  "lock_directory", "/run/attestd/lock", "vtpm_root", "paravisor", "approvals",
                  "gate", "db", "kind", "verifier", "askers", "name", "db-password", "asker",
                  "unit:db.service", "as", "stream", "name", "web-key", "asker", "user:1000", "as",
                  "memfd", "fds", "approval-db", "asker-0", "asker-1");

    check(request);
    return request;
}

static int parse_release(const json_t *json, const FdList *given, const char **member)
{
    _cleanup_(release_request_freep) ReleaseRequest *request = NULL;
    _cleanup_free_ char *text = json_text(json);

    check(text);
    int r = release_request_parse(view_of_string(text), given, &request, member);
    check((r == REQUEST_OK) == (request != NULL));
    return r;
}

static void test_every_member_of_release_arrives(void)
{
    _cleanup_(release_request_freep) ReleaseRequest *request = NULL;
    json_auto_t *json = sample_release();
    _cleanup_free_ char *text = json_text(json);

    check_int(release_request_parse(view_of_string(text), &three_fds, &request, NULL), REQUEST_OK);
    check_int(request->n_askers, 2);
    check_str(request->askers[0].name, "db-password");
    check_str(request->askers[0].asker, "unit:db.service");
    check_int(request->askers[0].fd, 101);
    check_str(request->askers[1].name, "web-key");
    check_int(request->askers[1].fd, 102);
    check(!request->askers[0].as_memfd && request->askers[1].as_memfd);
    check_str(request->vtpm_root, "paravisor");
    check_int(request->n_approvals, 1);
    check_str(request->approvals[0].gate, "db");
    check_int(request->approvals[0].kind, GATE_KIND_VERIFIER);
    check_int(request->approvals[0].fd, 100);
    check_str(request->evidence.tcti, "device:/dev/tpmrm0");
}

static void test_members_of_release_are_checked_one_by_one(void)
{
    static const Change changes[] = {
        { "verb", "\"seal\"", REQUEST_E_MEMBER, NULL },
        { "secrets_directory", "\"\"", REQUEST_E_MEMBER, NULL },
        { "lock_directory", "7", REQUEST_E_MEMBER, NULL },
        { "evidence", "", REQUEST_E_MEMBER, NULL },
        { "evidence.pcrs", "[]", REQUEST_E_MEMBER, NULL },
        { "askers", "", REQUEST_E_MEMBER, NULL },
        { "askers", "[]", REQUEST_E_MEMBER, NULL },
        { "askers", "{}", REQUEST_E_MEMBER, NULL },
        { "askers", "[7]", REQUEST_E_MEMBER, NULL },
        { "askers", "[{\"name\":\"a\"}]", REQUEST_E_MEMBER, "askers.asker" },
        { "askers", "[{\"asker\":\"a\"}]", REQUEST_E_MEMBER, "askers.name" },
        { "askers", "[{\"name\":\"a\\n\",\"asker\":\"a\",\"as\":\"stream\"}]", REQUEST_E_MEMBER,
          "askers.name" },
        { "askers", "[{\"name\":\"a\",\"asker\":\"a\"}]", REQUEST_E_MEMBER, "askers.as" },
        { "askers", "[{\"name\":\"a\",\"asker\":\"a\",\"as\":\"file\"}]", REQUEST_E_MEMBER,
          "askers.as" },
        { "askers", "[{\"name\":\"a\",\"asker\":\"a\",\"as\":\"stream\",\"fd\":1}]",
          REQUEST_E_UNKNOWN, NULL },
        { "vtpm_root", "", REQUEST_E_MEMBER, NULL },
        { "vtpm_root", "\"\"", REQUEST_E_MEMBER, NULL },
        { "vtpm_root", "\"moon\"", REQUEST_OK, NULL }, /* ranks below all */
        { "approvals", "", REQUEST_E_MEMBER, NULL },
        { "approvals", "{}", REQUEST_E_MEMBER, NULL },
        { "approvals", "[]", REQUEST_E_DESCRIPTORS, "fds" },
        { "approvals", "[7]", REQUEST_E_MEMBER, NULL },
        { "approvals", "[{\"gate\":\"db\"}]", REQUEST_E_MEMBER, "approvals.kind" },
        { "approvals", "[{\"gate\":\"db\",\"kind\":\"pcr\"}]", REQUEST_E_MEMBER, "approvals.kind" },
        { "approvals", "[{\"gate\":\"db\",\"kind\":\"rewrap\"}]", REQUEST_OK, NULL },
        { "approvals", "[{\"gate\":\"DB\",\"kind\":\"verifier\"}]", REQUEST_E_MEMBER,
          "approvals.gate" },
        { "approvals", "[{\"gate\":\"web\",\"kind\":\"verifier\"}]", REQUEST_E_DESCRIPTORS, "fds" },
        { "approvals", "[{\"gate\":\"db\",\"kind\":\"verifier\",\"fd\":1}]", REQUEST_E_UNKNOWN,
          NULL },
        { "fds", "", REQUEST_E_DESCRIPTORS, NULL },
        { "fds", "[\"approval-db\",\"asker-0\"]", REQUEST_E_DESCRIPTORS, NULL },
        /* In any other order a socket would be another's. */
        { "fds", "[\"approval-db\",\"asker-1\",\"asker-0\"]", REQUEST_E_DESCRIPTORS, NULL },
        { "fds", "[\"approval-db\",\"asker-0\",\"asker-0\"]", REQUEST_E_DESCRIPTORS, NULL },
        { "fds", "[\"approval-db\",\"asker-00\",\"asker-1\"]", REQUEST_E_DESCRIPTORS, NULL },
        { "fds", "[\"asker-0\",\"approval-db\",\"asker-1\"]", REQUEST_E_DESCRIPTORS, NULL },
        { "fds", "[\"asker-0\",\"asker-1\",\"approval-db\"]", REQUEST_E_DESCRIPTORS, NULL },
        { "fds", "[\"approval-DB\",\"asker-0\",\"asker-1\"]", REQUEST_E_DESCRIPTORS, NULL },
        { "fds", "[\"approval-\",\"asker-0\",\"asker-1\"]", REQUEST_E_DESCRIPTORS, NULL },
        { "surprise", "1", REQUEST_E_UNKNOWN, "request" },
    };

    check_changes(sample_release, parse_release, &three_fds, changes, ELEMENTSOF(changes));
}

#define DB  "{\"gate\":\"db\",\"kind\":\"verifier\"}"
#define WEB "{\"gate\":\"web\",\"kind\":\"rewrap\"}"

static void test_a_gate_is_approved_once(void)
{
    const FdList four = { .fds = { 100, 101, 102, 103 }, .n_fds = 4 };
    json_auto_t *json = sample_release();
    const char *member = NULL;

    change_member(json, "approvals", "[" DB "," DB "]");
    change_member(json, "fds", "[\"approval-db\",\"approval-db\",\"asker-0\",\"asker-1\"]");
    check_int(parse_release(json, &four, &member), REQUEST_E_MEMBER);
    check_str(member, "approvals.gate");
    change_member(json, "approvals", "[" DB "," WEB "]");
    change_member(json, "fds", "[\"approval-db\",\"approval-web\",\"asker-0\",\"asker-1\"]");
    check_int(parse_release(json, &four, &member), REQUEST_OK);
    /* In the other order one would open the other's gate. */
    change_member(json, "approvals", "[" WEB "," DB "]");
    check_int(parse_release(json, &four, &member), REQUEST_E_DESCRIPTORS);
}

static void test_the_owner_comes_last(void)
{
    _cleanup_(release_request_freep) ReleaseRequest *request = NULL;
    const FdList four = { .fds = { 100, 101, 102, 103 }, .n_fds = 4 };
    json_auto_t *json = sample_release();

    change_member(json, "fds", "[\"approval-db\",\"asker-0\",\"asker-1\",\"owner-authorization\"]");
    _cleanup_free_ char *text = json_text(json);
    check_int(release_request_parse(view_of_string(text), &four, &request, NULL), REQUEST_OK);
    check(request->evidence.owner.is_given && request->evidence.owner.fd == 103);
    check_int(request->askers[1].fd, 102);
    check_int(parse_release(json, &three_fds, NULL), REQUEST_E_DESCRIPTORS);
    change_member(json, "fds", "[\"owner-authorization\",\"approval-db\",\"asker-0\",\"asker-1\"]");
    check_int(parse_release(json, &four, NULL), REQUEST_E_DESCRIPTORS);
}

/* N_ASKERS askers and N_APPROVALS approvals, and the owner. */
static int parse_batch(size_t n_askers, size_t n_approvals)
{
    json_auto_t *json = sample_release();
    json_t *askers = json_object_get(json, "askers"), *fds = json_object_get(json, "fds");
    json_t *approvals = json_object_get(json, "approvals");
    FdList given = { 0 };
    char name[32];

    check(json_array_clear(askers) == 0 && json_array_clear(fds) == 0 &&
          json_array_clear(approvals) == 0);
    for (size_t i = 0; i < n_approvals; i++, given.n_fds++) {
        (void)snprintf(name, sizeof(name), "approval-g%zu", i);
        check(json_array_append_new(fds, json_string(name)) == 0);
        check(json_array_append_new(
                  approvals, json_pack("{ss ss}", "gate", name + 9, "kind", "verifier")) == 0);
    }
    for (size_t i = 0; i < n_askers; i++, given.n_fds++) {
        (void)snprintf(name, sizeof(name), "asker-%zu", i);
        check(json_array_append_new(fds, json_string(name)) == 0);
        check(json_array_append_new(askers, json_pack("{ss ss ss}", "name", "db", "asker",
                                                      "unit:db.service", "as", "stream")) == 0);
    }
    check(json_array_append_new(fds, json_string("owner-authorization")) == 0);
    given.n_fds++;
    return parse_release(json, &given, NULL);
}

static void test_a_batch_is_bounded(void)
{
    check_int(parse_batch(RELEASE_ASKERS_MAX, RELEASE_APPROVALS_MAX), REQUEST_OK);
    check_int(parse_batch(RELEASE_ASKERS_MAX + 1, 1), REQUEST_E_MEMBER);
    check_int(parse_batch(1, RELEASE_APPROVALS_MAX + 1), REQUEST_E_MEMBER);
    check_int(parse_batch(1, 0), REQUEST_OK);
}

static json_t *sample_wrapped(void)
{
    json_t *request = json_pack("{ss ss s[ss]}", "verb", "wrapped", "secrets_directory",
                                "/var/lib/attestd/secrets", "gates", "vault", "safe");

    check(request);
    return request;
}

static int parse_wrapped(const json_t *json, const FdList *given, const char **member)
{
    _cleanup_(wrapped_request_freep) WrappedRequest *request = NULL;
    _cleanup_free_ char *text = json_text(json);

    check(text);
    int r = wrapped_request_parse(view_of_string(text), given, &request, member);
    check((r == REQUEST_OK) == (request != NULL));
    if (request && request->n_gates == 2)
        check_str(request->gates[1], "safe");
    return r;
}

static void test_members_of_wrapped_are_checked_one_by_one(void)
{
    static const Change changes[] = {
        { "verb", "\"wrapped\"", REQUEST_OK, NULL },
        { "verb", "\"seal\"", REQUEST_E_MEMBER, NULL },
        { "secrets_directory", "\"secrets\"", REQUEST_E_MEMBER, NULL },
        { "gates", "", REQUEST_E_MEMBER, NULL },
        { "gates", "[]", REQUEST_E_MEMBER, NULL },
        { "gates", "\"vault\"", REQUEST_E_MEMBER, NULL },
        { "gates", "[\"DB\"]", REQUEST_E_MEMBER, NULL },
        { "gates",
          "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\",\"k\",\"l\","
          "\"m\",\"n\",\"o\",\"p\",\"q\"]",
          REQUEST_E_MEMBER, NULL },
        { "surprise", "1", REQUEST_E_UNKNOWN, "request" },
    };
    json_auto_t *json = sample_wrapped();
    const char *member = NULL;

    check_changes(sample_wrapped, parse_wrapped, &no_fds, changes, ELEMENTSOF(changes));
    check_int(parse_wrapped(json, &three_fds, &member), REQUEST_E_DESCRIPTORS);
}

static json_t *sample_forget(void)
{
    json_t *request =
        json_pack("{ss ss so ss}", "verb", "forget", "name", "db-password", "evidence",
                  sample_evidence(), "lock_directory", "/run/attestd/lock");

    check(request);
    return request;
}

static int parse_forget(const json_t *json, const FdList *given, const char **member)
{
    _cleanup_(forget_request_freep) ForgetRequest *request = NULL;
    _cleanup_free_ char *text = json_text(json);

    check(text);
    int r = forget_request_parse(view_of_string(text), given, &request, member);
    check((r == REQUEST_OK) == (request != NULL));
    if (request)
        check_str(request->name, "db-password");
    return r;
}

static void test_members_of_forget_are_checked_one_by_one(void)
{
    static const Change changes[] = {
        { "verb", "\"forget\"", REQUEST_OK, NULL },
        { "verb", "\"seal\"", REQUEST_E_MEMBER, NULL },
        { "name", "", REQUEST_E_MEMBER, NULL },
        { "name", "\"../x\"", REQUEST_E_MEMBER, NULL },
        { "evidence", "", REQUEST_E_MEMBER, NULL },
        { "evidence", "[]", REQUEST_E_MEMBER, NULL },
        { "lock_directory", "", REQUEST_E_MEMBER, NULL },
        { "lock_directory", "\"lock\"", REQUEST_E_MEMBER, NULL },
        { "surprise", "1", REQUEST_E_UNKNOWN, "request" },
    };
    json_auto_t *json = sample_forget();
    const char *member = NULL;

    check_changes(sample_forget, parse_forget, &no_fds, changes, ELEMENTSOF(changes));
    check_int(parse_forget(json, &three_fds, &member), REQUEST_E_DESCRIPTORS);
}

static void test_what_is_no_object_is_refused(void)
{
    static const char *const lines[] = { "", "[]", "{", "{\"verb\":\"a\",\"verb\":\"a\"}" };

    for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
        WrappedRequest *wrapped = NULL;
        ReleaseRequest *release = NULL;
        const char *member = NULL;
        check_int(wrapped_request_parse(view_of_string(lines[i]), &no_fds, &wrapped, &member),
                  REQUEST_E_JSON);
        check_str(member, "request");
        check_int(release_request_parse(view_of_string(lines[i]), &three_fds, &release, &member),
                  REQUEST_E_JSON);
        check(!wrapped && !release);
    }
}

static const Test tests[] = {
    { "every member of release arrives", test_every_member_of_release_arrives },
    { "members of release are checked one by one", test_members_of_release_are_checked_one_by_one },
    { "a gate is approved once", test_a_gate_is_approved_once },
    { "a batch is bounded", test_a_batch_is_bounded },
    { "members of wrapped are checked one by one", test_members_of_wrapped_are_checked_one_by_one },
    { "members of forget are checked one by one", test_members_of_forget_are_checked_one_by_one },
    { "what is no object is refused", test_what_is_no_object_is_refused },
    { "the owner's authorisation comes last", test_the_owner_comes_last },
};

TEST_MAIN(tests)
