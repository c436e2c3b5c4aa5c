/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy file: the top object, its defaults, its end.
 */
#include "verify/policy.h"

#include "verify/policy-gates.h"
#include "verify/policy-member.h"

#include "base/encode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ID_LENGTH_MAX 128 /* goes into every token */

Policy *policy_free(Policy *policy)
{
    if (!policy)
        return NULL;
    free(policy->id);
    policy_snp_done(&policy->snp);
    policy_tdx_done(&policy->tdx);
    policy_tpm_done(&policy->tpm);
    free(policy->simulated_roots);
    policy_gates_done(policy);
    free(policy);
    return NULL;
}

static int parse_version(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    (void)target;
    (void)argument;
    if (!json_is_integer(value) || json_integer_value(value) != 1)
        return policy_invalid(reader, "must be 1");
    return POLICY_OK;
}

static int parse_id(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    const char *text = json_string_value(value);

    for (const char *c = text; c && *c; c++)
        if (*c < 0x21 || *c > 0x7e)
            return policy_invalid(reader, "must be printable characters without spaces");
    if (text && strlen(text) > ID_LENGTH_MAX)
        return policy_invalid(reader, "is longer than %d characters", ID_LENGTH_MAX);
    return policy_text(reader, value, target, argument);
}

static int parse_root(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    SpkiDigest *digest = target;

    (void)argument;
    int r = policy_hex(reader, value, &bytes, sizeof(digest->bytes));
    if (r == POLICY_OK)
        memcpy(digest->bytes, bytes.data, sizeof(digest->bytes));
    return r;
}

static int parse_simulated_roots(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    Policy *policy = target;
    PolicyItems items = { 0 };

    (void)argument;
    int r = policy_items(reader, value, sizeof(SpkiDigest), parse_root, 0, &items);
    policy->n_simulated_roots = items.n_items;
    policy->simulated_roots = items.items;
    return r;
}

const char *hardware_name(Hardware hardware)
{
    switch (hardware) {
    case HARDWARE_SNP:
        return "snp";
    case HARDWARE_TDX:
        return "tdx";
    case HARDWARE_NONE:
    case HARDWARE_MAX:
        break;
    }
    return "none";
}

int policy_hardware(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    static const char *const names[] = { "none", "snp", "tdx", NULL };

    (void)argument;
    _Static_assert(ELEMENTSOF(names) == HARDWARE_MAX + 1, "one name each, in their order");
    return policy_names(reader, value, names, target);
}

/* What holds where the file is silent. */
static void policy_begin(void *target)
{
    *(Policy *)target = (Policy){
        .hardware = 1U << HARDWARE_SNP,
        .snp = { .smt = true,
                 .vmpls = 1U << 0,
                 .maximum_guest_svn = UINT32_MAX,
                 .maximum_firmware = { UINT8_MAX, UINT8_MAX, UINT8_MAX } },
        .tpm = { .roots = 1U << VTPM_ROOT_PARAVISOR | 1U << VTPM_ROOT_SVSM |
                          1U << VTPM_ROOT_CERTIFICATE },
    };
}

/* Wishes about hardware that is refused anyway would never be heard. */
static int policy_finish(PolicyReader *reader, void *target)
{
    const Policy *policy = target;
    const char *unheard = NULL;

    if (policy->snp.present && !(policy->hardware & 1U << HARDWARE_SNP))
        unheard = "snp";
    else if (policy->tdx.present && !(policy->hardware & 1U << HARDWARE_TDX))
        unheard = "tdx";
    if (!unheard)
        return POLICY_OK;
    return policy_invalid(reader, "\"%s\" is of no use: \"hardware\" does not list it", unheard);
}

static const PolicyMember policy_members[] = {
    { "attestd_policy", parse_version, NULL, 0, 0, true },
    { "gates", policy_gates_parse, &policy_gate_table, 0, 0, false },
    POLICY_VALUE("hardware", policy_hardware, Policy, hardware, 0),
    POLICY_NEEDED("id", parse_id, Policy, id, 0),
    { "simulated_roots", parse_simulated_roots, NULL, 0, 0, false },
    POLICY_NESTED("snp", policy_snp_table, offsetof(Policy, snp)),
    POLICY_NESTED("tdx", policy_tdx_table, offsetof(Policy, tdx)),
    POLICY_NESTED("tpm", policy_tpm_table, offsetof(Policy, tpm)),
};

const PolicyTable policy_table = { POLICY_TABLE(policy_members), .begin = policy_begin,
                                   .finish = policy_finish };

int policy_parse(ByteView text, Policy **ret, PolicyError *reterr)
{
    json_auto_t *json = NULL;
    PolicyReader reader = { .error = reterr };

    int r = json_parse(text, POLICY_SIZE_MAX, &json);
    if (r < 0)
        return r;
    if (r != JSON_OK)
        return policy_invalid(&reader, "cannot be read: %s", json_reason(r));

    _cleanup_(policy_freep) Policy *policy = calloc(1, sizeof(*policy));
    if (!policy)
        return -ENOMEM;
    r = policy_object(&reader, json, &policy_table, policy);
    if (r != POLICY_OK)
        return r;
    *ret = TAKE_PTR(policy);
    return POLICY_OK;
}
