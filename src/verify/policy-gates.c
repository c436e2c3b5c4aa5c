/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gates and machines, read strictly: a name that no machine could have is an error, not a rule
 * that never holds.
 */
#include "verify/policy-gates.h"

#include "crypto/gate.h"

#include <string.h>

#define ANY_MACHINE "*"

_Static_assert(POLICY_GATE_EXPIRATION_MAX == -GATE_EXPIRATION_MIN, "one limit");

static int parse_name(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    const char *text = json_string_value(value);

    if (!text || strlen(text) != json_string_length(value) || !gate_name_is_valid(text))
        return policy_invalid(reader, "must be 1 to %d of a-z, 0-9 and -, not beginning with -",
                              GATE_NAME_LIMIT);
    return policy_text(reader, value, target, argument);
}

/* An AK Name of the one kind that a policyRef can be made of (docs/gates.md). */
static int parse_machine(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    const Bytes *name = target;

    int r = policy_hex(reader, value, target, argument);
    if (r == POLICY_OK && (name->data[0] != 0x00 || name->data[1] != 0x0b))
        return policy_invalid(reader, "is no TPM Name: it must begin with 000b (SHA-256)");
    return r;
}

int policy_ak_name_list(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    PolicyItems items = { 0 };

    int r = policy_items(reader, value, sizeof(Bytes), parse_machine, argument, &items);
    *(PolicyBytesList *)target = (PolicyBytesList){ true, items.items, items.n_items };
    return r;
}

static bool is_any_machine(const json_t *value)
{
    const char *text = json_string_value(value);

    return text && strcmp(text, ANY_MACHINE) == 0;
}

static int parse_machines(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    PolicyGate *gate = target;
    size_t i;
    json_t *item;

    (void)argument;
    json_array_foreach (value, i, item) {
        if (!is_any_machine(item))
            continue;
        if (json_array_size(value) != 1)
            return policy_invalid(reader, "\"" ANY_MACHINE "\" must stand alone");
        gate->every_machine = true;
        return POLICY_OK;
    }
    return policy_ak_name_list(reader, value, &gate->machines, TPM_NAME_SIZE);
}

static int parse_expiration(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    if (!json_is_integer(value) || json_integer_value(value) < 1)
        return policy_invalid(reader, "must be a whole number from 1 to %zu", argument);
    return policy_u32(reader, value, target, argument);
}

static int parse_kind(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    const char *text = json_string_value(value);
    GateKind *kind = target;

    (void)argument;
    if (!text || strlen(text) != json_string_length(value) || !gate_kind_by_name(text, kind) ||
        !gate_kind_is_granted(*kind))
        return policy_invalid(reader, "must be \"verifier\" or \"rewrap\"");
    return POLICY_OK;
}

static int parse_bind(PolicyReader *reader, const json_t *item, PolicyGate *gate)
{
    const char *text = json_string_value(item);
    BindKind kind;

    if (!text || strlen(text) != json_string_length(item) || !bind_kind_by_name(text, &kind))
        return policy_invalid(reader, "\"%.40s\" is not known", text ? text : "not a string");
    if (gate->binds & BIND_BIT(kind))
        return policy_invalid(reader, "has \"%.40s\" twice", text);
    gate->binds |= BIND_BIT(kind);
    return POLICY_OK;
}

static int parse_binds(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    int r = POLICY_OK;
    size_t i;
    json_t *item;

    (void)argument;
    if (!json_is_array(value) || json_array_size(value) == 0)
        return policy_invalid(reader, "must be an array with at least one kind of bind");
    json_array_foreach (value, i, item) {
        r = parse_bind(reader, item, target);
        if (r != POLICY_OK)
            break;
    }
    return r;
}

static bool is_named_before(const PolicyGate *gates, const PolicyGate *gate)
{
    for (const PolicyGate *other = gates; other < gate; other++)
        if (strcmp(other->name, gate->name) == 0)
            return true;
    return false;
}

static void gate_begin(void *target)
{
    PolicyGate *gate = target;

    gate->kind = GATE_KIND_VERIFIER;
    gate->ticket = true;
    gate->hardware = 1U << HARDWARE_SNP | 1U << HARDWARE_TDX;
    gate->vtpm_roots =
        1U << VTPM_ROOT_PARAVISOR | 1U << VTPM_ROOT_SVSM | 1U << VTPM_ROOT_CERTIFICATE;
}

/* A member that the gate's kind makes nothing of would be a wish that is never heard. */
static int gate_finish(PolicyReader *reader, void *target)
{
    const PolicyGate *gate = target;

    if (gate->kind == GATE_KIND_REWRAP && (gate->expiration_sec > 0 || !gate->ticket))
        return policy_invalid(reader, "expiration_sec and ticket go with kind \"verifier\"");
    if (gate->kind == GATE_KIND_VERIFIER && gate->binds != 0)
        return policy_invalid(reader, "binds go with kind \"rewrap\"");
    if (!gate->ticket && gate->expiration_sec > POLICY_GATE_ONCE_SEC)
        return policy_invalid(reader, "without a ticket expiration_sec is at most %d",
                              POLICY_GATE_ONCE_SEC);
    return POLICY_OK;
}

static const PolicyMember gate_members[] = {
    { "binds", parse_binds, NULL, 0, 0, false },
    POLICY_VALUE("expiration_sec", parse_expiration, PolicyGate, expiration_sec,
                 POLICY_GATE_EXPIRATION_MAX),
    POLICY_VALUE("hardware", policy_hardware, PolicyGate, hardware, 0),
    POLICY_VALUE("kind", parse_kind, PolicyGate, kind, 0),
    { "machines", parse_machines, NULL, 0, 0, true },
    POLICY_NEEDED("name", parse_name, PolicyGate, name, 0),
    POLICY_VALUE("ticket", policy_bool, PolicyGate, ticket, 0),
    POLICY_VALUE("vtpm_roots", policy_vtpm_roots, PolicyGate, vtpm_roots, 0),
};

const PolicyTable policy_gate_table = { POLICY_TABLE(gate_members), .item_size = sizeof(PolicyGate),
                                        .begin = gate_begin, .finish = gate_finish };

int policy_gates_parse(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    Policy *policy = target;

    (void)argument;
    int r = policy_list(reader, value, &policy_gate_table,
                        (uint8_t *)policy + offsetof(Policy, gates) + POLICY_PAIR(Policy, gates));
    for (size_t i = 0; r == POLICY_OK && i < policy->n_gates; i++)
        if (is_named_before(policy->gates, &policy->gates[i]))
            r = policy_invalid(reader, "names \"%s\" twice", policy->gates[i].name);
    return r;
}

void policy_gates_done(Policy *policy)
{
    for (size_t i = 0; i < policy->n_gates; i++) {
        free(policy->gates[i].name);
        policy_bytes_list_done(&policy->gates[i].machines);
    }
    free(policy->gates);
    policy->gates = NULL;
    policy->n_gates = 0;
}

const PolicyGate *policy_gate_find(const Policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->n_gates; i++)
        if (strcmp(policy->gates[i].name, name) == 0)
            return &policy->gates[i];
    return NULL;
}

bool policy_gate_has_machine(const PolicyGate *gate, ByteView ak_name)
{
    if (ak_name.size == 0)
        return false;
    for (size_t i = 0; i < gate->machines.n_items; i++)
        if (view_equal(VIEW(gate->machines.items[i]), ak_name))
            return true;
    return gate->every_machine;
}

bool policy_has_gate_kind(const Policy *policy, GateKind kind)
{
    for (size_t i = 0; i < policy->n_gates; i++)
        if (policy->gates[i].kind == kind)
            return true;
    return false;
}
