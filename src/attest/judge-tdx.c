/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TDX quote, and the event log of the TD against its registers.
 */
#include "attest/judge.h"

#include "attest/describe-log.h"
#include "attest/describe-tdx.h"
#include "verify/replay-rtmr.h"

#include <errno.h>
#include <stdio.h>

static int add_quote(const Judgement *j, ByteView bytes, const TdxSteps *steps)
{
    json_t *described = NULL;
    TdxQuote quote;

    if (tdx_quote_parse(bytes, &quote) != TDX_QUOTE_OK)
        return 0;
    int r = describe_tdx_quote(&quote, steps, &described);
    return r < 0 ? r : outcome_claim(j->outcome, "td_quote", described);
}

int judge_td_quote(const Judgement *j, ByteView report_data, GenuineTdx *ret, bool *ret_genuine)
{
    _cleanup_tdx_steps_ TdxSteps steps = { 0 };
    const GenuineTdxInput input = {
        .quote = items_get(j->input, ATTEST_ITEM_TD_QUOTE),
        .report_data = report_data,
        .now_sec = j->trust->now_sec,
        .crls = j->trust->crls,
        .n_crls = j->trust->n_crls,
    };

    int r = genuine_tdx_verify(&input, &j->outcome->findings, &steps, ret);
    if (r < 0)
        return r;
    *ret_genuine = r == GENUINE_TDX_OK;
    return add_quote(j, input.quote, &steps);
}

/* By the index that events have: 1 is RTMR0. */
static json_t *equal_registers(const ReplayedLog *log)
{
    json_auto_t *object = json_object();

    for (unsigned i = CC_REGISTER_RTMR0; i <= CC_REGISTER_MAX; i++) {
        char name[8];
        (void)snprintf(name, sizeof(name), "%u", i);
        if (json_object_set_new(object, name,
                                json_boolean(replayed_log_result(log, i) == REPLAY_PROVEN)))
            return NULL;
    }
    return TAKE_PTR(object);
}

/* What the log says stands beside the quote; what it proves, under "boot". */
static int judge_log(const Judgement *j, const GenuineTdx *tdx)
{
    ByteView bytes = items_get(j->input, ATTEST_ITEM_EVENT_LOG);
    _cleanup_(replayed_log_freep) ReplayedLog *log = NULL;
    _cleanup_boot_facts_ BootFacts boot = { 0 };
    json_t *described = NULL;

    if (!bytes.data)
        return 0;
    int r = describe_event_log(bytes, judge_log_flags(bytes), &described);
    if (r >= 0)
        r = outcome_claim(j->outcome, "ccel", described);
    if (r < 0)
        return r;
    r = replay_rtmrs(bytes, &tdx->quote.td, &j->outcome->findings, &log);
    if (r != REPLAY_OK)
        return r < 0 ? r : 0;
    r = outcome_claim(j->outcome, "rtmr_equal", equal_registers(log));
    if (r >= 0)
        r = boot_facts_read(log, &boot);
    if (r >= 0)
        r = describe_boot(log, &boot, &described);
    return r < 0 ? r : outcome_claim(j->outcome, "boot", described);
}

int judge_tdx(const Judgement *j)
{
    GenuineTdx tdx;
    bool genuine;

    int r = judge_td_quote(j, items_get(j->input, ATTEST_ITEM_REPORT_DATA), &tdx, &genuine);
    return r < 0 || !genuine ? r : judge_log(j, &tdx);
}
