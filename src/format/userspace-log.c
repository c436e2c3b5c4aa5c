/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd's measurement log: RFC 7464 framing around one strict JSON object a record.
 */
#include "format/userspace-log.h"

#include "base/encode.h"
#include "base/json.h"

#include <errno.h>
#include <string.h>

#define RECORD_BEGIN    0x1e
#define RECORD_END      '\n'
#define RECORD_SIZE_MAX 65536 /* bytes */
#define CONTENT_TYPE    "systemd"

const char *userspace_log_reason(int reason)
{
    switch (reason) {
    case USERSPACE_LOG_OK:
        return "ok";
    case USERSPACE_LOG_E_EMPTY:
        return "empty";
    case USERSPACE_LOG_E_SIZE:
        return "too large";
    case USERSPACE_LOG_E_FRAMING:
        return "a record without its begin or end mark";
    case USERSPACE_LOG_E_JSON:
        return "a record is not strict JSON";
    case USERSPACE_LOG_E_TARGET:
        return "a record for no register, or for two";
    case USERSPACE_LOG_E_DIGESTS:
        return "digests missing, malformed, repeated or of a wrong size";
    case USERSPACE_LOG_E_CONTENT:
        return "content is not of the stated type";
    case USERSPACE_LOG_E_COUNT:
        return "too many records";
    }
    return "unknown";
}

static void event_done(UserspaceEvent *event)
{
    free(event->text);
    free(event->type);
    *event = (UserspaceEvent){ 0 };
}

void userspace_log_done(UserspaceLog *log)
{
    for (size_t i = 0; i < log->n_items; i++)
        event_done(&log->items[i]);
    free(log->items);
    *log = (UserspaceLog){ 0 };
}

static int read_target(const json_t *record, UserspaceEvent *event)
{
    uint64_t pcr = 0, nv_index = 0;
    int no_pcr = json_get_u64(record, "pcr", &pcr);
    int no_nv = json_get_u64(record, "nv_index", &nv_index);

    if (no_pcr == JSON_OK && no_nv == JSON_E_MISSING && pcr < TPM_PCR_COUNT) {
        event->has_pcr = true;
        event->pcr = (uint32_t)pcr;
        return USERSPACE_LOG_OK;
    }
    if (no_nv == JSON_OK && no_pcr == JSON_E_MISSING && nv_index <= UINT32_MAX) {
        event->nv_index = (uint32_t)nv_index;
        return USERSPACE_LOG_OK;
    }
    return USERSPACE_LOG_E_TARGET;
}

static int read_digest(const json_t *item, UserspaceEvent *event)
{
    const char *name, *hex;
    _cleanup_bytes_ Bytes digest = { 0 };

    if (json_get_string(item, "hashAlg", &name) || json_get_string(item, "digest", &hex))
        return USERSPACE_LOG_E_DIGESTS;
    uint16_t alg = tpm_alg_hash_by_name(name);
    if (alg == 0)
        return USERSPACE_LOG_OK;
    if (userspace_event_digest(event, alg).size > 0 || strlen(hex) > 2 * TPM_DIGEST_SIZE_MAX)
        return USERSPACE_LOG_E_DIGESTS;

    int r = hex_decode(hex, &digest);
    if (r < 0)
        return r;
    if (r || digest.size != tpm_alg_digest_size(alg))
        return USERSPACE_LOG_E_DIGESTS;
    UserspaceDigest *slot = &event->digests[event->n_digests++];
    slot->alg = alg;
    slot->size = (uint8_t)digest.size;
    memcpy(slot->digest, digest.data, digest.size);
    return USERSPACE_LOG_OK;
}

static int read_digests(const json_t *record, UserspaceEvent *event)
{
    json_t *array, *item;
    size_t i;

    if (json_get_array(record, "digests", &array) || json_array_size(array) == 0 ||
        json_array_size(array) > USERSPACE_LOG_BANKS_MAX)
        return USERSPACE_LOG_E_DIGESTS;
    json_array_foreach (array, i, item) {
        int r = read_digest(item, event);
        if (r)
            return r;
    }
    return event->n_digests > 0 ? USERSPACE_LOG_OK : USERSPACE_LOG_E_DIGESTS;
}

/* An optional text member, copied. */
static int read_text(const json_t *object, const char *name, char **ret)
{
    const char *text;
    int r = json_get_string(object, name, &text);
    if (r == JSON_E_MISSING)
        return USERSPACE_LOG_OK;
    if (r)
        return USERSPACE_LOG_E_CONTENT;

    char *copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    *ret = copy;
    return USERSPACE_LOG_OK;
}

static int read_content(const json_t *record, UserspaceEvent *event)
{
    const char *content_type;
    json_t *content;

    int r = json_get_string(record, "content_type", &content_type);
    if (r == JSON_E_MISSING)
        return USERSPACE_LOG_OK;
    if (r)
        return USERSPACE_LOG_E_CONTENT;
    if (strcmp(content_type, CONTENT_TYPE) != 0)
        return USERSPACE_LOG_OK;
    if (json_get_object(record, "content", &content))
        return USERSPACE_LOG_E_CONTENT;
    r = read_text(content, "string", &event->text);
    return r ? r : read_text(content, "eventType", &event->type);
}

static int read_record(ByteView text, UserspaceEvent *event)
{
    json_auto_t *record = NULL;

    int r = json_parse(text, RECORD_SIZE_MAX, &record);
    if (r < 0)
        return r;
    if (r || !json_is_object(record))
        return USERSPACE_LOG_E_JSON;
    r = read_target(record, event);
    if (r == USERSPACE_LOG_OK)
        r = read_digests(record, event);
    if (r == USERSPACE_LOG_OK)
        r = read_content(record, event);
    return r;
}

/* Room for one more; doubles whenever the count is a power of two. */
static int make_room(UserspaceLog *log)
{
    size_t n = log->n_items;

    if ((n & (n - 1)) != 0)
        return 0;
    UserspaceEvent *items = reallocarray(log->items, MAX(2 * n, 1), sizeof(*items));
    if (!items)
        return -ENOMEM;
    log->items = items;
    return 0;
}

static int append_record(ByteView text, UserspaceLog *log)
{
    _cleanup_(event_done) UserspaceEvent event = { 0 };

    if (log->n_items == USERSPACE_LOG_RECORDS_MAX)
        return USERSPACE_LOG_E_COUNT;
    int r = read_record(text, &event);
    if (r)
        return r;

    r = make_room(log);
    if (r < 0)
        return r;
    log->items[log->n_items++] = TAKE_STRUCT(event);
    return USERSPACE_LOG_OK;
}

/* Cuts the next record out of LEFT, without its marks. */
static int next_record(ByteView *left, ByteView *ret)
{
    const uint8_t *end = memchr(left->data, RECORD_END, left->size);

    if (left->data[0] != RECORD_BEGIN || !end)
        return USERSPACE_LOG_E_FRAMING;
    size_t size = (size_t)(end - left->data) + 1;
    *ret = (ByteView){ left->data + 1, size - 2 };
    *left = (ByteView){ left->data + size, left->size - size };
    return USERSPACE_LOG_OK;
}

int userspace_log_parse(ByteView bytes, size_t *reterr_index, UserspaceLog *ret)
{
    _cleanup_userspace_log_ UserspaceLog log = { 0 };
    ByteView left = bytes, text;
    int r = USERSPACE_LOG_OK;

    if (bytes.size == 0)
        return USERSPACE_LOG_E_EMPTY;
    if (bytes.size > USERSPACE_LOG_SIZE_MAX)
        return USERSPACE_LOG_E_SIZE;
    while (r == USERSPACE_LOG_OK && left.size > 0) {
        r = next_record(&left, &text);
        if (r == USERSPACE_LOG_OK)
            r = append_record(text, &log);
    }
    if (r) {
        if (reterr_index)
            *reterr_index = log.n_items;
        return r;
    }
    *ret = TAKE_STRUCT(log);
    return USERSPACE_LOG_OK;
}

static json_t *digests_to_json(const UserspaceEvent *event)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < event->n_digests; i++) {
        const UserspaceDigest *digest = &event->digests[i];
        json_t *item = json_pack("{ss}", "hashAlg", tpm_alg_name(digest->alg));
        ByteView view = { digest->digest, digest->size };
        if (json_array_append_new(array, item) < 0 || json_set_hex(item, "digest", view) < 0)
            return NULL;
    }
    return TAKE_PTR(array);
}

static json_t *event_to_json(const UserspaceEvent *event)
{
    json_auto_t *record = json_object();
    json_int_t target = event->has_pcr ? event->pcr : event->nv_index;

    if (json_object_set_new(record, event->has_pcr ? "pcr" : "nv_index", json_integer(target)) <
            0 ||
        json_object_set_new(record, "digests", digests_to_json(event)) < 0)
        return NULL;
    if (!event->text && !event->type)
        return TAKE_PTR(record);

    json_t *content = json_pack("{ss* ss*}", "string", event->text, "eventType", event->type);
    if (json_object_set_new(record, "content_type", json_string(CONTENT_TYPE)) < 0 ||
        json_object_set_new(record, "content", content) < 0)
        return NULL;
    return TAKE_PTR(record);
}

static int emit_event(const UserspaceEvent *event, Bytes *out)
{
    json_auto_t *record = event_to_json(event);
    _cleanup_free_ char *text = record ? json_text(record) : NULL;

    if (!text)
        return -ENOMEM;
    int r = bytes_append_u8(out, RECORD_BEGIN);
    if (r == 0)
        r = bytes_append(out, view_of_string(text));
    return r < 0 ? r : bytes_append_u8(out, RECORD_END);
}

int userspace_log_emit(const UserspaceLog *log, Bytes *ret)
{
    _cleanup_bytes_ Bytes out = { 0 };

    for (size_t i = 0; i < log->n_items; i++) {
        int r = emit_event(&log->items[i], &out);
        if (r < 0)
            return r;
    }
    *ret = TAKE_STRUCT(out);
    return 0;
}

ByteView userspace_event_digest(const UserspaceEvent *event, uint16_t alg)
{
    for (size_t i = 0; i < event->n_digests; i++)
        if (event->digests[i].alg == alg)
            return (ByteView){ event->digests[i].digest, event->digests[i].size };
    return (ByteView){ 0 };
}
