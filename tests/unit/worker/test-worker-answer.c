/* SPDX-License-Identifier: Apache-2.0 */
#include "format/worker-answer.h"

#include "testing.h"

#include <errno.h>

/* One more than ANSWER_FDS_MAX. */
#define MANY_NAMES                                                                                 \
    "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\",\"k\",\"l\",\"m\",\"n\",\"o\","  \
    "\"p\",\"q\",\"r\"]"

static char *copy(const char *text)
{
    char *duplicate = strdup(text);

    check(duplicate);
    return duplicate;
}

static void add_token(WorkerAnswer *answer)
{
    answer->token = calloc(1, sizeof(*answer->token));
    check(answer->token);
    *answer->token = (AnswerToken){
        .jti = copy("t-1"),
        .issuer = copy("lab"),
        .kid = copy(""),
        .alg = copy("ES256"),
        .issued_sec = 1795327500,
        .expires_sec = 1795328400,
        .life_usec = 900000000,
        .expires_boottime_usec = 905000000,
        .claims =
            json_pack("{sb si s[ss] s[iii] ss}", "cpu.debug", 0, "cpu.vmpl", 0, "cpu.products",
                      "Milan", "Genoa", "vtpm.replayed", 0, 7, 14, "vtpm_root", "host"),
    };
    check(answer->token->claims);
}

#define TPM_NAME                                                                                   \
    "000b"                                                                                         \
    "7c1e0f7c1e0f7c1e0f7c1e0f7c1e0f7c1e0f7c1e0f7c1e0f7c1e0f7c1e0f7c1e"

static WorkerAnswer good_round(void)
{
    WorkerAnswer answer = WORKER_ANSWER_INIT;

    answer.result = ANSWER_OK;
    answer.timings_usec[TIMING_CHALLENGE] = 1200;
    answer.timings_usec[TIMING_TOTAL] = 0;
    answer.evidence_kinds[answer.n_evidence_kinds++] = copy("cpu");
    answer.evidence_kinds[answer.n_evidence_kinds++] = copy("vtpm");
    answer.verifier_url = copy("https://[::1]:8443");
    answer.has_clock_skew = true;
    answer.clock_skew_sec = -3;
    answer.has_tpm_clock = true;
    answer.tpm_clock = (AnswerTpmClock){ 86400000, 4, 1 };
    answer.tpm_key = (AnswerTpmKey){ .name = TPM_NAME, .is_forgotten = true };
    answer.simulated = true;
    answer.fd_names[answer.n_fds++] = copy("token");
    add_token(&answer);
    return answer;
}

static WorkerAnswer approved_round(void)
{
    WorkerAnswer answer = good_round();

    answer.fd_names[answer.n_fds++] = copy("approval-db");
    answer.fd_names[answer.n_fds++] = copy("approval-web");
    answer.approvals[answer.n_approvals++] =
        (AnswerApproval){ .gate = copy("db"), .expires_boottime_usec = 605000000 };
    answer.approvals[answer.n_approvals++] = (AnswerApproval){ .gate = copy("web"),
                                                               .kind = GATE_KIND_REWRAP,
                                                               .expires_boottime_usec = 65000000,
                                                               .once = true };
    return answer;
}

static WorkerAnswer good_collect(void)
{
    static const uint8_t report[] = { 1, 2, 3 };
    WorkerAnswer answer = WORKER_ANSWER_INIT;

    answer.result = ANSWER_OK;
    answer.source = copy("sev-guest");
    answer.cpu.provider = copy("sev_guest");
    check(bytes_copy(VIEW_OF_ARRAY(report), &answer.cpu.outblob) == 0);
    answer.fd_names[answer.n_fds++] = copy("eventlog");
    return answer;
}

static WorkerAnswer good_seal(void)
{
    WorkerAnswer answer = WORKER_ANSWER_INIT;

    answer.result = ANSWER_OK;
    answer.secret_name = copy("db-password");
    answer.secret_version = 3;
    return answer;
}

static WorkerAnswer good_release(void)
{
    WorkerAnswer answer = WORKER_ANSWER_INIT;

    answer.result = ANSWER_OK;
    answer.timings_usec[TIMING_UNSEAL] = 12000;
    answer.released = calloc(2, sizeof(*answer.released));
    check(answer.released);
    answer.n_released = 2;
    answer.released[0].ok = true;
    answer.released[0].on_loss = ON_LOSS_STOP_UNITS;
    answer.released[0].gate = copy("db");
    answer.released[0].version = 3;
    memset(answer.released[0].header_sha256, 0xab, ANSWER_HEADER_SHA256_SIZE);
    answer.released[1].finding = copy("secret-asker-refused");
    return answer;
}

static WorkerAnswer bad(AnswerResult result, size_t n_findings)
{
    WorkerAnswer answer = WORKER_ANSWER_INIT;
    char text[FINDING_TEXT_MAX + 1];

    memset(text, 'f', sizeof(text));
    text[sizeof(text) - 1] = 0;
    for (size_t i = 0; i < n_findings; i++)
        check(findings_add(&answer.findings, i == 3 ? "verifier-refused" : "verifier-busy", "x",
                           i < 3 ? FINDING_WARNING : FINDING_FAILURE, text, text) == 0);
    check(worker_answer_decide(&answer, result) == 0);
    return answer;
}

static void round_trip(const WorkerAnswer *answer, WorkerAnswer *ret)
{
    _cleanup_free_ char *line = NULL;

    check_int(worker_answer_encode(answer, &line), 0);
    check(strlen(line) <= ANSWER_SIZE_MAX && line[strlen(line) - 1] == '\n');
    check_int(worker_answer_decode(view_of_string(line), ret), WORKER_ANSWER_OK);

    /* What was read is written in the same bytes. */
    _cleanup_free_ char *again = NULL;
    check_int(worker_answer_encode(ret, &again), 0);
    check_str(again, line);
}

static void test_an_answer_of_a_round_survives_the_wire(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = good_round(), read = WORKER_ANSWER_INIT;

    round_trip(&answer, &read);
    check_int(read.result, ANSWER_OK);
    check(!read.error);
    check_int(read.timings_usec[TIMING_CHALLENGE], 1200);
    check_int(read.timings_usec[TIMING_TOTAL], 0);
    check(read.timings_usec[TIMING_QUOTE] == UINT64_MAX);
    check_int(read.n_evidence_kinds, 2);
    check_str(read.verifier_url, "https://[::1]:8443");
    check(read.has_clock_skew);
    check_int(read.clock_skew_sec, -3);
    check(read.has_tpm_clock);
    check_int(read.tpm_clock.clock_msec, 86400000);
    check_int(read.tpm_clock.reset_count, 4);
    check_int(read.tpm_clock.restart_count, 1);
    check_str(read.tpm_key.name, TPM_NAME);
    check(read.tpm_key.is_forgotten);
    check(read.simulated);
    check_str(read.token->jti, "t-1");
    check_int(read.token->expires_boottime_usec, 905000000);
    check(json_equal(read.token->claims, answer.token->claims));
    check_str(read.fd_names[0], "token");
}

static void test_approvals_survive_the_wire(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = approved_round(), read = WORKER_ANSWER_INIT;

    round_trip(&answer, &read);
    check_int(read.n_approvals, 2);
    check_str(read.approvals[0].gate, "db");
    check_int(read.approvals[0].expires_boottime_usec, 605000000);
    check_str(read.approvals[1].gate, "web");
    check(read.approvals[0].kind == GATE_KIND_VERIFIER && !read.approvals[0].once);
    check(read.approvals[1].kind == GATE_KIND_REWRAP && read.approvals[1].once);
    check_str(read.fd_names[2], "approval-web");
}

static void test_an_answer_of_collect_survives_the_wire(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = good_collect(), read = WORKER_ANSWER_INIT;

    round_trip(&answer, &read);
    check_str(read.source, "sev-guest");
    check_str(read.cpu.provider, "sev_guest");
    check_int(read.cpu.outblob.size, 3);
    check_int(read.cpu.auxblob.size, 0);
}

static void test_an_answer_of_seal_survives_the_wire(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = good_seal(), read = WORKER_ANSWER_INIT;

    round_trip(&answer, &read);
    check_str(read.secret_name, "db-password");
    check_int(read.secret_version, 3);
}

static void test_an_answer_of_release_survives_the_wire(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = good_release(), read = WORKER_ANSWER_INIT;

    round_trip(&answer, &read);
    check_int(read.timings_usec[TIMING_UNSEAL], 12000);
    check_int(read.n_released, 2);
    check(read.released[0].ok && !read.released[0].finding);
    check(view_equal(VIEW_OF_ARRAY(read.released[0].header_sha256),
                     VIEW_OF_ARRAY(answer.released[0].header_sha256)));
    check_int(read.released[0].on_loss, ON_LOSS_STOP_UNITS);
    check_str(read.released[0].gate, "db");
    check_int(read.released[0].version, 3);
    check(!read.released[1].ok);
    check_int(read.released[1].on_loss, ON_LOSS_KEEP);
    check_str(read.released[1].finding, "secret-asker-refused");
}

/* As many askers as a batch takes, each refused with a finding as long as can be. */
static void test_who_was_served_is_never_left_out(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT, read = WORKER_ANSWER_INIT;
    _cleanup_free_ char *line = NULL;
    char text[FINDING_TEXT_MAX + 1];

    memset(text, 'f', sizeof(text));
    text[FINDING_TEXT_MAX] = 0;
    answer.released = calloc(ANSWER_RELEASED_MAX, sizeof(*answer.released));
    check(answer.released);
    for (; answer.n_released < ANSWER_RELEASED_MAX; answer.n_released++) {
        answer.released[answer.n_released].finding = copy("secret-release-key-changed");
        check(findings_add(&answer.findings, "secret-release-key-changed", text, FINDING_WARNING,
                           text, NULL) == 0);
    }
    check_int(worker_answer_decide(&answer, ANSWER_FAILED), 0);
    check_int(worker_answer_encode(&answer, &line), 0);
    check_int(worker_answer_decode(view_of_string(line), &read), WORKER_ANSWER_OK);
    check_int(read.n_released, ANSWER_RELEASED_MAX);
    check(read.findings.n_items < ANSWER_RELEASED_MAX);
}

static void test_a_batch_that_was_served_whole_survives_the_wire(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = WORKER_ANSWER_INIT, read = WORKER_ANSWER_INIT;

    answer.result = ANSWER_OK;
    answer.released = calloc(ANSWER_RELEASED_MAX, sizeof(*answer.released));
    check(answer.released);
    for (; answer.n_released < ANSWER_RELEASED_MAX; answer.n_released++) {
        answer.released[answer.n_released].ok = true;
        answer.released[answer.n_released].on_loss = ON_LOSS_POWEROFF;
        answer.released[answer.n_released].header_sha256[31] = (uint8_t)answer.n_released;
    }
    round_trip(&answer, &read);
    check_int(read.n_released, ANSWER_RELEASED_MAX);
    for (size_t i = 0; i < read.n_released; i++)
        check_int(read.released[i].header_sha256[31], i);
}

static void test_a_refusal_survives_the_wire(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = bad(ANSWER_NO, 5), read = WORKER_ANSWER_INIT;

    round_trip(&answer, &read);
    check_int(read.result, ANSWER_NO);
    check_str(read.error, "verifier-refused");
    check_int(read.findings.n_items, 5);
}

static void test_no_failure_decides_as_ok(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = bad(ANSWER_FAILED, 2);

    check_int(answer.result, ANSWER_OK);
    check(!answer.error);
}

static void test_findings_give_way_to_the_size_and_the_deciding_one_stays(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = bad(ANSWER_FAILED, FINDINGS_MAX);
    _cleanup_worker_answer_ WorkerAnswer read = WORKER_ANSWER_INIT;
    _cleanup_free_ char *line = NULL;

    check_int(worker_answer_encode(&answer, &line), 0);
    check(strlen(line) <= ANSWER_SIZE_MAX);
    check_int(worker_answer_decode(view_of_string(line), &read), WORKER_ANSWER_OK);
    check(read.findings.n_items < FINDINGS_MAX && read.findings.n_items > 20);
    check_str(read.error, "verifier-refused");
    check(findings_has(&read.findings, "verifier-refused"));
}

static void test_what_cannot_be_made_to_fit_is_said(void)
{
    _cleanup_worker_answer_ WorkerAnswer answer = good_collect();
    _cleanup_free_ char *line = NULL;

    check(bytes_new(ANSWER_SIZE_MAX, &answer.cpu.auxblob) == 0);
    check_int(worker_answer_encode(&answer, &line), -EMSGSIZE);
    check(!line);
}

/* Decodes the good answer with one member set to VALUE (JSON text; "" removes it). */
static int decode_changed(WorkerAnswer answer, const char *parent, const char *name,
                          const char *value)
{
    _cleanup_worker_answer_ WorkerAnswer owned = answer, read = WORKER_ANSWER_INIT;
    _cleanup_free_ char *line = NULL;
    json_auto_t *json = NULL;

    check_int(worker_answer_encode(&owned, &line), 0);
    check_int(json_parse(view_of_string(line), ANSWER_SIZE_MAX, &json), JSON_OK);
    json_t *object = parent ? json_object_get(json, parent) : json;
    if (*value)
        check(json_object_set_new(object, name, json_loads(value, JSON_DECODE_ANY, NULL)) == 0);
    else
        check(json_object_del(object, name) == 0);
    _cleanup_free_ char *changed = json_text(json);
    int r = worker_answer_decode(view_of_string(changed), &read);
    if (r != WORKER_ANSWER_OK)
        check(!read.token && read.n_fds == 0 && read.result == ANSWER_FAILED);
    return r;
}

static void test_members_of_a_round_are_checked_one_by_one(void)
{
    static const struct {
        const char *parent, *name, *value;
    } cases[] = {
        { NULL, "result", "" },
        { NULL, "result", "\"yes\"" },
        { NULL, "result", "1" },
        { NULL, "findings", "" },
        { NULL, "findings", "{}" },
        { NULL, "findings", "[7]" },
        { NULL, "timings_usec", "" },
        { NULL, "timings_usec", "[]" },
        { "timings_usec", "lunch", "1" },
        { "timings_usec", "total", "-1" },
        { "timings_usec", "total", "1.5" },
        { NULL, "evidence_kinds", "\"cpu\"" },
        { NULL, "evidence_kinds", "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]" },
        { NULL, "evidence_kinds", "[\"a\\nb\"]" },
        { NULL, "verifier_url", "\"https://\\u001b\"" },
        { NULL, "verifier_url", "7" },
        { NULL, "retry_after_sec", "-1" },
        { NULL, "tpm_clock", "7" },
        { NULL, "tpm_clock", "{}" },
        { NULL, "tpm_clock", "{\"clock_msec\":-1,\"reset_count\":0,\"restart_count\":0}" },
        { NULL, "tpm_clock", "{\"clock_msec\":1,\"reset_count\":4294967296,\"restart_count\":0}" },
        { NULL, "tpm_clock", "{\"clock_msec\":1,\"reset_count\":1,\"restart_count\":1,\"x\":1}" },
        { NULL, "tpm_key", "7" },
        { NULL, "tpm_key", "{}" },
        { NULL, "tpm_key", "{\"name\":\"" TPM_NAME "\"}" },
        { NULL, "tpm_key", "{\"name\":\"" TPM_NAME "0\",\"is_forgotten\":false}" },
        { NULL, "tpm_key", "{\"name\":\"" TPM_NAME "XX\",\"is_forgotten\":false}" },
        { NULL, "tpm_key", "{\"name\":\"000b\",\"is_forgotten\":false}" },
        { NULL, "tpm_key", "{\"name\":\"" TPM_NAME TPM_NAME "\",\"is_forgotten\":false}" },
        { NULL, "tpm_key", "{\"name\":\"" TPM_NAME "\",\"is_forgotten\":false,\"x\":1}" },
        { NULL, "retry_after_sec", "86401" },
        { NULL, "clock_skew_sec", "\"1\"" },
        { NULL, "clock_skew_sec", "9223372036854775807" },
        { NULL, "simulated", "1" },
        { NULL, "fds", MANY_NAMES },
        { NULL, "fds", "{}" },
        { NULL, "surprise", "true" },
        { NULL, "error", "7" },
        { NULL, "token", "[]" },
        { "token", "jti", "" },
        { "token", "jti", "\"\\u00e9\"" },
        { "token", "issuer", "null" },
        { "token", "kid", "1" },
        { "token", "alg", "" },
        { "token", "text", "\"ey…\"" },
        { "token", "issued_sec", "-1" },
        { "token", "expires_sec", "\"1\"" },
        { "token", "life_usec", "9223372036854775807" },
        { "token", "expires_boottime_usec", "9223372036854775807" },
        { "token", "claims", "" },
        { "token", "claims", "{\"a\":null}" },
        { "token", "claims", "{\"a\":{\"b\":1}}" },
        { "token", "claims", "{\"a\":1.5}" },
        { "token", "claims", "{\"a\":[[]]}" },
        { "token", "claims", "{\"a\":[1,\"b\"]}" },
        { "token", "claims", "{\"a\":[\"b\",1]}" },
        { "token", "claims", "{\"a\":[1.5]}" },
        { "token", "claims", "{\"a\":[true]}" },
        { "token", "claims", "{\"a\":\"x\\ty\"}" },
        { "token", "claims", "{\"\":1}" },
        { "token", "claims", "{\"a b\":1}" },
        { NULL, "source", "\"a\\u0001\"" },
        { NULL, "cpu", "7" },
        { NULL, "cpu", "{\"provider\":\"sev_guest\"}" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        int r = decode_changed(good_round(), cases[i].parent, cases[i].name, cases[i].value);
        if (r != WORKER_ANSWER_E_MEMBER)
            (void)printf("  %s = %s\n", cases[i].name, cases[i].value);
        check_int(r, WORKER_ANSWER_E_MEMBER);
    }
}

#define KIND "\"kind\":\"verifier\""

static void test_members_of_an_approval_are_checked_one_by_one(void)
{
    static const char *const values[] = {
        "{}",
        "[7]",
        "[{\"gate\":\"db\"}]",
        "[{\"gate\":\"db\",\"expires_boottime_usec\":1}]",
        "[{\"gate\":\"db\",\"kind\":\"pcr\",\"expires_boottime_usec\":1}]",
        "[{\"gate\":\"db\",\"kind\":\"moon\",\"expires_boottime_usec\":1}]",
        "[{\"gate\":\"db\",\"kind\":1,\"expires_boottime_usec\":1}]",
        "[{\"gate\":\"db\"," KIND ",\"expires_boottime_usec\":1,\"once\":false}]",
        "[{\"gate\":\"db\"," KIND ",\"expires_boottime_usec\":1,\"once\":1}]",
        "[{" KIND ",\"expires_boottime_usec\":1}]",
        "[{\"gate\":\"DB\"," KIND ",\"expires_boottime_usec\":1}]",
        "[{\"gate\":\"../db\"," KIND ",\"expires_boottime_usec\":1}]",
        "[{\"gate\":7," KIND ",\"expires_boottime_usec\":1}]",
        "[{\"gate\":\"db\"," KIND ",\"expires_boottime_usec\":-1}]",
        "[{\"gate\":\"db\"," KIND ",\"expires_boottime_usec\":\"1\"}]",
        "[{\"gate\":\"db\"," KIND ",\"expires_boottime_usec\":9223372036854775807}]",
        "[{\"gate\":\"db\"," KIND ",\"expires_boottime_usec\":1,\"ticket\":\"AA\"}]",
        ("[{\"gate\":\"db\"," KIND ",\"expires_boottime_usec\":1},"
         "{\"gate\":\"db\"," KIND ",\"expires_boottime_usec\":2}]"),
    };
    json_auto_t *many = json_array();
    char name[16];

    for (size_t i = 0; i < ELEMENTSOF(values); i++) {
        int r = decode_changed(approved_round(), NULL, "approvals", values[i]);
        if (r != WORKER_ANSWER_E_MEMBER)
            (void)printf("  approvals = %s\n", values[i]);
        check_int(r, WORKER_ANSWER_E_MEMBER);
    }
    for (int i = 0; i <= ANSWER_APPROVALS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "g%d", i);
        check(json_array_append_new(many, json_pack("{ss ss si}", "gate", name, "kind", "verifier",
                                                    "expires_boottime_usec", 1)) == 0);
    }
    _cleanup_free_ char *text = json_text(many);
    check_int(decode_changed(approved_round(), NULL, "approvals", text), WORKER_ANSWER_E_MEMBER);
}

/* Each approval has its descriptor, each such descriptor its approval, and both have a token. */
static void test_approvals_and_descriptors_belong_together(void)
{
    static const char *const fds[] = {
        "[\"token\",\"approval-db\"]",
        "[\"token\",\"approval-db\",\"approval-db\"]",
        "[\"token\",\"approval-db\",\"approval-other\"]",
        "[\"token\",\"approval-db\",\"approval-web\",\"approval-other\"]",
        "[\"token\",\"approval-db\",\"approval-\"]",
        "[\"token\"]",
    };

    for (size_t i = 0; i < ELEMENTSOF(fds); i++)
        check_int(decode_changed(approved_round(), NULL, "fds", fds[i]), WORKER_ANSWER_E_STATE);
    check_int(decode_changed(approved_round(), NULL, "approvals", ""), WORKER_ANSWER_E_STATE);
    check_int(decode_changed(approved_round(), NULL, "approvals", "[]"), WORKER_ANSWER_E_STATE);
    check_int(decode_changed(approved_round(), NULL, "token", ""), WORKER_ANSWER_E_STATE);
    check_int(decode_changed(good_round(), NULL, "fds", "[\"token\",\"approval-db\"]"),
              WORKER_ANSWER_E_STATE);
}

#define DIGEST_TEXT "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define HEADER      "\"header_sha256\":\"" DIGEST_TEXT "\""
#define GIVEN       "\"ok\":true," HEADER

static void test_members_about_secrets_are_checked_one_by_one(void)
{
    static const struct {
        const char *name, *value;
    } cases[] = {
        { "secret", "[]" },
        { "secret", "{\"name\":\"a\"}" },
        { "secret", "{\"version\":1}" },
        { "secret", "{\"name\":\"a\",\"version\":0}" },
        { "secret", "{\"name\":\"a\",\"version\":9007199254740992}" },
        { "secret", "{\"name\":\"a\",\"version\":1,\"bytes\":\"x\"}" },
        { "secret", "{\"name\":\"a\\n\",\"version\":1}" },
        { "released", "{}" },
        { "released", "[]" },
        { "released", "[7]" },
        { "released", "[{" GIVEN "}]" },
        { "released", "[{\"index\":1," GIVEN "}]" },
        { "released", "[{\"index\":0," GIVEN "},{\"index\":0," GIVEN "}]" },
        { "released", "[{\"index\":0," HEADER "}]" },
        { "released", "[{\"index\":0,\"ok\":1," HEADER "}]" },
        { "released", "[{\"index\":0,\"ok\":true}]" },
        { "released", "[{\"index\":0,\"ok\":true,\"header_sha256\":7}]" },
        { "released", "[{\"index\":0,\"ok\":true,\"header_sha256\":\"\"}]" },
        { "released", "[{\"index\":0,\"ok\":true,\"header_sha256\":\"AAAA\"}]" },
        { "released", "[{\"index\":0,\"ok\":true,\"header_sha256\":\"" DIGEST_TEXT "AA\"}]" },
        { "released", "[{\"index\":0,\"ok\":false,\"finding\":\"a\"," HEADER "}]" },
        { "released", "[{\"index\":0,\"ok\":false}]" },
        { "released", "[{\"index\":0," GIVEN ",\"finding\":\"a\"}]" },
        { "released", "[{\"index\":0,\"ok\":false,\"finding\":\"a\\n\"}]" },
        { "released", "[{\"index\":0," GIVEN ",\"bytes\":\"x\"}]" },
        { "released", "[{\"index\":0," GIVEN ",\"on_loss\":\"keep\"}]" },
        { "released", "[{\"index\":0," GIVEN ",\"gate\":\"No Gate\"}]" },
        { "released", "[{\"index\":0," GIVEN ",\"gate\":1}]" },
        { "released", "[{\"index\":0," GIVEN ",\"version\":-1}]" },
        { "released", "[{\"index\":0,\"ok\":false,\"finding\":\"a\",\"gate\":\"db\"}]" },
        { "released", "[{\"index\":0,\"ok\":false,\"finding\":\"a\",\"version\":1}]" },
        { "released", "[{\"index\":0," GIVEN ",\"on_loss\":\"moon\"}]" },
        { "released", "[{\"index\":0," GIVEN ",\"on_loss\":null}]" },
        { "released", "[{\"index\":0,\"ok\":false,\"finding\":\"a\",\"on_loss\":\"poweroff\"}]" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        int r = decode_changed(good_seal(), NULL, cases[i].name, cases[i].value);
        if (r != WORKER_ANSWER_E_MEMBER)
            (void)printf("  %s = %s\n", cases[i].name, cases[i].value);
        check_int(r, WORKER_ANSWER_E_MEMBER);
    }
}

/* Nobody was served, and nothing stored, by a worker that failed. */
static void test_a_failure_serves_nobody(void)
{
    check_int(decode_changed(bad(ANSWER_FAILED, 5), NULL, "released", "[{\"index\":0," GIVEN "}]"),
              WORKER_ANSWER_E_STATE);
    check_int(decode_changed(bad(ANSWER_FAILED, 5), NULL, "released",
                             "[{\"index\":0,\"ok\":false,\"finding\":\"a\"}]"),
              WORKER_ANSWER_E_STATE);
    check_int(
        decode_changed(bad(ANSWER_FAILED, 5), NULL, "secret", "{\"name\":\"a\",\"version\":1}"),
        WORKER_ANSWER_E_STATE);
}

static void test_contradictions_are_refused(void)
{
    check_int(decode_changed(good_round(), NULL, "result", "\"no\""), WORKER_ANSWER_E_STATE);
    check_int(decode_changed(good_round(), NULL, "result", "\"failed\""), WORKER_ANSWER_E_STATE);
    check_int(decode_changed(good_round(), NULL, "error", "\"verifier-busy\""),
              WORKER_ANSWER_E_STATE);
    check_int(decode_changed(good_round(), NULL, "findings",
                             "[{\"name\":\"verifier-busy\",\"result\":\"failure\"}]"),
              WORKER_ANSWER_E_STATE);
    check_int(decode_changed(bad(ANSWER_NO, 5), NULL, "error", ""), WORKER_ANSWER_E_STATE);
    check_int(decode_changed(bad(ANSWER_NO, 5), NULL, "error", "\"other\""), WORKER_ANSWER_E_STATE);
    check_int(decode_changed(bad(ANSWER_FAILED, 5), NULL, "findings", "[]"), WORKER_ANSWER_E_STATE);
    check_int(decode_changed(bad(ANSWER_NO, 5), NULL, "result", "\"ok\""), WORKER_ANSWER_E_STATE);
}

static void test_what_is_no_object_is_refused(void)
{
    static const char *const lines[] = {
        "", "\n", "[]", "{", "{}{}", "\"ok\"", "{\"result\":\"ok\",\"result\":\"no\"}"
    };
    _cleanup_bytes_ Bytes large = { 0 };

    check(bytes_new(ANSWER_SIZE_MAX + 1, &large) == 0);
    memset(large.data, ' ', large.size);
    for (size_t i = 0; i <= ELEMENTSOF(lines); i++) {
        _cleanup_worker_answer_ WorkerAnswer read = WORKER_ANSWER_INIT;
        ByteView line = i < ELEMENTSOF(lines) ? view_of_string(lines[i]) : VIEW(large);
        check_int(worker_answer_decode(line, &read), WORKER_ANSWER_E_JSON);
    }
}

static const Test tests[] = {
    { "an answer of a round survives the wire", test_an_answer_of_a_round_survives_the_wire },
    { "an answer of collect survives the wire", test_an_answer_of_collect_survives_the_wire },
    { "an answer of seal survives the wire", test_an_answer_of_seal_survives_the_wire },
    { "an answer of release survives the wire", test_an_answer_of_release_survives_the_wire },
    { "who was served is never left out", test_who_was_served_is_never_left_out },
    { "a batch that was served whole survives the wire",
      test_a_batch_that_was_served_whole_survives_the_wire },
    { "a refusal survives the wire", test_a_refusal_survives_the_wire },
    { "no failure decides as ok", test_no_failure_decides_as_ok },
    { "findings give way to the size and the deciding one stays",
      test_findings_give_way_to_the_size_and_the_deciding_one_stays },
    { "what cannot be made to fit is said", test_what_cannot_be_made_to_fit_is_said },
    { "members of a round are checked one by one", test_members_of_a_round_are_checked_one_by_one },
    { "approvals survive the wire", test_approvals_survive_the_wire },
    { "members of an approval are checked one by one",
      test_members_of_an_approval_are_checked_one_by_one },
    { "approvals and descriptors belong together", test_approvals_and_descriptors_belong_together },
    { "members about secrets are checked one by one",
      test_members_about_secrets_are_checked_one_by_one },
    { "a failure serves nobody", test_a_failure_serves_nobody },
    { "contradictions are refused", test_contradictions_are_refused },
    { "what is no object is refused", test_what_is_no_object_is_refused },
};

TEST_MAIN(tests)
