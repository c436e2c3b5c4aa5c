/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict: a URL that says more than host, name and version is none.
 */
#include "format/vault-key.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SCHEME          "https://"
#define PATH            "/keys/"
#define DIGITS          "0123456789"
#define LETTERS         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define RESOURCE_MAX    256 /* characters */
#define API_VERSION_MAX 32  /* characters */
#define PORT_MAX        5   /* digits */

/* What a vault's or an HSM's name is followed by in each cloud, and whom its tokens are for. */
static const struct {
    const char *suffix;
    const char *resource;
} clouds[] = {
    { ".vault.azure.net", "https://vault.azure.net" },
    { ".managedhsm.azure.net", "https://managedhsm.azure.net" },
    { ".vault.usgovcloudapi.net", "https://vault.usgovcloudapi.net" },
    { ".managedhsm.usgovcloudapi.net", "https://managedhsm.usgovcloudapi.net" },
    { ".vault.azure.cn", "https://vault.azure.cn" },
    { ".managedhsm.azure.cn", "https://managedhsm.azure.cn" },
};

/*
 * Moves the characters of SET at *TEXT, at least one and at most LIMIT, to RET, which has room for
 * as many and a zero. False: there are none, or more.
 */
static bool take(const char **text, const char *set, size_t limit, char *ret)
{
    size_t length = strspn(*text, set);

    if (length == 0 || length > limit)
        return false;
    memcpy(ret, *text, length);
    ret[length] = 0;
    *text += length;
    return true;
}

/* Moves *TEXT behind WORD, if that is what it begins with. */
static bool skip(const char **text, const char *word)
{
    if (strncmp(*text, word, strlen(word)) != 0)
        return false;
    *text += strlen(word);
    return true;
}

static bool take_host(const char **text, char *ret)
{
    if (!take(text, LETTERS DIGITS "-.", VAULT_HOST_MAX, ret))
        return false;
    for (char *c = ret; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return ret[0] != '.' && ret[0] != '-' && !strstr(ret, "..") && ret[strlen(ret) - 1] != '.';
}

bool vault_key_parse(const char *url, VaultKey *ret)
{
    VaultKey key = { 0 };

    if (!url || strlen(url) > VAULT_KEY_URL_MAX || !skip(&url, SCHEME) ||
        !take_host(&url, key.host))
        return false;
    if (skip(&url, ":") && !take(&url, DIGITS, PORT_MAX, key.port))
        return false;
    if (!skip(&url, PATH) || !take(&url, LETTERS DIGITS "-", VAULT_KEY_NAME_MAX, key.name))
        return false;
    if (skip(&url, "/") && !take(&url, LETTERS DIGITS, VAULT_KEY_VERSION_MAX, key.version))
        return false;
    if (*url)
        return false;
    *ret = key;
    return true;
}

bool vault_key_url_is_valid(const char *url)
{
    VaultKey unused;

    return vault_key_parse(url, &unused);
}

bool vault_key_is(const VaultKey *wanted, const VaultKey *found)
{
    /* The service does not tell apart names by their case, nor versions. */
    return strcmp(wanted->host, found->host) == 0 && strcasecmp(wanted->name, found->name) == 0 &&
           (!wanted->version[0] || strcasecmp(wanted->version, found->version) == 0);
}

const char *vault_resource(const char *host)
{
    size_t length = strlen(host);

    for (size_t i = 0; i < ELEMENTSOF(clouds); i++) {
        size_t suffix = strlen(clouds[i].suffix);
        if (length > suffix && strcmp(host + length - suffix, clouds[i].suffix) == 0)
            return clouds[i].resource;
    }
    return NULL;
}

bool vault_resource_is_valid(const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return length > strlen(SCHEME) && length <= RESOURCE_MAX && skip(&text, SCHEME);
}

bool vault_api_version_is_valid(const char *text)
{
    size_t length = strspn(text, LETTERS DIGITS ".-");

    return length > 0 && length <= API_VERSION_MAX && text[length] == 0;
}

bool vault_client_id_is_valid(const char *text)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    for (size_t i = 0; i < sizeof(shape) - 1; i++) {
        bool is_right =
            shape[i] == '-' ? text[i] == '-' : text[i] && strchr(DIGITS "abcdefABCDEF", text[i]);
        if (!is_right)
            return false;
    }
    return text[sizeof(shape) - 1] == 0;
}
