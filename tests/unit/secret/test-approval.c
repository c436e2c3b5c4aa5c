/* SPDX-License-Identifier: Apache-2.0 */
#include "secret/approval.h"

#include "testing.h"

#include <errno.h>

static Approval sample(void)
{
    Approval approval = {
        .gate = strdup("db"),
        .policy_ref = "thirty-two bytes of a policyRef!",
        .ticket = { .tag = TPM2_ST_AUTH_SIGNED, .hierarchy = TPM2_RH_OWNER },
        .expires_boottime_usec = 905000000,
    };

    check(approval.gate);
    approval.key_name.data[1] = 0x0b;
    approval.ak_name.data[1] = 0x0b;
    approval.ak_name.data[33] = 7;
    check_int(bytes_copy(view_of_string("8 bytes."), &approval.ticket.timeout), 0);
    check_int(bytes_copy(view_of_string("a digest"), &approval.ticket.digest), 0);
    return approval;
}

static void test_every_member_survives(void)
{
    _cleanup_approval_ Approval approval = sample(), read = { 0 };
    _cleanup_bytes_ Bytes json = { 0 }, again = { 0 };

    check_int(approval_emit(&approval, &json), 0);
    check_int(approval_parse(VIEW(json), &read), APPROVAL_OK);
    check_str(read.gate, "db");
    check(memcmp(read.policy_ref, approval.policy_ref, GATE_POLICY_SIZE) == 0);
    check_int(read.ak_name.data[33], 7);
    check_int(read.ticket.tag, TPM2_ST_AUTH_SIGNED);
    check_int(read.ticket.hierarchy, TPM2_RH_OWNER);
    check(view_equal(VIEW(read.ticket.digest), view_of_string("a digest")));
    check_int(read.expires_boottime_usec, 905000000);
    check_int(approval_emit(&read, &again), 0);
    check(view_equal(VIEW(json), VIEW(again)));
}

/* The object that holds a member of the sample: the ticket's three are inside. */
static json_t *object_of(json_t *json, const char *name)
{
    json_t *ticket = json_object_get(json, "ticket");

    return json_object_get(ticket, name) || strcmp(name, "more") == 0 ? ticket : json;
}

static void test_members_are_checked_one_by_one(void)
{
    static const struct {
        const char *name, *value;
    } cases[] = {
        { "attestd_approval", "" },
        { "attestd_approval", "2" },
        { "gate", "" },
        { "gate", "\"../x\"" },
        { "policy_ref", "" },
        { "policy_ref", "\"AAAA\"" },
        { "key_name", "" },
        { "key_name", "\"AAAA\"" },
        { "ak_name", "" },
        { "ak_name", "\"IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIg\"" },
        { "timeout", "" },
        { "timeout", "\"\"" },
        { "timeout", "\"A\"" },
        { "ticket", "" },
        { "ticket", "[]" },
        { "tag", "" },
        { "tag", "65536" },
        { "tag", "-1" },
        { "hierarchy", "" },
        { "hierarchy", "4294967296" },
        { "digest", "" },
        { "digest", "\"\"" },
        { "digest", "7" },
        { "more", "1" },
        { "expires_boottime_usec", "" },
        { "expires_boottime_usec", "-1" },
        { "expires_boottime_usec", "\"1\"" },
        { "surprise", "1" },
    };
    _cleanup_approval_ Approval approval = sample();
    _cleanup_bytes_ Bytes good = { 0 };

    check_int(approval_emit(&approval, &good), 0);
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_approval_ Approval read = { 0 };
        json_auto_t *json = NULL;
        check_int(json_parse(VIEW(good), APPROVAL_SIZE_MAX, &json), JSON_OK);
        json_t *object = object_of(json, cases[i].name);
        if (*cases[i].value)
            check(json_object_set_new(object, cases[i].name,
                                      json_loads(cases[i].value, JSON_DECODE_ANY, NULL)) == 0);
        else
            check(json_object_del(object, cases[i].name) == 0);
        _cleanup_free_ char *text = json_text(json);
        int r = approval_parse(view_of_string(text), &read);
        if (r != APPROVAL_E_MEMBER)
            (void)printf("  %s = %s\n", cases[i].name, cases[i].value);
        check_int(r, APPROVAL_E_MEMBER);
        check(!read.gate && !read.ticket.digest.data);
    }
}

static void test_what_is_no_object_is_refused(void)
{
    static const char *const texts[] = { "", "[]", "{", "{\"gate\":1,\"gate\":1}" };
    _cleanup_bytes_ Bytes large = { 0 };

    check_int(bytes_new(APPROVAL_SIZE_MAX + 1, &large), 0);
    memset(large.data, ' ', large.size);
    for (size_t i = 0; i <= ELEMENTSOF(texts); i++) {
        _cleanup_approval_ Approval read = { 0 };
        ByteView text = i < ELEMENTSOF(texts) ? view_of_string(texts[i]) : VIEW(large);
        check_int(approval_parse(text, &read), APPROVAL_E_JSON);
    }
}

static void test_what_would_not_be_read_is_not_written(void)
{
    _cleanup_approval_ Approval approval = sample();
    Bytes json = { 0 };

    approval.key_name.data[1] = 0;
    check_int(approval_emit(&approval, &json), -EINVAL);
    approval.key_name.data[1] = 0x0b;
    approval.expires_boottime_usec = UINT64_MAX;
    check_int(approval_emit(&approval, &json), -EINVAL);
    check(!json.data);
}

static const Test tests[] = {
    { "every member survives", test_every_member_survives },
    { "members are checked one by one", test_members_are_checked_one_by_one },
    { "what is no object is refused", test_what_is_no_object_is_refused },
    { "what would not be read is not written", test_what_would_not_be_read_is_not_written },
};

TEST_MAIN(tests)
