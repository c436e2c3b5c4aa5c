/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of the run before: read it, write it, read it again; and never trust it further than
 * its clocks and its token allow.
 */
#include "agent/standing.h"
#include "fuzz/require.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const StandingOwner owner = { .boot_id = "0123456789abcdef0123456789abcdef",
                                     .verifier = "lab",
                                     .issuer = "lab-issuer",
                                     .basis = "{}" };
static const ScheduleConfig config = { .retry_min_usec = USEC_PER_SEC,
                                       .retry_max_usec = 60 * USEC_PER_SEC };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ByteView record = { .data = data, .size = size };
    _cleanup_standing_ Standing standing = STANDING_INIT, again = STANDING_INIT;
    Schedule schedule = schedule_make(&clock_system, &random_system, &config);
    uint64_t inode, inode_again;

    int r = standing_decode(record, &owner, &schedule, &standing, &inode);
    require(r >= 0);
    if (r > 0)
        return 0;
    require(standing.verdict.token_fd < 0);
    _cleanup_free_ char *text = standing_encode(&standing, &schedule, &owner, inode);
    require(text);
    require(standing_decode(view_of_string(text), &owner, &schedule, &again, &inode_again) == 0);
    require(inode == inode_again && again.state == standing.state);
    require(standing_restore(&again, &schedule) != EVENT_RESTORED_TRUSTED);
    require(schedule.next_round_boottime_usec != USEC_INFINITY);
    return 0;
}
