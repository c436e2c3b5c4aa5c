/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gates over the wire: whole rounds of one machine, and another machine with a TPM of its own that
 * tries to gain from them.
 */
#include "../tpm/gate-lab.h"
#include "bench.h"

#include "base/encode.h"
#include "verifier/gates.h"
#include "verifier/instance.h"

#define GATES_MEMBER "\"gates\":"

static GateLab other;                 /* the other machine; its data key is behind gate "db" */
static uint8_t nonce_tpm[24] = { 9 }; /* of whichever session */
static Bytes ak_name;                 /* of the bench's machine */
static Key *release_key;              /* public, from the trust file */

static void ask_for_db(EvidenceClaims *claims)
{
    claims->gates = calloc(1, sizeof(char *));
    check(claims->gates != NULL);
    claims->gates[claims->n_gates++] = strdup("db");
    check_int(bytes_copy(VIEW_OF_ARRAY(nonce_tpm), &claims->nonce_tpm), 0);
}

/* The policy lists MACHINE (hex, or "*") for gate "db"; MORE members follow. */
static void list(const char *machine, const char *more)
{
    static char gates[256];

    (void)snprintf(gates, sizeof(gates), "{\"name\":\"db\",\"machines\":[\"%s\"]%s}", machine,
                   more);
    bench.gates = gates;
    bench_policy(bench_snp(), BENCH_TPM, "own");
}

#define HOST ",\"vtpm_roots\":[\"host\"]"

static char *hex_of(ByteView name)
{
    char *text = hex_encode(name);

    check(text != NULL);
    return text;
}

static LabReply ask(char **ret_nonce)
{
    const MachineOrder order = { .audience = bench.verifier_id, .before_binding = ask_for_db };

    return bench_round(order, ret_nonce);
}

/* The bytes of "gates" in the body: the last member, as the verifier writes it. */
static ByteView gates_of(const LabReply *reply)
{
    const char *start = strstr((const char *)reply->body.data, GATES_MEMBER);

    check(start != NULL);
    start += strlen(GATES_MEMBER);
    size_t size = reply->body.size - (size_t)(start - (const char *)reply->body.data) - 1;
    return (ByteView){ (const uint8_t *)start, size };
}

static void check_hash(const LabReply *reply, const char *nonce)
{
    _cleanup_(token_freep) Token *token =
        bench_token(json_string_value(json_object_get(reply->json, "token")), nonce);
    _cleanup_bytes_ Bytes wanted = { 0 };
    Digest found;

    check_int(json_get_base64url(bench_ours(token), "gates_sha256", 32, &wanted), JSON_OK);
    check_int(digest_of(DIGEST_SHA256, gates_of(reply), &found), 0);
    check(view_equal(VIEW(wanted), digest_view(&found)));
}

/* Gate "db" of a yes: its expiration and signature; false when it stays shut. */
static bool opened(const LabReply *reply, int64_t *ret_expiration, Bytes *ret_signature)
{
    const json_t *entry = json_object_get(json_object_get(reply->json, "gates"), "db");

    check_int(reply->status, 200);
    if (!entry)
        return false;
    *ret_expiration = json_integer_value(json_object_get(entry, "expiration"));
    check_int(json_get_base64url(entry, "signature", 64, ret_signature), JSON_OK);
    return true;
}

static void check_shut(const LabReply *reply, const char *nonce)
{
    _cleanup_(token_freep) Token *token =
        bench_token(json_string_value(json_object_get(reply->json, "token")), nonce);
    _cleanup_free_ char *text = json_text(json_object_get(bench_ours(token), "findings"));

    check_int(reply->status, 200);
    check(view_equal(gates_of(reply), view_of_string("{}")));
    check(strstr(text, "gate-not-granted") && strstr(text, "gate db"));
    check_int(token->ear.status, EAR_NONE); /* a vTPM of the host, and no refusal */
    check_hash(reply, nonce);
}

static void a_listed_machine_gets_its_gate(void)
{
    _cleanup_free_ char *nonce = NULL, *machine = hex_of(VIEW(ak_name));
    _cleanup_bytes_ Bytes signature = { 0 };
    int64_t expiration = 0;
    Digest policy_ref;

    list(machine, HOST);
    _cleanup_reply_ LabReply reply = ask(&nonce);
    check(opened(&reply, &expiration, &signature));
    check_hash(&reply, nonce);
    check_int(expiration, -600);
    check_int(gate_policy_ref("db", VIEW(ak_name), &policy_ref), GATE_OK);
    const GateApproval approval = { VIEW_OF_ARRAY(nonce_tpm), expiration,
                                    digest_view(&policy_ref) };
    check_int(gate_verify(release_key, &approval, VIEW(signature)), GATE_OK);
    /* No token names the machine, and no answer does. */
    check(!strstr((const char *)reply.body.data, machine));
}

static void the_policy_bounds_the_life(void)
{
    _cleanup_bytes_ Bytes signature = { 0 }, second = { 0 };
    int64_t expiration = 0;

    list("*", HOST ",\"expiration_sec\":7");
    _cleanup_reply_ LabReply reply = ask(NULL);
    check(opened(&reply, &expiration, &signature));
    check_int(expiration, -7);
    /* The token has 900 s, of which some have passed. */
    list("*", HOST ",\"expiration_sec\":3600");
    _cleanup_reply_ LabReply longest = ask(NULL);
    check(opened(&longest, &expiration, &second));
    check(expiration >= -900 && expiration < -880);
}

static void what_is_not_listed_stays_shut(void)
{
    _cleanup_free_ char *nonce = NULL, *second = NULL, *third = NULL,
                        *machine = hex_of(VIEW(other.ak_name));

    list(machine, HOST);
    _cleanup_reply_ LabReply not_this_machine = ask(&nonce);
    check_shut(&not_this_machine, nonce);
    list("*", "");
    _cleanup_reply_ LabReply not_of_the_host = ask(&second);
    check_shut(&not_of_the_host, second);
    bench.gates = NULL;
    bench_policy(bench_snp(), BENCH_TPM, "own");
    _cleanup_reply_ LabReply no_gate = ask(&third);
    check_shut(&no_gate, third);
}

/*
 * The other machine has a session open and no good evidence. Its nonce and its gate go into the
 * evidence of the bench's machine, which the policy lists.
 */
static void evidence_of_one_opens_nothing_on_another(void)
{
    TpmContext *tpm = swtpm_open(&other.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    _cleanup_bytes_ Bytes signature = { 0 };
    _cleanup_tpm_ticket_ TpmTicket ticket = { 0 };
    int64_t expiration = 0;
    Digest theirs;

    memcpy(nonce_tpm, session->nonce, sizeof(nonce_tpm));
    list("*", HOST);
    _cleanup_reply_ LabReply reply = ask(NULL);
    check(opened(&reply, &expiration, &signature));

    /* The other TPM refuses it for the policyRef of its own secret. */
    TpmApproval approval = { release_key, digest_view(&other.policy_ref), expiration,
                             VIEW(signature) };
    check_int(tpm_policy_sign(session, &approval, &ticket), TPM_POLICY_E_REFUSED);
    /* It takes it for that of the machine that was verified, and that opens nothing here. */
    check_int(gate_policy_ref("db", VIEW(ak_name), &theirs), GATE_OK);
    approval.policy_ref = digest_view(&theirs);
    check_int(tpm_policy_restart(session), TPM_POLICY_OK);
    check_int(tpm_policy_sign(session, &approval, &ticket), TPM_POLICY_OK);
    Digest wanted = gate_lab_policy(release_key, &other.policy_ref);
    gate_lab_seal(&other, &wanted);
    check_int(gate_lab_unseal(&other, session, &wanted), TPM_SEAL_E_REFUSED);
    tpm_policy_free(session);
    tpm_context_free(tpm);
}

/* The same from a machine that the policy does list, whose own evidence is not good. */
static void a_listed_machine_gains_nothing_from_the_evidence_of_another(void)
{
    _cleanup_free_ char *nonce = NULL, *machine = hex_of(VIEW(other.ak_name));
    TpmContext *tpm = swtpm_open(&other.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);

    memcpy(nonce_tpm, session->nonce, sizeof(nonce_tpm));
    list(machine, HOST);
    _cleanup_reply_ LabReply reply = ask(&nonce);
    check_shut(&reply, nonce);
    tpm_policy_free(session);
    tpm_context_free(tpm);
}

/* A secret sealed to the release key of one verifier is not opened by another's. */
static void another_release_key_opens_nothing(void)
{
    TpmContext *tpm = swtpm_open(&other.swtpm);
    TpmPolicy *session = gate_lab_session(tpm);
    _cleanup_tpm_ticket_ TpmTicket ticket = { 0 };
    Key *stranger = gate_lab_key();
    Bytes signature =
        gate_lab_sign(stranger, VIEW_OF_ARRAY(session->nonce), -600, &other.policy_ref);
    TpmApproval approval = { release_key, digest_view(&other.policy_ref), -600, VIEW(signature) };
    Digest wanted = gate_lab_policy(release_key, &other.policy_ref);

    check_int(tpm_policy_sign(session, &approval, &ticket), TPM_POLICY_E_REFUSED);
    approval.release_key = stranger;
    check_int(tpm_policy_restart(session), TPM_POLICY_OK);
    check_int(tpm_policy_sign(session, &approval, &ticket), TPM_POLICY_OK);
    gate_lab_seal(&other, &wanted);
    check_int(gate_lab_unseal(&other, session, &wanted), TPM_SEAL_E_REFUSED);
    bytes_done(&signature);
    key_free(stranger);
    tpm_policy_free(session);
    tpm_context_free(tpm);
}

static void a_refused_machine_gets_nothing(void)
{
    _cleanup_free_ char *nonce = NULL;

    list("*", HOST);
    const MachineOrder order = { .audience = bench.verifier_id,
                                 .before_binding = ask_for_db,
                                 .field = "policy",
                                 .value = "0xb0000" }; /* DEBUG */
    _cleanup_reply_ LabReply reply = bench_round(order, &nonce);
    bench_check_refused(&reply, nonce, "snp-debug-enabled");
    check(!json_object_get(reply.json, "gates"));
    check(!strstr((const char *)reply.body.data, "signature"));
}

static void evidence_for_a_caller_never_gets_a_gate(void)
{
    _cleanup_free_ char *nonce = NULL;

    list("*", HOST);
    _cleanup_reply_ LabReply reply = bench_round((MachineOrder){ 0 }, &nonce);
    check_int(reply.status, 403);
    check(!json_object_get(reply.json, "gates"));
    check(strstr((const char *)reply.body.data, "claims-purpose-mismatch") != NULL);
}

/* Claims as no version of ours writes them; hardware and TPM sign their hash. */
static const char *spelled_nonce;

static void spell_nonce(Bytes *claims)
{
    json_auto_t *json = json_loadb((const char *)claims->data, claims->size, 0, NULL);

    check(json_object_set_new(json, "gates", json_pack("[s]", "db")) == 0);
    if (spelled_nonce)
        check(json_object_set_new(json, "nonce_tpm", json_string(spelled_nonce)) == 0);
    _cleanup_free_ char *text = json_text(json);
    bytes_done(claims);
    check_int(bytes_copy(view_of_string(text), claims), 0);
}

static void a_caller_that_asks_is_malformed(void)
{
    spelled_nonce = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    _cleanup_reply_ LabReply reply =
        bench_round((MachineOrder){ .spell_claims = spell_nonce }, NULL);
    lab_check_problem(&reply, 400, "evidence-malformed");
    check(strstr((const char *)reply.body.data, "gates") != NULL);
}

static void a_nonce_of_another_size_is_refused(void)
{
    static const char *const nonces[] = {
        "", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",          /* 22 bytes */
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",          /* 25 */
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", /* 32: two readings */
    };

    for (size_t i = 0; i < ELEMENTSOF(nonces); i++) {
        spelled_nonce = nonces[i];
        const MachineOrder order = { .audience = bench.verifier_id, .spell_claims = spell_nonce };
        _cleanup_reply_ LabReply reply = bench_round(order, NULL);
        lab_check_problem(&reply, 400, "evidence-malformed");
        check(strstr((const char *)reply.body.data, "nonce_tpm") != NULL);
    }
}

/* Gates of other kinds need none; this one then stays shut. */
static void without_a_nonce_nothing_is_signed(void)
{
    _cleanup_free_ char *nonce = NULL;

    list("*", HOST);
    spelled_nonce = NULL;
    const MachineOrder order = { .audience = bench.verifier_id, .spell_claims = spell_nonce };
    _cleanup_reply_ LabReply reply = bench_round(order, &nonce);
    check_shut(&reply, nonce);
}

static void the_release_key_is_in_no_key_set(void)
{
    _cleanup_reply_ LabReply reply =
        lab_request(&bench.lab, &(LabRequest){ .path = "/.well-known/jwks.json" });
    _cleanup_jwks_ Jwks jwks = { 0 };

    check_int(jwks_from_json(reply.json, &jwks), JWKS_OK);
    check_int(jwks.n_keys, 1);
    for (size_t i = 0; i < jwks.n_keys; i++)
        check(!key_equal(jwks.keys[i].key, release_key));
}

static int load(const char *finding)
{
    _cleanup_findings_ Findings findings = { .source = "verifier" };
    _cleanup_(instance_freep) Instance *instance = NULL;

    int r = instance_load(bench.lab.verifier, NULL, &findings, &instance);
    if (finding)
        check(findings_has(&findings, finding));
    else
        check((instance->release_key != NULL) == (instance->policy->n_gates > 0));
    return r;
}

/* Only a policy with gates needs it, and it signs nothing else. */
static void the_release_key_is_loaded_where_there_are_gates(void)
{
    char command[512];

    list("*", HOST);
    check_int(load(NULL), INSTANCE_OK);
    (void)snprintf(command, sizeof(command),
                   "cd %s/keys && mv release.pem kept && cp token.pem release.pem",
                   bench.lab.verifier);
    check_int(system(command), 0);
    check_int(load("verifier-key-unusable"), INSTANCE_E_INVALID);
    (void)snprintf(command, sizeof(command), "rm %s/keys/release.pem", bench.lab.verifier);
    check_int(system(command), 0);
    check_int(load("verifier-key-unusable"), INSTANCE_E_INVALID);
    bench.gates = NULL;
    bench_policy(bench_snp(), BENCH_TPM, "own");
    check_int(load(NULL), INSTANCE_OK);
    (void)snprintf(command, sizeof(command), "cd %s/keys && mv kept release.pem",
                   bench.lab.verifier);
    check_int(system(command), 0);
}

static const Test tests[] = {
    { "a listed machine gets its gate", a_listed_machine_gets_its_gate },
    { "the policy bounds the life", the_policy_bounds_the_life },
    { "what is not listed stays shut", what_is_not_listed_stays_shut },
    { "evidence of one opens nothing on another", evidence_of_one_opens_nothing_on_another },
    { "a listed machine gains nothing from the evidence of another",
      a_listed_machine_gains_nothing_from_the_evidence_of_another },
    { "another release key opens nothing", another_release_key_opens_nothing },
    { "a refused machine gets nothing", a_refused_machine_gets_nothing },
    { "evidence for a caller never gets a gate", evidence_for_a_caller_never_gets_a_gate },
    { "a caller that asks is malformed", a_caller_that_asks_is_malformed },
    { "a nonce of another size is refused", a_nonce_of_another_size_is_refused },
    { "without a nonce nothing is signed", without_a_nonce_nothing_is_signed },
    { "the release key is in no key set", the_release_key_is_in_no_key_set },
    { "the release key is loaded where there are gates",
      the_release_key_is_loaded_where_there_are_gates },
};

static void learn_names(void)
{
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_(vtpm_freep) Vtpm *vtpm = NULL;
    _cleanup_bytes_ Bytes text = { 0 };
    json_t *trust = NULL;
    char path[128];

    check_int(vtpm_open(&bench.machine.settings, &findings, &vtpm), VTPM_OK);
    check_int(bytes_copy(vtpm_ak_name(vtpm), &ak_name), 0);
    (void)snprintf(path, sizeof(path), "%s/verifier-trust.json", bench.lab.verifier);
    check_int(file_read(path, 65536, &text), 0);
    check_int(json_parse(VIEW(text), 65536, &trust), JSON_OK);
    check_int(jwk_parse_key(json_object_get(trust, "release_key"), &release_key), JWK_OK);
    json_decref(trust);
}

int main(int argc, char **argv)
{
    swtpm_skip_if_absent();
    bench_start();
    other = gate_lab_start();
    learn_names();
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    gate_lab_stop(&other);
    bytes_done(&ak_name);
    key_free(release_key);
    bench_stop();
    return r;
}
