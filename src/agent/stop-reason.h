/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why attestd is told to end, as the service manager tells it: the job of our own unit. A restart
 * leaves the descriptor store to the next run, a stop throws it away (spec/systemd 2.2).
 */
#pragma once

#include "base/macro.h"

#include <systemd/sd-bus.h>

/* IS_RESTART only when the manager says so in so many words. May free the question. */
typedef int StopReasonDone(bool is_restart, void *userdata);

typedef struct StopReason StopReason;

/*
 * Asks over BUS; NULL is no manager to ask. DONE is called once, within some seconds, from the
 * event loop and never from here. Negative errno.
 */
_must_check_ int stop_reason_ask(sd_event *event, sd_bus *bus, StopReasonDone *done, void *userdata,
                                 StopReason **ret);
StopReason *stop_reason_free(StopReason *reason);
DEFINE_CLEANUP(StopReason *, stop_reason_free);
