/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/request-secret.h"

#include "request-sample.h"

#include "crypto/jwk.h"

#include <errno.h>

static const FdList one_fd = { .fds = { 100 }, .n_fds = 1 };
/* approval-db, asker-0, asker-1 */
static const FdList three_fds = { .fds = { 100, 101, 102 }, .n_fds = 3 };

static json_t *sample_jwk(KeyType type)
{
    _cleanup_(key_freep) Key *key = NULL;
    json_t *jwk = NULL;

    check_int(key_generate(type, &key), KEY_OK);
    check_int(jwk_emit(key, NULL, NULL, NULL, &jwk), JWK_OK);
    return jwk;
}

static json_t *sample_seal(void)
{
    json_t *gate = json_pack("{si ss ss ss so so}", "attestd_gate", 1, "name", "db", "kind",
                             "verifier", "verifier", "https://verifier.example", "release_key",
                             sample_jwk(KEY_P256), "next_release_key", sample_jwk(KEY_P256));
    json_t *request = json_pack(
        "{ss ss so s[ss] sb sb so ss ss s[s]}", "verb", "seal", "name", "db-password", "gate", gate,
        "who", "unit:db.service", "unit:db@*.service", "accept_host_tpm", 0,
        "accept_unchecked_vtpm", 0, "evidence", sample_evidence(), "secrets_directory",
        "/var/lib/attestd/secrets", "lock_directory", "/run/attestd/lock", "fds", "secret");

    check(request);
    return request;
}

static json_t *sample_release(void)
{
    json_t *request = json_pack(
        "{ss so ss ss s[{ss ss}{ss ss}] s[sss]}", "verb", "release", "evidence", sample_evidence(),
        "secrets_directory", "/var/lib/attestd/secrets", "lock_directory", "/run/attestd/lock",
        "askers", "name", "db-password", "asker", "unit:db.service", "name", "web-key", "asker",
        "unit:web.service", "fds", "approval-db", "asker-0", "asker-1");

    check(request);
    return request;
}

static int parse_seal(const json_t *json, const FdList *given, const char **member)
{
    _cleanup_(seal_request_freep) SealRequest *request = NULL;
    _cleanup_free_ char *text = json_text(json);

    check(text);
    int r = seal_request_parse(view_of_string(text), given, &request, member);
    check((r == REQUEST_OK) == (request != NULL));
    return r;
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

typedef int Parse(const json_t *json, const FdList *given, const char **member);

typedef struct Change {
    const char *path, *value; /* JSON text; "" removes the member */
    int reason;
    const char *member; /* NULL: the path */
} Change;

/* "gate.name" → the member "name" of the object "gate". */
static void set(json_t *request, const char *path, const char *value)
{
    const char *dot = strchr(path, '.'), *name = dot ? dot + 1 : path;
    char parent[32] = "";
    json_t *object = request;

    if (dot) {
        (void)snprintf(parent, sizeof(parent), "%.*s", (int)(dot - path), path);
        object = json_object_get(request, parent);
    }
    if (*value)
        check(json_object_set_new(object, name, json_loads(value, JSON_DECODE_ANY, NULL)) == 0);
    else
        check(json_object_del(object, name) == 0);
}

static void check_changes(json_t *(*sample)(void), Parse *parse, const FdList *given,
                          const Change *changes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        json_auto_t *json = sample();
        const char *member = NULL;
        const char *wanted = changes[i].member ? changes[i].member : changes[i].path;
        set(json, changes[i].path, changes[i].value);
        int r = parse(json, given, &member);
        if (r != changes[i].reason || (r > 0 && (!member || strcmp(member, wanted) != 0)))
            (void)printf("  %s = %s: %s at %s\n", changes[i].path, changes[i].value,
                         request_reason(r), member ? member : "nowhere");
        check_int(r, changes[i].reason);
        if (r > 0)
            check_str(member, wanted);
    }
}

static void test_every_member_of_seal_arrives(void)
{
    _cleanup_(seal_request_freep) SealRequest *request = NULL;
    json_auto_t *json = sample_seal();
    _cleanup_free_ char *text = json_text(json);

    check_int(seal_request_parse(view_of_string(text), &one_fd, &request, NULL), REQUEST_OK);
    check_str(request->name, "db-password");
    check_str(request->gate.name, "db");
    check_str(request->gate.kind, "verifier");
    check(!request->gate.vtpm_root);
    check(request->gate.release_key && request->gate.next_release_key);
    check(!key_equal(request->gate.release_key, request->gate.next_release_key));
    check_int(request->n_who, 2);
    check_str(request->who[1], "unit:db@*.service");
    check(!request->accept_host_tpm);
    check_str(request->evidence.tcti, "device:/dev/tpmrm0");
    check_str(request->secrets_directory, "/var/lib/attestd/secrets");
    check_int(request->secret_fd, 100);
}

static void test_members_of_seal_are_checked_one_by_one(void)
{
    static const Change changes[] = {
        { "verb", "\"release\"", REQUEST_E_MEMBER, NULL },
        { "name", "", REQUEST_E_MEMBER, NULL },
        { "name", "\"../x\"", REQUEST_E_MEMBER, NULL },
        { "who", "\"unit:db.service\"", REQUEST_E_MEMBER, NULL },
        { "who", "[\"db.service\"]", REQUEST_E_MEMBER, NULL },
        { "who", "[]", REQUEST_OK, NULL },
        { "who", "", REQUEST_OK, NULL },
        { "accept_host_tpm", "", REQUEST_E_MEMBER, NULL },
        { "accept_host_tpm", "1", REQUEST_E_MEMBER, NULL },
        { "secrets_directory", "", REQUEST_E_MEMBER, NULL },
        { "secrets_directory", "\"secrets\"", REQUEST_E_MEMBER, NULL },
        { "lock_directory", "", REQUEST_E_MEMBER, NULL },
        { "evidence", "", REQUEST_E_MEMBER, NULL },
        { "evidence.tcti", "", REQUEST_E_MEMBER, NULL },
        { "evidence.more", "1", REQUEST_E_UNKNOWN, "evidence" },
        { "fds", "", REQUEST_E_DESCRIPTORS, NULL },
        { "fds", "[]", REQUEST_E_DESCRIPTORS, NULL },
        { "fds", "[\"other\"]", REQUEST_E_MEMBER, NULL },
        { "fds", "[\"secret\",\"secret\"]", REQUEST_E_MEMBER, NULL },
        { "surprise", "1", REQUEST_E_UNKNOWN, "request" },
        { "gate", "", REQUEST_E_MEMBER, NULL },
        { "gate", "[]", REQUEST_E_MEMBER, NULL },
        { "gate.attestd_gate", "", REQUEST_E_MEMBER, NULL },
        { "gate.attestd_gate", "2", REQUEST_E_MEMBER, NULL },
        { "gate.name", "\"DB\"", REQUEST_E_MEMBER, NULL },
        { "gate.kind", "", REQUEST_E_MEMBER, NULL },
        { "gate.kind", "\"rewrap\"", REQUEST_OK, NULL }, /* refused by name, later */
        { "gate.verifier", "", REQUEST_E_MEMBER, NULL },
        { "gate.release_key", "", REQUEST_E_MEMBER, NULL },
        { "gate.release_key", "{}", REQUEST_E_MEMBER, NULL },
        { "gate.next_release_key", "null", REQUEST_E_MEMBER, NULL },
        { "gate.next_release_key", "", REQUEST_OK, NULL },
        { "gate.vtpm_root", "\"svsm\"", REQUEST_OK, NULL },
        { "gate.vtpm_root", "\"moon\"", REQUEST_E_MEMBER, NULL },
        { "gate.more", "1", REQUEST_E_UNKNOWN, "gate" },
    };

    check_changes(sample_seal, parse_seal, &one_fd, changes, ELEMENTSOF(changes));
}

static void test_a_release_key_is_p256_and_public(void)
{
    static const KeyType types[] = { KEY_P384, KEY_ED25519 };

    for (size_t i = 0; i < ELEMENTSOF(types); i++) {
        json_auto_t *json = sample_seal();
        const char *member = NULL;
        check(json_object_set_new(json_object_get(json, "gate"), "release_key",
                                  sample_jwk(types[i])) == 0);
        check_int(parse_seal(json, &one_fd, &member), REQUEST_E_MEMBER);
        check_str(member, "gate.release_key");
    }
}

static void test_a_secret_comes_by_one_descriptor(void)
{
    json_auto_t *json = sample_seal();
    const FdList none = { 0 };

    check_int(parse_seal(json, &none, NULL), REQUEST_E_DESCRIPTORS);
    check_int(parse_seal(json, &three_fds, NULL), REQUEST_E_DESCRIPTORS);
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
    check_int(request->n_approvals, 1);
    check_str(request->approvals[0].gate, "db");
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
        { "askers", "[{\"name\":\"a\\n\",\"asker\":\"a\"}]", REQUEST_E_MEMBER, "askers.name" },
        { "askers", "[{\"name\":\"a\",\"asker\":\"a\",\"fd\":1}]", REQUEST_E_UNKNOWN, NULL },
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

static void test_a_gate_is_approved_once(void)
{
    const FdList four = { .fds = { 100, 101, 102, 103 }, .n_fds = 4 };
    json_auto_t *json = sample_release();
    const char *member = NULL;

    set(json, "fds", "[\"approval-db\",\"approval-db\",\"asker-0\",\"asker-1\"]");
    check_int(parse_release(json, &four, &member), REQUEST_E_DESCRIPTORS);
    set(json, "fds", "[\"approval-db\",\"approval-web\",\"asker-0\",\"asker-1\"]");
    check_int(parse_release(json, &four, &member), REQUEST_OK);
}

/* N_ASKERS askers and N_APPROVALS approvals. */
static int parse_batch(size_t n_askers, size_t n_approvals)
{
    json_auto_t *json = sample_release();
    json_t *askers = json_object_get(json, "askers"), *fds = json_object_get(json, "fds");
    FdList given = { 0 };
    char name[32];

    check(json_array_clear(askers) == 0 && json_array_clear(fds) == 0);
    for (size_t i = 0; i < n_approvals; i++, given.n_fds++) {
        (void)snprintf(name, sizeof(name), "approval-g%zu", i);
        check(json_array_append_new(fds, json_string(name)) == 0);
    }
    for (size_t i = 0; i < n_askers; i++, given.n_fds++) {
        (void)snprintf(name, sizeof(name), "asker-%zu", i);
        check(json_array_append_new(fds, json_string(name)) == 0);
        check(json_array_append_new(
                  askers, json_pack("{ss ss}", "name", "db", "asker", "unit:db.service")) == 0);
    }
    return parse_release(json, &given, NULL);
}

static void test_a_batch_is_bounded(void)
{
    check_int(parse_batch(RELEASE_ASKERS_MAX, RELEASE_APPROVALS_MAX), REQUEST_OK);
    check_int(parse_batch(RELEASE_ASKERS_MAX + 1, 1), REQUEST_E_MEMBER);
    check_int(parse_batch(1, RELEASE_APPROVALS_MAX + 1), REQUEST_E_DESCRIPTORS);
    check_int(parse_batch(1, 0), REQUEST_OK);
}

static void test_what_is_no_object_is_refused(void)
{
    static const char *const lines[] = { "", "[]", "{", "{\"verb\":\"seal\",\"verb\":\"seal\"}" };

    for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
        SealRequest *seal = NULL;
        ReleaseRequest *release = NULL;
        const char *member = NULL;
        check_int(seal_request_parse(view_of_string(lines[i]), &one_fd, &seal, &member),
                  REQUEST_E_JSON);
        check_str(member, "request");
        check_int(release_request_parse(view_of_string(lines[i]), &three_fds, &release, &member),
                  REQUEST_E_JSON);
        check(!seal && !release);
    }
}

static const Test tests[] = {
    { "every member of seal arrives", test_every_member_of_seal_arrives },
    { "members of seal are checked one by one", test_members_of_seal_are_checked_one_by_one },
    { "a release key is P-256 and public", test_a_release_key_is_p256_and_public },
    { "a secret comes by one descriptor", test_a_secret_comes_by_one_descriptor },
    { "every member of release arrives", test_every_member_of_release_arrives },
    { "members of release are checked one by one", test_members_of_release_are_checked_one_by_one },
    { "a gate is approved once", test_a_gate_is_approved_once },
    { "a batch is bounded", test_a_batch_is_bounded },
    { "what is no object is refused", test_what_is_no_object_is_refused },
};

TEST_MAIN(tests)
