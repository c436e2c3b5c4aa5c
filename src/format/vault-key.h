/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key in Azure Key Vault or a Managed HSM, by its URL: https://HOST[:PORT]/keys/NAME[/VERSION]
 * (spec/azure.md 6.2).
 */
#pragma once

#include "base/macro.h"

#define VAULT_KEY_URL_MAX     512   /* characters; real ones have some 100 */
#define VAULT_HOST_MAX        253   /* characters, RFC 1035 2.3.4 */
#define VAULT_KEY_NAME_MAX    127   /* characters, as the service has it */
#define VAULT_KEY_VERSION_MAX 32    /* characters; real ones have as many */
#define VAULT_API_VERSION     "7.4" /* what is asked for unless a gate says otherwise */

typedef struct VaultKey {
    char host[VAULT_HOST_MAX + 1]; /* in small letters; a name or IPv4 address */
    char port[6];                  /* digits; empty: 443 */
    char name[VAULT_KEY_NAME_MAX + 1];
    char version[VAULT_KEY_VERSION_MAX + 1]; /* empty: whichever is the latest */
} VaultKey;

/* False, RET untouched: not such a URL. URL may be NULL. */
_must_check_ bool vault_key_parse(const char *url, VaultKey *ret);
/* The same, for who asks no more. */
bool vault_key_url_is_valid(const char *url);
/* Is FOUND the key WANTED, in the version that it wants, if any? Ports are not looked at. */
bool vault_key_is(const VaultKey *wanted, const VaultKey *found);

/*
 * Whom an access token for HOST must be for: of the clouds that are known here, vaults and Managed
 * HSMs. Static text; NULL: not known, so that somebody has to say it.
 */
const char *vault_resource(const char *host);
/* https:// and printable characters without spaces. */
bool vault_resource_is_valid(const char *text);
/* "7.4" or "2025-07-01" by its looks. */
bool vault_api_version_is_valid(const char *text);
/* A UUID in hexadecimal: the client id of a user-assigned identity. */
bool vault_client_id_is_valid(const char *text);
