/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event log of a TD, padded or not, believed to whatever it replays to; and the ACPI table that
 * says where it lies.
 */
#include "format/cc-event-log.h"
#include "fuzz/require.h"
#include "verify/replay-rtmr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ReplayedLog *replay_once(ByteView bytes, const TdxTdInfo *td)
{
    _cleanup_findings_ Findings findings = { 0 };
    ReplayedLog *log = NULL;

    int r = replay_rtmrs(bytes, td, &findings, &log);
    require(r >= 0 && (r == REPLAY_OK) == (log != NULL));
    require(r == REPLAY_OK || findings_first_failure(&findings));
    return log;
}

static void read_events(const ReplayedLog *log)
{
    for (size_t i = 0; replayed_log_event(log, i); i++) {
        const ReplayedEvent *event = replayed_log_event(log, i);
        require(event->pcr >= CC_REGISTER_RTMR0 && event->pcr <= CC_REGISTER_MAX);
        require(replayed_log_result(log, event->pcr) == REPLAY_PROVEN);
        require(event->digest.size == TDX_REGISTER_SIZE);
    }
}

static void replay_both(ByteView bytes)
{
    TdxTdInfo td = { 0 };
    uint32_t known = 0;
    _cleanup_(replayed_log_freep) ReplayedLog *first = replay_once(bytes, &td);

    if (!first)
        return;
    for (unsigned i = 0; i < TDX_RTMR_COUNT; i++) {
        ByteView value = replayed_log_value(first, CC_REGISTER_RTMR0 + i);
        if (value.size != TDX_REGISTER_SIZE)
            continue;
        memcpy(td.rtmr[i], value.data, value.size);
        known |= 1U << (CC_REGISTER_RTMR0 + i);
    }
    _cleanup_(replayed_log_freep) ReplayedLog *log = replay_once(bytes, &td);
    require(log && replayed_log_proven(log) == known);
    read_events(log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const ByteView bytes = { .data = data, .size = size };
    CcelTable table;

    int r = ccel_table_parse(bytes, &table);
    require(strcmp(ccel_table_reason(r), "unknown") != 0);
    if (r != CCEL_TABLE_OK)
        replay_both(bytes);
    return 0;
}
