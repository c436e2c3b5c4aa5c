/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb "collect": the hardware report over given report data, and the event logs as sealed
 * memfds "eventlog" and "eventlog-userspace". The only verb that runs with a capability; of foreign
 * bytes it reads its request, the report and the head of the certificate table.
 */
#pragma once

#include "worker/verb.h"

VerbRun collect_run;
