/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs by hand, so that a dishonest one can be made as well.
 */
#include "blob-lab.h"

#include "base/encode.h"
#include "crypto/jwe.h"
#include "crypto/jwk.h"

#define ID_SIZE 16

static const char *or_else(const char *text, const char *fallback)
{
    return text ? text : fallback;
}

/* JSON in single quotes, any value. */
static json_t *json_of(const char *text)
{
    char copy[1024];

    (void)snprintf(copy, sizeof(copy), "%s", text);
    for (char *c = copy; *c; c++)
        if (*c == '\'')
            *c = '"';
    json_t *json = json_loads(copy, JSON_DECODE_ANY, NULL);
    check(json != NULL);
    return json;
}

char *blob_make(const Key *key, const BlobOrder *order)
{
    uint8_t id[ID_SIZE], data_key[64];
    _cleanup_free_ char *kid = NULL;
    char *blob = NULL;

    memset(id, order->id, sizeof(id));
    memset(data_key, BLOB_KEY_BYTE, sizeof(data_key));
    check_int(jwk_thumbprint_text(key, &kid), 0);
    json_t *members = json_pack("{s:s, s:s, s:s, s:s, s:i, s:o}", "kid", or_else(order->kid, kid),
                                "typ", or_else(order->type, "attestd-rewrap+jwe"), "gate",
                                or_else(order->gate, "vault"), "name", or_else(order->name, "pw"),
                                "version", 1, "bind", json_of(or_else(order->bind, "'fleet'")));
    check(members != NULL);
    check_int(json_set_base64url(members, "id", VIEW_OF_ARRAY(id)), 0);
    if (order->extra) {
        json_t *extra = json_of(order->extra);
        check_int(json_object_update(members, extra), 0);
        json_decref(extra);
    }
    const ByteView plain = { data_key, order->size > 0 ? order->size : 32 };
    check_int(jwe_seal(key, members, (ByteView){ 0 }, plain, &blob), JWE_OK);
    json_decref(members);
    return blob;
}

char *blob_edit(char *blob, const char *from, const char *to)
{
    const char *rest = strchr(blob, '.');
    _cleanup_bytes_ Bytes header = { 0 };
    char text[2048], *edited = NULL;

    const ByteView head = { (const uint8_t *)blob, (size_t)(rest - blob) };
    check_int(base64url_decode(head, &header), ENCODE_OK);
    const char *place = strstr((const char *)header.data, from);
    check(place != NULL);
    (void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(place - (const char *)header.data),
                   (const char *)header.data, to, place + strlen(from));
    _cleanup_free_ char *encoded = base64url_encode(view_of_string(text));
    check(asprintf(&edited, "%s%s", encoded, rest) > 0);
    free(blob);
    return edited;
}

Bytes blob_list(char *const *blobs, size_t n)
{
    json_t *array = json_array();
    Bytes list = { 0 };

    for (size_t i = 0; i < n; i++) {
        check_int(json_array_append_new(array, json_string(blobs[i])), 0);
        free(blobs[i]);
    }
    _cleanup_free_ char *text = json_text(array);
    check_int(bytes_copy(view_of_string(text), &list), 0);
    json_decref(array);
    return list;
}

static void check_header(const json_t *header, const char *gate, ByteView id)
{
    _cleanup_bytes_ Bytes found = { 0 };
    const char *text = NULL;

    check_int(json_get_string(header, "gate", &text), JSON_OK);
    check_str(text, gate);
    check_int(json_get_base64url(header, "id", ID_SIZE, &found), JSON_OK);
    check(view_equal(VIEW(found), id));
}

void blob_check_key(const json_t *entry, const Key *response_key, ByteView nonce, const char *gate,
                    uint8_t id)
{
    static const uint8_t other[] = "another nonce";
    _cleanup_(secret_freep) Secret *key = NULL;
    _cleanup_jwe_parts_ JweParts parts = { 0 };
    _cleanup_bytes_ Bytes found = { 0 };
    uint8_t wanted[ID_SIZE];

    memset(wanted, id, sizeof(wanted));
    check_int(json_object_size(entry), 2);
    check_int(json_get_base64url(entry, "id", ID_SIZE, &found), JSON_OK);
    check(view_equal(VIEW(found), VIEW_OF_ARRAY(wanted)));
    check_int(jwe_parse(json_string_value(json_object_get(entry, "jwe")), &parts), JWE_OK);
    check_header(parts.header, gate, VIEW_OF_ARRAY(wanted));
    check_int(jwe_open(response_key, &parts, VIEW_OF_ARRAY(other), &key), JWE_E_OPEN);
    check_int(jwe_open(response_key, &parts, (ByteView){ 0 }, &key), JWE_E_OPEN);
    check_int(jwe_open(response_key, &parts, nonce, &key), JWE_OK);
    check_int(secret_view(key).size, 32);
    check(view_is_filled_with(secret_view(key), BLOB_KEY_BYTE));
}
