/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runtime claims: keys by name, tolerance for what is new, none for what is wrong.
 */
#include "format/hcl-claims.h"

#include "build.h"

#include <stdio.h>

#define MODULUS_SIZE 256
#define ZEROS_64     "0000000000000000000000000000000000000000000000000000000000000000"

/* 'quoted' text with # for a modulus and ~ for one of zeros. */
static Bytes make_claims(const char *text)
{
    uint8_t modulus[MODULUS_SIZE], zero[MODULUS_SIZE] = { 0 };
    Bytes out = { 0 };

    memset(modulus, 0xc3, sizeof(modulus));
    _cleanup_free_ char *n = base64url_encode(VIEW_OF_ARRAY(modulus));
    _cleanup_free_ char *z = base64url_encode(VIEW_OF_ARRAY(zero));
    for (const char *c = text; *c; c++) {
        const char *word = *c == '\'' ? "\"" : *c == '#' ? n : *c == '~' ? z : NULL;
        put(&out, word ? word : c, word ? strlen(word) : 1);
    }
    return out;
}

static int parse(const char *text, HclClaims *ret)
{
    _cleanup_bytes_ Bytes json = make_claims(text);
    uint8_t *copy = tight_copy(json.data, json.size);

    int r = hcl_claims_parse((ByteView){ copy, json.size }, ret);
    free(copy);
    return r;
}

#define AK "{'kid':'HCLAkPub','key_ops':['sign'],'kty':'RSA','e':'AQAB','n':'#'}"
#define EK "{'kid':'HCLEkPub','key_ops':['encrypt'],'kty':'RSA','e':'AQAB','n':'#'}"

static void check_reason(const char *text, int reason)
{
    HclClaims claims = { .has_user_data = true };

    int r = parse(text, &claims);
    if (r != reason)
        (void)fprintf(stderr, "%s\n", text);
    check_int(r, reason);
    check(claims.has_user_data && !claims.json); /* untouched */
    check(strcmp(hcl_claims_reason(reason), "unknown") != 0);
}

static void test_keys_are_found_by_name(void)
{
    static const char *const texts[] = {
        "{'keys':[" AK "," EK "]}",
        "{'keys':[" EK "," AK "]}",
        "{'keys':[{'kid':'new','kty':'oct'}," EK "," AK "],'more':[1,{'x':null}]}",
    };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        _cleanup_hcl_claims_ HclClaims claims = { 0 };
        check_int(parse(texts[i], &claims), HCL_CLAIMS_OK);
        check_int(claims.ak.modulus_size, MODULUS_SIZE);
        check_int(claims.ak.modulus[0], 0xc3);
        check_int(claims.ak.exponent_size, 3);
        check_int(claims.ek.modulus_size, MODULUS_SIZE);
        check(!claims.has_user_data && claims.vm_id[0] == 0);
        check(json_is_array(hcl_claims_keys(&claims)));
        check(!hcl_claims_vm_configuration(&claims));
    }
}

static void test_what_old_paravisors_leave_out_may_be_absent(void)
{
    _cleanup_hcl_claims_ HclClaims claims = { 0 };

    check_int(parse("{'keys':[" AK "],'vm-configuration':{'current-time':165}}", &claims),
              HCL_CLAIMS_OK);
    check_int(claims.ek.modulus_size, 0);
    check(json_is_object(hcl_claims_vm_configuration(&claims)));
}

static void test_leading_zeros_of_a_number_do_not_count(void)
{
    _cleanup_hcl_claims_ HclClaims claims = { 0 };

    check_int(parse("{'keys':[{'kid':'HCLAkPub','kty':'RSA','e':'AAEAAQ','n':'AAAB'}]}", &claims),
              HCL_CLAIMS_OK);
    check_int(claims.ak.exponent_size, 3);
    check_int(claims.ak.modulus_size, 1);
    check_int(claims.ak.modulus[0], 1);
}

static void test_a_key_that_could_not_be_made_is_refused(void)
{
    _cleanup_hcl_claims_ HclClaims claims = { 0 };

    check_reason("{'keys':[{'kid':'HCLAkPub','kty':'RSA','e':'AQAB','n':'~'}]}", HCL_CLAIMS_E_KEY);
    check_reason("{'keys':[{'kid':'HCLAkPub','kty':'RSA','e':'AAAA','n':'#'}]}", HCL_CLAIMS_E_KEY);
    check_reason("{'keys':[{'kid':'HCLAkPub','kty':'RSA','e':'','n':''}]}", HCL_CLAIMS_E_KEY);
    check_reason("{'keys':[{'kid':'HCLAkPub','kty':'EC','crv':'P-256','x':'AA','y':'AA'}]}",
                 HCL_CLAIMS_E_KEY);
    /* Nobody quotes with the EK. */
    check_int(parse("{'keys':[" AK ",{'kid':'HCLEkPub','kty':'RSA','e':'AQAB','n':'~'}]}", &claims),
              HCL_CLAIMS_OK);
    check_int(claims.ek.modulus_size, 0);
}

static void test_each_wrong_member_is_refused_by_name(void)
{
    static const struct {
        const char *text;
        int reason;
    } cases[] = {
        { "", HCL_CLAIMS_E_SYNTAX },
        { "null", HCL_CLAIMS_E_SYNTAX },
        { "[]", HCL_CLAIMS_E_SYNTAX },
        { "{'keys':[" AK "]", HCL_CLAIMS_E_SYNTAX },
        { "{'keys':[" AK "]} {}", HCL_CLAIMS_E_SYNTAX },
        { "{}", HCL_CLAIMS_E_MISSING },
        { "{'keys':[]}", HCL_CLAIMS_E_MISSING },
        { "{'keys':[" EK "]}", HCL_CLAIMS_E_MISSING },
        { "{'keys':{}}", HCL_CLAIMS_E_TYPE },
        { "{'keys':[1]}", HCL_CLAIMS_E_MISSING },
        { "{'keys':[{'kid':1}]}", HCL_CLAIMS_E_TYPE },
        { "{'keys':[{'kty':'RSA'}]}", HCL_CLAIMS_E_MISSING },
        { "{'keys':[{'kid':'HCLAkPub\\u0000','kty':'RSA'}]}", HCL_CLAIMS_E_SYNTAX },
        { "{'keys':[{'kid':'HCLAkPub'}]}", HCL_CLAIMS_E_MISSING },
        { "{'keys':[{'kid':'HCLAkPub','kty':'RSA','n':'#'}]}", HCL_CLAIMS_E_MISSING },
        { "{'keys':[{'kid':'HCLAkPub','kty':'RSA','e':'AQAB'}]}", HCL_CLAIMS_E_MISSING },
        { "{'keys':[{'kid':'HCLAkPub','kty':'RSA','e':'AQAB','n':7}]}", HCL_CLAIMS_E_TYPE },
        { "{'keys':[{'kid':'HCLAkPub','kty':'RSA','e':'AQAB','n':'###'}]}", HCL_CLAIMS_E_SIZE },
        { "{'keys':[{'kid':'HCLAkPub','kty':'RSA','e':'AQAAAAAB','n':'#'}]}", HCL_CLAIMS_E_SIZE },
        { "{'keys':[{'kid':'HCLAkPub','kty':'RSA','e':'AQAB','n':'A+=='}]}",
          HCL_CLAIMS_E_ENCODING },
        { "{'keys':[{'kid':'HCLAkPub','kty':'RSA','e':'AQAB=','n':'#'}]}", HCL_CLAIMS_E_ENCODING },
        { "{'keys':[" AK "," AK "]}", HCL_CLAIMS_E_DUPLICATE },
        { "{'keys':[" AK "," EK "," EK "]}", HCL_CLAIMS_E_DUPLICATE },
        { "{'keys':[{'kid':'x'},{'kid':'x'}," AK "]}", HCL_CLAIMS_E_DUPLICATE },
        { "{'keys':[" AK "],'keys':[" AK "]}", HCL_CLAIMS_E_DUPLICATE },
        { "{'keys':[{'kid':'HCLAkPub','kty':'RSA','e':'AQAB','n':'#','n':'#'}]}",
          HCL_CLAIMS_E_DUPLICATE },
        { "{'keys':[" AK "],'x':{'y':1,'y':1}}", HCL_CLAIMS_E_DUPLICATE },
        { "{'keys':[" AK ",{'kid':'a'},{'kid':'b'},{'kid':'c'},{'kid':'d'},{'kid':'e'},"
          "{'kid':'f'},{'kid':'g'},{'kid':'h'}]}",
          HCL_CLAIMS_E_SIZE },
        { "{'keys':[" AK "],'x':[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}", HCL_CLAIMS_E_DEPTH },
        { "{'keys':[" AK "],'vm-configuration':[]}", HCL_CLAIMS_E_TYPE },
        { "{'keys':[" AK "],'user-data':1}", HCL_CLAIMS_E_TYPE },
        { "{'keys':[" AK "],'user-data':''}", HCL_CLAIMS_E_USER_DATA },
        { "{'keys':[" AK "],'user-data':'aabb'}", HCL_CLAIMS_E_USER_DATA },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        check_reason(cases[i].text, cases[i].reason);
    check_str(hcl_claims_reason(99), "unknown");
}

static int parse_user_data(const char *user_data, HclClaims *ret)
{
    _cleanup_bytes_ Bytes head = make_claims("{'keys':[" AK "],'user-data':'");
    _cleanup_bytes_ Bytes json = { 0 };

    put_view(&json, VIEW(head));
    put(&json, user_data, strlen(user_data));
    put(&json, "\"}", 2);
    return hcl_claims_parse(VIEW(json), ret);
}

static void test_user_data_is_hex_of_either_case(void)
{
    static const char *const texts[] = { "AbCdEf", "abcdef", "ABCDEF" };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        _cleanup_hcl_claims_ HclClaims claims = { 0 };
        char text[129];
        (void)snprintf(text, sizeof(text), "%s%s%.58s", texts[i], ZEROS_64, ZEROS_64);
        check_int(parse_user_data(text, &claims), HCL_CLAIMS_OK);
        check(claims.has_user_data);
        check(claims.user_data[0] == 0xab && claims.user_data[2] == 0xef);
    }
    HclClaims none = { 0 };
    check_int(parse_user_data("g" ZEROS_64 ZEROS_64, &none), HCL_CLAIMS_E_USER_DATA);
    char odd[129] = ZEROS_64 ZEROS_64;
    odd[127] = 'g';
    check_int(parse_user_data(odd, &none), HCL_CLAIMS_E_ENCODING);
    check(!none.json);
}

static void test_the_id_of_the_vm_is_a_guid_in_lower_case(void)
{
    static const struct {
        const char *text, *id;
    } cases[] = {
        { "911B1EF8-9DBA-48B4-B275-4E4DF2D39252", "911b1ef8-9dba-48b4-b275-4e4df2d39252" },
        { "69147f12-7ad4-4971-9b31-1157dc14de17", "69147f12-7ad4-4971-9b31-1157dc14de17" },
        { "911B1EF8-9DBA-48B4-B275-4E4DF2D3925", "" },
        { "911B1EF8-9DBA-48B4-B275-4E4DF2D392522", "" },
        { "911B1EF8_9DBA-48B4-B275-4E4DF2D39252", "" },
        { "911B1EF8-9DBA-48B4-B275-4E4DF2D3925G", "" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_hcl_claims_ HclClaims claims = { 0 };
        char text[256];
        (void)snprintf(text, sizeof(text),
                       "{'keys':[" AK "],'vm-configuration':{'vmUniqueId':'%s'}}", cases[i].text);
        check_int(parse(text, &claims), HCL_CLAIMS_OK);
        check_str(claims.vm_id, cases[i].id);
    }
}

static void test_more_than_an_nv_index_holds_is_refused(void)
{
    _cleanup_bytes_ Bytes json = make_claims("{'keys':[" AK "]}");
    HclClaims claims;

    put_fill(&json, ' ', HCL_CLAIMS_SIZE_MAX - json.size);
    check_int(hcl_claims_parse(VIEW(json), &claims), HCL_CLAIMS_OK);
    hcl_claims_done(&claims);
    put_fill(&json, ' ', 1);
    check_int(hcl_claims_parse(VIEW(json), &claims), HCL_CLAIMS_E_SIZE);
}

static const Test tests[] = {
    { "keys are found by name", test_keys_are_found_by_name },
    { "what old paravisors leave out may be absent",
      test_what_old_paravisors_leave_out_may_be_absent },
    { "leading zeros of a number do not count", test_leading_zeros_of_a_number_do_not_count },
    { "a key that could not be made is refused", test_a_key_that_could_not_be_made_is_refused },
    { "each wrong member is refused by name", test_each_wrong_member_is_refused_by_name },
    { "user data is hex of either case", test_user_data_is_hex_of_either_case },
    { "the id of the VM is a GUID in lower case", test_the_id_of_the_vm_is_a_guid_in_lower_case },
    { "more than an NV index holds is refused", test_more_than_an_nv_index_holds_is_refused },
};

TEST_MAIN(tests)
