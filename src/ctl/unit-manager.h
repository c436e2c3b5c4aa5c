/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service manager, org.freedesktop.systemd1 on the system bus: the three things that are asked
 * of it here. Each answers within UNIT_MANAGER_WAIT_USEC.
 */
#pragma once

#include "base/clock.h"

#define UNIT_MANAGER_WAIT_USEC (10 * USEC_PER_SEC) /* a call; systemd answers in milliseconds */

typedef struct UnitManager UnitManager;

/* Negative errno: nobody to ask. */
_must_check_ int unit_manager_new(UnitManager **ret);
UnitManager *unit_manager_free(UnitManager *manager);
DEFINE_CLEANUP(UnitManager *, unit_manager_free);

/* A stop is queued; a unit that does not exist, or does not run, is stopped. Negative errno. */
_must_check_ int unit_manager_stop(UnitManager *manager, const char *unit);
/* The same, and it has stopped when this returns; -ETIMEDOUT. */
_must_check_ int unit_manager_stop_and_wait(UnitManager *manager, const char *unit);
/* The machine goes down. Negative errno. */
_must_check_ int unit_manager_power_off(UnitManager *manager);
/* Unit files, crypttab and fstab are read anew. Negative errno. */
_must_check_ int unit_manager_reload(UnitManager *manager);

/* Does systemd run this machine? */
bool unit_manager_is_here(void);
/* The same on this machine, unless ROOT says that another's files are worked on; never an error. */
void unit_manager_reload_here(const char *root);
