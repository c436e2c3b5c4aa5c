/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into a program: its wall clock differs from the machine's by as many seconds as the
 * file SHIFT_CLOCK says, read anew all the time; a step moves timers by that clock, and ends
 * those that ask for it (TFD_TIMER_CANCEL_ON_SET), as the kernel does. Other clocks go on.
 */
#include "base/macro.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define LOOK_USEC  50000
#define _exported_ __attribute__((visibility("default")))

/* Timers by the wall clock: as the program set them. */
typedef struct Timer {
    int fd;
    struct itimerspec value;
} Timer;

typedef int Settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *before);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all that follows */
static Timer timers[16];
static size_t n_timers;
static int cancelled_fd = -1; /* the timer that a step ends */

static long long step_sec(void)
{
    const char *path = getenv("SHIFT_CLOCK");
    long long step = 0;
    FILE *file = path ? fopen(path, "re") : NULL;

    if (!file)
        return 0;
    if (fscanf(file, "%lld", &step) != 1)
        step = 0;
    (void)fclose(file);
    return step;
}

_exported_ int clock_gettime(clockid_t clock, struct timespec *ret)
{
    int (*real)(clockid_t, struct timespec *);

    *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int r = real(clock, ret);
    if (r == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        ret->tv_sec += step_sec();
    return r;
}

_exported_ time_t time(time_t *ret)
{
    struct timespec now = { 0 };

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (ret)
        *ret = now.tv_sec;
    return now.tv_sec;
}

_exported_ int gettimeofday(struct timeval *restrict ret, void *restrict zone _unused_)
{
    struct timespec now = { 0 };
    int r = clock_gettime(CLOCK_REALTIME, &now);

    *ret = (struct timeval){ .tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000 };
    return r;
}

_exported_ int timerfd_create(int clock, int flags)
{
    int (*real)(int, int);

    *(void **)&real = dlsym(RTLD_NEXT, "timerfd_create");
    int fd = real(clock, flags);
    (void)pthread_mutex_lock(&lock);
    if (fd >= 0 && clock == CLOCK_REALTIME && n_timers < ELEMENTSOF(timers))
        timers[n_timers++] = (Timer){ .fd = fd };
    (void)pthread_mutex_unlock(&lock);
    return fd;
}

/* What TIMER is to do by the machine's own clock. A time that has passed is due at once. */
static int arm(const Timer *timer, Settime *real)
{
    struct itimerspec value = timer->value;

    if (value.it_value.tv_sec > 0 || value.it_value.tv_nsec > 0)
        value.it_value.tv_sec = MAX(value.it_value.tv_sec - step_sec(), 1);
    return real(timer->fd, TFD_TIMER_ABSTIME, &value, NULL);
}

static void *look(void *userdata _unused_)
{
    const struct itimerspec at_once = { .it_value.tv_nsec = 1 };
    Settime *real;

    *(void **)&real = dlsym(RTLD_NEXT, "timerfd_settime");
    for (long long before = step_sec();; before = step_sec()) {
        while (step_sec() == before)
            (void)usleep(LOOK_USEC);
        (void)pthread_mutex_lock(&lock);
        for (size_t i = 0; i < n_timers; i++)
            (void)arm(&timers[i], real);
        (void)real(cancelled_fd, 0, &at_once, NULL);
        (void)pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static Timer *find(int fd)
{
    for (size_t i = 0; i < n_timers; i++)
        if (timers[i].fd == fd)
            return &timers[i];
    return NULL;
}

_exported_ int timerfd_settime(int fd, int flags, const struct itimerspec *value,
                               struct itimerspec *before)
{
    Settime *real;
    pthread_t thread;
    int r;

    *(void **)&real = dlsym(RTLD_NEXT, "timerfd_settime");
    (void)pthread_mutex_lock(&lock);
    Timer *timer = flags & TFD_TIMER_ABSTIME ? find(fd) : NULL;
    if (timer)
        timer->value = *value;
    if (flags & TFD_TIMER_CANCEL_ON_SET && cancelled_fd < 0 &&
        pthread_create(&thread, NULL, look, NULL) == 0)
        (void)pthread_detach(thread);
    if (flags & TFD_TIMER_CANCEL_ON_SET)
        cancelled_fd = fd;
    r = timer && !before ? arm(timer, real) : real(fd, flags, value, before);
    (void)pthread_mutex_unlock(&lock);
    return r;
}
