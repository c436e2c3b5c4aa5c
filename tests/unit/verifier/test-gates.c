/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is signed for which gate, and what never is.
 */
#include "gates-lab.h"

#include "crypto/gate.h"

#define NOW     UINT64_C(1800000000)
#define EXPIRES (NOW + 850)

static Key *release_key;

/* An affirming appraisal of the listed machine, that asks for GATES. Owned. */
static Appraisal *affirming(const char *const *gates, size_t n_gates)
{
    static const uint8_t nonce_tpm[GATE_NONCE_SIZE] = { 1, 2, 3 };
    Appraisal *appraisal = affirming_appraisal(gates, n_gates);

    check_int(bytes_copy(VIEW_OF_ARRAY(nonce_tpm), &appraisal->claims.nonce_tpm), 0);
    return appraisal;
}

static Appraisal *asks_for_db(void)
{
    static const char *const gates[] = { "db" };

    return affirming(gates, 1);
}

static json_t *grant_at(const char *gates, Appraisal *appraisal, uint64_t now_sec)
{
    _cleanup_(policy_freep) Policy *policy = policy_of(gates);
    _cleanup_gates_grant_ GatesGrant grant = { 0 };
    const GatesInput input = {
        .policy = policy,
        .release_key = policy->n_gates > 0 ? release_key : NULL,
        .now_sec = now_sec,
        .expires_sec = EXPIRES,
    };

    check_int(gates_grant(&input, appraisal, &grant), 0);
    json_t *json = json_loadb((const char *)grant.object.data, grant.object.size, 0, NULL);
    check(json_is_object(json));
    check_int(json_object_size(json) > 0, grant.names.size > 0);
    return json;
}

/* The expiration of gate NAME, whose signature must hold for this machine and this nonce; 0: the
 * gate stays shut. */
static json_int_t opened(const json_t *gates, const char *name, const Appraisal *appraisal)
{
    const json_t *entry = json_object_get(gates, name);
    _cleanup_bytes_ Bytes signature = { 0 };
    Digest policy_ref;

    if (!entry)
        return 0;
    check_int(json_object_size(entry), 3);
    check_str(json_string_value(json_object_get(entry, "kind")), "verifier");
    check_int(json_get_base64url(entry, "signature", 64, &signature), JSON_OK);
    check_int(gate_policy_ref(name, VIEW(appraisal->ak_name), &policy_ref), GATE_OK);
    const GateApproval approval = {
        .nonce_tpm = VIEW(appraisal->claims.nonce_tpm),
        .expiration_sec = json_integer_value(json_object_get(entry, "expiration")),
        .policy_ref = digest_view(&policy_ref),
    };
    check_int(gate_verify(release_key, &approval, VIEW(signature)), GATE_OK);
    return approval.expiration_sec;
}

/* APPRAISAL is taken; gate "db" stays shut, with a warning that has REASON. */
static void check_shut(const char *policy, Appraisal *appraisal, const char *reason)
{
    json_auto_t *gates = grant_at(policy, appraisal, NOW);
    const Findings *findings = &appraisal->findings;

    check_int(opened(gates, "db", appraisal), 0);
    check(findings->n_items > 0);
    const Finding *last = &findings->items[findings->n_items - 1];
    check_str(last->name, "gate-not-granted");
    check_str(last->subject, "gate db");
    check_int(last->result, FINDING_WARNING);
    check_str(last->source, "verifier");
    if (!strstr(last->found, reason))
        (void)fprintf(stderr, "%s, wanted %s\n", last->found, reason);
    check(strstr(last->found, reason) != NULL);
    check(!strstr(last->found, "0011223344")); /* tokens name no machine */
    appraisal_free(appraisal);
}

static void test_a_listed_machine_gets_its_gate(void)
{
    _cleanup_(appraisal_freep) Appraisal *appraisal = asks_for_db();
    json_auto_t *gates = grant_at("{'name':'db','machines':['" AK "']}", appraisal, NOW);

    check_int(opened(gates, "db", appraisal), -GATES_EXPIRATION_SEC);
    check_int(appraisal->findings.n_items, 0);
}

static void test_each_gate_is_judged_alone(void)
{
    static const char *const asked[] = { "web", "db", "other", "any" };
    _cleanup_(appraisal_freep) Appraisal *appraisal = affirming(asked, ELEMENTSOF(asked));
    json_auto_t *gates = grant_at(
        "{'name':'db','machines':['" AK "']},{'name':'web','machines':[]},"
        "{'name':'any','machines':['*'],'expiration_sec':30},{'name':'un','machines':['*']}",
        appraisal, NOW);

    check_int(json_object_size(gates), 2);
    check_int(opened(gates, "db", appraisal), -600);
    check_int(opened(gates, "any", appraisal), -30);
    check_int(appraisal->findings.n_items, 2);
    check_str(appraisal->findings.items[0].subject, "gate web");
    check_str(appraisal->findings.items[1].subject, "gate other");
}

static void test_nothing_asked_is_an_empty_object(void)
{
    _cleanup_(appraisal_freep) Appraisal *appraisal = affirming(NULL, 0);
    _cleanup_(policy_freep) Policy *policy = policy_of("{'name':'db','machines':['*']}");
    _cleanup_gates_grant_ GatesGrant grant = { 0 };
    const GatesInput input = {
        .policy = policy, .release_key = release_key, .now_sec = NOW, .expires_sec = EXPIRES
    };

    check_int(gates_grant(&input, appraisal, &grant), 0);
    check_str((const char *)grant.object.data, GATES_NONE);
    check_int(grant.object.size, strlen(GATES_NONE));
    check_int(appraisal->findings.n_items, 0);
}

static void test_the_expiration_has_bounds(void)
{
    static const struct {
        const char *policy;
        uint64_t now_sec;
        json_int_t wanted;
    } cases[] = {
        { "", NOW, -600 },
        { ",'expiration_sec':1", NOW, -1 },
        { ",'expiration_sec':3600", EXPIRES - 3600, -3600 },
        { ",'expiration_sec':3600", EXPIRES - 3601, -3600 },
        /* No approval outlives the token. */
        { ",'expiration_sec':3600", NOW, -850 },
        { "", EXPIRES - 10, -10 },
        { "", EXPIRES - 1, -1 },
        { ",'expiration_sec':5", EXPIRES - 10, -5 },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_(appraisal_freep) Appraisal *appraisal = asks_for_db();
        char text[256];
        (void)snprintf(text, sizeof(text), "{'name':'db','machines':['*']%s}", cases[i].policy);
        json_auto_t *gates = grant_at(text, appraisal, cases[i].now_sec);
        check_int(opened(gates, "db", appraisal), cases[i].wanted);
    }
}

/* An approval that may not be kept need not be good for longer than a round. */
static void test_a_gate_without_tickets_opens_for_a_minute_at_most(void)
{
    static const struct {
        const char *policy;
        uint64_t now_sec;
        json_int_t wanted;
    } cases[] = {
        { "'ticket':false", NOW, -60 },
        { "'ticket':false,'expiration_sec':60", NOW, -60 },
        { "'ticket':false,'expiration_sec':5", NOW, -5 },
        { "'ticket':false", EXPIRES - 7, -7 },
        { "'ticket':true", NOW, -600 },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_(appraisal_freep) Appraisal *appraisal = asks_for_db();
        char text[256];
        (void)snprintf(text, sizeof(text), "{'name':'db','machines':['*'],%s}", cases[i].policy);
        json_auto_t *gates = grant_at(text, appraisal, cases[i].now_sec);
        check_int(opened(gates, "db", appraisal), cases[i].wanted);
    }
}

/* Rather than an expiration of 0, which would never end. */
static void test_a_token_without_time_left_opens_nothing(void)
{
    for (uint64_t late = 0; late < 3; late++) {
        _cleanup_(appraisal_freep) Appraisal *appraisal = asks_for_db();
        json_auto_t *gates = grant_at("{'name':'db','machines':['*']}", appraisal, EXPIRES + late);
        check_int(json_object_size(gates), 0);
        check_str(appraisal->findings.items[0].name, "gate-not-granted");
    }
}

static void test_what_is_not_listed_stays_shut(void)
{
    check_shut("", asks_for_db(), "no such gate");
    check_shut("{'name':'db2','machines':['*']}", asks_for_db(), "no such gate");
    check_shut("{'name':'db','machines':[]}", asks_for_db(), "does not list this machine");
    check_shut("{'name':'db','machines':['000b10112233445566778899aabbccddeeff0011223344556677"
               "8899aabbccddeeff']}",
               asks_for_db(), "does not list this machine");
}

static void test_a_vtpm_of_the_host_takes_a_word(void)
{
    static const char listed[] = "{'name':'db','machines':['*'],'vtpm_roots':['host']}";
    Appraisal *appraisal = asks_for_db();

    appraisal->vtpm_root = VTPM_ROOT_HOST;
    check_shut("{'name':'db','machines':['*']}", appraisal, "vtpm_root host");
    check_shut(listed, asks_for_db(), "vtpm_root svsm");
    check_shut("{'name':'db','machines':['*'],'vtpm_roots':[]}", asks_for_db(), "vouches");

    /* As it is judged: the vTPM affirms nothing, and so does the whole; the hardware does. */
    _cleanup_(appraisal_freep) Appraisal *host = asks_for_db();
    host->vtpm_root = VTPM_ROOT_HOST;
    host->status = host->vtpm.status = TIER_NONE;
    json_auto_t *gates = grant_at(listed, host, NOW);
    check_int(opened(gates, "db", host), -600);
    appraisal = asks_for_db();
    appraisal->vtpm_root = VTPM_ROOT_HOST;
    appraisal->status = appraisal->vtpm.status = appraisal->cpu.status = TIER_NONE;
    check_shut(listed, appraisal, "does not affirm");
}

/* A vTPM alone, rooted in a certificate, as a Trusted Launch VM has it. */
static Appraisal *alone(void)
{
    Appraisal *appraisal = asks_for_db();

    appraisal->cpu = (SubmoduleAppraisal){ 0 };
    appraisal->hardware = HARDWARE_NONE;
    appraisal->vtpm_root = VTPM_ROOT_CERTIFICATE;
    return appraisal;
}

static void check_open(const char *policy, Appraisal *appraisal)
{
    json_auto_t *gates = grant_at(policy, appraisal, NOW);

    check_int(opened(gates, "db", appraisal), -600);
    appraisal_free(appraisal);
}

static void test_a_machine_without_hardware_takes_a_word(void)
{
    static const char by_default[] = "{'name':'db','machines':['*']}";
    static const char by_root[] = "{'name':'db','machines':['*'],'vtpm_roots':['certificate']}";
    static const char listed[] = "{'name':'db','machines':['*'],'hardware':['snp','none']}";
    static const char of_host[] =
        "{'name':'db','machines':['*'],'hardware':['none'],'vtpm_roots':['host']}";
    static const char kind[] = "machines of this kind";
    Appraisal *host = alone();

    check_shut(by_default, alone(), kind);
    check_shut(by_root, alone(), kind);
    check_open(listed, alone());
    host->vtpm_root = VTPM_ROOT_HOST;
    host->status = host->vtpm.status = TIER_NONE;
    check_shut(listed, host, "vtpm_root host");
    host = alone();
    host->vtpm_root = VTPM_ROOT_HOST;
    host->status = host->vtpm.status = TIER_NONE;
    check_open(of_host, host);
    check_shut(of_host, asks_for_db(), kind);
    Appraisal *td = asks_for_db();
    td->hardware = HARDWARE_TDX;
    check_open(by_default, td);
    td = asks_for_db();
    td->hardware = HARDWARE_TDX;
    check_shut("{'name':'db','machines':['*'],'hardware':['snp']}", td, kind);
}

static void test_only_a_nonce_of_24_bytes_is_signed(void)
{
    static const uint8_t bytes[64] = { 7 };
    static const size_t sizes[] = { 0, 1, 16, 20, 23, 25, 32, 48, 64 };

    for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
        Appraisal *appraisal = asks_for_db();
        bytes_done(&appraisal->claims.nonce_tpm);
        check_int(bytes_copy((ByteView){ bytes, sizes[i] }, &appraisal->claims.nonce_tpm), 0);
        check_shut("{'name':'db','machines':['*']}", appraisal, "24 bytes");
    }
}

static void test_nothing_is_opened_without_an_affirming_verdict(void)
{
    static const char any[] = "{'name':'db','machines':['*']}";
    Appraisal *appraisal = asks_for_db();

    appraisal->status = TIER_WARNING;
    check_shut(any, appraisal, "does not affirm");
    appraisal = asks_for_db();
    appraisal->cpu.status = TIER_NONE;
    check_shut(any, appraisal, "does not affirm");
    appraisal = asks_for_db();
    appraisal->cpu.present = false;
    check_shut(any, appraisal, "does not affirm");
    appraisal = asks_for_db();
    appraisal->vtpm.status = TIER_NONE; /* and yet not the host's */
    check_shut(any, appraisal, "does not affirm");
    appraisal = asks_for_db();
    appraisal->vtpm.status = TIER_WARNING;
    check_shut(any, appraisal, "does not affirm");
    appraisal = asks_for_db();
    appraisal->vtpm.present = false;
    check_shut(any, appraisal, "no quote");
    appraisal = asks_for_db();
    check_int(
        findings_add(&appraisal->findings, "snp-debug-enabled", "cpu", FINDING_FAILURE, NULL, NULL),
        0);
    check_shut(any, appraisal, "does not affirm");
    appraisal = asks_for_db();
    bytes_done(&appraisal->ak_name);
    check_shut(any, appraisal, "no quote");
    appraisal = asks_for_db();
    appraisal->claims.purpose = EVIDENCE_PURPOSE_CALLER;
    check_shut(any, appraisal, "not for this verifier");
    appraisal = asks_for_db();
    appraisal->has_claims = false;
    check_shut(any, appraisal, "not for this verifier");
}

/* An AK whose Name is of another hash would make another message. */
static void test_an_ak_name_of_another_kind_is_not_signed_for(void)
{
    static const uint8_t name[] = { 0x00, 0x0c };
    Appraisal *appraisal = asks_for_db();

    memcpy(appraisal->ak_name.data, name, sizeof(name));
    check_shut("{'name':'db','machines':['*']}", appraisal, "TPM Name");
    appraisal = asks_for_db();
    check_int(bytes_append_u8(&appraisal->ak_name, 0), 0);
    check_shut("{'name':'db','machines':['*']}", appraisal, "no quote");
}

static const Test tests[] = {
    { "a listed machine gets its gate", test_a_listed_machine_gets_its_gate },
    { "each gate is judged alone", test_each_gate_is_judged_alone },
    { "nothing asked is an empty object", test_nothing_asked_is_an_empty_object },
    { "the expiration has bounds", test_the_expiration_has_bounds },
    { "a gate without tickets opens for a minute at most",
      test_a_gate_without_tickets_opens_for_a_minute_at_most },
    { "a token without time left opens nothing", test_a_token_without_time_left_opens_nothing },
    { "what is not listed stays shut", test_what_is_not_listed_stays_shut },
    { "a vTPM of the host takes a word", test_a_vtpm_of_the_host_takes_a_word },
    { "a machine without hardware takes a word", test_a_machine_without_hardware_takes_a_word },
    { "only a nonce of 24 bytes is signed", test_only_a_nonce_of_24_bytes_is_signed },
    { "nothing is opened without an affirming verdict",
      test_nothing_is_opened_without_an_affirming_verdict },
    { "an AK Name of another kind is not signed for",
      test_an_ak_name_of_another_kind_is_not_signed_for },
};

int main(int argc, char **argv)
{
    check_int(key_generate(KEY_P256, &release_key), KEY_OK);
    int r = run_tests(tests, ELEMENTSOF(tests), argc, argv);
    key_free(release_key);
    return r;
}
