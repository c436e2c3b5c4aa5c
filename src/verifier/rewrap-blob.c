/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protected header, strictly.
 */
#include "verifier/rewrap-blob.h"

#include "format/gate-name.h"

#include <string.h>

#define NAME_MAX_LENGTH 64
#define KID_MAX_LENGTH  128

const char *rewrap_blob_reason(int reason)
{
    switch (reason) {
    case REWRAP_BLOB_OK:
        return "ok";
    case REWRAP_BLOB_E_JWE:
        return "not a JWE of this kind";
    case REWRAP_BLOB_E_TYPE:
        return "of another typ";
    case REWRAP_BLOB_E_UNKNOWN:
        return "an unknown member in its header";
    case REWRAP_BLOB_E_GATE:
        return "no gate in its header";
    case REWRAP_BLOB_E_SECRET:
        return "no name, id or version in its header";
    case REWRAP_BLOB_E_KID:
        return "no kid in its header";
    case REWRAP_BLOB_E_BIND:
        return "a bind that cannot be read in its header";
    }
    return "unknown";
}

void rewrap_blob_done(RewrapBlob *blob)
{
    jwe_parts_done(&blob->parts);
    *blob = (RewrapBlob){ 0 };
}

/* Printable characters without space, 1 to LIMIT of them. */
static bool read_word(const json_t *header, const char *name, size_t limit, const char **ret)
{
    if (json_get_string(header, name, ret) != JSON_OK || strlen(*ret) < 1 || strlen(*ret) > limit)
        return false;
    for (const char *c = *ret; *c; c++)
        if (*c < 0x21 || *c > 0x7e)
            return false;
    return true;
}

/* EXACTLY so many bytes of the member NAME. */
static int read_bytes(const json_t *object, const char *name, size_t exactly, int reason,
                      uint8_t *ret)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = json_get_base64url(object, name, exactly, &bytes);
    if (r < 0)
        return r;
    if (r != JSON_OK || bytes.size != exactly)
        return reason;
    memcpy(ret, bytes.data, exactly);
    return REWRAP_BLOB_OK;
}

static int read_secret(const json_t *header, RewrapBlob *blob)
{
    if (!read_word(header, "name", NAME_MAX_LENGTH, &blob->name) ||
        json_get_u64(header, "version", &blob->version) != JSON_OK || blob->version == 0)
        return REWRAP_BLOB_E_SECRET;
    return read_bytes(header, "id", sizeof(blob->id), REWRAP_BLOB_E_SECRET, blob->id);
}

static int read_values(json_t *object, RewrapBlob *blob)
{
    const char *name;
    json_t *value;

    json_object_foreach (object, name, value) {
        BindKind kind;
        if (!bind_kind_by_name(name, &kind) || kind == BIND_KIND_FLEET)
            return REWRAP_BLOB_E_BIND;
        int r =
            read_bytes(object, name, bind_kind_size(kind), REWRAP_BLOB_E_BIND, blob->values[kind]);
        if (r)
            return r;
        blob->binds |= BIND_BIT(kind);
    }
    return REWRAP_BLOB_OK;
}

/* An object of values by kind; or "fleet", written out. */
static int read_binds(const json_t *header, RewrapBlob *blob)
{
    json_t *bind = json_object_get(header, "bind");
    const char *text = json_string_value(bind);
    int r = REWRAP_BLOB_OK;

    if (json_is_object(bind))
        r = read_values(bind, blob);
    else if (text && strlen(text) == json_string_length(bind) &&
             strcmp(text, bind_kind_name(BIND_KIND_FLEET)) == 0)
        blob->binds = BIND_BIT(BIND_KIND_FLEET);
    if (r)
        return r;
    return bind_set_is_valid(blob->binds) ? REWRAP_BLOB_OK : REWRAP_BLOB_E_BIND;
}

static int read_header(json_t *header, RewrapBlob *blob)
{
    static const char *const known[] = { "alg",  "enc", "epk",     "kid",  "typ", "gate",
                                         "name", "id",  "version", "bind", NULL };
    const char *type;

    if (json_get_string(header, "typ", &type) != JSON_OK || strcmp(type, REWRAP_BLOB_TYPE) != 0)
        return REWRAP_BLOB_E_TYPE;
    if (json_unknown_member(header, known))
        return REWRAP_BLOB_E_UNKNOWN;
    if (json_get_string(header, "gate", &blob->gate) != JSON_OK || !gate_name_is_valid(blob->gate))
        return REWRAP_BLOB_E_GATE;
    if (!read_word(header, "kid", KID_MAX_LENGTH, &blob->kid))
        return REWRAP_BLOB_E_KID;
    int r = read_secret(header, blob);
    return r ? r : read_binds(header, blob);
}

int rewrap_blob_parse(const char *compact, RewrapBlob *ret)
{
    _cleanup_rewrap_blob_ RewrapBlob blob = { 0 };

    int r = jwe_parse(compact, &blob.parts);
    if (r || blob.parts.algorithm != JWE_ECDH_ES_A256KW)
        return r < 0 ? r : REWRAP_BLOB_E_JWE;
    r = read_header(blob.parts.header, &blob);
    if (r)
        return r;
    *ret = TAKE_STRUCT(blob);
    return REWRAP_BLOB_OK;
}
