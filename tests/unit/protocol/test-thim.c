/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/thim.h"

#include "azure-sample.h"

static int parse(const json_t *answer, Thim *ret)
{
    _cleanup_free_ char *text = json_text(answer);

    check(text);
    return thim_parse(view_of_string(text), ret);
}

/* MEMBER becomes VALUE (JSON text; "": it goes away), and the answer is refused. */
static void check_refused(const char *member, const char *value, int reason)
{
    json_auto_t *answer = sample_thim();
    Thim thim = { 0 };

    if (*value)
        check(json_object_set_new(answer, member, json_loads(value, JSON_DECODE_ANY, NULL)) == 0);
    else
        check(json_object_del(answer, member) == 0);
    int r = parse(answer, &thim);
    if (r != reason)
        (void)printf("  %s = %.40s: %s\n", member, value, thim_reason(r));
    check_int(r, reason);
    check(!thim.vcek.data && !thim.ask.data && !thim.ark.data);
}

static void test_an_answer_is_read(void)
{
    json_auto_t *answer = sample_thim();
    _cleanup_bytes_ Bytes vcek = test_vector("azure-snp/milan-v3-a/vcek.der");
    _cleanup_bytes_ Bytes ask = test_vector("amd-roots/milan/ask.der");
    _cleanup_bytes_ Bytes ark = test_vector("amd-roots/milan/ark.der");
    _cleanup_thim_ Thim thim = { 0 };
    static const uint8_t tcb[] = { 0x04, 0, 0, 0, 0, 0, 0x18, 0xdb };

    check_int(parse(answer, &thim), THIM_OK);
    check(view_equal(VIEW(thim.vcek), VIEW(vcek)));
    check(view_equal(VIEW(thim.ask), VIEW(ask)));
    check(view_equal(VIEW(thim.ark), VIEW(ark)));
    check(memcmp(thim.tcb.bytes, tcb, sizeof(tcb)) == 0);
    check_int(thim.fresh_sec, 86400);
}

static void test_the_chain_may_come_in_another_order(void)
{
    static const char *const chain[] = { "amd-roots/milan/ark.der", "amd-roots/milan/ask.der",
                                         NULL };
    _cleanup_bytes_ Bytes pem = sample_pem_of(chain), ark = test_vector(chain[0]);
    json_auto_t *answer = sample_thim();
    _cleanup_thim_ Thim thim = { 0 };

    check(json_object_set_new(answer, "certificateChain", json_string((char *)pem.data)) == 0);
    check_int(parse(answer, &thim), THIM_OK);
    check(view_equal(VIEW(thim.ark), VIEW(ark)));
}

static void test_what_is_not_documented_is_tolerated(void)
{
    json_auto_t *answer = sample_thim();
    _cleanup_thim_ Thim lower = { 0 }, endless = { 0 }, number = { 0 };

    check(json_object_set_new(answer, "tcbm", json_string("db18000000000004")) == 0);
    check(json_object_set_new(answer, "newMember", json_object()) == 0);
    check(json_object_del(answer, "cacheControl") == 0);
    check_int(parse(answer, &lower), THIM_OK);
    check_int(lower.fresh_sec, 0);
    check(json_object_set_new(answer, "cacheControl", json_string("999999999")) == 0);
    check_int(parse(answer, &endless), THIM_OK);
    check_int(endless.fresh_sec, 86400);
    check(json_object_set_new(answer, "cacheControl", json_integer(60)) == 0);
    check_int(parse(answer, &number), THIM_OK);
    check_int(number.fresh_sec, 0);
}

static void test_what_is_none_is_refused(void)
{
    static const char *const members[] = { "vcekCert", "tcbm", "certificateChain" };
    static const char *const twice[] = { "amd-roots/milan/ark.der", "amd-roots/milan/ark.der",
                                         NULL };
    static const char *const alone[] = { "amd-roots/milan/ask.der", NULL };
    Thim thim = { 0 };

    for (size_t i = 0; i < ELEMENTSOF(members); i++) {
        check_refused(members[i], "", THIM_E_JSON);
        check_refused(members[i], "7", THIM_E_JSON);
    }
    check_refused("tcbm", "\"DB1800000000000\"", THIM_E_TCB);
    check_refused("tcbm", "\"DB180000000000040\"", THIM_E_TCB);
    check_refused("tcbm", "\"XB18000000000004\"", THIM_E_TCB);
    check_refused("vcekCert", "\"none\"", THIM_E_VCEK);
    check_refused("certificateChain", "\"\"", THIM_E_CHAIN);
    _cleanup_bytes_ Bytes roots = sample_pem_of(twice), one = sample_pem_of(alone);
    json_auto_t *roots_text = json_string((char *)roots.data),
                *one_text = json_string((char *)one.data);
    _cleanup_free_ char *roots_json = json_dumps(roots_text, JSON_ENCODE_ANY);
    _cleanup_free_ char *one_json = json_dumps(one_text, JSON_ENCODE_ANY);
    check_refused("certificateChain", roots_json, THIM_E_CHAIN);
    check_refused("certificateChain", one_json, THIM_E_CHAIN);
    check_refused("vcekCert", roots_json, THIM_E_VCEK);
    check_int(thim_parse(view_of_string("[]"), &thim), THIM_E_JSON);
    check_int(thim_parse(view_of_string("{\"tcbm\":1,\"tcbm\":2}"), &thim), THIM_E_JSON);
    check_int(thim_parse(view_of_string(""), &thim), THIM_E_JSON);
    _cleanup_bytes_ Bytes huge = { 0 };
    check(bytes_new(THIM_SIZE_MAX + 1, &huge) == 0);
    check_int(thim_parse(VIEW(huge), &thim), THIM_E_JSON);
}

static void test_every_reason_has_words(void)
{
    for (int reason = THIM_OK; reason <= THIM_E_CHAIN; reason++)
        check(strcmp(thim_reason(reason), "unknown") != 0);
    check_str(thim_reason(99), "unknown");
}

static const Test tests[] = {
    { "an answer is read", test_an_answer_is_read },
    { "the chain may come in another order", test_the_chain_may_come_in_another_order },
    { "what is not documented is tolerated", test_what_is_not_documented_is_tolerated },
    { "what is none is refused", test_what_is_none_is_refused },
    { "every reason has words", test_every_reason_has_words },
};

TEST_MAIN(tests)
