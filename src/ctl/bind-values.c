/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libattest reads in fresh evidence. The verifier compares with what it derives itself, so a
 * wrong value opens nothing.
 */
#include "ctl/bind-values.h"

#include "base/encode.h"
#include "ctl/complain.h"
#include "ctl/judged.h"
#include "ctl/show.h"

#include <attest/verify.h>

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* Where libattest has the fact. */
typedef struct BindPlace {
    const char *path; /* in the content of an inspection */
    bool is_text;     /* else hexadecimal digits */
} BindPlace;

static const BindPlace places[N_BIND_KINDS] = {
    [BIND_KIND_CHIP_ID] = { .path = "report.chip_id" },
    [BIND_KIND_HOST_DATA] = { .path = "report.host_data" },
    [BIND_KIND_ID_KEY] = { .path = "report.id_key_digest" },
    [BIND_KIND_VM_ID] = { .path = "hcl.vm_configuration.vmUniqueId", .is_text = true },
};

static bool is_wanted(const GateFile *gate, BindKind kind)
{
    return gate->kind == GATE_KIND_REWRAP && (gate->binds & BIND_BIT(kind)) && places[kind].path;
}

bool bind_values_needed(const GateFile *gate)
{
    for (BindKind kind = 0; kind < N_BIND_KINDS; kind++)
        if (is_wanted(gate, kind))
            return true;
    return false;
}

/* A masked chip, no host data, no identity block: zeros tell one machine from no other. */
static bool is_zero(ByteView bytes)
{
    for (size_t i = 0; i < bytes.size; i++)
        if (bytes.data[i] != 0)
            return false;
    return true;
}

/* The GUID in lower case, as the verifier reads it. */
static int read_text(const char *text, Bytes *ret)
{
    int r = bytes_copy(view_of_string(text), ret);

    for (size_t i = 0; r == 0 && i < ret->size; i++)
        ret->data[i] = (uint8_t)tolower(ret->data[i]);
    return r;
}

static int refuse(BindKind kind)
{
    return complain_of_usage("bind the gate to what there is: attestctl inspect shows the evidence "
                             "that attestctl evidence writes",
                             "this machine's evidence has no %s to bind a secret to",
                             bind_kind_name(kind));
}

static int add_value(const json_t *content, BindKind kind, json_t *values)
{
    const char *text = show_string(content, places[kind].path);
    _cleanup_bytes_ Bytes value = { 0 };

    int r = places[kind].is_text ? read_text(text, &value) : hex_decode(text, &value);
    if (r < 0)
        return complain_of_errno(r, bind_kind_name(kind));
    if (r > 0 || value.size != bind_kind_size(kind) || is_zero(VIEW(value)))
        return refuse(kind);
    r = json_set_base64url(values, bind_kind_name(kind), VIEW(value));
    return r < 0 ? complain_of_errno(r, bind_kind_name(kind)) : 0;
}

int bind_values(const GateFile *gate, ByteView evidence, json_t **ret)
{
    _cleanup_(attest_result_freep) attest_result *result = NULL;
    json_auto_t *values = json_object(), *json = NULL;

    if (!bind_values_needed(gate)) {
        *ret = NULL;
        return 0;
    }
    int r = attest_inspect(evidence.data, evidence.size, &result);
    if (r < 0)
        return complain_of_errno(r, "evidence");
    const char *text = attest_result_json(result);
    r = json_parse(view_of_string(text), strlen(text), &json);
    if (r < 0 || !values)
        return complain_of_errno(-ENOMEM, "evidence");
    r = 0;
    for (BindKind kind = 0; kind < N_BIND_KINDS && r == 0; kind++)
        if (is_wanted(gate, kind))
            r = add_value(show_at(json, "content"), kind, values);
    if (r == 0)
        *ret = TAKE_PTR(values);
    return r;
}

int bind_values_collect(const GateFile *gate, OwnEvidence *evidence, json_t **ret)
{
    int r = bind_values_needed(gate) ? own_evidence_need(evidence) : 0;

    return r != 0 ? r : bind_values(gate, VIEW(evidence->json), ret);
}
