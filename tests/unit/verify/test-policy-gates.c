/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gates of a policy: who is listed for what, and every mistake with its place.
 */
#include "verify/policy-gates.h"

#include "lab.h"

#define HEX32     "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define AK_NAME   "000b" HEX32
#define GATE_HEAD "{'attestd_policy':1,'id':'x','gates':["

static int parse(const char *gates, Policy **ret, PolicyError *error)
{
    char text[4096];

    (void)snprintf(text, sizeof(text), GATE_HEAD "%s]}", gates);
    for (char *c = text; *c; c++)
        if (*c == '\'')
            *c = '"';
    return policy_parse(view_of_string(text), ret, error);
}

static Policy *good(const char *gates)
{
    Policy *policy = NULL;
    PolicyError error = { 0 };
    int r = parse(gates, &policy, &error);

    if (r != POLICY_OK)
        (void)fprintf(stderr, "%s: %s\n", error.path, error.cause);
    check_int(r, POLICY_OK);
    return policy;
}

static void check_error(const char *gates, const char *path, const char *cause)
{
    Policy *policy = NULL;
    PolicyError error = { 0 };

    check_int(parse(gates, &policy, &error), POLICY_E_INVALID);
    check(!policy);
    check_str(error.path, path);
    if (!strstr(error.cause, cause))
        (void)fprintf(stderr, "%s: \"%s\", wanted \"%s\"\n", error.path, error.cause, cause);
    check(strstr(error.cause, cause) != NULL);
}

/* The Name AK_NAME, its last byte replaced. */
static void ak_name(uint8_t last, uint8_t ret[static 34])
{
    static const uint8_t digits[] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                      0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };

    ret[0] = 0x00;
    ret[1] = 0x0b;
    memcpy(ret + 2, digits, 16);
    memcpy(ret + 18, digits, 16);
    ret[33] = last;
}

static void test_a_gate_lists_its_machines(void)
{
    _cleanup_(policy_freep) Policy *policy =
        good("{'name':'db','machines':['" AK_NAME "','000B" HEX32 "'],'expiration_sec':60,"
             "'vtpm_roots':['host','svsm'],'comment':'c'},{'name':'web','machines':[]}");
    const PolicyGate *db = policy_gate_find(policy, "db");
    uint8_t name[34];

    check_int(policy->n_gates, 2);
    check(db && !db->every_machine);
    check_int(db->machines.n_items, 2);
    check_int(db->expiration_sec, 60);
    check_int(db->vtpm_roots, 1U << VTPM_ROOT_HOST | 1U << VTPM_ROOT_SVSM);
    ak_name(0xff, name);
    check(policy_gate_has_machine(db, VIEW_OF_ARRAY(name)));
    check(!policy_gate_has_machine(db, (ByteView){ name, 33 }));
    check(!policy_gate_has_machine(db, (ByteView){ name, 0 }));
    check(!policy_gate_has_machine(policy_gate_find(policy, "web"), VIEW_OF_ARRAY(name)));
    ak_name(0xfe, name);
    check(!policy_gate_has_machine(db, VIEW_OF_ARRAY(name)));
}

static void test_what_is_absent_is_safe(void)
{
    _cleanup_(policy_freep) Policy *policy = good("{'name':'db','machines':['" AK_NAME "']}");
    _cleanup_(policy_freep) Policy *none = good("");
    const PolicyGate *db = policy_gate_find(policy, "db");

    check_int(db->expiration_sec, 0);
    check_int(db->vtpm_roots,
              1U << VTPM_ROOT_PARAVISOR | 1U << VTPM_ROOT_SVSM | 1U << VTPM_ROOT_CERTIFICATE);
    check(!policy_gate_find(policy, "d") && !policy_gate_find(policy, "db2"));
    check_int(none->n_gates, 0);
    check(!policy_gate_find(none, "db"));
}

static void test_every_machine_is_written_out(void)
{
    _cleanup_(policy_freep) Policy *policy = good("{'name':'db','machines':['*']}");
    const PolicyGate *db = policy_gate_find(policy, "db");
    uint8_t name[34];

    ak_name(0x01, name);
    check(db->every_machine);
    check(policy_gate_has_machine(db, VIEW_OF_ARRAY(name)));
    check(!policy_gate_has_machine(db, (ByteView){ 0 }));
    check_error("{'name':'db','machines':['*','" AK_NAME "']}", "/gates/0/machines",
                "must stand alone");
    check_error("{'name':'db','machines':['" AK_NAME "','*']}", "/gates/0/machines",
                "must stand alone");
    check_error("{'name':'db','machines':['*','*']}", "/gates/0/machines", "must stand alone");
    check_error("{'name':'db','machines':'*'}", "/gates/0/machines", "must be an array");
    check_error("{'name':'db','machines':['**']}", "/gates/0/machines/0", "hexadecimal");
}

static void test_a_gate_has_a_kind(void)
{
    _cleanup_(policy_freep) Policy *policy =
        good("{'name':'db','machines':['*'],'kind':'verifier','ticket':false,'expiration_sec':60},"
             "{'name':'vault','machines':['*'],'kind':'rewrap','binds':['fleet','chip-id']},"
             "{'name':'any','machines':['*'],'kind':'rewrap'},{'name':'old','machines':['*']}");
    _cleanup_(policy_freep) Policy *none = good("{'name':'old','machines':['*']}");
    const PolicyGate *db = policy_gate_find(policy, "db");
    const PolicyGate *vault = policy_gate_find(policy, "vault");
    const PolicyGate *any = policy_gate_find(policy, "any");
    const PolicyGate *old = policy_gate_find(policy, "old");

    check(db->kind == GATE_KIND_VERIFIER && !db->ticket);
    check(vault->kind == GATE_KIND_REWRAP && vault->ticket);
    check_int(vault->binds, BIND_BIT(BIND_KIND_FLEET) | BIND_BIT(BIND_KIND_CHIP_ID));
    check(any->kind == GATE_KIND_REWRAP && any->binds == 0);
    check(old->kind == GATE_KIND_VERIFIER && old->ticket);
    check(policy_has_gate_kind(policy, GATE_KIND_REWRAP));
    check(policy_has_gate_kind(policy, GATE_KIND_VERIFIER));
    check(!policy_has_gate_kind(none, GATE_KIND_REWRAP));
}

#define DB    "{'name':'db','machines':[]"
#define VAULT "{'name':'v','machines':[],'kind':'rewrap'"

static void test_what_a_kind_makes_nothing_of_is_a_mistake(void)
{
    check_error(DB ",'kind':'pcr'}", "/gates/0/kind", "must be");
    check_error(DB ",'kind':'Verifier'}", "/gates/0/kind", "must be");
    check_error(DB ",'kind':1}", "/gates/0/kind", "must be");
    check_error(DB ",'binds':['chip-id']}", "/gates/0", "go with kind \"rewrap\"");
    check_error(DB ",'ticket':1}", "/gates/0/ticket", "must be");
    check_error(DB ",'ticket':false,'expiration_sec':61}", "/gates/0", "at most 60");
    check_error(VAULT ",'expiration_sec':60}", "/gates/0", "go with kind \"verifier\"");
    check_error(VAULT ",'ticket':false}", "/gates/0", "go with kind \"verifier\"");
    check_error(VAULT ",'binds':[]}", "/gates/0/binds", "at least one");
    check_error(VAULT ",'binds':'fleet'}", "/gates/0/binds", "must be an array");
    check_error(VAULT ",'binds':['serial']}", "/gates/0/binds", "\"serial\" is not known");
    check_error(VAULT ",'binds':[7]}", "/gates/0/binds", "is not known");
    check_error(VAULT ",'binds':['fleet','fleet']}", "/gates/0/binds", "twice");
    check_error(VAULT ",'binds':['id-key','chip-id','id-key']}", "/gates/0/binds", "twice");
}

static void test_mistakes_are_named(void)
{
    check_error("7", "/gates/0", "must be an object");
    check_error("{'name':'db'}", "/gates/0/machines", "is missing");
    check_error("{'machines':[]}", "/gates/0/name", "is missing");
    check_error("{'name':'DB','machines':[]}", "/gates/0/name", "a-z");
    check_error("{'name':'','machines':[]}", "/gates/0/name", "a-z");
    check_error("{'name':7,'machines':[]}", "/gates/0/name", "a-z");
    check_error("{'name':'db\\u0000x','machines':[]}", "/", "cannot be read");
    check_error("{'name':'db','machines':['" HEX32 "']}", "/gates/0/machines/0",
                "is 32 bytes; 34 are needed");
    check_error("{'name':'db','machines':['000c" HEX32 "']}", "/gates/0/machines/0",
                "must begin with 000b");
    check_error("{'name':'db','machines':['010b" HEX32 "']}", "/gates/0/machines/0",
                "must begin with 000b");
    check_error("{'name':'db','machines':[],'expiration_sec':0}", "/gates/0/expiration_sec",
                "from 1 to 3600");
    check_error("{'name':'db','machines':[],'expiration_sec':3601}", "/gates/0/expiration_sec",
                "to 3600");
    check_error("{'name':'db','machines':[],'expiration_sec':-600}", "/gates/0/expiration_sec",
                "from 1 to 3600");
    check_error("{'name':'db','machines':[],'expiration_sec':'60'}", "/gates/0/expiration_sec",
                "from 1 to 3600");
    check_error("{'name':'db','machines':[],'vtpm_roots':['hosts']}", "/gates/0/vtpm_roots",
                "is not known");
    check_error("{'name':'db','machines':[],'vtpm_roots':'host'}", "/gates/0/vtpm_roots",
                "must be an array");
    check_error("{'name':'db','machines':[],'machine':[]}", "/gates/0/machine", "unknown member");
    check_error("{'name':'db','machines':[]},{'name':'web','machines':[]},"
                "{'name':'db','machines':['*']}",
                "/gates", "names \"db\" twice");
}

static const Test tests[] = {
    { "a gate lists its machines", test_a_gate_lists_its_machines },
    { "what is absent is safe", test_what_is_absent_is_safe },
    { "every machine is written out", test_every_machine_is_written_out },
    { "a gate has a kind", test_a_gate_has_a_kind },
    { "what a kind makes nothing of is a mistake", test_what_a_kind_makes_nothing_of_is_a_mistake },
    { "mistakes are named", test_mistakes_are_named },
};

TEST_MAIN(tests)
