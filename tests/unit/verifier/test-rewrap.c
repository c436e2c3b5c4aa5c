/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which data key is opened for which machine; and that all others stay closed, with one text for
 * the machine and the reason for the journal.
 */
#include "rewrap-bench.h"

static void test_a_bound_data_key_is_opened_for_its_machine(void)
{
    know_all();
    for (BindKind kind = BIND_KIND_AK_NAME; kind < BIND_KIND_FLEET; kind++)
        check_opened(ANY, &(BlobOrder){ .bind = bind_of(kind, (uint8_t)(0x41 + kind)),
                                        .id = (uint8_t)kind });
}

static void test_a_data_key_of_another_machine_stays_closed(void)
{
    know_all();
    for (BindKind kind = BIND_KIND_AK_NAME; kind < BIND_KIND_FLEET; kind++) {
        char reason[96];
        (void)snprintf(reason, sizeof(reason), "bound to another machine by its %s",
                       bind_kind_name(kind));
        check_closed(ANY, &(BlobOrder){ .bind = bind_of(kind, 0x61) }, reason);
        /* The last bit counts like the first. */
        uint8_t *last = &bench.facts.items[kind].value[bind_kind_size(kind) - 1];
        *last ^= 1;
        check_closed(ANY, &(BlobOrder){ .bind = bind_of(kind, (uint8_t)(0x41 + kind)) }, reason);
        *last ^= 1;
    }
}

static void test_what_is_not_known_equals_nothing(void)
{
    for (BindKind kind = BIND_KIND_AK_NAME; kind < BIND_KIND_FLEET; kind++) {
        char reason[96];
        know_all();
        bench.facts.items[kind] = (BindFact){ 0 };
        (void)snprintf(reason, sizeof(reason), "not known of this machine, %s",
                       bind_kind_name(kind));
        check_closed(ANY, &(BlobOrder){ .bind = bind_of(kind, (uint8_t)(0x41 + kind)) }, reason);
        check_closed(ANY, &(BlobOrder){ .bind = bind_of(kind, 0) }, reason);
    }
}

/* Two facts in one blob: both must be this machine's. */
static void test_every_bind_of_a_blob_must_hold(void)
{
    char both[512], *end = NULL;

    know_all();
    (void)snprintf(both, sizeof(both), "%s", bind_of(BIND_KIND_HOST_DATA, 0x43));
    end = strrchr(both, '}');
    (void)snprintf(end, sizeof(both) - (size_t)(end - both), ",%s",
                   bind_of(BIND_KIND_CHIP_ID, 0x42) + 1);
    check_opened(ANY, &(BlobOrder){ .bind = both });
    set_fact(BIND_KIND_CHIP_ID, 0x62);
    check_closed(ANY, &(BlobOrder){ .bind = both }, "another machine by its chip-id");
    set_fact(BIND_KIND_CHIP_ID, 0x42);
    set_fact(BIND_KIND_HOST_DATA, 0x63);
    check_closed(ANY, &(BlobOrder){ .bind = both }, "another machine by its host-data");
}

static void test_the_policy_names_the_binds_it_wants(void)
{
    static const char both[] = "{'name':'vault','kind':'rewrap','machines':['*'],'binds':"
                               "['chip-id','host-data']}";
    static const char either[] = "{'name':'vault','kind':'rewrap','machines':['*'],'binds':"
                                 "['fleet','chip-id']}";

    know_all();
    check_closed(both, &(BlobOrder){ .bind = bind_of(BIND_KIND_CHIP_ID, 0x42) },
                 "not bound to all that the policy lists");
    check_closed(both, &(BlobOrder){ 0 }, "fleet");
    check_opened(either, &(BlobOrder){ 0 });
    check_opened(either, &(BlobOrder){ .bind = bind_of(BIND_KIND_CHIP_ID, 0x42) });
    check_closed(either, &(BlobOrder){ .bind = bind_of(BIND_KIND_VM_ID, 0x45) },
                 "not bound to all that the policy lists");
}

static void test_a_fleet_is_written_out_on_both_sides(void)
{
    know_all();
    check_closed(ANY, &(BlobOrder){ 0 }, "fleet");
    check_opened(FLEET, &(BlobOrder){ 0 });
    /* A list with fleet alone asks for no fact, and yet each that is there must hold. */
    check_opened(FLEET, &(BlobOrder){ .bind = bind_of(BIND_KIND_ID_KEY, 0x44) });
    check_closed(FLEET, &(BlobOrder){ .bind = bind_of(BIND_KIND_ID_KEY, 0x64) },
                 "another machine by its id-key");
}

static void test_a_blob_for_another_gate_stays_closed(void)
{
    static const char *const asked[] = { "vault", "db", "shut" };
    static const char policy[] =
        "{'name':'vault','kind':'rewrap','machines':['*'],'binds':['fleet']},"
        "{'name':'other','kind':'rewrap','machines':['*'],'binds':['fleet']},"
        "{'name':'db','machines':['*']},"
        "{'name':'shut','kind':'rewrap','machines':[],'binds':['fleet']}";
    char *blobs[] = {
        blob_make(bench.keys.items[0].key,
                  &(BlobOrder){ .gate = "other", .id = 1 }), /* not asked for */
        blob_make(bench.keys.items[0].key,
                  &(BlobOrder){ .gate = "db", .id = 2 }), /* another kind */
        blob_make(bench.keys.items[0].key, &(BlobOrder){ .gate = "shut", .id = 3 }),
        blob_make(bench.keys.items[0].key, &(BlobOrder){ .gate = "vault", .id = 4 }),
    };
    _cleanup_bytes_ Bytes list = blob_list(blobs, ELEMENTSOF(blobs));
    _cleanup_(appraisal_freep) Appraisal *appraisal = asks_for(asked, ELEMENTSOF(asked));
    _cleanup_(outcome_done) Outcome outcome = grant(policy, appraisal, VIEW(list));

    check_int(json_object_size(outcome.gates), 1);
    check_int(json_array_size(keys_of(&outcome, "vault")), 1);
    check_int(outcome.grant.rewrap.reasons.n_items, 3);
    for (size_t i = 0; i < 3; i++)
        check(strstr(outcome.grant.rewrap.reasons.items[i].found, "not asked for"));
    /* db and shut have their own reasons; what belongs to neither has none. */
    check_int(appraisal->findings.n_items, 3);
    check_str(appraisal->findings.items[0].subject, "gate db");
    check_str(appraisal->findings.items[1].subject, "gate shut");
    check_str(appraisal->findings.items[2].subject, "rewrap");
    check_str(appraisal->findings.items[2].found, GATES_REWRAP_REFUSED);
}

static void test_a_key_that_is_not_here_opens_nothing(void)
{
    _cleanup_(key_freep) Key *stranger = NULL;

    know_all();
    check_int(key_generate(KEY_P256, &stranger), KEY_OK);
    check_blob_closed(FLEET, blob_make(stranger, &(BlobOrder){ 0 }), "not here");
    /* Nor does our name on it help. */
    check_blob_closed(FLEET, blob_make(stranger, &(BlobOrder){ .kid = bench.keys.items[0].kid }),
                      "does not open");
    check_blob_closed(
        FLEET, blob_make(bench.keys.items[0].key, &(BlobOrder){ .kid = bench.keys.items[1].kid }),
        "does not open");
}

static void test_an_older_key_still_opens(void)
{
    char *blob = blob_make(bench.keys.items[1].key, &(BlobOrder){ .id = 9 });
    _cleanup_bytes_ Bytes list = blob_list(&blob, 1);
    _cleanup_(appraisal_freep) Appraisal *appraisal = asks_for_vault();
    _cleanup_(outcome_done) Outcome outcome = grant(FLEET, appraisal, VIEW(list));

    check_int(json_array_size(keys_of(&outcome, "vault")), 1);
    blob_check_key(json_array_get(keys_of(&outcome, "vault"), 0), bench.response_key,
                   VIEW_OF_ARRAY(bench.nonce), "vault", 9);
}

/* Nothing is even read before everything affirms. */
static void check_unread(Appraisal *appraisal, const char *policy, const char *reason)
{
    char *blob = blob_make(bench.keys.items[0].key, &(BlobOrder){ 0 });
    _cleanup_bytes_ Bytes list = blob_list(&blob, 1);
    _cleanup_(outcome_done) Outcome outcome = grant(policy, appraisal, VIEW(list));
    const Findings *findings = &appraisal->findings;

    check_int(json_object_size(outcome.gates), 0);
    check_int(outcome.grant.names.size, 0);
    check_int(outcome.grant.rewrap.opened.size, 0);
    check(findings->n_items > 0);
    check_str(findings->items[findings->n_items - 1].subject, "gate vault");
    if (!strstr(findings->items[findings->n_items - 1].found, reason))
        (void)fprintf(stderr, "%s\n", findings->items[findings->n_items - 1].found);
    check(strstr(findings->items[findings->n_items - 1].found, reason));
    appraisal_free(appraisal);
}

static void test_nothing_is_opened_without_an_affirming_verdict(void)
{
    Appraisal *appraisal = asks_for_vault();

    appraisal->status = TIER_WARNING;
    check_unread(appraisal, FLEET, "does not affirm");
    appraisal = asks_for_vault();
    appraisal->cpu.status = TIER_NONE;
    check_unread(appraisal, FLEET, "does not affirm");
    appraisal = asks_for_vault();
    appraisal->vtpm.status = TIER_WARNING;
    check_unread(appraisal, FLEET, "does not affirm");
    appraisal = asks_for_vault();
    check_int(
        findings_add(&appraisal->findings, "snp-debug-enabled", "cpu", FINDING_FAILURE, NULL, NULL),
        0);
    check_unread(appraisal, FLEET, "does not affirm");
    appraisal = asks_for_vault();
    appraisal->claims.purpose = EVIDENCE_PURPOSE_CALLER;
    check_unread(appraisal, FLEET, "not for this verifier");
    appraisal = asks_for_vault();
    appraisal->has_claims = false;
    check_unread(appraisal, FLEET, "not for this verifier");
}

static void test_machine_and_root_are_the_policys(void)
{
    static const char listed[] =
        "{'name':'vault','kind':'rewrap','machines':['" AK "'],'binds':['fleet']}";
    static const char nobody[] = "{'name':'vault','kind':'rewrap','machines':[],'binds':['fleet']}";
    static const char host[] = "{'name':'vault','kind':'rewrap','machines':['*'],'binds':"
                               "['fleet'],'vtpm_roots':['host']}";
    Appraisal *appraisal = asks_for_vault();

    check_opened(listed, &(BlobOrder){ 0 });
    check_unread(appraisal, nobody, "does not list this machine");
    check_unread(asks_for_vault(), host, "vtpm_root svsm");
    appraisal = asks_for_vault();
    appraisal->vtpm_root = VTPM_ROOT_HOST;
    appraisal->vtpm.status = appraisal->status = TIER_NONE;
    check_unread(appraisal, FLEET, "vtpm_root host");
}

/* Without a vTPM only a measurement of the whole boot says what runs. */
static void test_a_machine_without_a_vtpm_has_its_boot_measured(void)
{
    static const char listed[] =
        "{'name':'vault','kind':'rewrap','machines':['" AK "'],'binds':['fleet']}";
    static const char *const covers[] = { NULL, "firmware", "boot-chain" };

    for (size_t i = 0; i < ELEMENTSOF(covers); i++) {
        Appraisal *appraisal = asks_for_vault();
        appraisal->vtpm = (SubmoduleAppraisal){ 0 };
        appraisal->vtpm_root = VTPM_ROOT_HOST;
        bytes_done(&appraisal->ak_name);
        appraisal->cpu.facts = json_pack("{s:s*}", "measurement_covers", covers[i]);
        if (i < 2) {
            check_unread(appraisal, FLEET, "does not cover the boot chain");
            continue;
        }
        char *blob = blob_make(bench.keys.items[0].key, &(BlobOrder){ 0 });
        _cleanup_bytes_ Bytes list = blob_list(&blob, 1);
        _cleanup_(outcome_done) Outcome outcome = grant(FLEET, appraisal, VIEW(list));
        check_int(json_array_size(keys_of(&outcome, "vault")), 1);
        check_unread(appraisal, listed, "does not list this machine");
    }
}

static void test_a_gate_without_blobs_is_open_and_empty(void)
{
    _cleanup_(appraisal_freep) Appraisal *appraisal = asks_for_vault();
    _cleanup_(outcome_done) Outcome outcome = grant(ANY, appraisal, (ByteView){ 0 });

    check_int(json_array_size(keys_of(&outcome, "vault")), 0);
    check(keys_of(&outcome, "vault") != NULL);
    check_int(appraisal->findings.n_items, 0);
}

/* Each coordinate has the right size, and yet it is no key. */
static void test_a_response_key_off_its_curve_gets_nothing(void)
{
    char *blob = blob_make(bench.keys.items[0].key, &(BlobOrder){ 0 });
    _cleanup_bytes_ Bytes list = blob_list(&blob, 1);
    _cleanup_(appraisal_freep) Appraisal *appraisal = asks_for_vault();

    check_int(
        json_object_set(appraisal->claims.jwk, "x", json_object_get(appraisal->claims.jwk, "y")),
        0);
    _cleanup_(outcome_done) Outcome outcome = grant(FLEET, appraisal, VIEW(list));
    check_int(json_array_size(keys_of(&outcome, "vault")), 0);
    check_str(appraisal->findings.items[0].found, GATES_REWRAP_REFUSED);
}

static const Test tests[] = {
    { "a bound data key is opened for its machine",
      test_a_bound_data_key_is_opened_for_its_machine },
    { "a data key of another machine stays closed",
      test_a_data_key_of_another_machine_stays_closed },
    { "what is not known equals nothing", test_what_is_not_known_equals_nothing },
    { "every bind of a blob must hold", test_every_bind_of_a_blob_must_hold },
    { "the policy names the binds it wants", test_the_policy_names_the_binds_it_wants },
    { "a fleet is written out on both sides", test_a_fleet_is_written_out_on_both_sides },
    { "a blob for another gate stays closed", test_a_blob_for_another_gate_stays_closed },
    { "a key that is not here opens nothing", test_a_key_that_is_not_here_opens_nothing },
    { "an older key still opens", test_an_older_key_still_opens },
    { "nothing is opened without an affirming verdict",
      test_nothing_is_opened_without_an_affirming_verdict },
    { "machine and root are the policy's", test_machine_and_root_are_the_policys },
    { "a machine without a vTPM has its boot measured",
      test_a_machine_without_a_vtpm_has_its_boot_measured },
    { "a gate without blobs is open and empty", test_a_gate_without_blobs_is_open_and_empty },
    { "a response key off its curve gets nothing", test_a_response_key_off_its_curve_gets_nothing },
};

int main(int argc, char **argv)
{
    rewrap_bench_start();
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    rewrap_bench_stop();
    return r;
}
