/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sd-event sources for the schedule.
 */
#include "agent/alarms.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

#define ALARM_ACCURACY_USEC (10 * USEC_PER_MSEC)
#define NEVER_SEC           INT64_C(9000000000) /* the year 2255 */

struct Alarms {
    AlarmHandlers handlers;
    sd_event_source *round;
    sd_event_source *end_boottime;
    sd_event_source *end_realtime;
    sd_event_source *approval;
    sd_event_source *clock_set;
    int clock_fd;
};

Alarms *alarms_free(Alarms *alarms)
{
    if (!alarms)
        return NULL;
    (void)sd_event_source_disable_unref(alarms->round);
    (void)sd_event_source_disable_unref(alarms->end_boottime);
    (void)sd_event_source_disable_unref(alarms->end_realtime);
    (void)sd_event_source_disable_unref(alarms->approval);
    (void)sd_event_source_disable_unref(alarms->clock_set);
    closep(&alarms->clock_fd);
    free(alarms);
    return NULL;
}

static int alarms_on_round(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
    Alarms *alarms = userdata;

    return alarms->handlers.on_round_due(alarms->handlers.userdata);
}

static int alarms_on_end(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
    Alarms *alarms = userdata;

    return alarms->handlers.on_verdict_end(alarms->handlers.userdata);
}

static int alarms_on_approval(sd_event_source *source _unused_, uint64_t usec _unused_,
                              void *userdata)
{
    Alarms *alarms = userdata;

    return alarms->handlers.on_approval_end(alarms->handlers.userdata);
}

/* A timer that is never due, but cancelled by every jump of the wall clock (timerfd_create(2)). */
static int arm_clock_set(const Alarms *alarms)
{
    const struct itimerspec never = { .it_value.tv_sec = NEVER_SEC };

    return timerfd_settime(alarms->clock_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never,
                           NULL) < 0
               ? -errno
               : 0;
}

static int alarms_on_clock_set(sd_event_source *source _unused_, int fd, uint32_t events _unused_,
                               void *userdata)
{
    Alarms *alarms = userdata;
    uint64_t ignored;

    /* -ECANCELED is the news; the timer is armed anew all the same. */
    (void)!read(fd, &ignored, sizeof(ignored));
    int r = arm_clock_set(alarms);
    return r < 0 ? r : alarms->handlers.on_clock_set(alarms->handlers.userdata);
}

static int add_timer(Alarms *alarms, sd_event *event, clockid_t clock,
                     sd_event_time_handler_t handler, const char *description,
                     sd_event_source **ret)
{
    int r =
        sd_event_add_time(event, ret, clock, USEC_INFINITY, ALARM_ACCURACY_USEC, handler, alarms);

    if (r >= 0)
        r = sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
    return r < 0 ? r : sd_event_source_set_description(*ret, description);
}

static int add_clock_set(Alarms *alarms, sd_event *event)
{
    alarms->clock_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (alarms->clock_fd < 0)
        return -errno;
    int r = arm_clock_set(alarms);
    if (r == 0)
        r = sd_event_add_io(event, &alarms->clock_set, alarms->clock_fd, EPOLLIN,
                            alarms_on_clock_set, alarms);
    return r < 0 ? r : sd_event_source_set_description(alarms->clock_set, "clock-set");
}

int alarms_new(sd_event *event, const AlarmHandlers *handlers, Alarms **ret)
{
    _cleanup_(alarms_freep) Alarms *alarms = malloc(sizeof(*alarms));

    if (!alarms)
        return -ENOMEM;
    *alarms = (Alarms){ .handlers = *handlers, .clock_fd = -EBADF };
    int r = add_timer(alarms, event, CLOCK_BOOTTIME, alarms_on_round, "next-round", &alarms->round);
    if (r >= 0)
        r = add_timer(alarms, event, CLOCK_BOOTTIME, alarms_on_end, "verdict-end-boottime",
                      &alarms->end_boottime);
    if (r >= 0)
        r = add_timer(alarms, event, CLOCK_REALTIME, alarms_on_end, "verdict-end-realtime",
                      &alarms->end_realtime);
    if (r >= 0)
        r = add_timer(alarms, event, CLOCK_BOOTTIME, alarms_on_approval, "approval-end",
                      &alarms->approval);
    if (r >= 0)
        r = add_clock_set(alarms, event);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(alarms);
    return 0;
}

/* ABSENT is the value that says there is nothing to wait for. */
static int set_timer(sd_event_source *source, uint64_t usec, uint64_t absent)
{
    if (usec == absent)
        return sd_event_source_set_enabled(source, SD_EVENT_OFF);
    int r = sd_event_source_set_time(source, usec);
    return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int alarms_set(Alarms *alarms, const Schedule *schedule)
{
    int r = set_timer(alarms->round, schedule->next_round_boottime_usec, USEC_INFINITY);

    if (r >= 0)
        r = set_timer(alarms->end_boottime, schedule->expires_boottime_usec, 0);
    if (r >= 0)
        r = set_timer(alarms->end_realtime, schedule->expires_realtime_usec, 0);
    if (r >= 0)
        r = set_timer(alarms->approval, schedule->approval_boottime_usec, 0);
    return r < 0 ? r : 0;
}
