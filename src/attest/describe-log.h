/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event log as JSON: what it says and what it replays to, which nobody has vouched for; and,
 * apart from that, what a believed log shows of the boot.
 */
#pragma once

#include "base/json.h"
#include "verify/boot-facts.h"

/*
 * EVENT_LOG_OK; or the named no of event-log.h at which reading ended. RET, a new reference, is set
 * for both: {size, parse_ok, format, spec_id, events, event_types, replayed, …}. -ENOMEM, -EIO.
 */
_must_check_ int describe_event_log(ByteView log, unsigned flags, json_t **ret);
/*
 * The events up to the first that cannot be read: [{index, pcr, type, digests, text}…], where text
 * is what the data says, covered by the digest or not. A new reference. -ENOMEM.
 */
_must_check_ int describe_events(ByteView log, unsigned flags, json_t **ret);
/* "boot": what is proven of the boot. A new reference. -ENOMEM, -EIO. */
_must_check_ int describe_boot(const ReplayedLog *log, const BootFacts *boot, json_t **ret);
