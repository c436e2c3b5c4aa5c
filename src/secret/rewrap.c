/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JWE whose protected header says which secret it is of, and what a verifier has to compare.
 */
#include "secret/rewrap.h"

#include "crypto/jwe.h"
#include "crypto/jwk.h"

#include <errno.h>
#include <string.h>

static int members_of(const char *type, const RewrapTarget *target, const SecretHeader *header,
                      json_t **ret)
{
    _cleanup_free_ char *kid = NULL;

    int r = target->kid ? 0 : jwk_thumbprint_text(target->key, &kid);
    if (r < 0)
        return r;
    json_auto_t *members =
        json_pack("{ss ss ss ss sI sO*}", "typ", type, "kid", target->kid ? target->kid : kid,
                  "gate", header->gate, "name", header->name, "version",
                  (json_int_t)header->version, "bind", target->bind);
    r = members ? json_set_base64url(members, "id", VIEW_OF_ARRAY(header->id)) : -ENOMEM;
    if (r == 0)
        *ret = TAKE_PTR(members);
    return r;
}

static int wrap(const char *type, const RewrapTarget *target, const SecretHeader *header,
                const Secret *data_key, char **ret)
{
    json_auto_t *members = NULL;

    int r = members_of(type, target, header, &members);
    if (r == 0)
        r = jwe_seal(target->key, members, (ByteView){ 0 }, secret_view(data_key), ret);
    return r > 0 ? -EINVAL : r;
}

int rewrap_wrap(const RewrapTarget *target, const SecretHeader *header, const Secret *data_key,
                char **ret)
{
    if (key_type(target->key) != KEY_P256 || !target->bind)
        return -EINVAL;
    return wrap(REWRAP_TYPE, target, header, data_key, ret);
}

int key_release_wrap(const Key *key, const SecretHeader *header, const Secret *data_key, char **ret)
{
    const RewrapTarget target = { .key = key };

    return wrap(KEY_RELEASE_TYPE, &target, header, data_key, ret);
}
