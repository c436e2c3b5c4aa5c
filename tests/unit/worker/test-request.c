/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/request.h"

#include "format/evidence-claims.h"
#include "round-changes.h"

#include <errno.h>

static void check_refused(const char *path, const char *value, int reason)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;
    json_auto_t *json = sample_round();
    const char *member = NULL;

    change(json, path, value);
    int r = parse_round(json, &no_fds, &request, &member);
    if (r != reason || !member || strcmp(member, path) != 0)
        (void)printf("  %s = %s: %s at %s\n", path, value, request_reason(r),
                     member ? member : "nowhere");
    check_int(r, reason);
    check_str(member, path);
    check(!request);
}

static void test_every_member_arrives(void)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;
    json_auto_t *json = sample_round();

    check_int(parse_round(json, &no_fds, &request, NULL), REQUEST_OK);
    check_int(request->purpose, PURPOSE_ROUND);
    check_str(request->evidence.source, "auto");
    check_int(request->evidence.pcrs, 1 | 1 << 7 | 1 << 23);
    check(request->evidence.event_log && !request->evidence.userspace_log);
    check(request->evidence.preflight_enforce);
    check(request->has_verifier);
    const VerifierSettings *verifier = &request->verifier;
    check_int(verifier->n_urls, 2);
    check_str(verifier->urls[1], "https://[::1]:8443/v/");
    check_int(verifier->n_pins, 1);
    check_str(verifier->proxy, "");
    check_int(verifier->n_require, 1);
    check_str(verifier->require[0].pointer, "/submods/cpu/facts/debug");
    check_int(verifier->timeout_sec, 30);
    check(!verifier->accept_simulated && verifier->accept_host_tpm);
    check_int(verifier->n_simulated_roots, 1);
    check_int(verifier->simulated_roots[0][47], 0x0f);
    check_str(request->collect_socket, "/run/attestd/collect.sock");
    check_int(request->client_key_fd, -EBADF);
}

static void test_what_is_optional_may_be_absent(void)
{
    static const char *const paths[] = {
        "evidence.event_log",
        "evidence.userspace_log",
        "verifier.ca_pem",
        "verifier.pins",
        "verifier.proxy",
        "verifier.require",
        "verifier.simulated_roots",
        "gates",
        "fds",
    };
    _cleanup_(round_request_freep) RoundRequest *request = NULL;
    json_auto_t *json = sample_round();

    for (size_t i = 0; i < ELEMENTSOF(paths); i++)
        change(json, paths[i], "");
    check_int(parse_round(json, &no_fds, &request, NULL), REQUEST_OK);
    check(!request->verifier.ca_pem && !request->evidence.event_log);
    check_str(request->verifier.proxy, "");
}

static void test_what_is_wanted_must_be_there(void)
{
    static const char *const paths[] = {
        "verb",
        "purpose",
        "evidence",
        "verifier",
        "collect_socket",
        "lock_directory",
        "evidence.source",
        "evidence.device",
        "evidence.configfs_directory",
        "evidence.tcti",
        "evidence.attestation_key",
        "evidence.pcr_bank",
        "evidence.pcrs",
        "evidence.preflight",
        "verifier.name",
        "verifier.protocol",
        "verifier.urls",
        "verifier.verifier_id",
        "verifier.issuer",
        "verifier.audience",
        "verifier.token_keys",
        "verifier.algorithms",
        "verifier.timeout_sec",
        "verifier.leeway_sec",
        "verifier.accept_simulated",
        "verifier.accept_host_tpm",
    };

    for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
        check_refused(paths[i], "", REQUEST_E_MEMBER);
        check_refused(paths[i], "null", REQUEST_E_MEMBER);
    }
}

static void test_values_out_of_range_are_refused_by_name(void)
{
    static const struct {
        const char *path, *value;
    } cases[] = {
        { "verb", "\"collect\"" },
        { "purpose", "\"seal\"" },
        { "nonce", "\"AAAAAAAAAAA\"" }, /* a round's nonce is the verifier's */
        { "gates", "[\"db\"]" },
        { "gates", "\"db\"" },
        { "gates", "{}" },
        { "collect_socket", "\"relative\"" },
        { "collect_socket", "\"@abstract\"" },
        { "lock_directory", "\"\"" },
        { "evidence.source", "\"tdx\"" },
        { "evidence.device", "\"dev/sev-guest\"" },
        { "evidence.tcti", "\"\"" },
        { "evidence.tcti", "\"a\\nb\"" },
        { "evidence.pcr_bank", "\"sha1\"" },
        { "evidence.pcrs", "[]" },
        { "evidence.pcrs", "[24]" },
        { "evidence.pcrs", "[-1]" },
        { "evidence.pcrs", "[0,0]" },
        { "evidence.pcrs", "[1.0]" },
        { "evidence.pcrs", "{\"0\":1}" },
        { "evidence.event_log", "\"log\"" },
        { "evidence.event_log", "7" },
        { "evidence.preflight", "\"off\"" },
        { "evidence.azure_report_index", "20971521" },
        { "evidence.azure_report_index", "\"0x81000003\"" },
        { "evidence.azure_user_data_index", "\"0x0140000\"" },
        { "evidence.azure_certificate_index", "\"0x01400g02\"" },
        { "verifier.urls", "[]" },
        { "verifier.urls", "[\"http://a\"]" },
        { "verifier.urls", "[\"https://a b\"]" },
        { "verifier.urls", "[\"https://a\",7]" },
        { "verifier.urls", "\"https://a\"" },
        { "verifier.pins", "[\"/etc/passwd\"]" },
        { "verifier.pins", "[\"sha256//short\"]" },
        { "verifier.pins", "[\"sha256//AAAAAAAAAAAAAAAAAAAA;sha256//BBBBBBBBBBBBBBB=\"]" },
        { "verifier.token_keys", "[]" },
        { "verifier.algorithms", "[]" },
        { "verifier.timeout_sec", "0" },
        { "verifier.timeout_sec", "301" },
        { "verifier.timeout_sec", "-1" },
        { "verifier.timeout_sec", "3.5" },
        { "verifier.leeway_sec", "301" },
        { "verifier.accept_simulated", "\"yes\"" },
        { "verifier.simulated_roots", "[\"00\"]" },
        { "verifier.simulated_roots", "[\"zz\"]" },
        { "verifier.require", "[{\"pointer\":\"/a\",\"operator\":\"=\"}]" },
        { "verifier.require", "[{\"pointer\":\"a\",\"operator\":\"=\",\"value\":1}]" },
        { "verifier.require", "[{\"pointer\":\"/a\",\"operator\":\"~\",\"value\":1}]" },
        { "verifier.require", "[[]]" },
        { "verifier.require", "{}" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        check_refused(cases[i].path, cases[i].value, REQUEST_E_MEMBER);
}

static void check_unknown(const char *path, const char *where)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;
    json_auto_t *json = sample_round();
    const char *member = NULL;

    change(json, path, "true");
    check_int(parse_round(json, &no_fds, &request, &member), REQUEST_E_UNKNOWN);
    check_str(member, where);
}

static void test_unknown_members_are_refused(void)
{
    check_unknown("policy", "request");
    check_unknown("report_data", "request");
    check_unknown("evidence.path", "evidence");
    check_unknown("verifier.insecure", "verifier");
}

static void test_lists_are_bounded(void)
{
    json_auto_t *urls = json_array();

    for (int i = 0; i <= REQUEST_LIST_MAX; i++)
        check(json_array_append_new(urls, json_string("https://a")) == 0);
    _cleanup_free_ char *text = json_text(urls);
    check_refused("verifier.urls", text, REQUEST_E_MEMBER);
}

static void check_is_no_object(const char *text)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;
    _cleanup_(collect_request_freep) CollectRequest *collect = NULL;
    const char *member = NULL;

    check_int(round_request_parse(view_of_string(text), &no_fds, &request, &member),
              REQUEST_E_JSON);
    check_str(member, "request");
    check_int(collect_request_parse(view_of_string(text), &no_fds, &collect, NULL), REQUEST_E_JSON);
}

static void test_what_is_no_object_is_refused(void)
{
    _cleanup_bytes_ Bytes large = { 0 }, deep = { 0 };

    check_is_no_object("");
    check_is_no_object("[]");
    check_is_no_object("{");
    check_is_no_object("{\"verb\":\"round\",\"verb\":\"round\"}");
    check(bytes_new(REQUEST_SIZE_MAX + 1, &large) == 0 && bytes_new(1000, &deep) == 0);
    memset(large.data, ' ', large.size);
    memset(deep.data, '[', deep.size);
    check_is_no_object((const char *)large.data);
    check_is_no_object((const char *)deep.data);
}

static int parse_with_fds(const char *names, size_t n_fds, RoundRequest **ret)
{
    json_auto_t *json = sample_round();
    FdList given = { .fds = { 100, 101, 102, 103 }, .n_fds = n_fds };

    change(json, "fds", names);
    return parse_round(json, &given, ret, NULL);
}

static void test_descriptors_are_told_apart_by_their_names(void)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;

    check_int(parse_with_fds("[\"api-key\",\"client-certificate\",\"client-key\"]", 3, &request),
              REQUEST_OK);
    check_int(request->api_key_fd, 100);
    check_int(request->client_certificate_fd, 101);
    check_int(request->client_key_fd, 102);
}

static void test_the_owners_authorisation_comes_last(void)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL, *none = NULL;

    check_int(parse_with_fds("[\"api-key\",\"owner-authorization\"]", 2, &request), REQUEST_OK);
    check_int(request->api_key_fd, 100);
    check(request->evidence.owner.is_given && request->evidence.owner.fd == 101);
    check_int(parse_with_fds("[\"owner-authorization\",\"api-key\"]", 2, &none), REQUEST_E_MEMBER);
}

static void test_descriptors_that_do_not_match_are_refused(void)
{
    static const struct {
        const char *names;
        size_t n_fds;
        int reason;
    } cases[] = {
        { "[]", 1, REQUEST_E_DESCRIPTORS },
        { "[\"api-key\"]", 0, REQUEST_E_DESCRIPTORS },
        { "[\"api-key\",\"api-key\"]", 2, REQUEST_E_DESCRIPTORS },
        { "[\"token\"]", 1, REQUEST_E_MEMBER },
        { "[7]", 1, REQUEST_E_MEMBER },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_(round_request_freep) RoundRequest *request = NULL;
        check_int(parse_with_fds(cases[i].names, cases[i].n_fds, &request), cases[i].reason);
    }
}

static int parse_for_caller(const char *nonce, bool with_verifier, RoundRequest **ret)
{
    json_auto_t *json = sample_round();

    change(json, "purpose", "\"caller\"");
    change(json, "nonce", nonce);
    if (!with_verifier)
        change(json, "verifier", "");
    return parse_round(json, &no_fds, ret, NULL);
}

static void test_a_caller_brings_a_nonce_and_may_leave_the_verifier_out(void)
{
    _cleanup_(round_request_freep) RoundRequest *with = NULL, *without = NULL;

    check_int(parse_for_caller("\"AAAAAAAAAAE\"", true, &with), REQUEST_OK);
    check_int(with->purpose, PURPOSE_CALLER);
    check_int(with->nonce.size, 8);
    check(with->has_verifier);
    check_int(parse_for_caller("\"AAAAAAAAAAE\"", false, &without), REQUEST_OK);
    check(!without->has_verifier);
}

static void check_nonce_is_refused(const char *nonce)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;

    check_int(parse_for_caller(nonce, true, &request), REQUEST_E_MEMBER);
}

static void test_nonces_of_a_caller_have_8_to_64_bytes(void)
{
    char text[96];

    check_nonce_is_refused("7");
    check_nonce_is_refused("\"\"");
    check_nonce_is_refused("\"AAAAAAAAAA\"");
    check_nonce_is_refused("\"AAAAAAAAAAE=\"");
    check_nonce_is_refused("\"AAAAAAAAAAF\"");
    memset(text, 'A', sizeof(text));
    text[0] = text[88] = '"'; /* 87 characters: 65 bytes */
    text[89] = 0;
    check_nonce_is_refused(text);
}

static int parse_collect(const char *path, const char *value, size_t n_fds, CollectRequest **ret,
                         const char **member)
{
    json_auto_t *json = sample_collect();
    FdList given = { .fds = { 100 }, .n_fds = n_fds };

    if (path)
        change(json, path, value);
    _cleanup_free_ char *text = json_text(json);
    return collect_request_parse(view_of_string(text), &given, ret, member);
}

static void test_a_collect_request_arrives(void)
{
    _cleanup_(collect_request_freep) CollectRequest *request = NULL;

    check_int(parse_collect(NULL, NULL, 0, &request, NULL), REQUEST_OK);
    check(view_equal(VIEW(request->claims), view_of_string(SAMPLE_CLAIMS)));
    check_str(request->evidence.device, "/dev/sev-guest");
}

static void test_collect_requests_are_as_strict(void)
{
    static const struct {
        const char *path, *value;
        size_t n_fds;
        int reason;
    } cases[] = {
        { "verb", "\"round\"", 0, REQUEST_E_MEMBER },
        { "claims", "\"\"", 0, REQUEST_E_MEMBER },
        { "claims", "\"AAAA=\"", 0, REQUEST_E_MEMBER },
        { "claims", "{}", 0, REQUEST_E_MEMBER },
        { "claims", "", 0, REQUEST_E_MEMBER },
        { "report_data", "\"AAAA\"", 0, REQUEST_E_UNKNOWN },
        { "lock_directory", "\"/tmp\"", 0, REQUEST_E_UNKNOWN },
        { "verifier", "{}", 0, REQUEST_E_UNKNOWN },
        { "fds", "[]", 0, REQUEST_E_UNKNOWN },
        { "evidence", "[]", 0, REQUEST_E_MEMBER },
        { "evidence.source", "1", 0, REQUEST_E_MEMBER },
        { "verb", "\"collect\"", 1, REQUEST_E_DESCRIPTORS },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_(collect_request_freep) CollectRequest *request = NULL;
        const char *member = NULL;
        int r = parse_collect(cases[i].path, cases[i].value, cases[i].n_fds, &request, &member);
        check_int(r, cases[i].reason);
        check(member && !request);
    }
}

static void check_claims_of(size_t size, int reason)
{
    _cleanup_(collect_request_freep) CollectRequest *request = NULL;
    json_auto_t *json = sample_collect();
    _cleanup_bytes_ Bytes claims = { 0 };
    const char *member = NULL;

    check(bytes_new(size, &claims) == 0);
    check(json_set_base64url(json, "claims", VIEW(claims)) == 0);
    _cleanup_free_ char *text = json_text(json);
    check_int(collect_request_parse(view_of_string(text), &no_fds, &request, &member), reason);
    if (reason != REQUEST_OK)
        check_str(member, "claims");
}

static void test_claims_beyond_the_limit_are_refused(void)
{
    check_claims_of(CLAIMS_SIZE_MAX, REQUEST_OK);
    check_claims_of(CLAIMS_SIZE_MAX + 1, REQUEST_E_MEMBER);
}

static const Test tests[] = {
    { "every member arrives", test_every_member_arrives },
    { "what is optional may be absent", test_what_is_optional_may_be_absent },
    { "what is wanted must be there", test_what_is_wanted_must_be_there },
    { "values out of range are refused by name", test_values_out_of_range_are_refused_by_name },
    { "unknown members are refused", test_unknown_members_are_refused },
    { "lists are bounded", test_lists_are_bounded },
    { "what is no object is refused", test_what_is_no_object_is_refused },
    { "descriptors are told apart by their names", test_descriptors_are_told_apart_by_their_names },
    { "the owner's authorisation comes last", test_the_owners_authorisation_comes_last },
    { "descriptors that do not match are refused", test_descriptors_that_do_not_match_are_refused },
    { "a caller brings a nonce and may leave the verifier out",
      test_a_caller_brings_a_nonce_and_may_leave_the_verifier_out },
    { "nonces of a caller have 8 to 64 bytes", test_nonces_of_a_caller_have_8_to_64_bytes },
    { "a collect request arrives", test_a_collect_request_arrives },
    { "collect requests are as strict", test_collect_requests_are_as_strict },
    { "claims beyond the limit are refused", test_claims_beyond_the_limit_are_refused },
};

TEST_MAIN(tests)
