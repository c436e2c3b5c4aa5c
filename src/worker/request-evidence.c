/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the requests of all verbs have in common: being one object, [Evidence], reasons.
 */
#include "worker/request-evidence.h"

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
    static const char *const choices[] = { "auto", "sev-guest", "configfs-tsm", NULL };

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

void request_read_evidence(MemberReader *reader, json_t *object, EvidenceSettings *ret)
{
    static const char *const known[] = {
        "source",   "device", "configfs_directory", "tcti",          "attestation_key",
        "pcr_bank", "pcrs",   "event_log",          "userspace_log", "preflight",
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
    const char *preflight = member_text(reader, "evidence.preflight", is_preflight);
    ret->preflight_enforce = !preflight || strcmp(preflight, "enforce") == 0;
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
