/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event log of a TD (CCEL) against the RTMRs of a verified quote: replay.h with other
 * registers. In the ReplayedLog index 1 is RTMR0 and 4 is RTMR3; index 0, MRTD, is never proven,
 * since nothing a guest logs goes into it. The rules of boot-facts.h are those of PCRs: from such a
 * log it shows texts that digests cover, and leaves Secure Boot and the boot loader unknown.
 */
#pragma once

#include "format/tdx-report.h"
#include "verify/replay.h"

/*
 * RTMR0 to RTMR2 must agree. RTMR3 is left to applications, which have no log: a warning. LOG may
 * be padded, and is borrowed by the result. REPLAY_OK, REPLAY_E_MALFORMED; -ENOMEM, -EIO.
 */
_must_check_ int replay_rtmrs(ByteView log, const TdxTdInfo *td, Findings *findings,
                              ReplayedLog **ret);
