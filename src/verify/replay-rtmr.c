/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hands the RTMRs to replay() as the registers that the log numbers them.
 */
#include "verify/replay-rtmr.h"

#include "format/cc-event-log.h"
#include "verify/refuse.h"

#include <errno.h>

/* 0: every event goes to a register that there is. What cannot be read is for replay() to say. */
static int check_registers(ByteView log, Findings *findings)
{
    EventLogSummary summary;
    unsigned pcr = CC_REGISTER_MAX + 1;

    if (event_log_summarise(log, CC_EVENT_LOG_FLAGS, NULL, &summary) != EVENT_LOG_OK ||
        summary.pcrs >> pcr == 0)
        return REPLAY_OK;
    while (!(summary.pcrs & UINT32_C(1) << pcr))
        pcr++;
    int r = refuse(findings, "ccel-register-unknown", "eventlog", "MRTD, RTMR0 to RTMR3",
                   "register index %u", pcr);
    return r < 0 ? r : REPLAY_E_MALFORMED;
}

int replay_rtmrs(ByteView log, const TdxTdInfo *td, Findings *findings, ReplayedLog **ret)
{
    EvidencePcrs quoted = { .bank = TPM_ALG_SHA384, .digest_size = TDX_REGISTER_SIZE };
    const ReplayInput input = {
        .firmware_log = log,
        .flags = CC_EVENT_LOG_FLAGS,
        .quoted = &quoted,
        .is_cc = true,
    };

    for (unsigned i = 0; i < TDX_RTMR_COUNT; i++)
        if (!evidence_pcrs_set(&quoted, CC_REGISTER_RTMR0 + i, VIEW_OF_ARRAY(td->rtmr[i])))
            return -EINVAL;
    int r = check_registers(log, findings);
    return r ? r : replay(&input, findings, ret);
}
