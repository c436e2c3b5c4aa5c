/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the header of a secret file: what every kind of gate has, then what its kind has.
 */
#include "format/gate-name.h"
#include "secret/secret-member.h"
#include "tpm/tpm-counter.h"

#include <errno.h>
#include <string.h>

/* Of every kind. */
#define COMMON_MEMBERS                                                                             \
    "name", "id", "version", "gate", "gate_kind", "who", "on_loss", "on_change",                   \
        "vtpm_root_minimum", "created_sec", "recovery"

static void take_who(SecretMembers *members, SecretHeader *header)
{
    const json_t *array = json_object_get(members->object, "who");
    size_t n = json_array_size(array);

    if (!json_is_array(array) || n > SECRET_WHO_MAX)
        secret_member_fail(members, SECRET_FILE_E_MEMBER, "who");
    for (size_t i = 0; i < n && !members->reason; i++) {
        const json_t *item = json_array_get(array, i);
        const char *text = json_string_value(item);
        if (!text || strlen(text) != json_string_length(item) || !secret_who_is_valid(text)) {
            secret_member_fail(members, SECRET_FILE_E_MEMBER, "who");
            return;
        }
        header->who[i] = strdup(text);
        if (!header->who[i])
            secret_member_fail(members, -ENOMEM, "who");
        else
            header->n_who++;
    }
}

/* A kind that this version does not have is not called malformed. */
static void take_gate_kind(SecretMembers *members, SecretHeader *header)
{
    const char *kind = secret_member_word(members, "gate_kind");

    if (kind && !gate_kind_by_name(kind, &header->gate_kind))
        secret_member_fail(members, SECRET_FILE_E_GATE_KIND, "gate_kind");
}

/* Absent: nothing is to happen. */
static void take_actions(SecretMembers *members, SecretHeader *header)
{
    if (secret_member_is_there(members, "on_loss") &&
        !on_loss_by_name(secret_member_word(members, "on_loss"), &header->on_loss))
        secret_member_fail(members, SECRET_FILE_E_MEMBER, "on_loss");
    if (secret_member_is_there(members, "on_change") &&
        !on_change_by_name(secret_member_word(members, "on_change"), &header->on_change))
        secret_member_fail(members, SECRET_FILE_E_MEMBER, "on_change");
}

static void take_common(SecretMembers *members, SecretHeader *header)
{
    secret_member_text(members, "name", secret_name_is_valid, &header->name);
    secret_member_array(members, "id", header->id, sizeof(header->id));
    secret_member_number(members, "version", 1, SECRET_VERSION_MAX, &header->version);
    secret_member_text(members, "gate", gate_name_is_valid, &header->gate);
    take_who(members, header);
    take_actions(members, header);
    secret_member_text(members, "vtpm_root_minimum", secret_vtpm_root_is_valid,
                       &header->vtpm_root_minimum);
    secret_member_number(members, "created_sec", 0, SECRET_VERSION_MAX, &header->created_sec);
    if (secret_member_is_there(members, "recovery"))
        secret_member_text(members, "recovery", jwe_text_is_valid, &header->recovery);
}

static void take_counter(SecretMembers *members, SecretHeader *header)
{
    static const char *const known[] = { "index", "value", "name", NULL };
    SecretCounter *counter = &header->counter;
    uint64_t index = 0;

    header->has_counter = secret_member_is_there(members, "counter");
    if (!header->has_counter)
        return;
    SecretMembers inner = secret_member_enter(members, "counter");
    secret_member_only(&inner, "counter", known);
    secret_member_number(&inner, "index", TPM_COUNTER_FIRST, TPM_COUNTER_LAST, &index);
    secret_member_number(&inner, "value", 0, SECRET_VERSION_MAX, &counter->value);
    secret_member_tpm_name(&inner, "name", counter->name);
    secret_member_leave(members, &inner);
    counter->index = (uint32_t)index;
}

static void take_cap(SecretMembers *members, SecretHeader *header)
{
    static const char *const known[] = { "pcr", "value", NULL };
    uint64_t pcr = SECRET_CAP_PCR_MIN;

    if (!secret_member_is_there(members, "cap"))
        return;
    SecretMembers inner = secret_member_enter(members, "cap");
    secret_member_only(&inner, "cap", known);
    secret_member_number(&inner, "pcr", SECRET_CAP_PCR_MIN, SECRET_CAP_PCR_MAX, &pcr);
    secret_member_array(&inner, "value", header->pcrs.values[pcr],
                        sizeof(header->pcrs.values[pcr]));
    secret_member_leave(members, &inner);
    header->pcrs.mask = UINT32_C(1) << pcr;
}

/* Text of each register, as it is the name of a member. */
static const char *const pcr_names[GATE_PCR_COUNT + 1] = {
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", NULL,
};

static void take_pcrs(SecretMembers *members, SecretHeader *header)
{
    GatePcrs *pcrs = &header->pcrs;
    const char *bank = secret_member_word(members, "pcr_bank");

    if (bank && strcmp(bank, SECRET_PCR_BANK) != 0)
        secret_member_fail(members, SECRET_FILE_E_MEMBER, "pcr_bank");
    SecretMembers inner = secret_member_enter(members, "pcrs");
    secret_member_only(&inner, "pcrs", pcr_names);
    for (unsigned pcr = 0; pcr < GATE_PCR_COUNT; pcr++) {
        if (!secret_member_is_there(&inner, pcr_names[pcr]))
            continue;
        secret_member_array(&inner, pcr_names[pcr], pcrs->values[pcr], sizeof(pcrs->values[pcr]));
        pcrs->mask |= UINT32_C(1) << pcr;
    }
    if (pcrs->mask == 0)
        secret_member_fail(&inner, SECRET_FILE_E_MEMBER, "pcrs");
    secret_member_leave(members, &inner);
}

static void take_verifier(SecretMembers *members, SecretHeader *header)
{
    static const char *const known[] = {
        COMMON_MEMBERS,
        "release_key_name",
        "next_release_key_name",
        "ak_name",
        "parent_name",
        "cap",
        "counter",
        NULL,
    };

    secret_member_only(members, "header", known);
    take_common(members, header);
    secret_member_tpm_name(members, "release_key_name", header->release_key_name);
    header->has_next_release_key = secret_member_is_there(members, "next_release_key_name");
    if (header->has_next_release_key)
        secret_member_tpm_name(members, "next_release_key_name", header->next_release_key_name);
    secret_member_tpm_name(members, "ak_name", header->ak_name);
    secret_member_tpm_name(members, "parent_name", header->parent_name);
    take_counter(members, header);
    take_cap(members, header);
}

static void take_pcr(SecretMembers *members, SecretHeader *header)
{
    static const char *const known[] = {
        COMMON_MEMBERS, "parent_name", "pcr_bank", "pcrs", "counter", NULL,
    };

    secret_member_only(members, "header", known);
    take_common(members, header);
    secret_member_tpm_name(members, "parent_name", header->parent_name);
    take_counter(members, header);
    take_pcrs(members, header);
}

static void take_wrapped(SecretMembers *members, SecretHeader *header)
{
    static const char *const known[] = { COMMON_MEMBERS, "wrapped", NULL };

    secret_member_only(members, "header", known);
    take_common(members, header);
    secret_member_text(members, "wrapped", jwe_text_is_valid, &header->wrapped);
}

int secret_header_parse(ByteView json, SecretHeader *ret, const char **reterr_member)
{
    static void (*const takers[N_GATE_KINDS])(SecretMembers *, SecretHeader *) = {
        [GATE_KIND_VERIFIER] = take_verifier,
        [GATE_KIND_REWRAP] = take_wrapped,
        [GATE_KIND_KEY_RELEASE] = take_wrapped,
        [GATE_KIND_PCR] = take_pcr,
    };
    _cleanup_secret_header_ SecretHeader header = { 0 };
    json_auto_t *object = NULL;

    SecretMembers members = { .member = "header" };
    members.reason = secret_member_object(json, SECRET_HEADER_SIZE_MAX, &object);
    members.object = object;
    take_gate_kind(&members, &header);
    if (!members.reason)
        takers[header.gate_kind](&members, &header);
    if (members.reason > 0 && reterr_member)
        *reterr_member = members.member;
    if (members.reason == SECRET_FILE_OK)
        *ret = TAKE_STRUCT(header);
    return members.reason;
}
