/* SPDX-License-Identifier: Apache-2.0 */
#include "format/vault-key.h"

#include "testing.h"

static void test_a_url_is_taken_apart(void)
{
    VaultKey key = { 0 };

    check(vault_key_parse("https://MyVault.vault.azure.net/keys/Disk-Key", &key));
    check_str(key.host, "myvault.vault.azure.net");
    check_str(key.port, "");
    check_str(key.name, "Disk-Key");
    check_str(key.version, "");
    check(vault_key_parse("https://127.0.0.1:8443/keys/k/0123456789abcdef0123456789ABCDEF", &key));
    check_str(key.host, "127.0.0.1");
    check_str(key.port, "8443");
    check_str(key.name, "k");
    check_str(key.version, "0123456789abcdef0123456789ABCDEF");
}

static void test_what_says_more_or_less_is_no_url(void)
{
    static const char *const bad[] = {
        "",
        "https://",
        "http://v.vault.azure.net/keys/k",
        "HTTPS://v.vault.azure.net/keys/k",
        "https:///keys/k",
        "https://v.vault.azure.net",
        "https://v.vault.azure.net/",
        "https://v.vault.azure.net/keys/",
        "https://v.vault.azure.net/keys/k/",
        "https://v.vault.azure.net/keys/k/v/release",
        "https://v.vault.azure.net/keys/k?api-version=7.4",
        "https://v.vault.azure.net/keys/k#1",
        "https://v.vault.azure.net/keys/k/v 1",
        "https://v.vault.azure.net/keys/k_1",
        "https://v.vault.azure.net/keys/../k",
        "https://v.vault.azure.net/secrets/k",
        "https://v.vault.azure.net//keys/k",
        "https://v.vault.azure.net:/keys/k",
        "https://v.vault.azure.net:443443/keys/k",
        "https://v.vault.azure.net:4a/keys/k",
        "https://user@v.vault.azure.net/keys/k",
        "https://v.vault.azure.net./keys/k",
        "https://v..vault.azure.net/keys/k",
        "https://.vault.azure.net/keys/k",
        "https://-v.vault.azure.net/keys/k",
        "https://[::1]/keys/k",
        "https://v.vault.azure.net/keys/k/0123456789abcdef0123456789abcdef0",
    };
    VaultKey key = { .name = "untouched" };

    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        if (vault_key_parse(bad[i], &key))
            check_str(bad[i], "refused");
    check(!vault_key_parse(NULL, &key) && !vault_key_url_is_valid(NULL));
    check_str(key.name, "untouched");
}

static void test_each_part_has_its_limit(void)
{
    char name[VAULT_KEY_NAME_MAX + 2], host[VAULT_HOST_MAX + 2], url[VAULT_KEY_URL_MAX + 64];
    VaultKey key;

    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = 0;
    memset(host, 'a', sizeof(host) - 1);
    host[sizeof(host) - 1] = 0;
    for (size_t over = 0; over < 2; over++) {
        (void)snprintf(url, sizeof(url), "https://v/keys/%s", name + 1 - over);
        check_int(vault_key_parse(url, &key), !over);
        (void)snprintf(url, sizeof(url), "https://%s/keys/k", host + 1 - over);
        check_int(vault_key_parse(url, &key), !over);
    }
}

static VaultKey key_of(const char *url)
{
    VaultKey key = { 0 };

    check(vault_key_parse(url, &key));
    return key;
}

static void test_a_key_without_version_is_whichever_comes(void)
{
    const VaultKey latest = key_of("https://v.vault.azure.net/keys/k");
    const VaultKey first = key_of("https://v.vault.azure.net/keys/k/0001");
    const VaultKey same = key_of("https://V.vault.azure.net:443/keys/K/0001");
    const VaultKey others[] = {
        key_of("https://v.vault.azure.net/keys/k2/0001"),
        key_of("https://w.vault.azure.net/keys/k/0001"),
        key_of("https://v.vault.azure.net/keys/k/0002"),
    };

    check(vault_key_is(&latest, &first) && vault_key_is(&latest, &latest));
    check(vault_key_is(&first, &same) && !vault_key_is(&first, &latest));
    for (size_t i = 0; i < ELEMENTSOF(others); i++)
        check(!vault_key_is(&first, &others[i]));
    check(!vault_key_is(&latest, &others[0]) && !vault_key_is(&latest, &others[1]));
}

static void test_whom_a_token_is_for_follows_from_the_host(void)
{
    check_str(vault_resource("v.vault.azure.net"), "https://vault.azure.net");
    check_str(vault_resource("h.managedhsm.azure.net"), "https://managedhsm.azure.net");
    check_str(vault_resource("v.vault.usgovcloudapi.net"), "https://vault.usgovcloudapi.net");
    check_str(vault_resource("h.managedhsm.usgovcloudapi.net"),
              "https://managedhsm.usgovcloudapi.net");
    check_str(vault_resource("v.vault.azure.cn"), "https://vault.azure.cn");
    check_str(vault_resource("h.managedhsm.azure.cn"), "https://managedhsm.azure.cn");
    check(!vault_resource(".vault.azure.net") && !vault_resource("vault.azure.net"));
    check(!vault_resource("v.vault.azure.net.example") && !vault_resource("127.0.0.1"));
    check(!vault_resource("evilvault.azure.net"));
}

static void test_the_small_texts_of_a_gate(void)
{
    check(vault_resource_is_valid("https://vault.azure.net"));
    check(!vault_resource_is_valid("https://") && !vault_resource_is_valid("vault.azure.net") &&
          !vault_resource_is_valid("https://a b") && !vault_resource_is_valid("https://a\n"));
    check(vault_api_version_is_valid("7.4") && vault_api_version_is_valid("2025-07-01"));
    check(!vault_api_version_is_valid("") && !vault_api_version_is_valid("7.4&x=1") &&
          !vault_api_version_is_valid("123456789012345678901234567890123"));
    check(vault_client_id_is_valid("11111111-2222-3333-4444-abcdefABCDEF"));
    check(!vault_client_id_is_valid("") && !vault_client_id_is_valid("11111111") &&
          !vault_client_id_is_valid("11111111-2222-3333-4444-abcdefABCDEF0") &&
          !vault_client_id_is_valid("11111111-2222-3333-4444-abcdefABCDEG") &&
          !vault_client_id_is_valid("11111111x2222-3333-4444-abcdefABCDEF"));
}

static const Test tests[] = {
    { "a URL is taken apart", test_a_url_is_taken_apart },
    { "what says more or less is no URL", test_what_says_more_or_less_is_no_url },
    { "each part has its limit", test_each_part_has_its_limit },
    { "a key without version is whichever comes", test_a_key_without_version_is_whichever_comes },
    { "whom a token is for follows from the host", test_whom_a_token_is_for_follows_from_the_host },
    { "the small texts of a gate", test_the_small_texts_of_a_gate },
};

TEST_MAIN(tests)
