/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading secret files: every member known, there, of its type and size.
 */
#include "format/gate-name.h"
#include "secret/secret-file-member.h"

#include <errno.h>
#include <string.h>

/* The object that is read, and what went wrong first. Once it failed, nothing more is read. */
typedef struct Members {
    json_t *object;
    int reason; /* of secret-file.h, or -ENOMEM */
    const char *member;
} Members;

static void fail(Members *members, int reason, const char *name)
{
    if (members->reason)
        return;
    members->reason = reason;
    members->member = name;
}

static void only(Members *members, const char *path, const char *const *known)
{
    if (!members->reason && json_unknown_member(members->object, known))
        fail(members, SECRET_FILE_E_UNKNOWN, path);
}

/* Text that RULE accepts, owned. */
static void take_text(Members *members, const char *name, bool (*rule)(const char *), char **ret)
{
    const char *text;

    if (members->reason)
        return;
    if (json_get_string(members->object, name, &text) != JSON_OK || !rule(text)) {
        fail(members, SECRET_FILE_E_MEMBER, name);
        return;
    }
    *ret = strdup(text);
    if (!*ret)
        fail(members, -ENOMEM, name);
}

static void take_number(Members *members, const char *name, uint64_t least, uint64_t *ret)
{
    uint64_t value;

    if (members->reason)
        return;
    if (json_get_u64(members->object, name, &value) != JSON_OK || value < least ||
        value > SECRET_VERSION_MAX)
        fail(members, SECRET_FILE_E_MEMBER, name);
    else
        *ret = value;
}

static void take_bytes(Members *members, const char *name, size_t least, size_t most, Bytes *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    if (members->reason)
        return;
    int r = json_get_base64url(members->object, name, most, &bytes);
    if (r < 0)
        fail(members, r, name);
    else if (r != JSON_OK || bytes.size < least)
        fail(members, SECRET_FILE_E_MEMBER, name);
    else
        *ret = TAKE_STRUCT(bytes);
}

/* Exactly SIZE bytes into OUT. */
static void take_array(Members *members, const char *name, uint8_t *out, size_t size)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    take_bytes(members, name, size, size, &bytes);
    if (bytes.size == size)
        memcpy(out, bytes.data, size);
}

/* nameAlg SHA-256 (000b), then the digest (TPM 2.0 Part 1, 16). */
static void take_tpm_name(Members *members, const char *name, uint8_t *out)
{
    uint8_t bytes[SECRET_TPM_NAME_SIZE] = { 0 };

    take_array(members, name, bytes, sizeof(bytes));
    if (bytes[0] != 0x00 || bytes[1] != 0x0b)
        fail(members, SECRET_FILE_E_MEMBER, name);
    else
        memcpy(out, bytes, sizeof(bytes));
}

static void take_who(Members *members, SecretHeader *header)
{
    const json_t *array = json_object_get(members->object, "who");
    size_t n = json_array_size(array);

    if (!json_is_array(array) || n > SECRET_WHO_MAX)
        fail(members, SECRET_FILE_E_MEMBER, "who");
    for (size_t i = 0; i < n && !members->reason; i++) {
        const json_t *item = json_array_get(array, i);
        const char *text = json_string_value(item);
        if (!text || strlen(text) != json_string_length(item) || !secret_who_is_valid(text)) {
            fail(members, SECRET_FILE_E_MEMBER, "who");
            return;
        }
        header->who[i] = strdup(text);
        if (!header->who[i])
            fail(members, -ENOMEM, "who");
        else
            header->n_who++;
    }
}

/* A kind that this version does not have is not called malformed. */
static void judge_gate_kind(Members *members)
{
    const char *kind;

    if (members->reason)
        return;
    if (json_get_string(members->object, "gate_kind", &kind) != JSON_OK)
        fail(members, SECRET_FILE_E_MEMBER, "gate_kind");
    else if (strcmp(kind, SECRET_GATE_KIND) != 0)
        fail(members, SECRET_FILE_E_GATE_KIND, "gate_kind");
}

static void take_header(Members *members, SecretHeader *header)
{
    static const char *const known[] = {
        "name",      "id",          "version",           "gate",
        "gate_kind", "who",         "release_key_name",  "next_release_key_name",
        "ak_name",   "parent_name", "vtpm_root_minimum", "created_sec",
        NULL,
    };

    judge_gate_kind(members);
    only(members, "header", known);
    take_text(members, "name", secret_name_is_valid, &header->name);
    take_array(members, "id", header->id, sizeof(header->id));
    take_number(members, "version", 1, &header->version);
    take_text(members, "gate", gate_name_is_valid, &header->gate);
    take_who(members, header);
    take_tpm_name(members, "release_key_name", header->release_key_name);
    header->has_next_release_key = json_object_get(members->object, "next_release_key_name");
    if (header->has_next_release_key)
        take_tpm_name(members, "next_release_key_name", header->next_release_key_name);
    take_tpm_name(members, "ak_name", header->ak_name);
    take_tpm_name(members, "parent_name", header->parent_name);
    take_text(members, "vtpm_root_minimum", secret_vtpm_root_is_valid, &header->vtpm_root_minimum);
    take_number(members, "created_sec", 0, &header->created_sec);
}

static int parse_object(ByteView text, size_t limit, json_t **ret)
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

static int finish(const Members *members, const char **reterr_member)
{
    if (members->reason > 0 && reterr_member)
        *reterr_member = members->member;
    return members->reason;
}

int secret_header_parse(ByteView json, SecretHeader *ret, const char **reterr_member)
{
    _cleanup_secret_header_ SecretHeader header = { 0 };
    json_auto_t *object = NULL;

    Members members = { .member = "header" };
    members.reason = parse_object(json, SECRET_HEADER_SIZE_MAX, &object);
    members.object = object;
    if (!members.reason)
        take_header(&members, &header);
    int r = finish(&members, reterr_member);
    if (r == SECRET_FILE_OK)
        *ret = TAKE_STRUCT(header);
    return r;
}

static void take_sealed(Members *members, SecretFile *file)
{
    static const char *const known[] = { "public", "private", NULL };
    Members sealed = { .reason = members->reason };

    if (members->reason)
        return;
    if (json_get_object(members->object, "sealed", &sealed.object) != JSON_OK) {
        fail(members, SECRET_FILE_E_MEMBER, "sealed");
        return;
    }
    only(&sealed, "sealed", known);
    take_bytes(&sealed, "public", 1, SECRET_SEALED_PART_MAX, &file->sealed_public);
    take_bytes(&sealed, "private", 1, SECRET_SEALED_PART_MAX, &file->sealed_private);
    if (sealed.reason)
        fail(members, sealed.reason, sealed.member);
}

/* Another version of the format may have other members: asked first. */
static void judge_format(Members *members)
{
    uint64_t format;

    if (members->reason)
        return;
    if (json_get_u64(members->object, "attestd_secret", &format) != JSON_OK)
        fail(members, SECRET_FILE_E_MEMBER, "attestd_secret");
    else if (format != SECRET_FORMAT)
        fail(members, SECRET_FILE_E_FORMAT, "attestd_secret");
}

static void take_file(Members *members, SecretFile *file)
{
    static const char *const known[] = { "attestd_secret", "header",     "sealed",
                                         "nonce",          "ciphertext", NULL };
    size_t least = SECRET_TAG_SIZE + 1, most = SECRET_SIZE_MAX + SECRET_TAG_SIZE;

    judge_format(members);
    only(members, "secret", known);
    take_bytes(members, "header", 1, SECRET_HEADER_SIZE_MAX, &file->header_bytes);
    take_sealed(members, file);
    take_array(members, "nonce", file->nonce, sizeof(file->nonce));
    take_bytes(members, "ciphertext", least, most, &file->ciphertext);
}

int secret_file_parse(ByteView json, SecretFile *ret, const char **reterr_member)
{
    _cleanup_secret_file_ SecretFile file = { 0 };
    json_auto_t *object = NULL;

    Members members = { .member = "secret" };
    members.reason = parse_object(json, SECRET_FILE_SIZE_MAX, &object);
    members.object = object;
    if (!members.reason)
        take_file(&members, &file);
    int r = finish(&members, reterr_member);
    if (r == SECRET_FILE_OK)
        r = secret_header_parse(VIEW(file.header_bytes), &file.header, reterr_member);
    if (r == SECRET_FILE_OK)
        *ret = TAKE_STRUCT(file);
    return r;
}
