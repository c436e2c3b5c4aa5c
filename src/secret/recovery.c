/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JWE whose protected header says which version of which secret it opens, and for which key.
 */
#include "secret/recovery.h"

#include "crypto/jwe.h"
#include "crypto/jwk.h"

#include <errno.h>
#include <string.h>

#define TYPE "attestd-recovery+jwe"

const char *recovery_finding(int no)
{
    switch (no) {
    case RECOVERY_E_ABSENT:
        return "secret-recovery-missing";
    case RECOVERY_E_KEY:
        return "secret-recovery-key-unfit";
    case RECOVERY_E_OTHER:
        return "secret-recovery-other-key";
    case RECOVERY_E_OPEN:
        return "secret-recovery-tampered";
    }
    return NULL;
}

/* One kind of key, so that there is one of JWE. */
static bool is_usable(const Key *key)
{
    return key_type(key) == KEY_P256 || key_type(key) == KEY_P384;
}

static int members_of(const Key *public_key, const SecretHeader *header, json_t **ret)
{
    _cleanup_free_ char *kid = NULL;

    int r = jwk_thumbprint_text(public_key, &kid);
    if (r < 0)
        return r;
    json_auto_t *members = json_pack("{ss ss ss sI}", "typ", TYPE, "kid", kid, "name", header->name,
                                     "version", (json_int_t)header->version);
    r = members ? json_set_base64url(members, "id", VIEW_OF_ARRAY(header->id)) : -ENOMEM;
    if (r == 0)
        *ret = TAKE_PTR(members);
    return r;
}

int recovery_wrap(const Key *public_key, const SecretHeader *header, const Secret *data_key,
                  char **ret)
{
    json_auto_t *members = NULL;

    if (!is_usable(public_key))
        return -EINVAL;
    int r = members_of(public_key, header, &members);
    if (r == 0)
        r = jwe_seal(public_key, members, (ByteView){ 0 }, secret_view(data_key), ret);
    return r > 0 ? -EINVAL : r;
}

/* Every member that seal wrote, as it would write it for this file and key. */
static bool is_same(const json_t *header, json_t *members)
{
    const char *name;
    json_t *value;

    json_object_foreach (members, name, value)
        if (!json_equal(json_object_get(header, name), value))
            return false;
    return true;
}

static int judge(const JweParts *parts, json_t *members)
{
    if (!json_equal(json_object_get(parts->header, "kid"), json_object_get(members, "kid")))
        return RECOVERY_E_OTHER;
    return is_same(parts->header, members) ? RECOVERY_OK : RECOVERY_E_OPEN;
}

/* What is named says nothing that jwe_open() has not made authentic. */
static int open_parts(const Key *private_key, const JweParts *parts, Secret **ret)
{
    _cleanup_(secret_freep) Secret *key = NULL;

    if (!is_usable(private_key))
        return RECOVERY_E_KEY;
    int r = jwe_open(private_key, parts, (ByteView){ 0 }, &key);
    if (r == JWE_E_KEY)
        return RECOVERY_E_KEY;
    if (r != JWE_OK)
        return r < 0 ? r : RECOVERY_E_OPEN;
    *ret = TAKE_PTR(key);
    return RECOVERY_OK;
}

int recovery_open(const Key *private_key, const SecretFile *file, Secret **ret)
{
    _cleanup_jwe_parts_ JweParts parts = { 0 };
    json_auto_t *members = NULL;

    if (!file->header.recovery)
        return RECOVERY_E_ABSENT;
    int r = jwe_parse(file->header.recovery, &parts);
    if (r != JWE_OK)
        return r < 0 ? r : RECOVERY_E_OPEN;
    r = members_of(private_key, &file->header, &members);
    if (r == 0)
        r = judge(&parts, members);
    return r == RECOVERY_OK ? open_parts(private_key, &parts, ret) : r;
}
