/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows for those who hold secrets when the verdict is let go of: the orders to systemd, the
 * signal, the journal. Not the approvals: those are gone by then.
 */
#pragma once

#include "agent/bus.h"
#include "agent/publish-secrets.h"
#include "agent/standing-files.h"

typedef struct Withdrawal {
    const PublishContext *context;
    const Releases *releases;
    StandingFiles *files;
    Bus *bus;            /* NULL: there is none to tell */
    const char *finding; /* of what costs the verdict; NULL: nothing was wrong */
    bool may_power_off;  /* the verdict was lost; nobody gave it up on purpose */
} Withdrawal;

/* What cannot be done is logged, and the rest is done all the same. */
void withdrawal_carry_out(const Withdrawal *withdrawal);
