/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source "sev-guest": SEV-SNP reports by ioctl on /dev/sev-guest, with the host's certificates
 * where it has any.
 */
#pragma once

#include "evidence/source.h"

extern const EvidenceSource source_snp;

/* System calls on the device; errors as -1 and errno. */
typedef struct SnpDeviceOps {
    int (*open)(const char *path, int flags);
    int (*ioctl)(int fd, unsigned long request, void *argument);
    int (*close)(int fd);
} SnpDeviceOps;

/*
 * What source_snp does, on other system calls. At most two requests: with certificates, and, when
 * the host's table does not fit the kernel's limit, without. No request is ever repeated.
 */
_must_check_ int snp_probe(const SnpDeviceOps *ops, const SourceSettings *settings,
                           Findings *findings);
_must_check_ int snp_collect(const SnpDeviceOps *ops, const SourceInput *input, Findings *findings,
                             EvidenceCpu *ret);
