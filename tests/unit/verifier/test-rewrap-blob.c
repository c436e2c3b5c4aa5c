/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs as sealing makes them, and every way to spoil one.
 */
#include "rewrap-bench.h"

#include "base/encode.h"
#include "secret/rewrap.h"

static void test_a_bind_that_cannot_be_read_is_no_fleet(void)
{
    static const char *const binds[] = {
        "{}",
        "7",
        "null",
        "'fleets'",
        "['fleet']",
        "{'fleet':''}",
        "{'chip-id':'AAAA'}",
        "{'chip-id':7}",
        "{'serial':'AAAA'}",
    };

    for (size_t i = 0; i < ELEMENTSOF(binds); i++) {
        char *blob = blob_make(bench.keys.items[0].key, &(BlobOrder){ .bind = binds[i] });
        _cleanup_bytes_ Bytes list = blob_list(&blob, 1);
        check_list_closed(FLEET, VIEW(list), "rewrap", "a bind that cannot be read");
    }
}

static void test_a_header_is_read_strictly(void)
{
    static const struct {
        BlobOrder order;
        const char *reason;
    } cases[] = {
        { { .type = "JWE" }, "of another typ" },
        { { .gate = "VAULT" }, "no gate" },
        { { .gate = "" }, "no gate" },
        { { .name = "" }, "no name, id or version" },
        { { .name = "a b" }, "no name, id or version" },
        { { .name = "a\x7f" }, "no name, id or version" },
        { { .extra = "{'version':0}" }, "no name, id or version" },
        { { .extra = "{'version':'1'}" }, "no name, id or version" },
        { { .extra = "{'id':'AAAA'}" }, "no name, id or version" },
        { { .kid = "" }, "no kid" },
        { { .extra = "{'kid':7}" }, "no kid" },
        { { .extra = "{'more':1}" }, "an unknown member" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        char *blob = blob_make(bench.keys.items[0].key, &cases[i].order);
        _cleanup_bytes_ Bytes list = blob_list(&blob, 1);
        check_list_closed(FLEET, VIEW(list), "rewrap", cases[i].reason);
    }
}

/* The header is authenticated: a secret cannot be passed off as another, or as a newer one. */
static void test_an_edited_header_does_not_open(void)
{
    static const struct {
        const char *from, *to;
    } edits[] = {
        { "\"name\":\"pw\"", "\"name\":\"px\"" },
        { "\"version\":1", "\"version\":2" },
        { "\"version\":1", "\"version\": 1" }, /* the same, spelled otherwise */
        { "\"AQEBAQEBAQEBAQEBAQEBAQ\"", "\"AgICAgICAgICAgICAgICAg\"" },
        { "\"bind\":\"fleet\"", "\"bind\":{\"chip-id\":\"" },
    };
    char chip[256];

    know_all();
    _cleanup_free_ char *chip_id = base64url_encode((ByteView){
        bench.facts.items[BIND_KIND_CHIP_ID].value, bind_kind_size(BIND_KIND_CHIP_ID) });
    (void)snprintf(chip, sizeof(chip), "%s%s\"}", edits[ELEMENTSOF(edits) - 1].to, chip_id);
    for (size_t i = 0; i < ELEMENTSOF(edits); i++) {
        bool is_last = i == ELEMENTSOF(edits) - 1;
        char *blob = blob_make(bench.keys.items[0].key, &(BlobOrder){ .id = 1 });
        check_blob_closed(FLEET, blob_edit(blob, edits[i].from, is_last ? chip : edits[i].to),
                          "does not open");
    }
    /* From one gate of this verifier to another. */
    char *blob = blob_make(bench.keys.items[0].key, &(BlobOrder){ .gate = "other" });
    check_blob_closed(FLEET, blob_edit(blob, "\"other\"", "\"vault\""), "does not open");
}

static void test_of_two_blobs_with_one_id_neither_is_opened(void)
{
    char *blobs[] = {
        blob_make(bench.keys.items[0].key, &(BlobOrder){ .id = 1 }),
        blob_make(bench.keys.items[0].key, &(BlobOrder){ .id = 2 }),
        blob_make(bench.keys.items[0].key, &(BlobOrder){ .id = 1, .name = "pw2" }),
    };
    _cleanup_bytes_ Bytes list = blob_list(blobs, ELEMENTSOF(blobs));
    _cleanup_(appraisal_freep) Appraisal *appraisal = asks_for_vault();
    _cleanup_(outcome_done) Outcome outcome = grant(FLEET, appraisal, VIEW(list));
    const json_t *found = keys_of(&outcome, "vault");

    check_int(json_array_size(found), 1);
    blob_check_key(json_array_get(found, 0), bench.response_key, VIEW_OF_ARRAY(bench.nonce),
                   "vault", 2);
    check_int(outcome.grant.rewrap.reasons.n_items, 2);
    check(strstr(outcome.grant.rewrap.reasons.items[0].found, "twice"));
    check_str(outcome.grant.rewrap.reasons.items[1].subject, "gate vault secret pw2");
    check_int(appraisal->findings.n_items, 1); /* one for the gate, however many */
}

static void check_count(size_t n, bool is_good)
{
    char *blobs[40];

    for (size_t i = 0; i < n; i++)
        blobs[i] = blob_make(bench.keys.items[0].key, &(BlobOrder){ .id = (uint8_t)(i + 1) });
    _cleanup_bytes_ Bytes list = blob_list(blobs, n);
    if (!is_good) {
        check_list_closed(FLEET, VIEW(list), "rewrap", "the list cannot be read");
        return;
    }
    _cleanup_(appraisal_freep) Appraisal *appraisal = asks_for_vault();
    _cleanup_(outcome_done) Outcome outcome = grant(FLEET, appraisal, VIEW(list));
    check_int(json_array_size(keys_of(&outcome, "vault")), n);
    check(outcome.grant.object.size < (48 << 10)); /* what the machine takes */
}

static void test_a_round_opens_32_data_keys_and_no_more(void)
{
    check_count(32, true);
    check_count(33, false);
}

static void test_a_list_that_cannot_be_read_opens_nothing(void)
{
    static const char *const lists[] = { "", "{}", "[]", "[7]", "[\"a.b.c\"]", "[", "[null]" };

    for (size_t i = 1; i < ELEMENTSOF(lists); i++)
        check_list_closed(FLEET, view_of_string(lists[i]), "rewrap", "the list cannot be read");
}

static void test_what_is_no_data_key_is_not_answered(void)
{
    static const size_t sizes[] = { 1, 16, 31, 33, 64 };

    for (size_t i = 0; i < ELEMENTSOF(sizes); i++)
        check_closed(FLEET, &(BlobOrder){ .size = sizes[i] }, "no data key");
}

/* What sealing writes is what is read here. */
static void test_a_blob_as_sealing_makes_it_is_opened(void)
{
    uint8_t bytes[32];
    _cleanup_(secret_freep) Secret *data_key = NULL;
    SecretHeader header = { .name = (char[]){ "pw" },
                            .version = 7,
                            .gate = (char[]){ "vault" },
                            .gate_kind = GATE_KIND_REWRAP };
    json_t *bind = json_object();
    char *blob = NULL;

    know_all();
    memset(header.id, 3, sizeof(header.id));
    memset(bytes, BLOB_KEY_BYTE, sizeof(bytes));
    for (BindKind kind = BIND_KIND_AK_NAME; kind < BIND_KIND_FLEET; kind++)
        check_int(json_set_base64url(
                      bind, bind_kind_name(kind),
                      (ByteView){ bench.facts.items[kind].value, bench.facts.items[kind].size }),
                  0);
    const RewrapTarget target = { .key = bench.keys.items[0].key,
                                  .kid = bench.keys.items[0].kid,
                                  .bind = bind };
    check_int(secret_new(VIEW_OF_ARRAY(bytes), &data_key), 0);
    check_int(rewrap_wrap(&target, &header, data_key, &blob), 0);
    json_decref(bind);
    _cleanup_bytes_ Bytes list = blob_list(&blob, 1);
    _cleanup_(appraisal_freep) Appraisal *appraisal = asks_for_vault();
    _cleanup_(outcome_done) Outcome outcome = grant(ANY, appraisal, VIEW(list));
    check_int(json_array_size(keys_of(&outcome, "vault")), 1);
    blob_check_key(json_array_get(keys_of(&outcome, "vault"), 0), bench.response_key,
                   VIEW_OF_ARRAY(bench.nonce), "vault", 3);
}

static const Test tests[] = {
    { "a bind that cannot be read is no fleet", test_a_bind_that_cannot_be_read_is_no_fleet },
    { "a header is read strictly", test_a_header_is_read_strictly },
    { "an edited header does not open", test_an_edited_header_does_not_open },
    { "of two blobs with one id neither is opened",
      test_of_two_blobs_with_one_id_neither_is_opened },
    { "a round opens 32 data keys and no more", test_a_round_opens_32_data_keys_and_no_more },
    { "a list that cannot be read opens nothing", test_a_list_that_cannot_be_read_opens_nothing },
    { "what is no data key is not answered", test_what_is_no_data_key_is_not_answered },
    { "a blob as sealing makes it is opened", test_a_blob_as_sealing_makes_it_is_opened },
};

int main(int argc, char **argv)
{
    rewrap_bench_start();
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    rewrap_bench_stop();
    return r;
}
