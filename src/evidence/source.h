/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source of hardware evidence: something in this guest that makes the processor sign 64 bytes of
 * ours. Sources are listed once, in sources.c.
 */
#pragma once

#include "evidence/pacing.h"
#include "format/bundle.h"
#include "format/finding.h"

#define SOURCE_REPORT_DATA_SIZE 64 /* bytes */

typedef struct SourceSettings {
    const char *device;             /* "/dev/sev-guest" */
    const char *configfs_directory; /* "/sys/kernel/config/tsm/report" */
    const char *vmpl_file;          /* "/sys/devices/system/cpu/sev/vmpl" */
} SourceSettings;

#define SOURCE_DEVICE_DEFAULT             "/dev/sev-guest"
#define SOURCE_CONFIGFS_DIRECTORY_DEFAULT "/sys/kernel/config/tsm/report"
#define SOURCE_VMPL_FILE_DEFAULT          "/sys/devices/system/cpu/sev/vmpl"

enum {
    SOURCE_OK,
    SOURCE_E_ABSENT, /* not usable here, no hardware was asked: another source may be tried */
    SOURCE_E_FAILED, /* the hardware was asked and said no, or its answer is not to be believed */
};

/* What one collection works with. Borrowed. */
typedef struct SourceInput {
    const SourceSettings *settings;
    const uint8_t *report_data; /* SOURCE_REPORT_DATA_SIZE bytes to be signed */
    Pacing *pacing;
} SourceInput;

/* Named noes come with at least one failure in FINDINGS. */
typedef struct EvidenceSource {
    const char *name; /* as in the configuration: "configfs-tsm" */
    /* There and ours to use? Asks no hardware. SOURCE_OK, SOURCE_E_ABSENT, negative errno. */
    int (*probe)(const SourceSettings *settings, Findings *findings);
    /*
     * Has the report data signed. Calls pacing_wait() before each request and holds signals until
     * it is answered. SOURCE_OK, a named no or negative errno.
     */
    int (*collect)(const SourceInput *input, Findings *findings, EvidenceCpu *ret);
} EvidenceSource;
