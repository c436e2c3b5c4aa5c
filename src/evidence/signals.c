/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocking and unblocking.
 */
#include "evidence/signals.h"

SignalsHeld signals_hold(void)
{
    static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };
    SignalsHeld held;
    sigset_t all;

    (void)sigemptyset(&held.before);
    (void)sigfillset(&all);
    for (size_t i = 0; i < ELEMENTSOF(faults); i++)
        (void)sigdelset(&all, faults[i]);
    (void)sigprocmask(SIG_BLOCK, &all, &held.before);
    return held;
}

void signals_release(SignalsHeld *held)
{
    (void)sigprocmask(SIG_SETMASK, &held->before, NULL);
}
