/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing secret files, and the names and ownership they need. secret-file-parse.c reads them.
 */
#include "secret/secret-file.h"

#include "format/gate-file.h"
#include "secret/secret-file-member.h"

#include <errno.h>
#include <string.h>

void secret_header_done(SecretHeader *header)
{
    free(header->name);
    free(header->gate);
    for (size_t i = 0; i < header->n_who; i++)
        free(header->who[i]);
    free(header->vtpm_root_minimum);
    *header = (SecretHeader){ 0 };
}

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

bool secret_vtpm_root_is_valid(const char *text)
{
    return gate_vtpm_root_is_valid(text);
}

static json_t *who_to_json(const SecretHeader *header)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < header->n_who; i++)
        if (json_array_append_new(array, json_string(header->who[i])) < 0)
            return NULL;
    return TAKE_PTR(array);
}

static int set_names(json_t *object, const SecretHeader *header)
{
    int r = json_set_base64url(object, "release_key_name", VIEW_OF_ARRAY(header->release_key_name));

    if (r == 0 && header->has_next_release_key)
        r = json_set_base64url(object, "next_release_key_name",
                               VIEW_OF_ARRAY(header->next_release_key_name));
    if (r == 0)
        r = json_set_base64url(object, "ak_name", VIEW_OF_ARRAY(header->ak_name));
    if (r == 0)
        r = json_set_base64url(object, "parent_name", VIEW_OF_ARRAY(header->parent_name));
    return r;
}

static int header_to_json(const SecretHeader *header, json_t **ret)
{
    if (!header->name || !header->gate || !header->vtpm_root_minimum ||
        header->version > SECRET_VERSION_MAX || header->created_sec > SECRET_VERSION_MAX)
        return -EINVAL;

    json_auto_t *object =
        json_pack("{ss sI ss ss so ss sI}", "name", header->name, "version",
                  (json_int_t)header->version, "gate", header->gate, "gate_kind", SECRET_GATE_KIND,
                  "who", who_to_json(header), "vtpm_root_minimum", header->vtpm_root_minimum,
                  "created_sec", (json_int_t)header->created_sec);
    int r = object ? json_set_base64url(object, "id", VIEW_OF_ARRAY(header->id)) : -ENOMEM;
    if (r == 0)
        r = set_names(object, header);
    if (r == 0)
        *ret = TAKE_PTR(object);
    return r;
}

int secret_header_emit(const SecretHeader *header, Bytes *ret)
{
    _cleanup_secret_header_ SecretHeader again = { 0 };
    _cleanup_bytes_ Bytes bytes = { 0 };
    json_auto_t *object = NULL;
    const char *member;

    int r = header_to_json(header, &object);
    if (r < 0)
        return r;
    _cleanup_free_ char *text = json_text_sorted(object);
    if (!text)
        return -ENOMEM;
    r = bytes_copy(view_of_string(text), &bytes);
    if (r == 0)
        r = secret_header_parse(VIEW(bytes), &again, &member);
    if (r)
        return r < 0 ? r : -EINVAL;
    *ret = TAKE_STRUCT(bytes);
    return 0;
}

static int parts_to_json(const SecretFile *file, json_t *object)
{
    json_t *sealed = json_object();

    if (json_object_set_new(object, "attestd_secret", json_integer(SECRET_FORMAT)) < 0 ||
        json_object_set_new(object, "sealed", sealed) < 0)
        return -ENOMEM;
    int r = json_set_base64url(object, "header", VIEW(file->header_bytes));
    if (r == 0)
        r = json_set_base64url(sealed, "public", VIEW(file->sealed_public));
    if (r == 0)
        r = json_set_base64url(sealed, "private", VIEW(file->sealed_private));
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
