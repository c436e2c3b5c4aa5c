/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One typed read after another, over jansson.
 */
#include "worker/request-member.h"

#include "worker/request.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <sys/un.h>

#define TEXT_MAX 2048 /* bytes; URLs are the longest */

void member_enter(MemberReader *reader, json_t *object)
{
    reader->object = object;
}

void member_fail(MemberReader *reader, int reason, const char *path)
{
    if (reader->reason)
        return;
    reader->reason = reason;
    reader->member = path;
}

void member_only(MemberReader *reader, const char *path, const char *const *known)
{
    if (!reader->reason && json_unknown_member(reader->object, known))
        member_fail(reader, REQUEST_E_UNKNOWN, path);
}

static const char *name_of(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot ? dot + 1 : path;
}

static json_t *find(const MemberReader *reader, const char *path)
{
    return reader->reason ? NULL : json_object_get(reader->object, name_of(path));
}

/* NULL for what is not text, has a NUL inside or breaks the rule. */
static const char *text_of(const json_t *value, MemberRule *rule)
{
    const char *text = json_string_value(value);

    if (!text || strlen(text) != json_string_length(value) || !rule(text))
        return NULL;
    return text;
}

const char *member_text(MemberReader *reader, const char *path, MemberRule *rule)
{
    const char *text = text_of(find(reader, path), rule);

    if (!text)
        member_fail(reader, REQUEST_E_MEMBER, path);
    return text;
}

const char *member_text_or(MemberReader *reader, const char *path, MemberRule *rule,
                           const char *otherwise)
{
    const json_t *value = find(reader, path);

    if (!value || (json_is_string(value) && json_string_length(value) == 0))
        return otherwise;
    return member_text(reader, path, rule);
}

size_t member_texts(MemberReader *reader, const char *path, MemberRule *rule, size_t limit,
                    const char **ret)
{
    const json_t *array = find(reader, path);
    size_t n = json_array_size(array);

    if (!array)
        return 0;
    if (!json_is_array(array) || n > limit) {
        member_fail(reader, REQUEST_E_MEMBER, path);
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        ret[i] = text_of(json_array_get(array, i), rule);
        if (!ret[i]) {
            member_fail(reader, REQUEST_E_MEMBER, path);
            return 0;
        }
    }
    return n;
}

uint64_t member_number(MemberReader *reader, const char *path, uint64_t least, uint64_t most)
{
    uint64_t value = 0;

    if (reader->reason)
        return 0;
    if (json_get_u64(reader->object, name_of(path), &value) == JSON_OK && value >= least &&
        value <= most)
        return value;
    member_fail(reader, REQUEST_E_MEMBER, path);
    return 0;
}

bool member_bool(MemberReader *reader, const char *path)
{
    const json_t *value = find(reader, path);

    if (!json_is_boolean(value))
        member_fail(reader, REQUEST_E_MEMBER, path);
    return json_is_true(value);
}

json_t *member_object(MemberReader *reader, const char *path)
{
    json_t *value = find(reader, path);

    if (json_is_object(value))
        return value;
    member_fail(reader, REQUEST_E_MEMBER, path);
    return NULL;
}

void member_bytes(MemberReader *reader, const char *path, size_t least, size_t most, Bytes *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    if (reader->reason)
        return;
    int r = json_get_base64url(reader->object, name_of(path), most, &bytes);
    if (r < 0)
        member_fail(reader, r, path);
    else if (r != JSON_OK || bytes.size < least)
        member_fail(reader, REQUEST_E_MEMBER, path);
    else
        *ret = TAKE_STRUCT(bytes);
}

bool is_plain_text(const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i++)
        if (!isascii((unsigned char)text[i]) || !isprint((unsigned char)text[i]))
            return false;
    return length > 0 && length <= TEXT_MAX;
}

bool is_absolute_path(const char *text)
{
    return text[0] == '/' && strlen(text) < PATH_MAX;
}

bool is_socket_path(const char *text)
{
    return text[0] == '/' && strlen(text) < sizeof(((struct sockaddr_un *)NULL)->sun_path);
}
