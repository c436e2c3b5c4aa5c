/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine whose wall clock is wrong, for the process that preloads this: by as many seconds as
 * the file named by SHIFT_CLOCK says at the moment; no file, no shift. The boot clock goes on as it
 * does.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static time_t shift_sec(void)
{
    const char *path = getenv("SHIFT_CLOCK");
    FILE *file = path ? fopen(path, "re") : NULL;
    char line[32] = "";

    if (!file)
        return 0;
    (void)!fgets(line, sizeof(line), file);
    (void)fclose(file);
    return (time_t)strtol(line, NULL, 10);
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
    static int (*real)(clockid_t, struct timespec *);

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int r = real(id, ts);
    if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        ts->tv_sec += shift_sec();
    return r;
}

int gettimeofday(struct timeval *tv, void *zone)
{
    struct timespec ts;

    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &ts) != 0)
        return -1;
    *tv = (struct timeval){ .tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000 };
    return 0;
}

time_t time(time_t *ret)
{
    struct timespec ts;

    if (clock_gettime(CLOCK_REALTIME, &ts) != 0)
        return -1;
    if (ret)
        *ret = ts.tv_sec;
    return ts.tv_sec;
}
