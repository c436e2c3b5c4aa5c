/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/verdict.h"

#include "base/clock.h"
#include "base/encode.h"
#include "crypto/digest.h"
#include "format/catalog.h"
#include "format/hcl-claims.h"
#include "protocol/maa.h"
#include "testing.h"
#include "token/jws.h"
#include "verify/azure-ak.h"
#include "worker/verdict-maa.h"

#include <ctype.h>

#define ISSUER    "https://sharedweu.weu.attest.azure.net"
#define SENT_USEC UINT64_C(5000000)
#define CLAIMS    "the claims of this round"

static const RoundRequest no_gates;

/* A provider's key, and a round on a real Azure machine that waits for its token. MAA signs with
 * RS256; what is tested here is the same with keys that a test can make in no time. */
typedef struct Stage {
    Key *key;
    Jwks keys;
    Proof proof;
    VerifierSettings verifier;
    WorkerAnswer answer;
    FdList fds;
    char modulus[512]; /* base64url of HCLAkPub's n */
} Stage;

static void take_ak(Stage *stage)
{
    _cleanup_hcl_claims_ HclClaims claims = { 0 };
    HclReport hcl;

    check_int(hcl_report_parse(VIEW(stage->proof.evidence.hcl), &hcl), HCL_REPORT_OK);
    check_int(hcl_claims_parse(hcl.claims, &claims), HCL_CLAIMS_OK);
    check_int(azure_ak_public(&claims.ak, &stage->proof.ak_public), 0);
    _cleanup_free_ char *n =
        base64url_encode((ByteView){ claims.ak.modulus, claims.ak.modulus_size });
    check(n && strlen(n) < sizeof(stage->modulus));
    (void)snprintf(stage->modulus, sizeof(stage->modulus), "%s", n);
}

static void stage_set(Stage *stage, const char *vector)
{
    static const uint8_t nonce[32] = { 1, 2, 3 };

    *stage = (Stage){ .answer = WORKER_ANSWER_INIT,
                      .proof.request = &no_gates,
                      .verifier = { .name = "maa",
                                    .protocol = "maa",
                                    .issuer = ISSUER,
                                    .audience = "attestd",
                                    .algorithms = { "ES256" },
                                    .n_algorithms = 1,
                                    .leeway_sec = 60 } };
    stage->proof.evidence.hcl = test_vector(vector);
    check(bytes_copy(view_of_string(CLAIMS), &stage->proof.evidence.claims) == 0);
    check(bytes_copy(VIEW_OF_ARRAY(nonce), &stage->proof.nonce) == 0);
    check_int(key_generate(KEY_P256, &stage->key), KEY_OK);
    check_int(key_generate(KEY_P256, &stage->proof.response_key), KEY_OK);
    check_int(jwks_add(&stage->keys, stage->key, "k1+/=", NULL), JWKS_OK);
    take_ak(stage);
}

static void stage_strike(Stage *stage)
{
    key_free(stage->key);
    jwks_done(&stage->keys);
    proof_done(&stage->proof);
    for (size_t i = 0; i < stage->verifier.n_require; i++)
        require_done(&stage->verifier.require[i]);
    worker_answer_done(&stage->answer);
    fd_list_done(&stage->fds);
}
#define _cleanup_stage_ _cleanup_(stage_strike)

static char *user_data(const char *claims, bool is_upper)
{
    Digest digest;

    check_int(digest_of(DIGEST_SHA512, view_of_string(claims), &digest), 0);
    char *hex = hex_encode(digest_view(&digest));
    check(hex);
    for (char *c = hex; is_upper && *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return hex;
}

/* What all kinds of tokens have; the members of x-ms-runtime as the paravisor wrote them. */
static json_t *common_claims(const Stage *stage, const char *type)
{
    json_int_t now = (json_int_t)(clock_realtime_usec(&clock_system) / USEC_PER_SEC);
    _cleanup_free_ char *data = user_data(CLAIMS, true);
    json_t *claims = json_pack(
        "{ss sI sI sI ss ss ss ss s{s[{ss ss ss} {ss ss ss}] ss s{sb sb ss}}}", "iss", ISSUER,
        "iat", now, "nbf", now, "exp", now + 28800, "jti", "7d1f", "x-ms-attestation-type", type,
        "x-ms-compliance-status", "azure-compliant-cvm", "x-ms-policy-hash", "wm9m", "x-ms-runtime",
        "keys", "kid", "HCLEkPub", "kty", "RSA", "n", "AQAB", "kid", "HCLAkPub", "kty", "RSA", "n",
        stage->modulus, "user-data", data, "vm-configuration", "secure-boot", 1, "tpm-enabled", 1,
        "vmUniqueId", "911B0EF8-9DBA-48B0-B275-4E4DF2D39252");

    check(claims && json_set_base64url(claims, "nonce", VIEW(stage->proof.nonce)) == 0);
    return claims;
}

static json_t *snp_claims(const Stage *stage)
{
    json_t *claims = common_claims(stage, "sevsnpvm");
    json_auto_t *snp = json_pack("{sb si ss ss si}", "x-ms-sevsnpvm-is-debuggable", 0,
                                 "x-ms-sevsnpvm-vmpl", 0, "x-ms-sevsnpvm-launchmeasurement", "a1b2",
                                 "x-ms-sevsnpvm-reportid", "1d5a", "x-ms-sevsnpvm-snpfw-svn", 24);

    check(snp && json_object_update(claims, snp) == 0);
    return claims;
}

static json_t *tdx_claims(const Stage *stage)
{
    json_t *claims = common_claims(stage, "tdxvm");
    json_auto_t *tdx = json_pack("{ss ss ss}", "dbgstat", "disabled", "tdx_mrtd", "2738",
                                 "attester_tcb_status", "UpToDate");

    check(tdx && json_object_update(claims, tdx) == 0);
    return claims;
}

static int judge(Stage *stage, const json_t *claims)
{
    _cleanup_free_ char *payload = json_text(claims), *token = NULL;

    check_int(jws_sign(stage->key, "k1+/=", "JWT", view_of_string(payload), &token), 0);
    const VerdictInput input = {
        .verifier = &stage->verifier,
        .protocol = &protocol_maa,
        .keys = &stage->keys,
        .proof = &stage->proof,
        .token = view_of_string(token),
        .challenge_boottime_usec = SENT_USEC,
    };
    return verdict_judge(&input, &stage->answer, &stage->fds);
}

#define SNP "azure-snp/milan-v3-a/hcl_report.bin"
#define TDX "azure-tdx/tdx-a/hcl_report.bin"

static void set_at(json_t *claims, const char *pointer, const char *value)
{
    char parent[128];
    const char *slash = strrchr(pointer, '/');

    (void)snprintf(parent, sizeof(parent), "%.*s", (int)(slash - pointer), pointer);
    json_t *object = (json_t *)(uintptr_t)require_resolve(claims, parent);
    check(json_is_object(object));
    if (*value)
        check(json_object_set_new(object, slash + 1, json_loads(value, JSON_DECODE_ANY, NULL)) ==
              0);
    else
        check(json_object_del(object, slash + 1) == 0);
}

/* Does it speak against this machine, rather than of another? */
static bool is_no(const char *name)
{
    static const char *const noes[] = { "maa-debuggable", "maa-vmpl-not-zero", "maa-not-compliant",
                                        "maa-secure-boot-off", "token-requirement-unmet" };

    for (size_t i = 0; i < ELEMENTSOF(noes); i++)
        if (strcmp(noes[i], name) == 0)
            return true;
    return false;
}

static void check_failed(const Stage *stage, int r, const char *name)
{
    check_int(r, is_no(name) ? VERDICT_E_REFUSED : VERDICT_E_FAILED);
    if (!findings_has(&stage->answer.findings, name))
        (void)printf("  not %s, but %s\n", name, stage->answer.findings.items[0].name);
    check(findings_has(&stage->answer.findings, name));
    check(catalog_find(name));
    check(!stage->answer.token && stage->fds.n_fds == 0);
}

static void check_change_fails(const char *pointer, const char *value, const char *name)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage, SNP);
    json_auto_t *claims = snp_claims(&stage);

    set_at(claims, pointer, value);
    check_failed(&stage, judge(&stage, claims), name);
}

static void test_a_good_token_is_accepted_and_described(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage, SNP);
    json_auto_t *claims = snp_claims(&stage);

    check_int(judge(&stage, claims), VERDICT_ACCEPTED);
    check_int(stage.answer.findings.n_items, 0);
    const AnswerToken *token = stage.answer.token;
    check_str(token->kid, "k1+/=");
    check_str(token->issuer, ISSUER);
    check_int(token->life_usec, 28800 * USEC_PER_SEC);
    const json_t *facts = token->claims;
    check_str(json_string_value(json_object_get(facts, "vtpm_root")), "paravisor");
    check_str(json_string_value(json_object_get(facts, "cpu.measurement")), "a1b2");
    check(json_is_false(json_object_get(facts, "cpu.debug")));
    check(json_is_true(json_object_get(facts, "maa.secure_boot_configured")));
    check(json_array_size(json_object_get(facts, "uncovered")) > 0);
    check_str(stage.answer.fd_names[0], "token");
}

static void test_what_identifies_the_machine_stays_in_the_token(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage, SNP);
    json_auto_t *claims = snp_claims(&stage);

    check_int(judge(&stage, claims), VERDICT_ACCEPTED);
    _cleanup_free_ char *facts = json_text(stage.answer.token->claims);
    check(facts && !strstr(facts, "1d5a") && !strstr(facts, "911B0EF8") &&
          !strstr(facts, stage.modulus));
}

static void test_a_token_about_a_trust_domain_is_accepted(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage, TDX);
    json_auto_t *claims = tdx_claims(&stage);

    check_int(judge(&stage, claims), VERDICT_ACCEPTED);
    check_str(json_string_value(json_object_get(stage.answer.token->claims, "cpu.tcb_status")),
              "UpToDate");

    _cleanup_stage_ Stage debug;
    stage_set(&debug, TDX);
    json_auto_t *debug_claims = tdx_claims(&debug);
    set_at(debug_claims, "/dbgstat", "\"enabled\"");
    check_failed(&debug, judge(&debug, debug_claims), "maa-debuggable");
}

static void test_who_said_it_and_when_counts(void)
{
    check_change_fails("/iss", "\"https://sharedeus.eus.attest.azure.net\"",
                       "token-issuer-mismatch");
    check_change_fails("/iss", "\"" ISSUER "/\"", "token-issuer-mismatch");
    check_change_fails("/nonce", "\"AQIDBAUGBwgK\"", "token-nonce-mismatch");
    check_change_fails("/nonce", "", "token-nonce-missing");
    check_change_fails("/exp", "1", "token-expired");
    check_change_fails("/exp", "99999999999", "token-lifetime-too-long");
    check_change_fails("/nbf", "99999999999", "token-not-yet-valid");
}

static void test_a_token_about_another_machine_is_not_ours(void)
{
    _cleanup_free_ char *other = user_data("another round's", false);
    _cleanup_free_ char *own = user_data(CLAIMS, true);
    char quoted[160];

    (void)snprintf(quoted, sizeof(quoted), "\"%s\"", other);
    check_change_fails("/x-ms-runtime/user-data", quoted, "maa-user-data-mismatch");
    check_change_fails("/x-ms-runtime/user-data", "\"00\"", "maa-user-data-mismatch");
    check_change_fails("/x-ms-runtime/user-data", "\"not hex\"", "maa-user-data-mismatch");
    (void)snprintf(quoted, sizeof(quoted), "\"%s00\"", own);
    check_change_fails("/x-ms-runtime/user-data", quoted, "maa-user-data-mismatch");
    check_change_fails("/x-ms-runtime/user-data", "7", "maa-user-data-missing");
    check_change_fails("/x-ms-runtime/user-data", "", "maa-user-data-missing");
    check_change_fails("/x-ms-runtime/keys", "", "maa-ak-mismatch");
    check_change_fails("/x-ms-runtime/keys", "[{\"kid\":\"HCLAkPub\",\"n\":\"AQAB\"}]",
                       "maa-ak-mismatch");
    check_change_fails("/x-ms-runtime/keys", "[{\"kid\":\"HCLAkPub\"}]", "maa-ak-mismatch");
    check_change_fails("/x-ms-runtime", "", "maa-user-data-missing");
}

static void test_what_must_not_be_is_refused(void)
{
    check_change_fails("/x-ms-attestation-type", "\"sgx\"", "maa-type-mismatch");
    check_change_fails("/x-ms-attestation-type", "\"tdxvm\"", "maa-type-mismatch");
    check_change_fails("/x-ms-attestation-type", "", "maa-type-mismatch");
    check_change_fails("/x-ms-sevsnpvm-is-debuggable", "true", "maa-debuggable");
    check_change_fails("/x-ms-sevsnpvm-is-debuggable", "", "maa-debuggable");
    check_change_fails("/x-ms-sevsnpvm-vmpl", "1", "maa-vmpl-not-zero");
    check_change_fails("/x-ms-sevsnpvm-vmpl", "", "maa-vmpl-not-zero");
    check_change_fails("/x-ms-sevsnpvm-vmpl", "0.0", "maa-vmpl-not-zero");
    check_change_fails("/x-ms-sevsnpvm-vmpl", "\"0\"", "maa-vmpl-not-zero");
    check_change_fails("/x-ms-sevsnpvm-is-debuggable", "\"false\"", "maa-debuggable");
    check_change_fails("/x-ms-compliance-status", "", "maa-not-compliant");
    check_change_fails("/x-ms-compliance-status", "[\"azure-compliant-cvm\"]", "maa-not-compliant");
    check_change_fails("/x-ms-compliance-status", "\"azure-compliant-uvm\"", "maa-not-compliant");
}

static void test_an_unknown_paravisor_takes_a_second_yes(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage, SNP);
    json_auto_t *claims = snp_claims(&stage);

    set_at(claims, "/x-ms-compliance-status", "");
    stage.verifier.accept_host_tpm = true;
    check_int(judge(&stage, claims), VERDICT_ACCEPTED);
    check(findings_has(&stage.answer.findings, "maa-not-compliant"));
    check_str(json_string_value(json_object_get(stage.answer.token->claims, "vtpm_root")), "host");
}

static void test_rules_of_the_configuration_are_added(void)
{
    static const char rule[] = "/x-ms-runtime/vm-configuration/secure-boot = true";

    for (int is_on = 0; is_on <= 1; is_on++) {
        _cleanup_stage_ Stage stage;
        stage_set(&stage, SNP);
        json_auto_t *claims = snp_claims(&stage);
        set_at(claims, "/x-ms-runtime/vm-configuration/secure-boot", is_on ? "true" : "false");
        check_int(require_parse(rule, &stage.verifier.require[0]), REQUIRE_OK);
        stage.verifier.n_require = 1;
        int r = judge(&stage, claims);
        check_int(r, is_on ? VERDICT_ACCEPTED : VERDICT_E_REFUSED);
        check(is_on || findings_has(&stage.answer.findings, "token-requirement-unmet"));
    }
}

/* A round of AzureGuest; any RSA key does for the one that the token was encrypted to. */
static void stage_set_guest(Stage *stage)
{
    stage_set(stage, SNP);
    stage->proof.wants_token_key = true;
    bytes_done(&stage->proof.nonce);
    check(bytes_new(36, &stage->proof.nonce) == 0);
    check(bytes_copy(VIEW(stage->proof.ak_public), &stage->proof.token_key.public_area) == 0);
}

static json_t *guest_claims(const Stage *stage)
{
    json_auto_t *tee = snp_claims(stage);
    _cleanup_free_ char *nonce = base64url_encode(VIEW(stage->proof.nonce));
    _cleanup_free_ char *twice = base64_encode(view_of_string(nonce));
    json_t *claims =
        json_pack("{sO sO sO sO sO ss sb s[ii] sO s{s{ss} s[{ss ss ss}]}}", "iss",
                  json_object_get(tee, "iss"), "iat", json_object_get(tee, "iat"), "nbf",
                  json_object_get(tee, "nbf"), "exp", json_object_get(tee, "exp"), "jti",
                  json_object_get(tee, "jti"), "x-ms-attestation-type", "azurevm", "secureboot", 1,
                  "x-ms-azurevm-attested-pcrs", 0, 7, "x-ms-isolation-tee", tee, "x-ms-runtime",
                  "client-payload", "nonce", twice, "keys", "kid", "TpmEphemeralEncryptionKey",
                  "kty", "RSA", "n", stage->modulus);

    check(claims);
    return claims;
}

static void test_a_whole_guest_is_judged_in_its_own_shape(void)
{
    static const struct {
        const char *pointer, *value, *name;
    } cases[] = {
        { "/secureboot", "true", NULL },
        { "/x-ms-attestation-type", "\"sevsnpvm\"", "maa-type-mismatch" },
        { "/x-ms-isolation-tee", "", "maa-type-mismatch" },
        { "/x-ms-isolation-tee", "\"sevsnpvm\"", "maa-type-mismatch" },
        { "/x-ms-isolation-tee", "{}", "maa-type-mismatch" },
        { "/x-ms-runtime/client-payload/nonce", "\"AAAA\"", "token-nonce-mismatch" },
        { "/x-ms-runtime/client-payload", "", "token-nonce-missing" },
        { "/x-ms-runtime/keys", "[]", "maa-encryption-key-mismatch" },
        { "/x-ms-isolation-tee/x-ms-attestation-type", "\"tdxvm\"", "maa-type-mismatch" },
        { "/x-ms-isolation-tee/x-ms-runtime/user-data", "\"00\"", "maa-user-data-mismatch" },
        { "/x-ms-isolation-tee/x-ms-runtime/keys", "[]", "maa-ak-mismatch" },
        { "/x-ms-isolation-tee/x-ms-sevsnpvm-is-debuggable", "true", "maa-debuggable" },
        { "/x-ms-isolation-tee/x-ms-sevsnpvm-vmpl", "3", "maa-vmpl-not-zero" },
        { "/x-ms-isolation-tee/x-ms-compliance-status", "", "maa-not-compliant" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_stage_ Stage stage;
        stage_set_guest(&stage);
        json_auto_t *claims = guest_claims(&stage);
        set_at(claims, cases[i].pointer, cases[i].value);
        int r = judge(&stage, claims);
        if (cases[i].name) {
            check_failed(&stage, r, cases[i].name);
            continue;
        }
        check_int(r, VERDICT_ACCEPTED);
        const json_t *facts = stage.answer.token->claims;
        check(json_is_true(json_object_get(facts, "vtpm.secure_boot")));
        check(json_is_false(json_object_get(facts, "cpu.debug")));
        check_str(json_string_value(json_object_get(facts, "vtpm_root")), "paravisor");
    }
}

/* A vTPM alone: nothing is said of hardware, and the vTPM is the host's. */
static void stage_set_launch(Stage *stage)
{
    stage_set_guest(stage);
    stage->proof.is_tpm_alone = true;
    stage->verifier.accept_host_tpm = true;
    bytes_done(&stage->proof.evidence.hcl);
}

static json_t *launch_claims(const Stage *stage)
{
    json_t *claims = guest_claims(stage);

    check(json_object_del(claims, "x-ms-isolation-tee") == 0);
    return claims;
}

static void test_trusted_launch_is_believed_by_a_second_yes(void)
{
    static const struct {
        const char *pointer, *value, *name;
    } cases[] = {
        { "/x-ms-attestation-type", "\"sevsnpvm\"", "maa-type-mismatch" },
        { "/x-ms-isolation-tee", "{}", "maa-type-mismatch" },
        { "/x-ms-runtime/client-payload/nonce", "\"AAAA\"", "token-nonce-mismatch" },
        { "/x-ms-runtime/keys", "[]", "maa-encryption-key-mismatch" },
        { "/secureboot", "false", "maa-secure-boot-off" },
        { "/secureboot", "", "maa-secure-boot-off" },
        { "/secureboot", "\"true\"", "maa-secure-boot-off" },
    };
    _cleanup_stage_ Stage good, stingy;

    stage_set_launch(&good);
    json_auto_t *claims = launch_claims(&good);
    check_int(judge(&good, claims), VERDICT_ACCEPTED);
    const json_t *facts = good.answer.token->claims;
    check_str(json_string_value(json_object_get(facts, "vtpm_root")), "host");
    check_str(json_string_value(json_object_get(facts, "maa.attestation_type")), "azurevm");
    check(json_is_true(json_object_get(facts, "vtpm.secure_boot")));
    stage_set_launch(&stingy);
    stingy.verifier.accept_host_tpm = false;
    json_auto_t *same = launch_claims(&stingy);
    check_failed(&stingy, judge(&stingy, same), "token-host-tpm-not-accepted");
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_stage_ Stage stage;
        stage_set_launch(&stage);
        json_auto_t *changed = launch_claims(&stage);
        set_at(changed, cases[i].pointer, cases[i].value);
        check_failed(&stage, judge(&stage, changed), cases[i].name);
    }
}

/* A machine with a report is not proven by a token that speaks of none, whatever is accepted. */
static void test_a_token_without_hardware_is_not_for_a_report(void)
{
    _cleanup_stage_ Stage stage;
    stage_set_guest(&stage);
    json_auto_t *claims = launch_claims(&stage);

    stage.verifier.accept_host_tpm = true;
    check_failed(&stage, judge(&stage, claims), "maa-type-mismatch");
}

/* What it says of another machine is no reason to drop what is known of this one. */
static void test_a_no_about_another_machine_is_none(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage, SNP);
    json_auto_t *claims = snp_claims(&stage);

    set_at(claims, "/x-ms-sevsnpvm-is-debuggable", "true");
    set_at(claims, "/x-ms-runtime/keys", "[]");
    check_failed(&stage, judge(&stage, claims), "maa-ak-mismatch");
    check(!findings_has(&stage.answer.findings, "maa-debuggable"));
}

/* A provider's policy may issue what it likes: only what was judged becomes a fact. */
static void test_what_was_not_judged_is_no_fact(void)
{
    static const char tee[] = "{\"x-ms-compliance-status\": \"azure-compliant-cvm\"}";
    _cleanup_stage_ Stage report, launch;
    stage_set(&report, SNP);
    stage_set_launch(&launch);
    report.verifier.accept_host_tpm = true;
    json_auto_t *of_report = snp_claims(&report), *of_launch = launch_claims(&launch);

    set_at(of_report, "/x-ms-compliance-status", "");
    set_at(of_report, "/x-ms-isolation-tee", tee);
    set_at(of_report, "/secureboot", "true");
    check_int(judge(&report, of_report), VERDICT_ACCEPTED);
    check(findings_has(&report.answer.findings, "maa-not-compliant"));
    const json_t *facts = report.answer.token->claims;
    check_str(json_string_value(json_object_get(facts, "vtpm_root")), "host");
    check(!json_object_get(facts, "vtpm.secure_boot"));
    check_str(json_string_value(json_array_get(json_object_get(facts, "uncovered"), 0)),
              "secure boot");
    set_at(of_launch, "/x-ms-compliance-status", "\"azure-compliant-cvm\"");
    set_at(of_launch, "/x-ms-sevsnpvm-is-debuggable", "false");
    check_int(judge(&launch, of_launch), VERDICT_ACCEPTED);
    facts = launch.answer.token->claims;
    check_str(json_string_value(json_object_get(facts, "vtpm_root")), "host");
    check(!json_object_get(facts, "cpu.debug"));
}

/* Who was asked for a report's token does not get a guest's, and the other way round. */
static void test_one_kind_of_token_is_not_the_other(void)
{
    _cleanup_stage_ Stage report, guest;
    stage_set(&report, SNP);
    stage_set_guest(&guest);
    json_auto_t *of_guest = guest_claims(&guest), *of_report = snp_claims(&report);

    check_failed(&report, judge(&report, of_guest), "token-nonce-missing");
    check_failed(&guest, judge(&guest, of_report), "token-nonce-missing");
}

static void test_simulated_hardware_is_no_microsofts(void)
{
    _cleanup_stage_ Stage stage;
    stage_set(&stage, SNP);
    json_auto_t *claims = snp_claims(&stage);

    stage.answer.simulated = true; /* as pre-flight found */
    check_failed(&stage, judge(&stage, claims), "token-simulated-not-accepted");
    stage.verifier.accept_simulated = true;
    findings_done(&stage.answer.findings);
    check_int(judge(&stage, claims), VERDICT_ACCEPTED);
}

static const Test tests[] = {
    { "a good token is accepted and described", test_a_good_token_is_accepted_and_described },
    { "what identifies the machine stays in the token",
      test_what_identifies_the_machine_stays_in_the_token },
    { "a token about a trust domain is accepted", test_a_token_about_a_trust_domain_is_accepted },
    { "who said it, and when, counts", test_who_said_it_and_when_counts },
    { "a token about another machine is not ours", test_a_token_about_another_machine_is_not_ours },
    { "what must not be is refused", test_what_must_not_be_is_refused },
    { "an unknown paravisor takes a second yes", test_an_unknown_paravisor_takes_a_second_yes },
    { "rules of the configuration are added", test_rules_of_the_configuration_are_added },
    { "a whole guest is judged in its own shape", test_a_whole_guest_is_judged_in_its_own_shape },
    { "Trusted Launch is believed by a second yes",
      test_trusted_launch_is_believed_by_a_second_yes },
    { "a token without hardware is not for a report",
      test_a_token_without_hardware_is_not_for_a_report },
    { "a no about another machine is none", test_a_no_about_another_machine_is_none },
    { "what was not judged is no fact", test_what_was_not_judged_is_no_fact },
    { "one kind of token is not the other", test_one_kind_of_token_is_not_the_other },
    { "simulated hardware is no Microsoft's", test_simulated_hardware_is_no_microsofts },
};

TEST_MAIN(tests)
