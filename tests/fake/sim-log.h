/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TCG crypto-agile event log as it is written: bytes, the extensions they stand for, and the PCR
 * values these lead to (TCG PC Client Platform Firmware Profile; spec: tpm 4.2, 4.3).
 */
#pragma once

#include "base/bytes.h"

#define SIM_MAX_BANKS   3u
#define SIM_N_PCRS      16u /* 0 to 15: those a boot extends */
#define SIM_DIGEST_SIZE 48u /* bytes of the largest digest */

/* Event types, PFP table of events. */
#define EV_NO_ACTION                     UINT32_C(0x00000003)
#define EV_SEPARATOR                     UINT32_C(0x00000004)
#define EV_EVENT_TAG                     UINT32_C(0x00000006)
#define EV_S_CRTM_VERSION                UINT32_C(0x00000008)
#define EV_IPL                           UINT32_C(0x0000000d)
#define EV_EFI_VARIABLE_DRIVER_CONFIG    UINT32_C(0x80000001)
#define EV_EFI_VARIABLE_BOOT             UINT32_C(0x80000002)
#define EV_EFI_BOOT_SERVICES_APPLICATION UINT32_C(0x80000003)
#define EV_EFI_GPT_EVENT                 UINT32_C(0x80000006)
#define EV_EFI_ACTION                    UINT32_C(0x80000007)
#define EV_EFI_PLATFORM_FIRMWARE_BLOB    UINT32_C(0x80000008)
#define EV_EFI_HANDOFF_TABLES            UINT32_C(0x80000009)
#define EV_EFI_VARIABLE_AUTHORITY        UINT32_C(0x800000e0)

typedef struct SimBank {
    const char *name;   /* "sha256" */
    uint16_t algorithm; /* TPM_ALG_ID */
    uint16_t size;      /* bytes of a digest */
} SimBank;

typedef struct SimExtension {
    uint32_t pcr;
    uint8_t digests[SIM_MAX_BANKS][SIM_DIGEST_SIZE];
} SimExtension;

typedef struct SimLog {
    Bytes bytes; /* the log */
    SimBank banks[SIM_MAX_BANKS];
    size_t n_banks;
    SimExtension *extensions; /* in order */
    size_t n_extensions;
    uint8_t pcrs[SIM_MAX_BANKS][SIM_N_PCRS][SIM_DIGEST_SIZE];
} SimLog;

/* Starts a log for BANKS, e.g. "sha1,sha256", with its Spec ID event. 0; -EINVAL for BANKS. */
_must_check_ int sim_log_begin(SimLog *log, const char *banks);
void sim_log_done(SimLog *log);

/* An event whose digest is over HASHED, which need not be DATA. 0 or negative errno. */
_must_check_ int sim_log_event(SimLog *log, uint32_t pcr, uint32_t type, ByteView data,
                               ByteView hashed);
/* An event whose digest is over its own data. */
_must_check_ int sim_log_plain(SimLog *log, uint32_t pcr, uint32_t type, ByteView data);
/* An extension that is in no firmware log. RET, if given, is its digests. */
_must_check_ int sim_log_extend(SimLog *log, uint32_t pcr, ByteView hashed,
                                const SimExtension **ret);
