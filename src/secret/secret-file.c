/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secret files, written and read. secret-header.c and secret-header-parse.c have the header.
 */
#include "secret/secret-file.h"

#include "secret/secret-member.h"

#include <errno.h>

void secret_file_done(SecretFile *file)
{
    bytes_done(&file->header_bytes);
    secret_header_done(&file->header);
    bytes_done(&file->sealed_public);
    bytes_done(&file->sealed_private);
    bytes_done(&file->ciphertext);
    *file = (SecretFile){ 0 };
}

const char *secret_file_reason(int reason)
{
    switch (reason) {
    case SECRET_FILE_OK:
        return "ok";
    case SECRET_FILE_E_JSON:
        return "not one bounded JSON object";
    case SECRET_FILE_E_FORMAT:
        return "another version of the format";
    case SECRET_FILE_E_MEMBER:
        return "a member is missing, of the wrong type or out of range";
    case SECRET_FILE_E_UNKNOWN:
        return "unknown member";
    case SECRET_FILE_E_GATE_KIND:
        return "unknown kind of gate";
    }
    return "unknown";
}

static int set_sealed(json_t *object, const SecretFile *file)
{
    json_t *sealed = json_object();

    if (json_object_set_new(object, "sealed", sealed) < 0)
        return -ENOMEM;
    int r = json_set_base64url(sealed, "public", VIEW(file->sealed_public));
    return r ? r : json_set_base64url(sealed, "private", VIEW(file->sealed_private));
}

static int parts_to_json(const SecretFile *file, json_t *object)
{
    if (json_object_set_new(object, "attestd_secret", json_integer(SECRET_FORMAT)) < 0)
        return -ENOMEM;
    int r = json_set_base64url(object, "header", VIEW(file->header_bytes));
    if (r == 0 && (file->sealed_public.size > 0 || file->sealed_private.size > 0))
        r = set_sealed(object, file);
    if (r == 0)
        r = json_set_base64url(object, "nonce", VIEW_OF_ARRAY(file->nonce));
    if (r == 0)
        r = json_set_base64url(object, "ciphertext", VIEW(file->ciphertext));
    return r;
}

int secret_file_emit(const SecretFile *file, Bytes *ret)
{
    _cleanup_secret_file_ SecretFile again = { 0 };
    _cleanup_bytes_ Bytes bytes = { 0 };
    json_auto_t *object = json_object();

    int r = object ? parts_to_json(file, object) : -ENOMEM;
    if (r < 0)
        return r;
    _cleanup_free_ char *text = json_text_sorted(object);
    if (!text)
        return -ENOMEM;
    r = bytes_copy(view_of_string(text), &bytes);
    if (r == 0)
        r = bytes_append_u8(&bytes, '\n');
    if (r == 0)
        r = secret_file_parse(VIEW(bytes), &again, NULL);
    if (r)
        return r < 0 ? r : -EINVAL;
    *ret = TAKE_STRUCT(bytes);
    return 0;
}

static void take_sealed(SecretMembers *members, SecretFile *file)
{
    static const char *const known[] = { "public", "private", NULL };

    if (!secret_member_is_there(members, "sealed"))
        return;
    SecretMembers inner = secret_member_enter(members, "sealed");
    secret_member_only(&inner, "sealed", known);
    secret_member_bytes(&inner, "public", 1, SECRET_SEALED_PART_MAX, &file->sealed_public);
    secret_member_bytes(&inner, "private", 1, SECRET_SEALED_PART_MAX, &file->sealed_private);
    secret_member_leave(members, &inner);
}

/* Another version of the format may have other members: asked first. */
static void judge_format(SecretMembers *members)
{
    uint64_t format = 0;

    secret_member_number(members, "attestd_secret", 0, INT64_MAX, &format);
    if (!members->reason && format != SECRET_FORMAT)
        secret_member_fail(members, SECRET_FILE_E_FORMAT, "attestd_secret");
}

static void take_header(SecretMembers *members, SecretFile *file)
{
    const char *member = "header";

    secret_member_bytes(members, "header", 1, SECRET_HEADER_SIZE_MAX, &file->header_bytes);
    if (members->reason)
        return;
    int r = secret_header_parse(VIEW(file->header_bytes), &file->header, &member);
    if (r != SECRET_FILE_OK)
        secret_member_fail(members, r, member);
}

static void take_file(SecretMembers *members, SecretFile *file)
{
    static const char *const known[] = { "attestd_secret", "header",     "sealed",
                                         "nonce",          "ciphertext", NULL };
    size_t least = SECRET_TAG_SIZE + 1, most = SECRET_SIZE_MAX + SECRET_TAG_SIZE;

    judge_format(members);
    secret_member_only(members, "secret", known);
    take_sealed(members, file);
    secret_member_array(members, "nonce", file->nonce, sizeof(file->nonce));
    secret_member_bytes(members, "ciphertext", least, most, &file->ciphertext);
    take_header(members, file);
    /* What the verifier wraps anew has nothing in the TPM, everything else has. */
    if ((file->sealed_public.size > 0) == (gate_kind_is_wrapped(file->header.gate_kind)))
        secret_member_fail(members, SECRET_FILE_E_MEMBER, "sealed");
}

int secret_file_parse(ByteView json, SecretFile *ret, const char **reterr_member)
{
    _cleanup_secret_file_ SecretFile file = { 0 };
    json_auto_t *object = NULL;

    SecretMembers members = { .member = "secret" };
    members.reason = secret_member_object(json, SECRET_FILE_SIZE_MAX, &object);
    members.object = object;
    take_file(&members, &file);
    if (members.reason > 0 && reterr_member)
        *reterr_member = members.member;
    if (members.reason == SECRET_FILE_OK)
        *ret = TAKE_STRUCT(file);
    return members.reason;
}
