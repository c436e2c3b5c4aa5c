/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For a run that cannot begin and will not be tried again: the service manager is about to throw
 * the descriptor store away, so that everyone in it, and in the queue of the socket, is refused.
 * What the run before held, nobody holds any more.
 */
#pragma once

#include "base/macro.h"

/* Within some seconds. Negative errno when those who wait cannot be refused. */
_must_check_ int farewell(const char *runtime_directory);
