/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a Debian machine measures when it boots: firmware, shim, GRUB, kernel, and systemd after it.
 */
#pragma once

#include "sim-log.h"

typedef struct SimBoot {
    const char *cmdline; /* the kernel's arguments */
    const char *kernel;  /* release, in names and contents of kernel and initrd */
    bool secure_boot;
} SimBoot;

/* Each appends its events. 0 or negative errno. */
_must_check_ int sim_measure_firmware(SimLog *log, const SimBoot *boot);
_must_check_ int sim_measure_loader(SimLog *log, const SimBoot *boot);
/* systemd: phases in PCR 11, machine id and root file system in PCR 15; RET is its JSON-SEQ log. */
_must_check_ int sim_measure_userspace(SimLog *log, Bytes *ret);
