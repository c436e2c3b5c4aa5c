/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounds against a real attest-verifier.
 */
#include "bench.h"

#include "base/encode.h"

#include <signal.h>
#include <time.h>

Bench bench;

/* The lab's policy; the arguments change one thing each. */
void bench_policy(const char *snp, const char *tpm, const char *root)
{
    char text[2048], id[16], marker[64], own_root[97];
    static unsigned generation;

    machine_root(&bench.machine, own_root);
    (void)snprintf(id, sizeof(id), "lab-%u", ++generation);
    (void)snprintf(text, sizeof(text),
                   "{\"attestd_policy\":1,\"id\":\"%s\",\"snp\":%s,\"tpm\":%s,"
                   "\"simulated_roots\":[%s%s%s],\"gates\":[%s]}",
                   id, snp, tpm, root ? "\"" : "",
                   !root                 ? ""
                   : strcmp(root, "own") ? root
                                         : own_root,
                   root ? "\"" : "", bench.gates ? bench.gates : "");
    size_t offset = lab_log_size(&bench.lab);
    lab_write(&bench.lab, "policy.json", text);
    check(kill(bench.lab.pid, SIGHUP) == 0);
    (void)snprintf(marker, sizeof(marker), "reloaded: policy %s", id);
    lab_await_log(&bench.lab, marker, offset);
    /* Until the last process of the old generation has stopped accepting. */
    for (int in_a_row = 0; in_a_row < 6;) {
        _cleanup_reply_ LabReply reply =
            lab_request(&bench.lab, &(LabRequest){ .path = "/health" });
        const char *found = json_string_value(json_object_get(reply.json, "policy"));
        in_a_row = found && strcmp(found, id) == 0 ? in_a_row + 1 : 0;
    }
}

const char *bench_snp(void)
{
    static char text[256];
    char measurement[97];

    machine_measurement(&bench.machine, measurement);
    (void)snprintf(text, sizeof(text),
                   "{\"products\":[\"Milan\"],\"measurements\":[{\"value\":\"%s\","
                   "\"covers\":\"firmware\",\"name\":\"lab\"}]}",
                   measurement);
    return text;
}

LabReply bench_submit(ByteView evidence)
{
    const LabRequest request = { .path = "/attest",
                                 .content_type = EVIDENCE_MEDIA_TYPE,
                                 .body = evidence };

    return lab_request(&bench.lab, &request);
}

/* One round; the nonce is a fresh one unless ORDER has one. */
LabReply bench_round(MachineOrder order, char **ret_nonce)
{
    _cleanup_free_ char *nonce = lab_challenge(&bench.lab);

    if (!order.nonce)
        order.nonce = nonce;
    _cleanup_bytes_ Bytes evidence = machine_attest(&bench.machine, &order);
    if (ret_nonce)
        *ret_nonce = strdup(order.nonce);
    return bench_submit(VIEW(evidence));
}

LabReply bench_honest_round(char **ret_nonce)
{
    return bench_round((MachineOrder){ .audience = bench.verifier_id }, ret_nonce);
}

static void load_trust(Jwks *ret)
{
    _cleanup_bytes_ Bytes text = { 0 };
    char path[128];
    json_t *trust = NULL;

    (void)snprintf(path, sizeof(path), "%s/verifier-trust.json", bench.lab.verifier);
    check_int(file_read(path, 65536, &text), 0);
    check_int(json_parse(VIEW(text), 65536, &trust), JSON_OK);
    check_int(jwks_from_json(json_object_get(trust, "token_keys"), ret), JWKS_OK);
    json_decref(trust);
}

/* As the agent validates it: the keys come from the trust file. */
Token *bench_token(const char *text, const char *nonce_text)
{
    static const char *const algorithms[] = { "ES256", NULL };
    static const char *const profiles[] = { "tag:ietf.org,2026:rats/ear#03", NULL };
    _cleanup_(key_freep) Key *holder = NULL;
    _cleanup_bytes_ Bytes nonce = { 0 };
    static Jwks jwks; /* outlives the token, which borrows from it */
    TokenMismatch mismatch = { "", "" };
    json_t *jwk = machine_response_key();
    Token *token = NULL;

    if (jwks.n_keys == 0)
        load_trust(&jwks);
    check_int(base64url_decode(view_of_string(nonce_text), &nonce), ENCODE_OK);
    check_int(jwk_parse_key(jwk, &holder), JWK_OK);
    json_decref(jwk);
    const TokenExpectation expected = {
        .keys = &jwks,
        .algorithms = algorithms,
        .issuer = "https://127.0.0.1:8443",
        .audience = "attestd",
        .profiles = profiles,
        .nonce = VIEW(nonce),
        .holder = holder,
        .now_sec = (uint64_t)time(NULL),
        .leeway_sec = 60,
    };
    int r = token_validate(view_of_string(text), &expected, &mismatch, &token);
    if (r)
        (void)fprintf(stderr, "%s: %s, %s\n", token_reason_name(r), mismatch.found,
                      mismatch.wanted);
    check_int(r, TOKEN_OK);
    return token;
}

const json_t *bench_ours(const Token *token)
{
    return json_object_get(token->claims, "attestd");
}

void bench_check_refused(const LabReply *reply, const char *nonce, const char *finding)
{
    const json_t *findings = json_object_get(reply->json, "findings");
    bool there = false;

    for (size_t i = 0; i < json_array_size(findings); i++) {
        const json_t *item = json_array_get(findings, i);
        const char *name = json_string_value(json_object_get(item, "name"));
        if (strcmp(name, finding) != 0)
            continue;
        there = true;
        check_str(json_string_value(json_object_get(item, "result")), "failure");
        check_str(json_string_value(json_object_get(item, "source")), "verifier");
        check(json_string_length(json_object_get(item, "remedy")) > 0);
    }
    if (!there)
        (void)fprintf(stderr, "wanted %s: %s\n", finding, (const char *)reply->body.data);
    check(there);
    lab_check_problem(reply, 403, "refused");
    _cleanup_(token_freep) Token *token =
        bench_token(json_string_value(json_object_get(reply->json, "token")), nonce);
    check(token->ear.has_status);
    check_int(token->ear.status, EAR_CONTRAINDICATED);
    _cleanup_free_ char *text = json_text(json_object_get(bench_ours(token), "findings"));
    check(strstr(text, finding) != NULL);
}

void bench_start(void)
{
    bench.lab = lab_new("");
    bench.machine = machine_start(bench.lab.directory);
    if (!bench.machine.has_tpm)
        (void)printf("skipped: no swtpm; evidence is the hardware report alone\n");
    lab_serve(&bench.lab, "127.0.0.1:0", "2");

    _cleanup_reply_ LabReply health = lab_request(&bench.lab, &(LabRequest){ .path = "/health" });
    (void)snprintf(bench.verifier_id, sizeof(bench.verifier_id), "%s",
                   json_string_value(json_object_get(health.json, "verifier_id")));
    bench_policy(bench_snp(), BENCH_TPM, "own");
}

void bench_stop(void)
{
    check_int(lab_stop(&bench.lab), 0);
    machine_stop(&bench.machine);
    lab_done(&bench.lab);
}
