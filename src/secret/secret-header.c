/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing the header of a secret file. secret-header-parse.c reads it.
 */
#include "secret/secret-header.h"

#include "format/vtpm-root.h"
#include "secret/secret-member.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void secret_header_done(SecretHeader *header)
{
    free(header->name);
    free(header->gate);
    for (size_t i = 0; i < header->n_who; i++)
        free(header->who[i]);
    free(header->vtpm_root_minimum);
    free(header->recovery);
    free(header->wrapped);
    *header = (SecretHeader){ 0 };
}

bool secret_vtpm_root_is_valid(const char *text)
{
    return vtpm_root_rank(text) >= 0;
}

static int set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) < 0 ? -ENOMEM : 0;
}

static json_t *who_to_json(const SecretHeader *header)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < header->n_who; i++)
        if (json_array_append_new(array, json_string(header->who[i])) < 0)
            return NULL;
    return TAKE_PTR(array);
}

static int set_common(json_t *object, const SecretHeader *header)
{
    int r = set(object, "name", json_string(header->name));

    if (r == 0)
        r = json_set_base64url(object, "id", VIEW_OF_ARRAY(header->id));
    if (r == 0)
        r = set(object, "version", json_integer((json_int_t)header->version));
    if (r == 0)
        r = set(object, "gate", json_string(header->gate));
    if (r == 0)
        r = set(object, "gate_kind", json_string(gate_kind_name(header->gate_kind)));
    if (r == 0)
        r = set(object, "who", who_to_json(header));
    if (r == 0)
        r = set(object, "vtpm_root_minimum", json_string(header->vtpm_root_minimum));
    return r ? r : set(object, "created_sec", json_integer((json_int_t)header->created_sec));
}

/* What is absent where nothing is wanted. */
static int set_wishes(json_t *object, const SecretHeader *header)
{
    int r = 0;

    if (header->on_loss != ON_LOSS_KEEP)
        r = set(object, "on_loss", json_string(on_loss_name(header->on_loss)));
    if (r == 0 && header->on_change != ON_CHANGE_KEEP)
        r = set(object, "on_change", json_string(on_change_name(header->on_change)));
    if (r == 0 && header->recovery)
        r = set(object, "recovery", json_string(header->recovery));
    return r;
}

static int set_counter(json_t *object, const SecretHeader *header)
{
    const SecretCounter *counter = &header->counter;

    if (!header->has_counter)
        return 0;
    if (counter->value > SECRET_VERSION_MAX)
        return -EINVAL;
    json_t *inner = json_object();
    int r = set(object, "counter", inner);
    if (r == 0)
        r = set(inner, "index", json_integer(counter->index));
    if (r == 0)
        r = set(inner, "value", json_integer((json_int_t)counter->value));
    return r ? r : json_set_base64url(inner, "name", VIEW_OF_ARRAY(counter->name));
}

static int set_cap(json_t *object, const GatePcrs *pcrs)
{
    if (pcrs->mask == 0)
        return 0;
    unsigned pcr = (unsigned)__builtin_ctz(pcrs->mask);
    if (pcrs->mask != UINT32_C(1) << pcr || pcr >= GATE_PCR_COUNT)
        return -EINVAL;
    json_t *inner = json_object();
    int r = set(object, "cap", inner);
    if (r == 0)
        r = set(inner, "pcr", json_integer((json_int_t)pcr));
    return r ? r : json_set_base64url(inner, "value", VIEW_OF_ARRAY(pcrs->values[pcr]));
}

static int set_pcrs(json_t *object, const GatePcrs *pcrs)
{
    char name[16];

    if (pcrs->mask >> GATE_PCR_COUNT)
        return -EINVAL;
    json_t *inner = json_object();
    int r = set(object, "pcrs", inner);
    for (unsigned pcr = 0; r == 0 && pcr < GATE_PCR_COUNT; pcr++) {
        (void)snprintf(name, sizeof(name), "%u", pcr);
        if (pcrs->mask & (UINT32_C(1) << pcr))
            r = json_set_base64url(inner, name, VIEW_OF_ARRAY(pcrs->values[pcr]));
    }
    return r ? r : set(object, "pcr_bank", json_string(SECRET_PCR_BANK));
}

static int set_verifier(json_t *object, const SecretHeader *header)
{
    int r = json_set_base64url(object, "release_key_name", VIEW_OF_ARRAY(header->release_key_name));

    if (r == 0 && header->has_next_release_key)
        r = json_set_base64url(object, "next_release_key_name",
                               VIEW_OF_ARRAY(header->next_release_key_name));
    if (r == 0)
        r = json_set_base64url(object, "ak_name", VIEW_OF_ARRAY(header->ak_name));
    if (r == 0)
        r = json_set_base64url(object, "parent_name", VIEW_OF_ARRAY(header->parent_name));
    if (r == 0)
        r = set_counter(object, header);
    return r ? r : set_cap(object, &header->pcrs);
}

static int set_pcr(json_t *object, const SecretHeader *header)
{
    int r = json_set_base64url(object, "parent_name", VIEW_OF_ARRAY(header->parent_name));

    if (r == 0)
        r = set_counter(object, header);
    return r ? r : set_pcrs(object, &header->pcrs);
}

static int set_wrapped(json_t *object, const SecretHeader *header)
{
    return header->wrapped ? set(object, "wrapped", json_string(header->wrapped)) : -EINVAL;
}

static int header_to_json(const SecretHeader *header, json_t **ret)
{
    static int (*const setters[N_GATE_KINDS])(json_t *, const SecretHeader *) = {
        [GATE_KIND_VERIFIER] = set_verifier,
        [GATE_KIND_REWRAP] = set_wrapped,
        [GATE_KIND_KEY_RELEASE] = set_wrapped,
        [GATE_KIND_PCR] = set_pcr,
    };

    if (!header->name || !header->gate || !header->vtpm_root_minimum ||
        header->gate_kind >= N_GATE_KINDS || header->version > SECRET_VERSION_MAX ||
        header->created_sec > SECRET_VERSION_MAX)
        return -EINVAL;

    json_auto_t *object = json_object();
    int r = object ? set_common(object, header) : -ENOMEM;
    if (r == 0)
        r = set_wishes(object, header);
    if (r == 0)
        r = setters[header->gate_kind](object, header);
    if (r == 0)
        *ret = TAKE_PTR(object);
    return r;
}

int secret_header_emit(const SecretHeader *header, Bytes *ret)
{
    _cleanup_secret_header_ SecretHeader again = { 0 };
    _cleanup_bytes_ Bytes bytes = { 0 };
    json_auto_t *object = NULL;

    int r = header_to_json(header, &object);
    if (r < 0)
        return r;
    _cleanup_free_ char *text = json_text_sorted(object);
    if (!text)
        return -ENOMEM;
    r = bytes_copy(view_of_string(text), &bytes);
    if (r == 0)
        r = secret_header_parse(VIEW(bytes), &again, NULL);
    if (r)
        return r < 0 ? r : -EINVAL;
    *ret = TAKE_STRUCT(bytes);
    return 0;
}
