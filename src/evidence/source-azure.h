/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Azure's paravisor as a source: it keeps the hardware to itself and publishes reports in its vTPM.
 * The guest's 64 bytes go into one NV index, the report with the hash of claims that repeat them is
 * read from another. A read from offset 0 makes a new report, but only when more than two seconds
 * have passed since anybody's last one; user data and report are one mailbox for all processes.
 * Needs the TPM and no more, so it runs where the TPM is
 * (docs/decisions/0024-the-paravisor-s-report-is-read-where-the-tpm-is.md).
 */
#pragma once

#include "evidence/pacing.h"
#include "format/finding.h"

#define AZURE_USER_DATA_SIZE 64 /* bytes */

#define AZURE_REPORT_INDEX_DEFAULT      0x01400001u
#define AZURE_USER_DATA_INDEX_DEFAULT   0x01400002u
#define AZURE_CERTIFICATE_INDEX_DEFAULT 0x01c101d0u
#define AZURE_AK_HANDLE                 0x81000003u
#define AZURE_AK_CHOICE                 "0x81000003" /* as [Evidence] AttestationKey= spells it */

#define AZURE_DMI_DIRECTORY "/sys/class/dmi/id"

typedef struct TpmContext TpmContext;
typedef struct TpmKey TpmKey;

/* Where things stand in the TPM. */
typedef struct AzureIndices {
    uint32_t report, user_data, certificate; /* NV indices */
} AzureIndices;

/* What kind of machine this is. Only the first has a hardware report. */
typedef enum AzurePlatform {
    AZURE_CONFIDENTIAL,   /* the report's index is there */
    AZURE_TRUSTED_LAUNCH, /* the platform's key is there and no report: a vTPM of its host */
    AZURE_PLAIN,          /* a VM of Azure without a TPM, or with one that has no such key */
    AZURE_NONE,           /* no VM of Azure, by what the firmware says of itself */
} AzurePlatform;

/*
 * Asks the TPM which indices there are and reads none, since a read may make a report. TPM may be
 * NULL. DMI_DIRECTORY holds chassis_asset_tag; what stands there is the host's word and decides
 * names only. 0 or negative errno.
 */
_must_check_ int azure_detect(TpmContext *tpm, const AzureIndices *indices,
                              const char *dmi_directory, AzurePlatform *ret);
/* Why PLATFORM has no report: "azure-trusted-launch", …; NULL for AZURE_CONFIDENTIAL. */
const char *azure_platform_finding(AzurePlatform platform);

enum {
    AZURE_OK,
    AZURE_E_STALE,  /* another's user data: made before ours was there. Worth another read */
    AZURE_E_TORN,   /* parts of two reports: another read came between. Worth another read */
    AZURE_E_FAILED, /* FINDINGS has the failure, subject "cpu" */
};

/* What a report has to be about. Borrowed. */
typedef struct AzureWanted {
    ByteView user_data; /* AZURE_USER_DATA_SIZE bytes */
    ByteView ak_public; /* TPMT_PUBLIC of the key that quotes */
} AzureWanted;

/*
 * Is REPORT, the whole index, one report about what is wanted? Structure, claims that hash to
 * REPORT_DATA, user data, and HCLAkPub being the key that quotes (CVE-2025-49707). A paravisor that
 * reports no user data at all leaves a warning. A named no or -ENOMEM, -EIO. Pure.
 */
_must_check_ int azure_report_check(ByteView report, const AzureWanted *wanted, Findings *findings);

/*
 * One try in an open transaction: writes the user data, notes the time in PACING, reads and checks.
 * Its turn must have been awaited. A named no or negative errno; RET is owned, set on AZURE_OK
 * only.
 */
_must_check_ int azure_report_read(TpmContext *tpm, const AzureIndices *indices,
                                   const AzureWanted *wanted, Pacing *pacing, Findings *findings,
                                   Bytes *ret);

#define AZURE_READS_MAX 5 /* tries before AZURE_E_STALE and AZURE_E_TORN become failures */

/* Says that REASON, AZURE_E_STALE or AZURE_E_TORN, lasted. AZURE_E_FAILED or -ENOMEM. */
_must_check_ int azure_report_give_up(int reason, Findings *findings);

/*
 * The certificate of the paravisor's key into KEY, when there is one for this key. A placeholder
 * and one for another key are named in a warning and left out. 0 or negative errno.
 */
_must_check_ int azure_add_certificate(TpmKey *key, const AzureIndices *indices,
                                       Findings *findings);
