/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left of the run before is let go of; then a loop that knows nothing but refusing.
 */
#include "agent/farewell.h"

#include "agent/publish-secrets.h"
#include "agent/secret-socket.h"
#include "agent/standing-store.h"
#include "agent/waiting.h"
#include "agent/withdrawal.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define LIMIT_USEC (20 * USEC_PER_SEC) /* less than TimeoutStartSec= */

typedef struct Farewell {
    PassedFds passed;
    sd_event *event;
    sd_event_source *limit;
    Waiting *waiting;
} Farewell;

static void farewell_done(Farewell *farewell)
{
    (void)waiting_free(farewell->waiting);
    (void)sd_event_source_disable_unref(farewell->limit);
    (void)sd_event_unref(farewell->event);
    passed_fds_done(&farewell->passed);
}

static int refuse(Asking *asking)
{
    Standing nothing = STANDING_INIT;
    PublishContext context = { .standing = &nothing };

    if (asker_identify(asking->fd, &asking->asker))
        asking->asker = (Asker){ 0 };
    publish_asker_refused(&context, asking->asker.text, asking->asker.secret,
                          "asker-daemon-unusable", NULL);
    return asking_refuse(asking, NULL, NULL);
}

static int refuse_waiting(Farewell *farewell)
{
    AskingState state;
    Asking *asking;
    int r;

    do {
        r = waiting_resume(farewell->waiting, &farewell->passed, &asking, &state);
        if (r == 0 && asking)
            r = refuse(asking);
    } while (r == 0 && asking);
    return r;
}

/* Whoever made the manager start us would make it start us again. */
static int refuse_queue(Farewell *farewell)
{
    _cleanup_close_ int listener = passed_fds_take(&farewell->passed, SECRET_SOCKET_UNIT);
    int r = 0;

    if (listener < 0 || fcntl(listener, F_SETFL, O_NONBLOCK) < 0)
        return 0;
    while (r == 0 && !waiting_is_full(farewell->waiting)) {
        Asking *asking;
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            break;
        r = waiting_add(farewell->waiting, fd, clock_boottime_usec(&clock_system), &asking);
        if (r == 0)
            r = refuse(asking);
    }
    return r;
}

static int farewell_on_end(void *userdata)
{
    Farewell *farewell = userdata;

    return waiting_first(farewell->waiting) ? 0 : sd_event_exit(farewell->event, 0);
}

static void farewell_on_left(const Asking *asking _unused_, void *userdata _unused_)
{
}

static int farewell_on_limit(sd_event_source *source, uint64_t usec _unused_,
                             void *userdata _unused_)
{
    return sd_event_exit(sd_event_source_get_event(source), -ETIME);
}

static void report(int r, const char *what)
{
    if (r < 0)
        log_warning("%s: %s", what, strerror(-r));
}

static void wipe_approvals(const char *runtime_directory)
{
    ApprovalStore store = APPROVAL_STORE_INIT;

    int r = approval_store_open(runtime_directory, &store);
    if (r == 0)
        r = approval_store_wipe(&store);
    report(r, "approvals cannot be wiped");
    approval_store_done(&store);
}

/* Whoever's settings these were: what was given out in this boot is out still. */
static void load_releases(PassedFds *passed, Standing *standing)
{
    StandingStore store = STANDING_STORE_INIT;
    Schedule schedule = { .clock = &clock_system };

    standing_store_open(passed, &store);
    StandingOwner nobody = { .boot_id = store.boot_id, .verifier = "", .issuer = "", .basis = "" };
    report(standing_store_load(&store, &nobody, &schedule, standing),
           "it is not known what is out");
    standing_store_done(&store);
}

static void let_go(PassedFds *passed, const char *runtime_directory)
{
    _cleanup_standing_ Standing standing = STANDING_INIT;
    StandingFiles files = STANDING_FILES_INIT;
    PublishContext context = { .standing = &standing };
    Withdrawal withdrawal = { .context = &context,
                              .releases = &standing.releases,
                              .files = &files };

    report(standing_files_open(runtime_directory, &files), "attested.target cannot be taken down");
    report(standing_files_distrust(&files), "attested.target cannot be taken down");
    wipe_approvals(runtime_directory);
    load_releases(passed, &standing);
    withdrawal_carry_out(&withdrawal);
    standing_files_done(&files);
}

int farewell(const char *runtime_directory)
{
    _cleanup_(farewell_done) Farewell farewell = { 0 };
    WaitingHandlers handlers = { .on_left = farewell_on_left,
                                 .on_end = farewell_on_end,
                                 .userdata = &farewell };

    int r = passed_fds_open(&farewell.passed);
    if (r < 0)
        return r;
    let_go(&farewell.passed, runtime_directory);
    r = sd_event_new(&farewell.event);
    if (r >= 0)
        r = sd_event_add_time_relative(farewell.event, &farewell.limit, CLOCK_BOOTTIME, LIMIT_USEC,
                                       0, farewell_on_limit, NULL);
    if (r >= 0)
        r = waiting_new(farewell.event, &farewell.passed, &handlers, &farewell.waiting);
    if (r >= 0)
        r = refuse_waiting(&farewell);
    if (r >= 0)
        r = refuse_queue(&farewell);
    if (r >= 0 && waiting_first(farewell.waiting))
        r = sd_event_loop(farewell.event);
    return r < 0 ? r : 0;
}
