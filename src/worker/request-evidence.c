/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the requests of all verbs have in common: being one object, [Evidence], reasons.
 */
#include "worker/request-evidence.h"

#include "base/encode.h"

#include <string.h>

const char *request_reason(int reason)
{
    switch (reason) {
    case REQUEST_OK:
        return "ok";
    case REQUEST_E_JSON:
        return "not one bounded JSON object";
    case REQUEST_E_MEMBER:
        return "missing, of the wrong type or out of range";
    case REQUEST_E_UNKNOWN:
        return "unknown member";
    case REQUEST_E_DESCRIPTORS:
        return "passed descriptors do not match";
    }
    return "unknown";
}

static bool is_one_of(const char *text, const char *const *choices)
{
    while (*choices && strcmp(*choices, text) != 0)
        choices++;
    return *choices;
}

static bool is_source(const char *text)
{
    static const char *const choices[] = {
        "auto", "azure", "sev-guest", "configfs-tsm", "tpm", NULL
    };

    return is_one_of(text, choices);
}

static bool is_bank(const char *text)
{
    static const char *const choices[] = { "sha256", "sha384", NULL };

    return is_one_of(text, choices);
}

static bool is_preflight(const char *text)
{
    static const char *const choices[] = { "enforce", "warn", NULL };

    return is_one_of(text, choices);
}

/* Which addresses it may be is asked where it is used (http.h). */
static bool is_plain_http(const char *text)
{
    return is_plain_text(text) && strncmp(text, "http://", strlen("http://")) == 0;
}

static uint32_t read_pcrs(MemberReader *reader)
{
    const json_t *array = json_object_get(reader->object, "pcrs");
    uint32_t mask = 0;

    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i);
        json_int_t pcr = json_is_integer(item) ? json_integer_value(item) : -1;
        uint32_t bit = pcr >= 0 && pcr <= REQUEST_PCR_MAX ? UINT32_C(1) << pcr : 0;
        if (bit == 0 || mask & bit) {
            mask = 0;
            break;
        }
        mask |= bit;
    }
    if (mask == 0)
        member_fail(reader, REQUEST_E_MEMBER, "evidence.pcrs");
    return mask;
}

static bool is_index(const char *text)
{
    return strlen(text) == 10 && strncmp(text, "0x01", 4) == 0 &&
           strspn(text + 4, "0123456789abcdefABCDEF") == 6;
}

static uint32_t read_index(MemberReader *reader, const char *path, const char *otherwise)
{
    const char *text = member_text_or(reader, path, is_index, otherwise);

    return text ? (uint32_t)strtoul(text, NULL, 16) : 0;
}

void request_read_evidence(MemberReader *reader, json_t *object, EvidenceSettings *ret)
{
    static const char *const known[] = {
        "source",
        "device",
        "configfs_directory",
        "tcti",
        "attestation_key",
        "pcr_bank",
        "pcrs",
        "event_log",
        "userspace_log",
        "preflight",
        "azure_report_index",
        "azure_user_data_index",
        "azure_certificate_index",
        "metadata_url",
        "kds_url",
        NULL,
    };

    if (!object)
        return;
    member_enter(reader, object);
    member_only(reader, "evidence", known);
    ret->source = member_text(reader, "evidence.source", is_source);
    ret->device = member_text(reader, "evidence.device", is_absolute_path);
    ret->configfs_directory = member_text(reader, "evidence.configfs_directory", is_absolute_path);
    ret->tcti = member_text(reader, "evidence.tcti", is_plain_text);
    ret->attestation_key = member_text(reader, "evidence.attestation_key", is_plain_text);
    ret->pcr_bank = member_text(reader, "evidence.pcr_bank", is_bank);
    ret->pcrs = read_pcrs(reader);
    ret->event_log = member_text_or(reader, "evidence.event_log", is_absolute_path, NULL);
    ret->userspace_log = member_text_or(reader, "evidence.userspace_log", is_absolute_path, NULL);
    ret->metadata_url = member_text_or(reader, "evidence.metadata_url", is_plain_http, NULL);
    ret->kds_url = member_text_or(reader, "evidence.kds_url", is_plain_text, NULL);
    ret->azure.report = read_index(reader, "evidence.azure_report_index", "0x01400001");
    ret->azure.user_data = read_index(reader, "evidence.azure_user_data_index", "0x01400002");
    ret->azure.certificate = read_index(reader, "evidence.azure_certificate_index", "0x01c101d0");
    const char *preflight = member_text(reader, "evidence.preflight", is_preflight);
    ret->preflight_enforce = !preflight || strcmp(preflight, "enforce") == 0;
}

size_t request_read_roots(MemberReader *reader, const char *path,
                          uint8_t ret[static REQUEST_LIST_MAX][SIMULATED_ROOT_LEN])
{
    const char *texts[REQUEST_LIST_MAX];
    size_t n = member_texts(reader, path, is_plain_text, REQUEST_LIST_MAX, texts);

    for (size_t i = 0; i < n && !reader->reason; i++) {
        _cleanup_bytes_ Bytes root = { 0 };
        int r = hex_decode(texts[i], &root);
        if (r || root.size != SIMULATED_ROOT_LEN)
            member_fail(reader, r < 0 ? r : REQUEST_E_MEMBER, path);
        else
            memcpy(ret[i], root.data, SIMULATED_ROOT_LEN);
    }
    return reader->reason ? 0 : n;
}

size_t request_take_owner(const char *const *names, size_t n, const FdList *given,
                          EvidenceSettings *ret)
{
    if (n == 0 || n != given->n_fds || strcmp(names[n - 1], REQUEST_OWNER) != 0)
        return n;
    ret->owner = (TpmOwner){ .is_given = true, .fd = given->fds[n - 1] };
    return n - 1;
}

int request_open(ByteView line, json_t **ret)
{
    json_auto_t *json = NULL;
    int r = json_parse(line, REQUEST_SIZE_MAX, &json);

    if (r < 0)
        return r;
    if (r != JSON_OK || !json_is_object(json))
        return REQUEST_E_JSON;
    *ret = TAKE_PTR(json);
    return 0;
}

int request_finish(const MemberReader *reader, const char **reterr_member)
{
    if (reader->reason > 0 && reterr_member)
        *reterr_member = reader->member;
    return reader->reason;
}
