/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrapped data keys over the wire: two machines under one root, each with a chip and a TPM of its
 * own, and a verifier whose keys are rotated under them.
 */
#include "../tpm/swtpm.h"
#include "bench.h"
#include "blob-lab.h"

#include "base/encode.h"
#include "crypto/jwk.h"
#include "format/rewrap-list.h"
#include "verifier/gates.h"

#include <glob.h>
#include <sys/stat.h>

/* The private half of machine_response_key(): the example of RFC 7515, appendix A.3. */
static const char response_pem[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49\n"
    "AwEHoUQDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72b\n"
    "focs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
    "-----END EC PRIVATE KEY-----\n";

static Machine other;     /* attests as well as the bench's */
static Key *response_key; /* private: of whichever machine */
static Bytes blobs;       /* what the next evidence carries */

#define VAULT "{\"name\":\"vault\",\"kind\":\"rewrap\",\"machines\":[\"*\"]"
#define HOST  ",\"vtpm_roots\":[\"host\"]"
#define FLEET ",\"binds\":[\"fleet\"]"

static void ask_for_vault(EvidenceClaims *claims)
{
    claims->gates = calloc(1, sizeof(char *));
    check(claims->gates != NULL);
    claims->gates[claims->n_gates++] = strdup("vault");
}

static void add_blobs(Evidence *evidence)
{
    check_int(bytes_copy(VIEW(blobs), &evidence->rewrap), 0);
}

/* The policy's gates from now on. */
static void rule(const char *gates)
{
    bench.gates = gates;
    bench_policy(bench_snp(), BENCH_TPM, "own");
}

/* The key that the trust file offers to whoever wraps, public. */
static Key *offered_key(void)
{
    _cleanup_bytes_ Bytes text = { 0 };
    json_auto_t *trust = NULL;
    Key *key = NULL;
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/verifier-trust.json", bench.lab.verifier);
    check_int(file_read(path, 65536, &text), 0);
    check_int(json_parse(VIEW(text), 65536, &trust), JSON_OK);
    check_int(jwk_parse_key(json_object_get(trust, "rewrap_key"), &key), JWK_OK);
    check(!key_is_private(key));
    return key;
}

/* ORDER's blob, wrapped to KEY (NULL: the one that is offered now), goes into what follows. */
static void carry(const Key *key, const BlobOrder *order)
{
    _cleanup_(key_freep) Key *offered = offered_key();
    char *blob = blob_make(key ? key : offered, order);

    bytes_done(&blobs);
    blobs = blob_list(&blob, 1);
}

/* {'chip-id':…} or {'host-data':…} of MACHINE; static text. */
static const char *bind_of(const Machine *machine, const char *kind)
{
    static char text[192];
    SimReport report;

    sim_report_default(machine->chip, &report);
    _cleanup_free_ char *value =
        base64url_encode(strcmp(kind, "chip-id") == 0 ? VIEW_OF_ARRAY(report.chip_id)
                                                      : VIEW_OF_ARRAY(report.host_data));
    (void)snprintf(text, sizeof(text), "{'%s':'%s'}", kind, value);
    return text;
}

/* {'ak-name':…} of MACHINE; static text. */
static const char *bind_of_ak(const Machine *machine)
{
    static char text[96];
    _cleanup_findings_ Findings findings = { 0 };
    _cleanup_(vtpm_freep) Vtpm *vtpm = NULL;

    check_int(vtpm_open(&machine->settings, &findings, &vtpm), VTPM_OK);
    _cleanup_free_ char *value = base64url_encode(vtpm_ak_name(vtpm));
    (void)snprintf(text, sizeof(text), "{'ak-name':'%s'}", value);
    return text;
}

static LabReply attest(const Machine *machine, MachineOrder order, Bytes *ret_nonce)
{
    _cleanup_free_ char *nonce = lab_challenge(&bench.lab);

    order.nonce = nonce;
    order.audience = bench.verifier_id;
    order.before_binding = ask_for_vault;
    order.after_binding = add_blobs;
    if (ret_nonce)
        check_int(base64url_decode(view_of_string(nonce), ret_nonce), ENCODE_OK);
    _cleanup_bytes_ Bytes evidence = machine_attest(machine, &order);
    return bench_submit(VIEW(evidence));
}

static const json_t *keys_of(const LabReply *reply)
{
    return json_object_get(json_object_get(json_object_get(reply->json, "gates"), "vault"), "keys");
}

/* MACHINE attests with what is carried and gets the data key, for its own response key. */
static void check_opened(const Machine *machine)
{
    _cleanup_bytes_ Bytes nonce = { 0 };
    _cleanup_reply_ LabReply reply = attest(machine, (MachineOrder){ 0 }, &nonce);

    check_int(reply.status, 200);
    check_int(json_array_size(keys_of(&reply)), 1);
    blob_check_key(json_array_get(keys_of(&reply), 0), response_key, VIEW(nonce), "vault", 0);
}

/* It is attested all the same, gets no key and no reason; the verifier's log has REASON. */
static void check_closed(const Machine *machine, MachineOrder order, const char *reason)
{
    size_t offset = lab_log_size(&bench.lab);
    _cleanup_reply_ LabReply reply = attest(machine, order, NULL);
    const char *body = (const char *)reply.body.data;

    check_int(reply.status, 200);
    check(keys_of(&reply) != NULL);
    check_int(json_array_size(keys_of(&reply)), 0);
    check(!strstr(body, "jwe") && !strstr(body, reason));
    lab_await_log(&bench.lab, reason, offset);
}

static void each_machine_gets_what_is_bound_to_it(void)
{
    rule(VAULT HOST "}");
    carry(NULL, &(BlobOrder){ .bind = bind_of(&bench.machine, "chip-id") });
    check_opened(&bench.machine);
    carry(NULL, &(BlobOrder){ .bind = bind_of(&other, "chip-id") });
    check_opened(&other);
    carry(NULL, &(BlobOrder){ .bind = bind_of_ak(&other) });
    check_opened(&other);
}

static void a_blob_of_one_opens_nothing_for_another(void)
{
    rule(VAULT HOST "}");
    carry(NULL, &(BlobOrder){ .bind = bind_of(&other, "chip-id") });
    check_closed(&bench.machine, (MachineOrder){ 0 }, "bound to another machine by its chip-id");
    carry(NULL, &(BlobOrder){ .bind = bind_of_ak(&other) });
    check_closed(&bench.machine, (MachineOrder){ 0 }, "bound to another machine by its ak-name");
}

static void all_failures_look_alike_from_outside(void)
{
    _cleanup_free_ char *first = NULL;
    _cleanup_(key_freep) Key *stranger = NULL;

    check_int(key_generate(KEY_P256, &stranger), KEY_OK);
    rule(VAULT HOST "}");
    for (size_t i = 0; i < 3; i++) {
        carry(i == 2 ? stranger : NULL,
              &(BlobOrder){ .bind = i > 0 ? bind_of(i == 1 ? &other : &bench.machine, "chip-id")
                                          : NULL });
        _cleanup_reply_ LabReply reply = attest(&bench.machine, (MachineOrder){ 0 }, NULL);
        _cleanup_bytes_ Bytes claims = { 0 };
        const char *token = json_string_value(json_object_get(reply.json, "token"));
        const char *start = strchr(token, '.') + 1;
        const ByteView middle = { (const uint8_t *)start, strcspn(start, ".") };
        check_int(base64url_decode(middle, &claims), ENCODE_OK);
        json_auto_t *json = json_loadb((const char *)claims.data, claims.size, 0, NULL);
        _cleanup_free_ char *text =
            json_text(json_object_get(json_object_get(json, "attestd"), "findings"));
        check(strstr(text, GATES_REWRAP_REFUSED) != NULL);
        if (first)
            check_str(text, first);
        else
            first = TAKE_PTR(text);
    }
}

/* Zeros in the report and zeros in the blob are no match. */
static void a_masked_chip_is_nobodys(void)
{
    char snp[512], measurement[97];
    const MachineOrder masked = { .field = "mask_chip_id", .value = "true" };
    char zeros[128];
    static const uint8_t nothing[64];

    machine_measurement(&bench.machine, measurement);
    (void)snprintf(snp, sizeof(snp),
                   "{\"masked_chip_id\":true,\"measurements\":[{\"value\":\"%s\",\"covers\":"
                   "\"firmware\"}]}",
                   measurement);
    bench.gates = VAULT HOST "}";
    bench_policy(snp, BENCH_TPM, "own");
    _cleanup_free_ char *value = base64url_encode(VIEW_OF_ARRAY(nothing));
    (void)snprintf(zeros, sizeof(zeros), "{'chip-id':'%s'}", value);
    carry(NULL, &(BlobOrder){ .bind = zeros });
    check_closed(&bench.machine, masked, "not known of this machine, chip-id");
    carry(NULL, &(BlobOrder){ .bind = bind_of(&bench.machine, "chip-id") });
    check_closed(&bench.machine, masked, "not known of this machine, chip-id");
    check_opened(&bench.machine);
}

/* Host data that nobody set is the same everywhere. */
static void facts_that_were_never_set_are_nobodys(void)
{
    static const uint8_t nothing[32];
    char bind[96];
    _cleanup_free_ char *hex = hex_encode(VIEW_OF_ARRAY(nothing)),
                        *value = base64url_encode(VIEW_OF_ARRAY(nothing));
    const MachineOrder unset = { .field = "host_data", .value = hex };

    rule(VAULT HOST "}");
    (void)snprintf(bind, sizeof(bind), "{'host-data':'%s'}", value);
    carry(NULL, &(BlobOrder){ .bind = bind });
    check_closed(&bench.machine, unset, "not known of this machine, host-data");
}

static void a_fleets_data_key_wants_a_word(void)
{
    carry(NULL, &(BlobOrder){ 0 });
    rule(VAULT HOST "}");
    check_closed(&bench.machine, (MachineOrder){ 0 }, "fleet");
    rule(VAULT HOST FLEET "}");
    check_opened(&bench.machine);
    check_opened(&other);
}

static void a_refused_machine_gets_nothing(void)
{
    rule(VAULT HOST FLEET "}");
    carry(NULL, &(BlobOrder){ 0 });
    const MachineOrder debug = { .field = "policy", .value = "0xb0000" }; /* DEBUG */
    _cleanup_reply_ LabReply reply = attest(&bench.machine, debug, NULL);
    lab_check_problem(&reply, 403, "refused");
    check(!json_object_get(reply.json, "gates"));
    check(!strstr((const char *)reply.body.data, "jwe"));
}

static void evidence_for_a_caller_never_gets_a_data_key(void)
{
    _cleanup_free_ char *nonce = lab_challenge(&bench.lab);

    rule(VAULT HOST FLEET "}");
    carry(NULL, &(BlobOrder){ 0 });
    const MachineOrder order = { .nonce = nonce, .after_binding = add_blobs };
    _cleanup_bytes_ Bytes evidence = machine_attest(&bench.machine, &order);
    _cleanup_reply_ LabReply reply = bench_submit(VIEW(evidence));
    lab_check_problem(&reply, 403, "refused");
    check(strstr((const char *)reply.body.data, "claims-purpose-mismatch") != NULL);
    check(!json_object_get(reply.json, "gates"));
    check(!strstr((const char *)reply.body.data, "jwe"));
}

static void the_same_evidence_gets_one_answer(void)
{
    _cleanup_free_ char *nonce = lab_challenge(&bench.lab);

    rule(VAULT HOST FLEET "}");
    carry(NULL, &(BlobOrder){ 0 });
    const MachineOrder order = { .nonce = nonce,
                                 .audience = bench.verifier_id,
                                 .before_binding = ask_for_vault,
                                 .after_binding = add_blobs };
    _cleanup_bytes_ Bytes evidence = machine_attest(&bench.machine, &order);
    _cleanup_reply_ LabReply reply = bench_submit(VIEW(evidence));
    check_int(json_array_size(keys_of(&reply)), 1);
    _cleanup_reply_ LabReply again = bench_submit(VIEW(evidence));
    lab_check_problem(&again, 409, "nonce-replayed");
}

static void a_list_out_of_bounds_is_malformed_evidence(void)
{
    _cleanup_(key_freep) Key *key = offered_key();
    _cleanup_free_ char *nonce = lab_challenge(&bench.lab);
    char *many[REWRAP_LIST_MAX];

    for (size_t i = 0; i < REWRAP_LIST_MAX; i++)
        many[i] = blob_make(key, &(BlobOrder){ .id = (uint8_t)i });
    bytes_done(&blobs);
    blobs = blob_list(many, REWRAP_LIST_MAX);
    /* No evidence of ours has one more, so it is put in where no checks are. */
    const MachineOrder order = { .nonce = nonce,
                                 .audience = bench.verifier_id,
                                 .before_binding = ask_for_vault,
                                 .after_binding = add_blobs };
    _cleanup_bytes_ Bytes evidence = machine_attest(&bench.machine, &order);
    json_auto_t *json = json_loadb((const char *)evidence.data, evidence.size, 0, NULL);
    json_t *record = json_object_get(json, "rewrap");
    _cleanup_bytes_ Bytes list = { 0 };
    check_int(base64url_decode(view_of_string(json_string_value(json_array_get(record, 1))), &list),
              ENCODE_OK);
    char *one = blob_make(key, &(BlobOrder){ .id = 99 });
    list.size--; /* the bracket */
    check_int(bytes_append(&list, view_of_string(",\"")), 0);
    check_int(bytes_append(&list, view_of_string(one)), 0);
    check_int(bytes_append(&list, view_of_string("\"]")), 0);
    free(one);
    _cleanup_free_ char *text = base64url_encode(VIEW(list));
    check_int(json_array_set_new(record, 1, json_string(text)), 0);
    _cleanup_free_ char *spoilt = json_text(json);
    _cleanup_reply_ LabReply reply = bench_submit(view_of_string(spoilt));
    lab_check_problem(&reply, 400, "evidence-malformed");
    check(strstr((const char *)reply.body.data, "rewrap") != NULL);
}

static void no_vtpm_is_needed_where_the_boot_is_measured(void)
{
    char snp[512], measurement[97];
    const MachineOrder order = { .without_tpm = true };
    _cleanup_bytes_ Bytes nonce = { 0 };

    machine_measurement(&bench.machine, measurement);
    (void)snprintf(snp, sizeof(snp),
                   "{\"measurements\":[{\"value\":\"%s\",\"covers\":\"boot-chain\"}]}",
                   measurement);
    carry(NULL, &(BlobOrder){ .bind = bind_of(&bench.machine, "chip-id") });
    bench.gates = VAULT "}";
    bench_policy(snp, BENCH_TPM, "own");
    _cleanup_reply_ LabReply reply = attest(&bench.machine, order, &nonce);
    check_int(json_array_size(keys_of(&reply)), 1);
    blob_check_key(json_array_get(keys_of(&reply), 0), response_key, VIEW(nonce), "vault", 0);
    rule(VAULT "}"); /* covers the firmware only */
    _cleanup_reply_ LabReply shut = attest(&bench.machine, order, NULL);
    check_int(shut.status, 200);
    check(!keys_of(&shut));
}

static void rotate(void)
{
    char command[512];

    (void)snprintf(command, sizeof(command), "%s keys rotate-rewrap %s >/dev/null", ATTEST_VERIFIER,
                   bench.lab.verifier);
    check_int(system(command), 0);
}

static void an_older_key_opens_until_it_is_removed(void)
{
    _cleanup_(key_freep) Key *first = offered_key();
    char pattern[128];
    glob_t old = { 0 };

    rule(VAULT HOST FLEET "}");
    rotate();
    rule(VAULT HOST FLEET "}"); /* SIGHUP */
    _cleanup_(key_freep) Key *second = offered_key();
    check(!key_equal(first, second));
    carry(first, &(BlobOrder){ 0 });
    check_opened(&bench.machine);
    carry(second, &(BlobOrder){ 0 });
    check_opened(&bench.machine);

    (void)snprintf(pattern, sizeof(pattern), "%s/keys/rewrap-*.pem", bench.lab.verifier);
    check_int(glob(pattern, 0, NULL, &old), 0);
    check_int(old.gl_pathc, 1);
    check_int(unlink(old.gl_pathv[0]), 0);
    globfree(&old);
    rule(VAULT HOST FLEET "}");
    check_opened(&bench.machine);
    carry(first, &(BlobOrder){ 0 });
    check_closed(&bench.machine, (MachineOrder){ 0 }, "wrapped to a key that is not here");
}

/* The data key and what it is wrapped in are in no log, and in no file. */
static void nothing_is_kept(void)
{
    static const char key_text[] = "WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo"; /* base64url */
    char command[512];

    rule(VAULT HOST FLEET "}");
    carry(NULL, &(BlobOrder){ 0 });
    check_opened(&bench.machine);
    (void)snprintf(command, sizeof(command),
                   "! grep -rqE 'Z{32}|(5a){32}|%s|eyJhbGciOiJFQ0RI' %s %s", key_text,
                   bench.lab.verifier, bench.lab.log);
    check_int(system(command), 0);
}

static const Test tests[] = {
    { "each machine gets what is bound to it", each_machine_gets_what_is_bound_to_it },
    { "a blob of one opens nothing for another", a_blob_of_one_opens_nothing_for_another },
    { "all failures look alike from outside", all_failures_look_alike_from_outside },
    { "a masked chip is nobody's", a_masked_chip_is_nobodys },
    { "facts that were never set are nobody's", facts_that_were_never_set_are_nobodys },
    { "a fleet's data key wants a word", a_fleets_data_key_wants_a_word },
    { "a refused machine gets nothing", a_refused_machine_gets_nothing },
    { "evidence for a caller never gets a data key", evidence_for_a_caller_never_gets_a_data_key },
    { "the same evidence gets one answer", the_same_evidence_gets_one_answer },
    { "a list out of bounds is malformed evidence", a_list_out_of_bounds_is_malformed_evidence },
    { "no vTPM is needed where the boot is measured",
      no_vtpm_is_needed_where_the_boot_is_measured },
    { "an older key opens until it is removed", an_older_key_opens_until_it_is_removed },
    { "nothing is kept", nothing_is_kept },
};

int main(int argc, char **argv)
{
    char directory[128];

    swtpm_skip_if_absent();
    bench_start();
    (void)snprintf(directory, sizeof(directory), "%s/other", bench.lab.directory);
    check_int(mkdir(directory, 0700), 0);
    other = machine_start(directory);
    check_int(key_from_pem(view_of_string(response_pem), &response_key), KEY_OK);
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    machine_stop(&other);
    bytes_done(&blobs);
    key_free(response_key);
    bench_stop();
    return r;
}
