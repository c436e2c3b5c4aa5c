/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/key-release.h"

#include "base/json.h"
#include "base/wipe.h"
#include "testing.h"

#include <errno.h>

static void test_a_key_is_asked_for_in_its_version_or_whichever_is_the_latest(void)
{
    _cleanup_free_ char *latest = key_release_url("https://v.vault.azure.net/keys/disk", "7.4");
    _cleanup_free_ char *one = key_release_url(
        "https://h.managedhsm.azure.net/keys/disk/0123456789abcdef0123456789abcdef", "2025-07-01");

    check_str(latest, "https://v.vault.azure.net/keys/disk/release?api-version=7.4");
    check_str(one, "https://h.managedhsm.azure.net/keys/disk/0123456789abcdef0123456789abcdef/"
                   "release?api-version=2025-07-01");
}

static void test_token_nonce_and_wrapping_are_posted(void)
{
    _cleanup_wiped_bytes_ Bytes body = { 0 };
    json_auto_t *object = NULL;

    check_int(key_release_request(view_of_string("eyJh.eyJi.c2ln"), "bm9uY2U", &body), 0);
    check_int(json_parse(VIEW(body), 1024, &object), JSON_OK);
    check_int(json_object_size(object), 3);
    check_str(json_string_value(json_object_get(object, "target")), "eyJh.eyJi.c2ln");
    check_str(json_string_value(json_object_get(object, "nonce")), "bm9uY2U");
    check_str(json_string_value(json_object_get(object, "enc")), "CKM_RSA_AES_KEY_WRAP");
}

static void test_no_token_can_add_a_member(void)
{
    static const char *const tokens[] = { "", "a\"b", "a\\b", "a\nb", "a\x80" };

    for (size_t i = 0; i < ELEMENTSOF(tokens); i++) {
        Bytes body = { 0 };
        check_int(key_release_request(view_of_string(tokens[i]), "n", &body), -EINVAL);
        check_int(key_release_request(view_of_string("t"), tokens[i], &body), -EINVAL);
        check(!body.data);
    }
}

static void check_finding(unsigned status, const char *body, const char *finding, const char *word)
{
    const ProtocolReply reply = { .status = status, .body = view_of_string(body) };
    char found[FINDING_TEXT_MAX];
    const char *name = NULL;

    check_int(key_release_refusal(&reply, found, &name), 0);
    check_str(name, finding);
    check(strstr(found, word));
}

static void test_each_no_has_its_name(void)
{
    check_finding(
        401, "{\"error\":{\"code\":\"Unauthorized\",\"message\":\"AKV10022: Invalid audience.\"}}",
        "vault-unauthorized", "401 Unauthorized: AKV10022");
    check_finding(
        403,
        "{\"error\":{\"code\":\"Forbidden\",\"message\":\"Caller is not authorized to perform "
        "action on resource.\",\"innererror\":{\"code\":\"ForbiddenByRbac\"}}}",
        "vault-forbidden", "403 Forbidden/ForbiddenByRbac: Caller is not authorized");
    check_finding(403,
                  "{\"error\":{\"code\":\"Forbidden\",\"message\":\"Target environment attestation "
                  "does not meet key release policy requirements.\"}}",
                  "vault-policy-refused", "does not meet");
    check_finding(
        403,
        "{\"error\":{\"code\":\"Forbidden\",\"message\":\"Operation release is not permitted "
        "on this key.\",\"innererror\":{\"code\":\"KeyOperationForbidden\"}}}",
        "vault-key-not-exportable", "not permitted");
    check_finding(
        400, "{\"error\":{\"code\":\"BadParameter\",\"message\":\"The key is not exportable.\"}}",
        "vault-key-not-exportable", "400 BadParameter");
    check_finding(400, "{\"error\":{\"code\":\"BadParameter\",\"message\":\"x\"}}", "vault-error",
                  "x");
    check_finding(403, "<html>", "vault-forbidden", "403");
    check_finding(404, "{\"error\":{\"code\":\"KeyNotFound\"}}", "vault-key-unknown",
                  "KeyNotFound");
    check_finding(429, "", "vault-busy", "429");
    check_finding(503, "{\"error\":\"text\"}", "vault-busy", "503");
    check_finding(500, "{\"error\":{\"message\":5}}", "vault-error", "500");
    check_finding(204, "", "vault-error", "204");
}

static void test_what_a_vault_says_is_cut(void)
{
    char body[2 * FINDING_TEXT_MAX];

    (void)snprintf(body, sizeof(body), "{\"error\":{\"message\":\"%0*d\"}}", FINDING_TEXT_MAX + 100,
                   0);
    check_finding(500, body, "vault-error", "0000");
}

static const Test tests[] = {
    { "a key is asked for in its version, or whichever is the latest",
      test_a_key_is_asked_for_in_its_version_or_whichever_is_the_latest },
    { "token, nonce and wrapping are posted", test_token_nonce_and_wrapping_are_posted },
    { "no token can add a member", test_no_token_can_add_a_member },
    { "each no has its name", test_each_no_has_its_name },
    { "what a vault says is cut", test_what_a_vault_says_is_cut },
};

TEST_MAIN(tests)
