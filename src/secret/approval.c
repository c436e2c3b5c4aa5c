/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Approvals as JSON, both directions.
 */
#include "secret/approval.h"

#include "base/wipe.h"
#include "format/gate-name.h"

#include <errno.h>
#include <string.h>

#define APPROVAL_FORMAT 1 /* "attestd_approval" */

void approval_done(Approval *approval)
{
    free(approval->gate);
    tpm_ticket_done(&approval->ticket);
    wipe(approval, sizeof(*approval));
}

static int ticket_to_json(const TpmTicket *ticket, json_t **ret)
{
    json_auto_t *object = json_pack("{sI sI}", "tag", (json_int_t)ticket->tag, "hierarchy",
                                    (json_int_t)ticket->hierarchy);
    int r = object ? json_set_base64url(object, "digest", VIEW(ticket->digest)) : -ENOMEM;

    if (r == 0)
        *ret = TAKE_PTR(object);
    return r;
}

static int approval_to_json(const Approval *approval, json_t **ret)
{
    json_auto_t *object = NULL;
    json_t *ticket = NULL;

    int r = ticket_to_json(&approval->ticket, &ticket);
    if (r < 0)
        return r;
    object = json_pack("{si ss so sI}", "attestd_approval", APPROVAL_FORMAT, "gate", approval->gate,
                       "ticket", ticket, "expires_boottime_usec",
                       (json_int_t)approval->expires_boottime_usec);
    if (!object)
        return -ENOMEM;
    r = json_set_base64url(object, "policy_ref", VIEW_OF_ARRAY(approval->policy_ref));
    if (r == 0)
        r = json_set_base64url(object, "key_name", tpm_name_view(&approval->key_name));
    if (r == 0)
        r = json_set_base64url(object, "ak_name", tpm_name_view(&approval->ak_name));
    if (r == 0)
        r = json_set_base64url(object, "timeout", VIEW(approval->ticket.timeout));
    if (r == 0)
        *ret = TAKE_PTR(object);
    return r;
}

int approval_emit(const Approval *approval, Bytes *ret)
{
    _cleanup_approval_ Approval again = { 0 };
    _cleanup_wiped_bytes_ Bytes bytes = { 0 };
    json_auto_t *object = NULL;

    if (!approval->gate || approval->expires_boottime_usec > INT64_MAX)
        return -EINVAL;
    int r = approval_to_json(approval, &object);
    if (r < 0)
        return r;
    char *text = json_text(object);
    if (!text)
        return -ENOMEM;
    r = bytes_copy(view_of_string(text), &bytes);
    wipe(text, strlen(text));
    free(text);
    if (r == 0)
        r = approval_parse(VIEW(bytes), &again);
    if (r)
        return r < 0 ? r : -EINVAL;
    *ret = TAKE_STRUCT(bytes);
    return 0;
}

/* Exactly SIZE bytes. */
static int take_array(const json_t *object, const char *name, uint8_t *out, size_t size)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = json_get_base64url(object, name, size, &bytes);
    if (r < 0)
        return r;
    if (r != JSON_OK || bytes.size != size)
        return APPROVAL_E_MEMBER;
    memcpy(out, bytes.data, size);
    return APPROVAL_OK;
}

static int take_tpm_name(const json_t *object, const char *name, TpmName *ret)
{
    int r = take_array(object, name, ret->data, sizeof(ret->data));

    if (r == APPROVAL_OK && (ret->data[0] != 0x00 || ret->data[1] != 0x0b))
        return APPROVAL_E_MEMBER;
    return r;
}

/* One of the two parts that only the TPM understands. */
static int take_part(const json_t *object, const char *name, Bytes *ret)
{
    int r = json_get_base64url(object, name, TPM_TICKET_PART_MAX, ret);

    if (r < 0)
        return r;
    return r == JSON_OK && ret->size > 0 ? APPROVAL_OK : APPROVAL_E_MEMBER;
}

static int take_ticket(json_t *object, TpmTicket *ret)
{
    static const char *const known[] = { "tag", "hierarchy", "digest", NULL };
    json_t *ticket;
    uint64_t tag, hierarchy;

    if (json_get_object(object, "ticket", &ticket) != JSON_OK ||
        json_unknown_member(ticket, known) || json_get_u64(ticket, "tag", &tag) != JSON_OK ||
        json_get_u64(ticket, "hierarchy", &hierarchy) != JSON_OK || tag > UINT16_MAX ||
        hierarchy > UINT32_MAX)
        return APPROVAL_E_MEMBER;
    ret->tag = (uint16_t)tag;
    ret->hierarchy = (uint32_t)hierarchy;
    int r = take_part(ticket, "digest", &ret->digest);
    return r == APPROVAL_OK ? take_part(object, "timeout", &ret->timeout) : r;
}

static int take_gate(const json_t *object, Approval *approval)
{
    const char *gate;

    if (json_get_string(object, "gate", &gate) != JSON_OK || !gate_name_is_valid(gate))
        return APPROVAL_E_MEMBER;
    approval->gate = strdup(gate);
    return approval->gate ? APPROVAL_OK : -ENOMEM;
}

static int take_members(json_t *object, Approval *approval)
{
    static const char *const known[] = {
        "attestd_approval",      "gate", "policy_ref", "key_name", "ak_name", "timeout", "ticket",
        "expires_boottime_usec", NULL
    };
    uint64_t format;

    if (json_unknown_member(object, known) ||
        json_get_u64(object, "attestd_approval", &format) != JSON_OK || format != APPROVAL_FORMAT ||
        json_get_u64(object, "expires_boottime_usec", &approval->expires_boottime_usec) != JSON_OK)
        return APPROVAL_E_MEMBER;
    int r = take_gate(object, approval);
    if (r == APPROVAL_OK)
        r = take_array(object, "policy_ref", approval->policy_ref, sizeof(approval->policy_ref));
    if (r == APPROVAL_OK)
        r = take_tpm_name(object, "key_name", &approval->key_name);
    if (r == APPROVAL_OK)
        r = take_tpm_name(object, "ak_name", &approval->ak_name);
    return r == APPROVAL_OK ? take_ticket(object, &approval->ticket) : r;
}

int approval_parse(ByteView json, Approval *ret)
{
    _cleanup_approval_ Approval approval = { 0 };
    json_auto_t *object = NULL;

    int r = json_parse(json, APPROVAL_SIZE_MAX, &object);
    if (r < 0)
        return r;
    if (r != JSON_OK || !json_is_object(object))
        return APPROVAL_E_JSON;
    r = take_members(object, &approval);
    if (r == APPROVAL_OK)
        *ret = TAKE_STRUCT(approval);
    return r;
}
