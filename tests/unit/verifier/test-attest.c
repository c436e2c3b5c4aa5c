/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole rounds against the running server: simulated hardware, real TPM, real TLS. A yes that every
 * rule of the agent accepts, and what happens to nonces and credentials.
 */
#include "bench.h"

#include "base/encode.h"

static void check_floor(const Token *token, bool with_tpm)
{
    static const char *const both[] = { "cpu", "vtpm", NULL };
    static const char *const one[] = { "cpu", NULL };
    const EarFloor floor = { .submodules = with_tpm ? both : one,
                             .hardware = "cpu",
                             .unendorsed = with_tpm ? "vtpm" : NULL };
    const char *submodule = NULL;
    int r = ear_floor(&token->ear, &floor, &submodule);

    if (r)
        (void)fprintf(stderr, "%s: %s\n", submodule, ear_floor_reason_name(r));
    check_int(r, EAR_FLOOR_OK);
}

static void an_honest_machine_gets_a_token(void)
{
    _cleanup_free_ char *nonce = NULL;
    _cleanup_reply_ LabReply reply = bench_honest_round(&nonce);

    check_int(reply.status, 200);
    check_str(reply.content_type, "application/json");
    check(strstr((const char *)reply.body.data, "\"gates\":{}}") != NULL);
    _cleanup_(token_freep) Token *token =
        bench_token(json_string_value(json_object_get(reply.json, "token")), nonce);
    check_int(token->ear.status, bench.machine.has_tpm ? EAR_NONE : EAR_AFFIRMING);
    check_floor(token, bench.machine.has_tpm);
    check(json_is_true(json_object_get(bench_ours(token), "simulated")));
    if (bench.machine.has_tpm)
        check_str(json_string_value(json_object_get(bench_ours(token), "vtpm_root")), "host");
    check_int(token_life_sec(token), 900);
    /* Nothing that names the machine. */
    _cleanup_free_ char *text = json_text(token->claims);
    check(!strstr(text, "chip_id\"") && !strstr(text, "ak_name"));
}

/* An implementation that is not ours agrees on signature and key set. */
static void another_implementation_verifies_the_token(void)
{
    _cleanup_reply_ LabReply reply = bench_honest_round(NULL);
    _cleanup_reply_ LabReply jwks =
        lab_request(&bench.lab, &(LabRequest){ .path = "/.well-known/jwks.json" });
    char command[256];

    if (system("command -v jose >/dev/null 2>&1") != 0) {
        (void)printf("  skipped: no jose\n");
        return;
    }
    lab_write(&bench.lab, "../token.jwt", json_string_value(json_object_get(reply.json, "token")));
    lab_write(&bench.lab, "../jwks.json", (const char *)jwks.body.data);
    (void)snprintf(command, sizeof(command), "jose jws ver -i %s/token.jwt -k %s/jwks.json -O %s/x",
                   bench.lab.directory, bench.lab.directory, bench.lab.directory);
    check_int(system(command), 0);
}

static void wrong_nonces_are_named(void)
{
    uint8_t bytes[56] = { 0 };
    _cleanup_free_ char *zeros = base64url_encode(VIEW_OF_ARRAY(bytes));
    _cleanup_free_ char *small = base64url_encode((ByteView){ .data = bytes, .size = 8 });
    _cleanup_reply_ LabReply forged =
        bench_round((MachineOrder){ .audience = bench.verifier_id, .nonce = zeros }, NULL);
    _cleanup_reply_ LabReply sized =
        bench_round((MachineOrder){ .audience = bench.verifier_id, .nonce = small }, NULL);

    lab_check_problem(&forged, 409, "nonce-unknown");
    lab_check_problem(&sized, 409, "nonce-unknown");
}

static void replayed_evidence_is_refused(void)
{
    _cleanup_free_ char *nonce = lab_challenge(&bench.lab);
    const MachineOrder order = { .audience = bench.verifier_id, .nonce = nonce };
    _cleanup_bytes_ Bytes evidence = machine_attest(&bench.machine, &order);
    _cleanup_reply_ LabReply first = bench_submit(VIEW(evidence));

    check_int(first.status, 200);
    /* Whichever process gets it. */
    for (int i = 0; i < 6; i++) {
        _cleanup_reply_ LabReply again = bench_submit(VIEW(evidence));
        lab_check_problem(&again, 409, "nonce-replayed");
    }
}

/* A challenge with keys, answered with what the TPM gave out, or with something else. */
static LabReply credential_round(bool spoil, char **ret_nonce)
{
    _cleanup_bytes_ Bytes body = machine_challenge_body(&bench.machine), blob = { 0 },
                          secret = { 0 };
    const LabRequest request = { .path = "/challenge",
                                 .content_type = "application/json",
                                 .body = VIEW(body) };
    _cleanup_reply_ LabReply challenge = lab_request(&bench.lab, &request);
    const json_t *credential = json_object_get(challenge.json, "credential");

    check_int(challenge.status, 200);
    check_int(json_get_base64url(credential, "credential_blob", 1024, &blob), JSON_OK);
    check_int(json_get_base64url(credential, "secret", 1024, &secret), JSON_OK);
    const MachineOrder order = {
        .audience = bench.verifier_id,
        .nonce = json_string_value(json_object_get(challenge.json, "nonce")),
        .credential_blob = VIEW(blob),
        .credential_secret = VIEW(secret),
        .spoil_credential = spoil,
    };
    return bench_round(order, ret_nonce);
}

static void a_credential_proves_that_keys_share_a_tpm(void)
{
    _cleanup_free_ char *nonce = NULL, *second = NULL;

    if (!bench.machine.has_tpm)
        return;
    _cleanup_reply_ LabReply good = credential_round(false, &nonce);
    if (good.status != 200)
        (void)fprintf(stderr, "%s\n", (const char *)good.body.data);
    check_int(good.status, 200);
    _cleanup_reply_ LabReply bad = credential_round(true, &second);
    bench_check_refused(&bad, second, "tpm-credential-mismatch");
}

static void malformed_evidence_names_its_member(void)
{
    _cleanup_free_ char *nonce = lab_challenge(&bench.lab);
    const MachineOrder order = { .audience = bench.verifier_id, .nonce = nonce };
    _cleanup_bytes_ Bytes evidence = machine_attest(&bench.machine, &order);
    char *place = strstr((char *)evidence.data, "\"cpu\"");

    check(place != NULL);
    memcpy(place, "\"upc\"", 5);
    _cleanup_reply_ LabReply unknown = bench_submit(VIEW(evidence));
    lab_check_problem(&unknown, 400, "evidence-malformed");
    check(strstr((const char *)unknown.body.data, "upc") != NULL);

    /* A malformed request does not use up the nonce. */
    memcpy(place, "\"cpu\"", 5);
    _cleanup_reply_ LabReply whole = bench_submit(VIEW(evidence));
    check_int(whole.status, 200);
}

static void a_rotated_nonce_key_is_survived(void)
{
    _cleanup_free_ char *nonce = lab_challenge(&bench.lab);
    char command[256];

    (void)snprintf(command, sizeof(command), "%s keys rotate-nonce %s >/dev/null", ATTEST_VERIFIER,
                   bench.lab.verifier);
    check_int(system(command), 0);
    bench_policy(bench_snp(), BENCH_TPM, "own");
    const MachineOrder order = { .audience = bench.verifier_id, .nonce = nonce };
    _cleanup_reply_ LabReply old = bench_round(order, NULL);
    check_int(old.status, 200);
    _cleanup_reply_ LabReply new = bench_honest_round(NULL);
    check_int(new.status, 200);
}

static void rounds_are_counted(void)
{
    _cleanup_reply_ LabReply reply = lab_request(&bench.lab, &(LabRequest){ .path = "/metrics" });
    const char *text = (const char *)reply.body.data;

    check(strstr(text, "problem=\"refused\",status=\"403\"} "));
    check(!strstr(text, bench.machine.has_tpm
                            ? "attest_verifier_verdicts_total{status=\"none\"} 0\n"
                            : "attest_verifier_verdicts_total{status=\"affirming\"} 0\n"));
    check(!strstr(text, "attest_verifier_verdicts_total{status=\"contraindicated\"} 0\n"));
    check(strstr(text, "attest_verifier_worker_crashes_total 0\n"));
}

static const Test tests[] = {
    { "an honest machine gets a token", an_honest_machine_gets_a_token },
    { "another implementation verifies the token", another_implementation_verifies_the_token },
    { "wrong nonces are named", wrong_nonces_are_named },
    { "replayed evidence is refused by every process", replayed_evidence_is_refused },
    { "a credential proves that keys share a TPM", a_credential_proves_that_keys_share_a_tpm },
    { "malformed evidence names its member", malformed_evidence_names_its_member },
    { "a rotated nonce key is survived", a_rotated_nonce_key_is_survived },
    { "rounds are counted", rounds_are_counted },
};

int main(int argc, char **argv)
{
    bench_start();
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    bench_stop();
    return r;
}
