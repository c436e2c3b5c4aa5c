/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/maa.h"

#include "azure-sample.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "format/catalog.h"
#include "format/hcl-report.h"
#include "protocol/maa-request.h"
#include "protocol/maa-sealed.h"
#include "protocol/protocols.h"

#include <errno.h>

#define SNP "azure-snp/milan-v3-a/hcl_report.bin"
#define TDX "azure-tdx/tdx-a/hcl_report.bin"

/* A conversation, and its latest step. */
typedef struct Talk {
    Conversation *conversation;
    Step step;
} Talk;

static void talk_done(Talk *talk)
{
    if (talk->conversation)
        (void)protocol_maa.free(talk->conversation);
    step_done(&talk->step);
}
#define _cleanup_talk_ _cleanup_(talk_done)

static void begin(Talk *talk, const char *api_version)
{
    const ProtocolIdentity identity = { .api_version = api_version };

    check_int(protocol_maa.begin(&identity, &talk->conversation, &talk->step), 0);
    check_int(talk->step.kind, STEP_SEND);
}

static int feed(Talk *talk, unsigned status, const char *body)
{
    const ProtocolReply reply = { .status = status,
                                  .content_type = "application/json",
                                  .body = view_of_string(body) };

    step_done(&talk->step);
    return protocol_maa.feed(talk->conversation, &reply, &talk->step);
}

static void submit(Talk *talk, ByteView json, ByteView td_quote)
{
    const ProtocolEvidence evidence = { .json = json, .td_quote = td_quote };

    check_int(feed(talk, 200, "{\"keys\":[]}"), 0);
    check_int(talk->step.kind, STEP_NEED_EVIDENCE);
    step_done(&talk->step);
    check_int(protocol_maa.submit(talk->conversation, &evidence, &talk->step), 0);
}

static void check_no(const Talk *talk, StepKind kind, const char *name)
{
    const Finding *failure = findings_first_failure(&talk->step.findings);

    check_int(talk->step.kind, kind);
    check(failure);
    check_str(failure->name, name);
    check(catalog_find(name));
    check(!talk->step.token.data);
}

static Bytes decoded(const json_t *object, const char *member)
{
    Bytes bytes = { 0 };

    check_int(json_get_base64url(object, member, 1 << 20, &bytes), JSON_OK);
    return bytes;
}

static json_t *parsed(const Bytes *text)
{
    json_t *json = NULL;

    check_int(json_parse(VIEW(*text), 1 << 20, &json), JSON_OK);
    return json;
}

static void test_keys_are_asked_for_first(void)
{
    _cleanup_talk_ Talk talk = { 0 };

    begin(&talk, NULL);
    check_str(talk.step.request.method, "GET");
    check_str(talk.step.request.path, "/certs");
    check_int(talk.step.request.body.size, 0);
    check_int(feed(&talk, 200, "{\"keys\":[{\"kid\":\"a\"}]}"), 0);
    check_int(talk.step.kind, STEP_NEED_EVIDENCE);
    check_str((const char *)talk.step.challenge.token_keys.data, "{\"keys\":[{\"kid\":\"a\"}]}");
    check(protocol_find("maa") == &protocol_maa);
}

static void test_each_round_has_a_nonce_of_its_own(void)
{
    _cleanup_talk_ Talk one = { 0 }, other = { 0 };

    begin(&one, NULL);
    begin(&other, NULL);
    check_int(feed(&one, 200, "{\"keys\":[]}"), 0);
    check_int(feed(&other, 200, "{\"keys\":[]}"), 0);
    check_int(one.step.challenge.nonce.size, 36);
    check(!view_equal(VIEW(one.step.challenge.nonce), VIEW(other.step.challenge.nonce)));
}

static void check_certificates(const json_t *report)
{
    _cleanup_bytes_ Bytes pem = decoded(report, "VcekCertChain");
    _cleanup_certificates_ CertificateList list = { 0 };

    check_int(certificate_list_add_pem(&list, VIEW(pem)), CERTIFICATE_OK);
    check_int(list.n_items, 3);
    check_str(certificate_subject_cn(list.items[0]), "SEV-VCEK");
    check_str(certificate_subject_cn(list.items[1]), "SEV-Milan");
    check_str(certificate_subject_cn(list.items[2]), "ARK-Milan");
}

/* SHA-256 of what was sent as runtime data is what the report that was sent says. */
static void check_binding(const json_t *body, ByteView report_data)
{
    const json_t *runtime = json_object_get(body, "runtimeData");
    _cleanup_bytes_ Bytes claims = decoded(runtime, "data");
    Digest digest;

    check_str(json_string_value(json_object_get(runtime, "dataType")), "JSON");
    check_int(digest_of(DIGEST_SHA256, VIEW(claims), &digest), 0);
    check(memcmp(digest.data, report_data.data, digest.size) == 0);
}

static void test_an_snp_report_is_put_as_maa_wants_it(void)
{
    _cleanup_bytes_ Bytes evidence = sample_evidence_of(SNP, true), hcl = test_vector(SNP);
    _cleanup_talk_ Talk talk = { 0 };

    begin(&talk, NULL);
    submit(&talk, VIEW(evidence), (ByteView){ 0 });
    check_int(talk.step.kind, STEP_SEND);
    check_str(talk.step.request.method, "POST");
    check_str(talk.step.request.path, "/attest/SevSnpVm?api-version=2022-08-01");
    json_auto_t *body = parsed(&talk.step.request.body);
    _cleanup_bytes_ Bytes inner = decoded(body, "report");
    json_auto_t *report = parsed(&inner);
    _cleanup_bytes_ Bytes raw = decoded(report, "SnpReport"), nonce = decoded(body, "nonce");
    check_int(nonce.size, 36);
    check_int(raw.size, 1184);
    check(memcmp(raw.data, hcl.data + HCL_HARDWARE_OFFSET, raw.size) == 0);
    check_certificates(report);
    check_binding(body, (ByteView){ raw.data + 0x50, 32 });
    check(!strchr((const char *)talk.step.request.body.data, '='));
}

static void test_a_td_quote_is_put_as_maa_wants_it(void)
{
    _cleanup_bytes_ Bytes evidence = sample_evidence_of(TDX, false);
    _cleanup_bytes_ Bytes quote = test_vector("azure-tdx/tdx-a/td_quote.bin");
    _cleanup_talk_ Talk talk = { 0 };

    begin(&talk, NULL);
    submit(&talk, VIEW(evidence), VIEW(quote));
    check_str(talk.step.request.path, "/attest/TdxVm?api-version=2025-06-01");
    json_auto_t *body = parsed(&talk.step.request.body);
    _cleanup_bytes_ Bytes sent = decoded(body, "quote");
    check(view_equal(VIEW(sent), VIEW(quote)));
    check_binding(body, (ByteView){ quote.data + 568, 32 });
}

static void test_the_version_can_be_named(void)
{
    _cleanup_bytes_ Bytes evidence = sample_evidence_of(SNP, true);
    _cleanup_talk_ Talk talk = { 0 };

    begin(&talk, "2025-06-01");
    submit(&talk, VIEW(evidence), (ByteView){ 0 });
    check_str(talk.step.request.path, "/attest/SevSnpVm?api-version=2025-06-01");
}

static void check_unfit(ByteView evidence, int reason)
{
    _cleanup_talk_ Talk talk = { 0 };

    begin(&talk, NULL);
    submit(&talk, evidence, (ByteView){ 0 });
    check_no(&talk, STEP_BROKEN, "maa-evidence-unfit");
    check_str(findings_first_failure(&talk.step.findings)->found, maa_request_reason(reason));
    check_int(feed(&talk, 200, "{\"token\":\"a.b.c\"}"), -EPROTO);
}

static void test_evidence_that_cannot_be_put_is_named(void)
{
    _cleanup_bytes_ Bytes bare = sample_evidence_of(SNP, false);
    _cleanup_bytes_ Bytes tdx = sample_evidence_of(TDX, false);
    _cleanup_evidence_ Evidence none = { 0 };
    _cleanup_bytes_ Bytes without = { 0 };

    check(bytes_copy(view_of_string("claims"), &none.claims) == 0);
    check_int(evidence_emit(&none, &without), 0);
    check_unfit(view_of_string("{}"), MAA_REQUEST_E_EVIDENCE);
    check_unfit(VIEW(without), MAA_REQUEST_E_HCL);
    check_unfit(VIEW(bare), MAA_REQUEST_E_VCEK);
    check_unfit(VIEW(tdx), MAA_REQUEST_E_TD_QUOTE);
}

static void check_reply(unsigned status, const char *body, StepKind kind, const char *name)
{
    _cleanup_bytes_ Bytes evidence = sample_evidence_of(SNP, true);
    _cleanup_talk_ Talk talk = { 0 };

    begin(&talk, NULL);
    submit(&talk, VIEW(evidence), (ByteView){ 0 });
    check_int(feed(&talk, status, body), 0);
    check_no(&talk, kind, name);
}

static void test_a_token_is_handed_on(void)
{
    _cleanup_bytes_ Bytes evidence = sample_evidence_of(SNP, true);
    _cleanup_talk_ Talk talk = { 0 };

    begin(&talk, NULL);
    submit(&talk, VIEW(evidence), (ByteView){ 0 });
    check_int(feed(&talk, 200, "{\"token\":\"a.b.c\"}"), 0);
    check_int(talk.step.kind, STEP_TOKEN);
    check_str((const char *)talk.step.token.data, "a.b.c");
    check_int(feed(&talk, 200, "{\"token\":\"a.b.c\"}"), -EPROTO);
}

static void test_only_a_policy_refuses(void)
{
    static const char policy[] =
        "{\"error\":{\"code\":\"PolicyEvaluationError\",\"message\":\"Native operation failed\"}}";
    static const char pascal[] =
        "{\"Error\":{\"Code\":\"PolicyEvaluationError\",\"Message\":\"Native operation\"}}";

    check_reply(400, policy, STEP_REFUSED, "maa-policy-refused");
    check_reply(400, pascal, STEP_REFUSED, "maa-policy-refused");
    check_reply(403, policy, STEP_BROKEN, "maa-unauthorized");
    check_reply(502, policy, STEP_BROKEN, "verifier-internal-error");
}

static void test_other_errors_fail_by_name(void)
{
    static const struct {
        unsigned status;
        const char *body, *name;
    } cases[] = {
        { 400, "{\"error\":{\"code\":\"InvalidParameter\",\"message\":\"x\"}}",
          "maa-evidence-refused" },
        { 400, "{\"error\":{\"code\":\"PolicyParsingError\"}}", "maa-policy-broken" },
        { 400, "<html>no</html>", "maa-evidence-refused" },
        { 400, "{\"error\":7}", "maa-evidence-refused" },
        { 401, "", "maa-unauthorized" },
        { 404, "{}", "verifier-path-unknown" },
        { 408, "", "verifier-busy" },
        { 413, "", "verifier-evidence-too-large" },
        { 418, "", "verifier-status-unexpected" },
        { 429, "{\"error\":{\"code\":\"TooManyRequests\"}}", "verifier-busy" },
        { 500, "{\"Error\":{\"Code\":\"InternalServerError\",\"Message\":\"The service is busy\"}}",
          "verifier-internal-error" },
        { 503, "", "verifier-busy" },
        { 200, "{\"tok\":\"a\"}", "verifier-reply-malformed" },
        { 200, "[", "verifier-reply-malformed" },
        { 200, "{\"token\":\"a\",\"token\":\"b\"}", "verifier-reply-malformed" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        check_reply(cases[i].status, cases[i].body, STEP_BROKEN, cases[i].name);
}

static void test_keys_that_are_none_are_named(void)
{
    static const char *const bodies[] = { "", "{}", "{\"keys\":{}}", "[]", "<html>" };

    for (size_t i = 0; i < ELEMENTSOF(bodies); i++) {
        _cleanup_talk_ Talk talk = { 0 };
        begin(&talk, NULL);
        check_int(feed(&talk, 200, bodies[i]), 0);
        check_no(&talk, STEP_BROKEN, "verifier-reply-malformed");
    }
    _cleanup_talk_ Talk talk = { 0 };
    begin(&talk, NULL);
    check_int(feed(&talk, 404, ""), 0);
    check_no(&talk, STEP_BROKEN, "verifier-path-unknown");
}

#define SEALED                                                                                     \
    "{\"EncryptedInnerKey\":\"%s\",\"EncryptionParams\":{\"BlockMode\":\"%s\",\"Cipher\":\"AES\"," \
    "\"Iv\":\"%s\",\"KeySizeInBits\":256},\"AuthenticationData\":\"3q2+78r+ur4BI0VniavN7w==\","    \
    "\"Jwt\":"                                                                                     \
    "\"%s\"}"
#define GCM "ChainingModeGCM"
#define IV  "q83vASNFZ4mrze8B"

/* base64url of what SEALED becomes with these, the key of KEY_SIZE bytes; owned. */
static char *sealed_text(size_t key_size, const char *mode, const char *iv, const char *jwt)
{
    _cleanup_bytes_ Bytes key = { 0 };
    char text[2048];

    check(bytes_new(key_size, &key) == 0);
    _cleanup_free_ char *base64 = base64_encode(VIEW(key));
    (void)snprintf(text, sizeof(text), SEALED, base64, mode, iv, jwt);
    return base64url_encode(view_of_string(text));
}

static int parse_sealed(size_t key_size, const char *mode, const char *iv, const char *jwt)
{
    _cleanup_free_ char *text = sealed_text(key_size, mode, iv, jwt);
    _cleanup_sealed_token_ SealedToken sealed = { 0 };
    int r = maa_sealed_parse(text, &sealed);

    check((r == MAA_SEALED_OK) == (sealed.key.size == 256));
    check(r != MAA_SEALED_OK || (sealed.nonce.size == 12 && sealed.ciphertext.size == 3 + 16));
    check(strcmp(maa_sealed_reason(r), "unknown") != 0);
    return r;
}

static void test_an_encrypted_token_is_read(void)
{
    SealedToken sealed = { 0 };

    check_int(parse_sealed(256, GCM, IV, "AAEC"), MAA_SEALED_OK);
    check_int(parse_sealed(255, GCM, IV, "AAEC"), MAA_SEALED_E_SIZE);
    check_int(parse_sealed(256, "ChainingModeCBC", IV, "AAEC"), MAA_SEALED_E_CIPHER);
    check_int(parse_sealed(256, GCM, "q83v", "AAEC"), MAA_SEALED_E_SIZE);
    check_int(parse_sealed(256, GCM, IV, ""), MAA_SEALED_E_SIZE);
    check_int(parse_sealed(256, GCM, IV, "!"), MAA_SEALED_E_JSON);
    check_int(maa_sealed_parse("a.b.c", &sealed), MAA_SEALED_E_JSON);
    check_int(maa_sealed_parse("", &sealed), MAA_SEALED_E_JSON);
    check_int(maa_sealed_parse("e30", &sealed), MAA_SEALED_E_JSON);
}

static void begin_guest(Talk *talk)
{
    const ProtocolIdentity identity = { .attestation_type = "AzureGuest" };

    check_int(protocol_maa.begin(&identity, &talk->conversation, &talk->step), 0);
}

/* What is missing is said before anything is sent. The whole is in tests/integration/azure-maa. */
static void test_a_guest_needs_quote_certificate_and_key(void)
{
    _cleanup_bytes_ Bytes evidence = sample_evidence_of(SNP, true);
    _cleanup_talk_ Talk talk = { 0 };

    begin_guest(&talk);
    submit(&talk, VIEW(evidence), (ByteView){ 0 });
    check_no(&talk, STEP_BROKEN, "maa-evidence-unfit");
    check_str(findings_first_failure(&talk.step.findings)->found,
              maa_request_reason(MAA_REQUEST_E_QUOTE));
}

/* Base64 of the nonce's text must be base64url, too: it is how the token gives it back. */
static void test_the_nonce_survives_two_encodings(void)
{
    for (int i = 0; i < 64; i++) {
        _cleanup_talk_ Talk talk = { 0 };
        _cleanup_bytes_ Bytes back = { 0 };
        begin_guest(&talk);
        check_int(feed(&talk, 200, "{\"keys\":[]}"), 0);
        check(talk.step.challenge.wants_encryption_key);
        _cleanup_free_ char *text = base64url_encode(VIEW(talk.step.challenge.nonce));
        _cleanup_free_ char *twice = base64_encode(view_of_string(text));
        check_int(base64url_decode(view_of_string(twice), &back), ENCODE_OK);
        check(view_equal(VIEW(back), view_of_string(text)));
    }
}

static void test_steps_out_of_turn_are_refused(void)
{
    const ProtocolEvidence evidence = { .json = view_of_string("{}") };
    _cleanup_talk_ Talk talk = { 0 };
    Step step = { 0 };

    begin(&talk, NULL);
    check_int(protocol_maa.submit(talk.conversation, &evidence, &step), -EPROTO);
    check_int(feed(&talk, 200, "{\"keys\":[]}"), 0);
    check_int(feed(&talk, 200, "{\"keys\":[]}"), -EPROTO);
}

static const Test tests[] = {
    { "keys are asked for first", test_keys_are_asked_for_first },
    { "each round has a nonce of its own", test_each_round_has_a_nonce_of_its_own },
    { "an SNP report is put as MAA wants it", test_an_snp_report_is_put_as_maa_wants_it },
    { "a TD quote is put as MAA wants it", test_a_td_quote_is_put_as_maa_wants_it },
    { "the version can be named", test_the_version_can_be_named },
    { "evidence that cannot be put is named", test_evidence_that_cannot_be_put_is_named },
    { "a token is handed on", test_a_token_is_handed_on },
    { "only a policy refuses", test_only_a_policy_refuses },
    { "other errors fail by name", test_other_errors_fail_by_name },
    { "keys that are none are named", test_keys_that_are_none_are_named },
    { "an encrypted token is read", test_an_encrypted_token_is_read },
    { "a guest needs quote, certificate and key", test_a_guest_needs_quote_certificate_and_key },
    { "the nonce survives two encodings", test_the_nonce_survives_two_encodings },
    { "steps out of turn are refused", test_steps_out_of_turn_are_refused },
};

TEST_MAIN(tests)
