/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/proof-endorse.h"

#include "../protocol/azure-sample.h"
#include "format/catalog.h"
#include "format/hcl-report.h"
#include "format/snp-report.h"
#include "plain-server.h"

#include <sys/stat.h>

#define SNP     "azure-snp/milan-v3-a/hcl_report.bin"
#define TDX     "azure-tdx/tdx-a/hcl_report.bin"
#define TCB_AT  (HCL_HARDWARE_OFFSET + SNP_OFFSET_REPORTED_TCB)
#define CHIP_AT (HCL_HARDWARE_OFFSET + SNP_OFFSET_CHIP_ID)

static PlainServer *server;
static char directory[] = "/tmp/proof-endorse.XXXXXX";

/* A round that has its report, and a metadata service that knows this chip. */
typedef struct Stage {
    RoundRequest request;
    WorkerAnswer answer;
    Proof proof;
    char url[64];
    char kept[128];
} Stage;

static void say_sample(void)
{
    json_auto_t *thim = sample_thim();
    _cleanup_free_ char *text = json_text(thim);

    plain_server_say(server, 200, "", text);
}

static void stage_set(Stage *stage, const char *vector)
{
    *stage = (Stage){ .answer = WORKER_ANSWER_INIT };
    (void)snprintf(stage->url, sizeof(stage->url), "http://127.0.0.1:%u/", server->port);
    (void)snprintf(stage->kept, sizeof(stage->kept), "%s/%s", directory, THIM_CACHE_FILE);
    stage->request.lock_directory = directory;
    stage->request.evidence.metadata_url = stage->url;
    stage->request.evidence.preflight_enforce = true;
    stage->proof = (Proof){ .request = &stage->request, .answer = &stage->answer };
    stage->proof.evidence.hcl = test_vector(vector);
    server->n_requests = 0;
}

static void stage_strike(Stage *stage)
{
    (void)unlink(stage->kept);
    proof_done(&stage->proof);
    worker_answer_done(&stage->answer);
}
#define _cleanup_stage_ _cleanup_(stage_strike)

/* The next round of the same machine. */
static int again(Stage *stage)
{
    EvidenceEndorsements *endorsements = &stage->proof.evidence.endorsements;

    bytes_done(&endorsements->vcek);
    bytes_done(&endorsements->ask);
    bytes_done(&endorsements->ark);
    findings_done(&stage->answer.findings);
    return proof_endorse(&stage->proof);
}

static void check_endorsed(const Stage *stage)
{
    const EvidenceEndorsements *found = &stage->proof.evidence.endorsements;
    _cleanup_bytes_ Bytes vcek = test_vector("azure-snp/milan-v3-a/vcek.der");
    _cleanup_bytes_ Bytes ask = test_vector("amd-roots/milan/ask.der");
    _cleanup_bytes_ Bytes ark = test_vector("amd-roots/milan/ark.der");

    check(view_equal(VIEW(found->vcek), VIEW(vcek)));
    check(view_equal(VIEW(found->ask), VIEW(ask)));
    check(view_equal(VIEW(found->ark), VIEW(ark)));
}

static void check_failed(Stage *stage, int r, const char *name)
{
    check_int(r, PROOF_E_FAILED);
    const Finding *failure = findings_first_failure(&stage->answer.findings);
    check(failure);
    check_str(failure->name, name);
    check(catalog_find(name));
    check(stage->proof.evidence.endorsements.vcek.size == 0);
}

static void test_certificates_are_asked_for_once(void)
{
    _cleanup_stage_ Stage stage;
    struct stat st;

    say_sample();
    stage_set(&stage, SNP);
    check_int(proof_endorse(&stage.proof), PROOF_OK);
    check_endorsed(&stage);
    check_int(server->n_requests, 1);
    check(strncmp(server->request, "GET /metadata/THIM/amd/certification HTTP/1.1\r\n", 47) == 0);
    check(strstr(server->request, "\r\nMetadata: true\r\n"));
    check(stat(stage.kept, &st) == 0);
    check_int(st.st_mode & 0777, 0600);

    check_int(again(&stage), PROOF_OK);
    check_endorsed(&stage);
    check_int(server->n_requests, 1);
    check_int(stage.answer.findings.n_items, 0);
}

static void test_a_proxy_is_never_asked(void)
{
    _cleanup_stage_ Stage stage;

    say_sample();
    stage_set(&stage, SNP);
    check(setenv("http_proxy", "http://127.0.0.1:1", 1) == 0);
    check(setenv("ALL_PROXY", "http://127.0.0.1:1", 1) == 0);
    int r = proof_endorse(&stage.proof);
    check(unsetenv("http_proxy") == 0 && unsetenv("ALL_PROXY") == 0);
    check_int(r, PROOF_OK);
    check_int(server->n_requests, 1);
}

static void test_a_report_of_another_tcb_or_chip_asks_again(void)
{
    _cleanup_stage_ Stage stage;

    say_sample();
    stage_set(&stage, SNP);
    check_int(proof_endorse(&stage.proof), PROOF_OK);
    stage.proof.evidence.hcl.data[TCB_AT + 7]--;
    check_failed(&stage, again(&stage), "thim-tcb-mismatch");
    check_int(server->n_requests, 2);
    const Finding *failure = findings_first_failure(&stage.answer.findings);
    check_str(failure->found, "db18000000000004");
    check_str(failure->wanted, "da18000000000004");
    stage.proof.evidence.hcl.data[TCB_AT + 7]++;
    stage.proof.evidence.hcl.data[CHIP_AT]++;
    check_failed(&stage, again(&stage), "thim-chip-mismatch");
    check_int(server->n_requests, 3);
    stage.proof.evidence.hcl.data[CHIP_AT]--;
    check_int(again(&stage), PROOF_OK);
    check_int(server->n_requests, 3);
}

static void test_a_masked_chip_is_not_compared(void)
{
    _cleanup_stage_ Stage stage;

    say_sample();
    stage_set(&stage, SNP);
    memset(stage.proof.evidence.hcl.data + CHIP_AT, 0, 64);
    check_int(proof_endorse(&stage.proof), PROOF_OK);
}

static void test_tcbm_and_certificate_must_agree(void)
{
    _cleanup_stage_ Stage stage;
    json_auto_t *thim = sample_thim();

    stage_set(&stage, SNP);
    stage.proof.evidence.hcl.data[TCB_AT + 7]--;
    check(json_object_set_new(thim, "tcbm", json_string("DA18000000000004")) == 0);
    _cleanup_free_ char *text = json_text(thim);
    plain_server_say(server, 200, "", text);
    check_failed(&stage, proof_endorse(&stage.proof), "thim-tcb-mismatch");
}

static void test_what_is_old_is_better_than_nothing(void)
{
    _cleanup_stage_ Stage stage;
    json_auto_t *thim = sample_thim();

    stage_set(&stage, SNP);
    check(json_object_set_new(thim, "cacheControl", json_string("0")) == 0);
    _cleanup_free_ char *text = json_text(thim);
    plain_server_say(server, 200, "", text);
    check_int(proof_endorse(&stage.proof), PROOF_OK);
    check_int(again(&stage), PROOF_OK);
    check_int(server->n_requests, 2);

    plain_server_say(server, 503, "Retry-After: 7\r\n", "");
    check_int(again(&stage), PROOF_OK);
    check_endorsed(&stage);
    check_int(stage.answer.findings.n_items, 1);
    check_str(stage.answer.findings.items[0].name, "metadata-refused");
    check_int(stage.answer.findings.items[0].result, FINDING_WARNING);
}

static void test_a_damaged_file_is_passed_over_and_replaced(void)
{
    static const char *const contents[] = { "", "{}", "nonsense" };

    for (size_t i = 0; i < ELEMENTSOF(contents); i++) {
        _cleanup_stage_ Stage stage;
        say_sample();
        stage_set(&stage, SNP);
        check(file_write_atomic(stage.kept, view_of_string(contents[i]), 0600) == 0);
        check_int(proof_endorse(&stage.proof), PROOF_OK);
        check_endorsed(&stage);
        check_int(server->n_requests, 1);
        check_int(again(&stage), PROOF_OK);
        check_int(server->n_requests, 1);
    }
}

/* Of the right chip and TCB, by another's authority: what judges the chain is not here. */
static void test_what_is_distrusted_is_asked_for_anew(void)
{
    static const char *const other[] = { "amd-roots/genoa/ask.der", "amd-roots/genoa/ark.der",
                                         NULL };
    _cleanup_bytes_ Bytes chain = sample_pem_of(other);
    json_auto_t *thim = sample_thim();
    _cleanup_stage_ Stage stage;

    stage_set(&stage, SNP);
    check(json_object_set_new(thim, "certificateChain", json_string((char *)chain.data)) == 0);
    _cleanup_free_ char *text = json_text(thim);
    plain_server_say(server, 200, "", text);
    check_int(proof_endorse(&stage.proof), PROOF_OK);
    check_int(proof_endorse_distrust(&stage.proof), 0);
    say_sample();
    check_int(again(&stage), PROOF_OK);
    check_int(server->n_requests, 2);
    check_endorsed(&stage);
}

static void check_answer_fails(unsigned status, const char *headers, const char *body,
                               const char *name)
{
    _cleanup_stage_ Stage stage, mild;

    plain_server_say(server, status, headers, body);
    stage_set(&stage, SNP);
    check_failed(&stage, proof_endorse(&stage.proof), name);
    check(access(stage.kept, F_OK) < 0);

    stage_set(&mild, SNP);
    mild.request.evidence.preflight_enforce = false;
    check_int(proof_endorse(&mild.proof), PROOF_OK);
    check(findings_has(&mild.answer.findings, name));
    check(!findings_first_failure(&mild.answer.findings));
}

static void test_each_defect_of_the_service_has_its_name(void)
{
    static char huge[100 * 1024];
    static const unsigned statuses[] = { 400, 404, 410, 429, 500, 503 };

    for (size_t i = 0; i < ELEMENTSOF(statuses); i++)
        check_answer_fails(statuses[i], "", "{\"error\":\"x\"}", "metadata-refused");
    check_answer_fails(302, "Location: http://127.0.0.1:1/\r\n", "", "metadata-answer-unusable");
    memset(huge, ' ', sizeof(huge) - 1);
    check_answer_fails(200, "", huge, "metadata-answer-unusable");
    check_answer_fails(200, "", "", "thim-answer-malformed");
    check_answer_fails(200, "", "<html>", "thim-answer-malformed");
    check_answer_fails(200, "", "{\"vcekCert\":\"\"}", "thim-answer-malformed");
}

static void test_a_wait_that_was_asked_for_is_passed_on(void)
{
    _cleanup_stage_ Stage stage;

    plain_server_say(server, 429, "Retry-After: 7\r\n", "");
    stage_set(&stage, SNP);
    check_failed(&stage, proof_endorse(&stage.proof), "metadata-refused");
    check_int(stage.answer.retry_after_sec, 7);
}

static void test_a_service_that_is_not_there_is_named(void)
{
    static const char *const urls[] = { "http://127.0.0.1:1", "http://192.0.2.1", "https://x" };

    for (size_t i = 0; i < ELEMENTSOF(urls); i++) {
        _cleanup_stage_ Stage stage;
        stage_set(&stage, SNP);
        stage.request.evidence.metadata_url = urls[i];
        check_failed(&stage, proof_endorse(&stage.proof), "metadata-unreachable");
    }
}

/* BODY is what the quoting service says; NAME: the failure, NULL: none. */
static void check_quote(unsigned status, const char *body, const char *name)
{
    _cleanup_stage_ Stage stage;

    plain_server_say(server, status, "", body);
    stage_set(&stage, TDX);
    int r = proof_endorse(&stage.proof);
    check_int(server->n_requests, 1);
    if (name) {
        check_failed(&stage, r, name);
        check_int(stage.proof.evidence.td_quote.size, 0);
        return;
    }
    check_int(r, PROOF_OK);
    static const uint8_t wanted[] = { 0xfb, 0xff, 0x01, 0x00 };
    check(view_equal(VIEW(stage.proof.evidence.td_quote), VIEW_OF_ARRAY(wanted)));
}

static void test_a_tdreport_is_quoted(void)
{
    static const char *const bodies[] = { "{\"quote\":\"-_8BAA\"}", "{\"quote\":\"+/8BAA==\"}",
                                          "{\"quote\":\"-_8BAA==\",\"more\":1}" };

    for (size_t i = 0; i < ELEMENTSOF(bodies); i++)
        check_quote(200, bodies[i], NULL);
    check(strncmp(server->request, "POST /acc/tdquote HTTP/1.1\r\n", 28) == 0);
    check(strstr(server->request, "\r\nMetadata: true\r\n"));
    check(strstr(server->request, "\r\nContent-Type: application/json\r\n"));
}

static void test_a_quote_that_does_not_come_is_named(void)
{
    check_quote(500, "", "metadata-refused");
    check_quote(200, "{}", "td-quote-answer-malformed");
    check_quote(200, "{\"quote\":7}", "td-quote-answer-malformed");
    check_quote(200, "{\"quote\":\"\"}", "td-quote-answer-malformed");
    check_quote(200, "{\"quote\":\"-_8BAA===\"}", "td-quote-answer-malformed");
    check_quote(200, "{\"quote\":\"a\"}", "td-quote-answer-malformed");
    check_quote(200, "", "td-quote-answer-malformed");
}

static void test_nobody_is_asked_for_nothing(void)
{
    _cleanup_stage_ Stage off, bare, broken;

    stage_set(&off, SNP);
    off.request.evidence.metadata_url = NULL;
    check_int(proof_endorse(&off.proof), PROOF_OK);
    stage_set(&bare, SNP);
    bytes_done(&bare.proof.evidence.hcl);
    check_int(proof_endorse(&bare.proof), PROOF_OK);
    stage_set(&broken, SNP);
    broken.proof.evidence.hcl.data[0] = 'X';
    check_int(proof_endorse(&broken.proof), PROOF_OK);
    check_int(server->n_requests, 0);
}

/* AMD's service: the VCEK under a product line, and Milan's chain. */
static void kds_say(const char *product, const char *vcek_vector)
{
    static const char *const chain_names[] = { "amd-roots/milan/ask.der", "amd-roots/milan/ark.der",
                                               NULL };
    _cleanup_bytes_ Bytes vcek = test_vector(vcek_vector), chain = sample_pem_of(chain_names);
    char path[32];

    (void)snprintf(path, sizeof(path), "/vcek/v1/%s/cert_chain", product);
    plain_server_route_to(server, 0, path, 200, VIEW(chain));
    (void)snprintf(path, sizeof(path), "/vcek/v1/%s/", product);
    plain_server_route_to(server, 1, path, 200, VIEW(vcek));
    plain_server_route_to(server, 2, "/vcek/v1/", 404, (ByteView){ 0 });
}

static void kds_forget(void)
{
    for (size_t i = 0; i < PLAIN_SERVER_ROUTES; i++)
        plain_server_route_to(server, i, "", 0, (ByteView){ 0 });
}

/* A machine that may ask AMD; IS_ALONE: and has no metadata service. */
static void stage_set_kds(Stage *stage, const char *vector, bool is_alone)
{
    stage_set(stage, vector);
    stage->url[strlen(stage->url) - 1] = 0; /* the slash */
    stage->request.evidence.kds_url = stage->url;
    if (is_alone)
        stage->request.evidence.metadata_url = NULL;
}

static void test_amd_is_asked_where_the_cloud_has_none(void)
{
    _cleanup_stage_ Stage stage, alone;

    kds_say("Milan", "azure-snp/milan-v3-a/vcek.der");
    plain_server_say(server, 404, "", "");
    stage_set_kds(&stage, SNP, false);
    check_int(proof_endorse(&stage.proof), PROOF_OK);
    check_endorsed(&stage);
    check_int(server->n_requests, 3);
    check_int(stage.answer.findings.n_items, 1);
    check_str(stage.answer.findings.items[0].name, "metadata-refused");
    check_int(stage.answer.findings.items[0].result, FINDING_WARNING);
    /* It is kept as the cloud's own answer would be. */
    check_int(again(&stage), PROOF_OK);
    check_endorsed(&stage);
    check_int(server->n_requests, 3);

    stage_set_kds(&alone, SNP, true);
    (void)unlink(alone.kept);
    check_int(proof_endorse(&alone.proof), PROOF_OK);
    check_endorsed(&alone);
    check_int(server->n_requests, 2);
    check_int(alone.answer.findings.n_items, 0);
    kds_forget();
}

static void test_amd_is_not_asked_where_the_cloud_answers(void)
{
    _cleanup_stage_ Stage stage;

    kds_say("Milan", "azure-snp/milan-v3-a/vcek.der");
    say_sample();
    stage_set_kds(&stage, SNP, false);
    check_int(proof_endorse(&stage.proof), PROOF_OK);
    check_int(server->n_requests, 1);
    kds_forget();
}

/* Everybody may read findings, and a chip's number says which machine it is. */
static void check_names_no_chip(const Findings *findings)
{
    for (size_t i = 0; i < findings->n_items; i++)
        check(!strstr(findings->items[i].subject, "blSPL") &&
              !strstr(findings->items[i].found, "blSPL"));
}

static void check_kds_fails(const char *name)
{
    _cleanup_stage_ Stage stage;

    stage_set_kds(&stage, SNP, true);
    check_failed(&stage, proof_endorse(&stage.proof), name);
    check_names_no_chip(&stage.answer.findings);
    check(access(stage.kept, F_OK) < 0);
}

static void test_each_defect_of_amds_service_has_its_name(void)
{
    kds_say("Genoa", "azure-snp/milan-v3-a/vcek.der");
    check_kds_fails("kds-not-found");
    kds_say("Milan", "amd-roots/milan/ask.der"); /* no VCEK */
    check_kds_fails("kds-answer-unusable");
    kds_say("Milan", "azure-snp/milan-v3-a/vcek.der");
    plain_server_route_to(server, 0, "/cert_chain", 200, view_of_string("<html>"));
    check_kds_fails("kds-answer-unusable");
    plain_server_route_to(server, 0, "/vcek/v1/", 429, (ByteView){ 0 });
    check_kds_fails("kds-throttled");
    plain_server_route_to(server, 0, "/vcek/v1/", 200, (ByteView){ 0 });
    check_kds_fails("kds-answer-unusable");
    kds_forget();
}

/* Version 2 of the report does not name its processor. */
static void test_both_product_lines_are_tried_for_an_old_report(void)
{
    _cleanup_stage_ Stage stage, neither;

    stage_set_kds(&stage, SNP, true);
    stage.proof.evidence.hcl.data[HCL_HARDWARE_OFFSET] = 2;
    kds_say("Genoa", "azure-snp/milan-v3-a/vcek.der");
    check_int(proof_endorse(&stage.proof), PROOF_OK);
    check_endorsed(&stage);
    check_int(server->n_requests, 3);
    check_int(stage.answer.findings.n_items, 0);

    stage_set_kds(&neither, SNP, true);
    (void)unlink(neither.kept);
    neither.proof.evidence.hcl.data[HCL_HARDWARE_OFFSET] = 2;
    kds_say("Turin", "azure-snp/milan-v3-a/vcek.der");
    check_failed(&neither, proof_endorse(&neither.proof), "kds-not-found");
    check_int(server->n_requests, 2);
    check_int(neither.answer.findings.n_items, 1);
    kds_forget();
}

static const Test tests[] = {
    { "certificates are asked for once", test_certificates_are_asked_for_once },
    { "a proxy is never asked", test_a_proxy_is_never_asked },
    { "a report of another TCB or chip asks again",
      test_a_report_of_another_tcb_or_chip_asks_again },
    { "a masked chip is not compared", test_a_masked_chip_is_not_compared },
    { "tcbm and certificate must agree", test_tcbm_and_certificate_must_agree },
    { "what is old is better than nothing", test_what_is_old_is_better_than_nothing },
    { "a damaged file is passed over and replaced",
      test_a_damaged_file_is_passed_over_and_replaced },
    { "what is distrusted is asked for anew", test_what_is_distrusted_is_asked_for_anew },
    { "each defect of the service has its name", test_each_defect_of_the_service_has_its_name },
    { "a wait that was asked for is passed on", test_a_wait_that_was_asked_for_is_passed_on },
    { "a service that is not there is named", test_a_service_that_is_not_there_is_named },
    { "a TDREPORT is quoted", test_a_tdreport_is_quoted },
    { "a quote that does not come is named", test_a_quote_that_does_not_come_is_named },
    { "nobody is asked for nothing", test_nobody_is_asked_for_nothing },
    { "AMD is asked where the cloud has none", test_amd_is_asked_where_the_cloud_has_none },
    { "AMD is not asked where the cloud answers", test_amd_is_not_asked_where_the_cloud_answers },
    { "each defect of AMD's service has its name", test_each_defect_of_amds_service_has_its_name },
    { "both product lines are tried for an old report",
      test_both_product_lines_are_tried_for_an_old_report },
};

int main(int argc, char **argv)
{
    server = plain_server_start();
    check(mkdtemp(directory));
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    (void)rmdir(directory);
    (void)kill(server->pid, SIGKILL);
    return r;
}
