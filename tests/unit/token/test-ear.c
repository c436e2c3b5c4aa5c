/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attestation results: spellings, tiers, and the floor.
 */
#include "token/ear.h"

#include "testing.h"
#include "token/token.h"

static int parse(const char *text, Ear *ret, json_t **ret_claims)
{
    json_t *claims = NULL;

    check_int(json_parse(view_of_string(text), strlen(text), &claims), JSON_OK);
    int r = ear_parse(claims, ret);
    *ret_claims = claims;
    return r;
}

static int parse_only(const char *text)
{
    Ear ear;
    json_t *claims;
    int r = parse(text, &ear, &claims);

    json_decref(claims);
    return r;
}

static void tiers_end_where_the_draft_says(void)
{
    static const struct {
        int64_t value;
        EarTier tier;
    } rows[] = { { 0, EAR_NONE },
                 { 1, EAR_NONE },
                 { -1, EAR_NONE },
                 { 2, EAR_AFFIRMING },
                 { 31, EAR_AFFIRMING },
                 { -2, EAR_AFFIRMING },
                 { -32, EAR_AFFIRMING },
                 { 32, EAR_WARNING },
                 { 95, EAR_WARNING },
                 { -33, EAR_WARNING },
                 { -96, EAR_WARNING },
                 { 96, EAR_CONTRAINDICATED },
                 { 127, EAR_CONTRAINDICATED },
                 { -97, EAR_CONTRAINDICATED },
                 { -128, EAR_CONTRAINDICATED },
                 { 1000, EAR_CONTRAINDICATED } };

    for (size_t i = 0; i < ELEMENTSOF(rows); i++)
        check_int(ear_tier(rows[i].value), rows[i].tier);
    check_str(ear_tier_name(EAR_CONTRAINDICATED), "contraindicated");
    check_int(ear_tier_value(EAR_WARNING), 32);
    check_str(ear_entry_name(EAR_HARDWARE), "hardware");
}

static void both_spellings_are_read(void)
{
    static const char *const texts[] = {
        "{\"ear_status\":\"affirming\",\"submods\":{\"cpu\":{\"ear_status\":\"affirming\","
        "\"ear_trustworthiness_vector\":{\"hardware\":2,\"executables\":3}}}}",
        "{\"ear.status\":2,\"submods\":{\"cpu\":{\"ear.status\":2,"
        "\"ear.trustworthiness-vector\":{\"hardware\":2,\"executables\":3}}}}",
    };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        Ear ear;
        json_t *claims;
        check_int(parse(texts[i], &ear, &claims), EAR_OK);
        check_int(ear.spelling, i == 0 ? EAR_UNDERSCORE : EAR_DOTTED);
        check_int(ear.n_submodules, 1);
        check(ear.has_status && ear.status == EAR_AFFIRMING);
        const EarSubmodule *cpu = ear_find(&ear, "cpu");
        check_int(cpu->status, EAR_AFFIRMING);
        check_int(cpu->vector.value[EAR_EXECUTABLES], 3);
        check(cpu->vector.present[EAR_HARDWARE] && !cpu->vector.present[EAR_CONFIGURATION]);
        check_int(cpu->vector.worst, EAR_AFFIRMING);
        check(ear_find(&ear, "gpu") == NULL);
        json_decref(claims);
    }
}

static void spellings_do_not_mix(void)
{
    check_int(parse_only("{\"submods\":{\"a\":{\"ear_status\":2},\"b\":{\"ear.status\":2}}}"),
              EAR_E_MIXED);
    check_int(parse_only("{\"ear.verifier-id\":{},\"submods\":{\"a\":{\"ear_status\":2}}}"),
              EAR_E_MIXED);
    check_int(parse_only("{\"submods\":{\"a\":{\"ear_status\":2,\"ear.status\":2}}}"), EAR_E_MIXED);
}

static void submodules_are_required_objects(void)
{
    check_int(parse_only("{}"), EAR_E_SUBMODULES);
    check_int(parse_only("{\"submods\":{}}"), EAR_E_SUBMODULES);
    check_int(parse_only("{\"submods\":[]}"), EAR_E_SUBMODULES);
    check_int(parse_only("{\"submods\":{\"a\":[\"JWT\",\"x\"]}}"), EAR_E_SUBMODULES);
}

static void too_many_submodules_are_refused(void)
{
    json_t *submodules = json_object();
    Ear ear;

    for (int i = 0; i <= EAR_SUBMODULES_MAX; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "m%d", i);
        json_object_set_new(submodules, name, json_pack("{s:i}", "ear_status", 2));
    }
    json_t *claims = json_pack("{s:o}", "submods", submodules);
    check_int(ear_parse(claims, &ear), EAR_E_SUBMODULES);
    json_object_del(submodules, "m0");
    check_int(ear_parse(claims, &ear), EAR_OK);
    json_decref(claims);
}

static void a_status_is_a_tier(void)
{
    static const char *const bad[] = { "\"good\"", "1", "3", "33", "true", "null", "2.0", "\"\"" };
    char text[128];

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        (void)snprintf(text, sizeof(text), "{\"submods\":{\"a\":{\"ear_status\":%s}}}", bad[i]);
        check_int(parse_only(text), EAR_E_STATUS);
    }
    check_int(parse_only("{\"submods\":{\"a\":{}}}"), EAR_E_STATUS);
    check_int(parse_only("{\"ear_status\":7,\"submods\":{\"a\":{\"ear_status\":2}}}"),
              EAR_E_STATUS);
}

static void a_vector_holds_small_integers(void)
{
    static const char *const bad[] = { "[]",
                                       "{\"hardware\":\"2\"}",
                                       "{\"hardware\":2.5}",
                                       "{\"hardware\":128}",
                                       "{\"hardware\":-129}",
                                       "null" };
    char text[128];

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        (void)snprintf(text, sizeof(text),
                       "{\"submods\":{\"a\":{\"ear_status\":2,\"ear_trustworthiness_vector\":%s}}}",
                       bad[i]);
        check_int(parse_only(text), EAR_E_VECTOR);
    }
}

static int floor_of(const char *text, const char *unendorsed)
{
    static const char *const wanted[] = { "cpu", "vtpm", NULL };
    EarFloor floor = { .submodules = wanted, .hardware = "cpu", .unendorsed = unendorsed };
    Ear ear;
    json_t *claims;
    const char *where = NULL;

    check_int(parse(text, &ear, &claims), EAR_OK);
    int r = ear_floor(&ear, &floor, &where);
    check((r == EAR_FLOOR_OK) == (where == NULL));
    json_decref(claims);
    return r;
}

#define CPU "\"cpu\":{\"ear_status\":\"affirming\",\"ear_trustworthiness_vector\":{\"hardware\":2}}"
#define VTPM                                                                                       \
    "\"vtpm\":{\"ear_status\":\"affirming\",\"ear_trustworthiness_vector\":{\"executables\":3}}"
#define SUBMODS(s) "{\"submods\":{" s "}}"

static void the_floor_takes_what_affirms(void)
{
    check_int(floor_of(SUBMODS(CPU "," VTPM), NULL), EAR_FLOOR_OK);
}

static void the_floor_wants_exactly_the_submodules_sent(void)
{
    check_int(floor_of(SUBMODS(CPU), NULL), EAR_FLOOR_E_SUBMODULES);
    check_int(floor_of(SUBMODS(CPU "," VTPM ",\"gpu\":{\"ear_status\":2}"), NULL),
              EAR_FLOOR_E_SUBMODULES);
}

static void the_floor_refuses_each_lesser_status(void)
{
    static const char *const tiers[] = { "none", "warning", "contraindicated" };
    char text[256];

    for (size_t i = 0; i < ELEMENTSOF(tiers); i++) {
        (void)snprintf(text, sizeof(text), SUBMODS(CPU ",\"vtpm\":{\"ear_status\":\"%s\"}"),
                       tiers[i]);
        check_int(floor_of(text, NULL), EAR_FLOOR_E_NOT_AFFIRMING);
        check_int(floor_of(text, "vtpm"), i == 0 ? EAR_FLOOR_OK : EAR_FLOOR_E_NOT_AFFIRMING);
        check_int(floor_of(text, "cpu"), EAR_FLOOR_E_NOT_AFFIRMING);
    }
}

static void the_floor_wants_hardware_to_affirm(void)
{
    check_int(floor_of(SUBMODS("\"cpu\":{\"ear_status\":2}," VTPM), NULL), EAR_FLOOR_E_HARDWARE);
    check_int(floor_of(SUBMODS("\"cpu\":{\"ear_status\":2,\"ear_trustworthiness_vector\":"
                               "{\"hardware\":0,\"executables\":2}}," VTPM),
                       NULL),
              EAR_FLOOR_E_HARDWARE);
}

static void the_floor_refuses_a_status_better_than_its_worst_entry(void)
{
    static const int values[] = { 32, 33, 96, 97, -33, -97, 1, -1 };
    char text[512];

    for (size_t i = 0; i < ELEMENTSOF(values); i++) {
        (void)snprintf(text, sizeof(text),
                       SUBMODS("\"cpu\":{\"ear_status\":2,\"ear_trustworthiness_vector\":"
                               "{\"hardware\":2,\"configuration\":%d}}," VTPM),
                       values[i]);
        check_int(floor_of(text, NULL), EAR_FLOOR_E_TOO_GOOD);
        /* An entry that has no name here counts too. */
        (void)snprintf(text, sizeof(text),
                       SUBMODS("\"cpu\":{\"ear_status\":2,\"ear_trustworthiness_vector\":"
                               "{\"hardware\":2,\"new-thing\":%d}}," VTPM),
                       values[i]);
        check_int(floor_of(text, NULL), EAR_FLOOR_E_TOO_GOOD);
    }
    check_int(floor_of(SUBMODS(CPU ",\"vtpm\":{\"ear_status\":0,\"ear_trustworthiness_vector\":"
                                   "{\"executables\":96}}"),
                       "vtpm"),
              EAR_FLOOR_E_TOO_GOOD);
}

static void the_floor_looks_at_the_status_of_the_whole(void)
{
    check_int(floor_of("{\"ear_status\":\"contraindicated\",\"submods\":{" CPU "," VTPM "}}", NULL),
              EAR_FLOOR_E_NOT_AFFIRMING);
    check_int(floor_of("{\"ear_status\":\"none\",\"submods\":{" CPU "," VTPM "}}", NULL),
              EAR_FLOOR_E_NOT_AFFIRMING);
    check_int(floor_of("{\"ear_status\":\"none\",\"submods\":{" CPU "," VTPM "}}", "vtpm"),
              EAR_FLOOR_OK);
    check_int(floor_of("{\"ear_status\":\"affirming\",\"submods\":{" CPU "," VTPM "}}", NULL),
              EAR_FLOOR_OK);
}

static void a_vector_yields_its_status(void)
{
    EarVector vector = { 0 };

    check_int(ear_status_of(&vector), EAR_NONE);
    ear_vector_set(&vector, EAR_HARDWARE, 2);
    ear_vector_set(&vector, EAR_FILE_SYSTEM, 0);
    check_int(ear_status_of(&vector), EAR_AFFIRMING);
    ear_vector_set(&vector, EAR_CONFIGURATION, -1);
    check_int(ear_status_of(&vector), EAR_NONE);
    ear_vector_set(&vector, EAR_CONFIGURATION, 36);
    check_int(ear_status_of(&vector), EAR_WARNING);
    ear_vector_set(&vector, EAR_EXECUTABLES, 96);
    check_int(ear_status_of(&vector), EAR_CONTRAINDICATED);
    for (int tier = EAR_NONE; tier <= EAR_CONTRAINDICATED; tier++)
        check(ear_is_too_good((EarTier)tier, &vector) == (tier != EAR_CONTRAINDICATED));
    ear_vector_set(&vector, EAR_EXECUTABLES, 2);
    ear_vector_set(&vector, EAR_CONFIGURATION, 2);
    check_int(ear_status_of(&vector), EAR_AFFIRMING);

    json_t *object = ear_vector_to_json(&vector);
    check_int(json_object_size(object), 4);
    check_int(json_integer_value(json_object_get(object, "hardware")), 2);
    json_decref(object);
}

static const Test tests[] = {
    { "tiers end where the draft says", tiers_end_where_the_draft_says },
    { "both spellings are read", both_spellings_are_read },
    { "spellings do not mix", spellings_do_not_mix },
    { "submodules are required objects", submodules_are_required_objects },
    { "too many submodules are refused", too_many_submodules_are_refused },
    { "a status is a tier", a_status_is_a_tier },
    { "a vector holds small integers", a_vector_holds_small_integers },
    { "the floor takes what affirms", the_floor_takes_what_affirms },
    { "the floor wants exactly the submodules sent", the_floor_wants_exactly_the_submodules_sent },
    { "the floor refuses each lesser status", the_floor_refuses_each_lesser_status },
    { "the floor wants hardware to affirm", the_floor_wants_hardware_to_affirm },
    { "the floor refuses a status better than its worst entry",
      the_floor_refuses_a_status_better_than_its_worst_entry },
    { "the floor looks at the status of the whole", the_floor_looks_at_the_status_of_the_whole },
    { "a vector yields its status", a_vector_yields_its_status },
};

TEST_MAIN(tests)
