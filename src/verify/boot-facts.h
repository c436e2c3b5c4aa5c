/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What booted, as far as a ReplayedLog shows it: the state of Secure Boot, texts that their digests
 * cover, the kernel command line, sections of a unified kernel image, applications.
 */
#pragma once

#include "verify/secure-boot.h"

#define BOOT_APPLICATION_FILE_MAX 256 /* bytes with NUL */

/* A section of a unified kernel image, measured into PCR 11 by its name and then its content. */
typedef struct BootSection {
    const char *name; /* ".linux"; borrowed */
    ByteView digest;  /* of the content */
} BootSection;

/* An EFI application; the digest is its Authenticode hash. */
typedef struct BootApplication {
    ByteView digest;
    char file[BOOT_APPLICATION_FILE_MAX]; /* as the log says, which nothing covers */
} BootApplication;

/* Owned; borrows from the ReplayedLog. */
typedef struct BootFacts {
    BootEvent *events; /* one for each event of the ReplayedLog, in its order */
    size_t n_events;
    SecureBoot secure_boot;
    const char *secure_boot_reason; /* static; NULL unless unknown */
    const char *command_line;       /* borrowed from a text; NULL: not shown */
    BootSection *sections;
    size_t n_sections;
    BootApplication *applications; /* none unless PCR 4 holds nothing else and the boot ended */
    size_t n_applications;
} BootFacts;

/* -ENOMEM, -EIO. RET borrows from LOG. */
_must_check_ int boot_facts_read(const ReplayedLog *log, BootFacts *ret);
void boot_facts_done(BootFacts *facts);
#define _cleanup_boot_facts_ _cleanup_(boot_facts_done)
