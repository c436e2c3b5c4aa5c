/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of a JSON object: there, of their type and of their size, or a reason.
 */
#include "secret/secret-member.h"

#include <errno.h>
#include <string.h>

void secret_member_fail(SecretMembers *members, int reason, const char *name)
{
    if (members->reason)
        return;
    members->reason = reason;
    members->member = name;
}

void secret_member_only(SecretMembers *members, const char *path, const char *const *known)
{
    if (!members->reason && json_unknown_member(members->object, known))
        secret_member_fail(members, SECRET_FILE_E_UNKNOWN, path);
}

bool secret_member_is_there(const SecretMembers *members, const char *name)
{
    return !members->reason && json_object_get(members->object, name);
}

const char *secret_member_word(SecretMembers *members, const char *name)
{
    const char *text;

    if (members->reason)
        return NULL;
    if (json_get_string(members->object, name, &text) == JSON_OK)
        return text;
    secret_member_fail(members, SECRET_FILE_E_MEMBER, name);
    return NULL;
}

void secret_member_text(SecretMembers *members, const char *name, bool (*rule)(const char *),
                        char **ret)
{
    const char *text = secret_member_word(members, name);

    if (!text)
        return;
    if (!rule(text)) {
        secret_member_fail(members, SECRET_FILE_E_MEMBER, name);
        return;
    }
    *ret = strdup(text);
    if (!*ret)
        secret_member_fail(members, -ENOMEM, name);
}

void secret_member_number(SecretMembers *members, const char *name, uint64_t least, uint64_t most,
                          uint64_t *ret)
{
    uint64_t value;

    if (members->reason)
        return;
    if (json_get_u64(members->object, name, &value) != JSON_OK || value < least || value > most)
        secret_member_fail(members, SECRET_FILE_E_MEMBER, name);
    else
        *ret = value;
}

void secret_member_bytes(SecretMembers *members, const char *name, size_t least, size_t most,
                         Bytes *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    if (members->reason)
        return;
    int r = json_get_base64url(members->object, name, most, &bytes);
    if (r < 0)
        secret_member_fail(members, r, name);
    else if (r != JSON_OK || bytes.size < least)
        secret_member_fail(members, SECRET_FILE_E_MEMBER, name);
    else
        *ret = TAKE_STRUCT(bytes);
}

void secret_member_array(SecretMembers *members, const char *name, uint8_t *out, size_t size)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    secret_member_bytes(members, name, size, size, &bytes);
    if (bytes.size == size)
        memcpy(out, bytes.data, size);
}

void secret_member_tpm_name(SecretMembers *members, const char *name, uint8_t *out)
{
    uint8_t bytes[SECRET_TPM_NAME_SIZE] = { 0 };

    secret_member_array(members, name, bytes, sizeof(bytes));
    if (!tpm_name_is_valid(VIEW_OF_ARRAY(bytes)))
        secret_member_fail(members, SECRET_FILE_E_MEMBER, name);
    else
        memcpy(out, bytes, sizeof(bytes));
}

SecretMembers secret_member_enter(SecretMembers *members, const char *name)
{
    SecretMembers inner = { .reason = members->reason };

    if (!inner.reason && json_get_object(members->object, name, &inner.object) != JSON_OK)
        secret_member_fail(&inner, SECRET_FILE_E_MEMBER, name);
    return inner;
}

void secret_member_leave(SecretMembers *members, const SecretMembers *inner)
{
    if (inner->reason)
        secret_member_fail(members, inner->reason, inner->member);
}

int secret_member_object(ByteView text, size_t limit, json_t **ret)
{
    json_auto_t *json = NULL;
    int r = json_parse(text, limit, &json);

    if (r < 0)
        return r;
    if (r != JSON_OK || !json_is_object(json))
        return SECRET_FILE_E_JSON;
    *ret = TAKE_PTR(json);
    return SECRET_FILE_OK;
}
