/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log that was replayed, and what it shows.
 */
#pragma once

#include "verify/boot-facts.h"

#include "lab.h"

typedef struct Shown {
    ReplayedLog *log;
    BootFacts facts;
} Shown;

void shown_done(Shown *shown);
/* USERSPACE_LOG may be empty. */
Shown show_logs(ByteView log, ByteView userspace_log, const EvidencePcrs *quoted);
Shown show(ByteView log, const EvidencePcrs *quoted);
Shown show_lab(const LabLog *log);
