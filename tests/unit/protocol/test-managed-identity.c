/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/managed-identity.h"

#include "testing.h"

static int parse(const char *body, Secret **ret)
{
    return managed_identity_parse(view_of_string(body), ret);
}

static void check_refused(const char *body, int reason)
{
    Secret *token = NULL;

    check_int(parse(body, &token), reason);
    check(!token);
}

static void test_a_token_is_asked_for_by_its_audience(void)
{
    _cleanup_free_ char *one = managed_identity_path("https://vault.azure.net", NULL);
    _cleanup_free_ char *several = managed_identity_path("https://managedhsm.azure.net",
                                                         "11111111-2222-3333-4444-555555555555");

    check_str(one, "/metadata/identity/oauth2/token?api-version=2018-02-01"
                   "&resource=https%3A%2F%2Fvault.azure.net");
    check_str(several, "/metadata/identity/oauth2/token?api-version=2018-02-01"
                       "&resource=https%3A%2F%2Fmanagedhsm.azure.net"
                       "&client_id=11111111-2222-3333-4444-555555555555");
}

static void test_no_text_can_add_a_parameter(void)
{
    _cleanup_free_ char *path = managed_identity_path("https://a&b=c#d e?\xc3\xa4", "x&resource=y");

    check_str(path,
              "/metadata/identity/oauth2/token?api-version=2018-02-01"
              "&resource=https%3A%2F%2Fa%26b%3Dc%23d%20e%3F%C3%A4&client_id=x%26resource%3Dy");
}

static void test_a_token_is_read(void)
{
    _cleanup_(secret_freep) Secret *token = NULL;

    check_int(parse("{\"access_token\":\"eyJ0.eyJh.c2ln\",\"expires_in\":\"86399\","
                    "\"token_type\":\"Bearer\"}",
                    &token),
              MANAGED_IDENTITY_OK);
    check(view_equal(secret_view(token), view_of_string("eyJ0.eyJh.c2ln")));
}

static void test_what_is_no_token_is_refused(void)
{
    char body[MANAGED_IDENTITY_TOKEN_MAX + 64];

    check_refused("", MANAGED_IDENTITY_E_JSON);
    check_refused("<html>", MANAGED_IDENTITY_E_JSON);
    check_refused("{}", MANAGED_IDENTITY_E_JSON);
    check_refused("{\"access_token\":1}", MANAGED_IDENTITY_E_JSON);
    check_refused("{\"access_token\":\"\"}", MANAGED_IDENTITY_E_TOKEN);
    check_refused("{\"access_token\":\"two words\"}", MANAGED_IDENTITY_E_TOKEN);
    check_refused("{\"access_token\":\"a\\r\\nHost: b\"}", MANAGED_IDENTITY_E_TOKEN);
    check_refused("{\"access_token\":\"a\",\"token_type\":\"PoP\"}", MANAGED_IDENTITY_E_TOKEN);
    (void)snprintf(body, sizeof(body), "{\"access_token\":\"%0*d\"}",
                   MANAGED_IDENTITY_TOKEN_MAX + 1, 0);
    check_refused(body, MANAGED_IDENTITY_E_TOKEN);
}

static void check_finding(unsigned status, const char *body, const char *finding,
                          const char *wanted_found)
{
    const ProtocolReply reply = { .status = status, .body = view_of_string(body) };
    char found[FINDING_TEXT_MAX];
    const char *name = NULL;

    check_int(managed_identity_refusal(&reply, found, &name), 0);
    check_str(name, finding);
    check_str(found, wanted_found);
}

static void test_each_no_has_its_name(void)
{
    check_finding(400,
                  "{\"error\":\"invalid_request\",\"error_description\":\"Identity not found\"}",
                  "identity-missing", "status 400 invalid_request: Identity not found");
    check_finding(400,
                  "{\"error\":\"invalid_request\",\"error_description\":\"Multiple user assigned "
                  "identities exist\"}",
                  "identity-refused",
                  "status 400 invalid_request: Multiple user assigned identities exist");
    check_finding(403, "", "identity-refused", "status 403");
    check_finding(404, "{\"error\":\"x\"}", "metadata-refused", "status 404 x");
    check_finding(429, "<html>", "metadata-refused", "status 429");
    check_finding(500, "[]", "metadata-refused", "status 500");
}

static const Test tests[] = {
    { "a token is asked for by its audience", test_a_token_is_asked_for_by_its_audience },
    { "no text can add a parameter", test_no_text_can_add_a_parameter },
    { "a token is read", test_a_token_is_read },
    { "what is no token is refused", test_what_is_no_token_is_refused },
    { "each no has its name", test_each_no_has_its_name },
};

TEST_MAIN(tests)
