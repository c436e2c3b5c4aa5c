/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replays and reads.
 */
#include "shown.h"

void shown_done(Shown *shown)
{
    boot_facts_done(&shown->facts);
    replayed_log_free(shown->log);
}

Shown show_logs(ByteView log, ByteView userspace_log, const EvidencePcrs *quoted)
{
    const ReplayInput input = { .firmware_log = log,
                                .userspace_log = userspace_log,
                                .quoted = quoted };
    _cleanup_findings_ Findings findings = { 0 };
    Shown shown = { 0 };

    check_int(replay(&input, &findings, &shown.log), REPLAY_OK);
    check_int(boot_facts_read(shown.log, &shown.facts), 0);
    return shown;
}

Shown show(ByteView log, const EvidencePcrs *quoted)
{
    return show_logs(log, (ByteView){ 0 }, quoted);
}

Shown show_lab(const LabLog *log)
{
    return show(VIEW(log->bytes), &log->pcrs);
}
