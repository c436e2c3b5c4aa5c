/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source "configfs-tsm": SEV-SNP reports through the kernel's report directory, Linux 6.7 and
 * later. Preferred where an entry can be made or was handed over.
 */
#pragma once

#include "evidence/source.h"
#include "evidence/tsm-entry.h"

extern const EvidenceSource source_tsm;

/* What source_tsm does, on other system calls. */
_must_check_ int tsm_probe(const TsmOps *ops, const SourceSettings *settings, Findings *findings);
_must_check_ int tsm_collect(const TsmOps *ops, const SourceInput *input, Findings *findings,
                             EvidenceCpu *ret);
