/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals as events of the loop.
 */
#include "agent/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#define N_SIGNALS 4

struct Signals {
    SignalHandlers handlers;
    sd_event_source *sources[N_SIGNALS];
};

Signals *signals_free(Signals *signals)
{
    if (!signals)
        return NULL;
    for (size_t i = 0; i < N_SIGNALS; i++)
        (void)sd_event_source_disable_unref(signals->sources[i]);
    free(signals);
    return NULL;
}

static int signals_on_stop(sd_event_source *source _unused_,
                           const struct signalfd_siginfo *info _unused_, void *userdata)
{
    const Signals *signals = userdata;

    return signals->handlers.on_stop(signals->handlers.userdata);
}

static int signals_on_reload(sd_event_source *source _unused_,
                             const struct signalfd_siginfo *info _unused_, void *userdata)
{
    const Signals *signals = userdata;

    return signals->handlers.on_reload(signals->handlers.userdata);
}

static int signals_on_rewound(sd_event_source *source _unused_,
                              const struct signalfd_siginfo *info _unused_, void *userdata)
{
    const Signals *signals = userdata;

    return signals->handlers.on_rewound(signals->handlers.userdata);
}

static int add_sources(sd_event *event, Signals *signals)
{
    static const struct {
        int number;
        sd_event_signal_handler_t handler;
    } rows[N_SIGNALS] = {
        { SIGTERM, signals_on_stop },
        { SIGINT, signals_on_stop },
        { SIGHUP, signals_on_reload },
        { SIGUSR1, signals_on_rewound },
    };
    sigset_t set;

    (void)sigemptyset(&set);
    for (size_t i = 0; i < N_SIGNALS; i++)
        (void)sigaddset(&set, rows[i].number);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    for (size_t i = 0; i < N_SIGNALS; i++) {
        int r = sd_event_add_signal(event, &signals->sources[i], rows[i].number, rows[i].handler,
                                    signals);
        if (r < 0)
            return r;
        (void)sd_event_source_set_description(signals->sources[i], strsignal(rows[i].number));
    }
    return 0;
}

int signals_new(sd_event *event, const SignalHandlers *handlers, Signals **ret)
{
    _cleanup_(signals_freep) Signals *signals = malloc(sizeof(*signals));

    if (!signals)
        return -ENOMEM;
    *signals = (Signals){ .handlers = *handlers };
    int r = add_sources(event, signals);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(signals);
    return 0;
}
