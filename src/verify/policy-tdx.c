/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The "tdx" object of a policy.
 */
#include "verify/policy-member.h"

#include "format/tdx-report.h"

#include <string.h>

#define SVN_SIZE 16

/* An empty list is not the same as none. */
static int parse_measurements(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    PolicyTdx *tdx = target;

    (void)argument;
    tdx->measurements_present = true;
    return policy_list(reader, value, &policy_measurement_table,
                       (uint8_t *)tdx + offsetof(PolicyTdx, measurements) +
                           POLICY_PAIR(PolicyTdx, measurements));
}

static int parse_svn(PolicyReader *reader, json_t *value, void *target, size_t argument)
{
    _cleanup_bytes_ Bytes bytes = { 0 };

    int r = policy_hex(reader, value, &bytes, argument);
    if (r == POLICY_OK)
        memcpy(target, bytes.data, argument);
    return r;
}

static void tdx_begin(void *target)
{
    ((PolicyTdx *)target)->present = true;
}

#define VALUE(name, parse, field, argument) POLICY_VALUE(name, parse, PolicyTdx, field, argument)
#define REGISTERS(name)                     VALUE(#name, policy_hex_list, name, TDX_REGISTER_SIZE)

static const PolicyMember tdx_members[] = {
    POLICY_NESTED("attributes", policy_mask_table, offsetof(PolicyTdx, attributes)),
    VALUE("debug", policy_bool, debug, 0),
    { "measurements", parse_measurements, &policy_measurement_table, 0, 0, false },
    VALUE("migratable", policy_bool, migratable, 0),
    VALUE("minimum_qe_svn", policy_u32, minimum_qe_svn, UINT16_MAX),
    VALUE("minimum_tee_tcb_svn", parse_svn, minimum_tee_tcb_svn, SVN_SIZE),
    REGISTERS(mr_config_ids),
    REGISTERS(mr_owner_configs),
    REGISTERS(mr_owners),
    REGISTERS(mr_seams),
    POLICY_NESTED("xfam", policy_mask_table, offsetof(PolicyTdx, xfam)),
};

const PolicyTable policy_tdx_table = { POLICY_TABLE(tdx_members), .begin = tdx_begin };

void policy_tdx_done(PolicyTdx *tdx)
{
    policy_measurements_done(tdx->measurements, tdx->n_measurements);
    policy_bytes_list_done(&tdx->mr_seams);
    policy_bytes_list_done(&tdx->mr_config_ids);
    policy_bytes_list_done(&tdx->mr_owners);
    policy_bytes_list_done(&tdx->mr_owner_configs);
    *tdx = (PolicyTdx){ 0 };
}
