/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report that Azure's paravisor (HCL, OpenHCL) leaves in its vTPM: a hardware report and the
 * runtime claims whose hash is in it (openhcl_attestation_protocol, igvm_attest). Structure only;
 * nothing in header or padding is signed, and the claims are for hcl-claims.h.
 */
#pragma once

#include "base/bytes.h"

#define HCL_HARDWARE_OFFSET    0x020 /* the hardware report */
#define HCL_HARDWARE_SIZE      0x4a0 /* bytes kept for it; a TDREPORT is shorter, then zeros */
#define HCL_RUNTIME_OFFSET     0x4c0 /* the runtime data's own header */
#define HCL_CLAIMS_OFFSET      0x4d4 /* the claims, in the size that this header says */
#define HCL_REPORT_SIZE_MAX    4096  /* bytes; the largest NV index of that vTPM */
#define HCL_CLAIMS_SIZE_MAX    (HCL_REPORT_SIZE_MAX - HCL_CLAIMS_OFFSET)
#define HCL_HEADER_VERSION_MAX 2

typedef enum HclReportType {
    HCL_REPORT_TYPE_SNP = 2, /* ATTESTATION_REPORT, 1184 bytes */
    HCL_REPORT_TYPE_TDX = 4, /* TDREPORT, 1024 bytes */
} HclReportType;

/* What the hardware report has of the claims. Only SHA-256 has been seen. */
typedef enum HclHashType {
    HCL_HASH_SHA256 = 1,
    HCL_HASH_SHA384 = 2,
    HCL_HASH_SHA512 = 3,
} HclHashType;

/* Views borrow from the bytes that were parsed. */
typedef struct HclReport {
    ByteView raw;          /* all of it, with the padding behind the claims */
    uint32_t version;      /* of the header: 1 or 2, of one layout */
    uint32_t report_size;  /* all but the padding, or of the hardware report: not relied on */
    uint32_t request_type; /* 2, the only one that stands in an NV index */
    uint32_t status;       /* 0 */
    uint32_t data_size;    /* runtime data with its header */
    uint32_t data_version; /* 1 */
    HclReportType type;
    HclHashType hash_type;
    ByteView hardware;    /* 1184 or 1024 bytes, as TYPE says */
    ByteView claims;      /* the exact bytes that were hashed; not empty */
    bool padding_is_zero; /* behind TDREPORT and claims */
} HclReport;

enum {
    HCL_REPORT_OK,
    HCL_REPORT_E_TRUNCATED,    /* shorter than its lengths say */
    HCL_REPORT_E_SIZE,         /* more than HCL_REPORT_SIZE_MAX bytes */
    HCL_REPORT_E_SIGNATURE,    /* does not begin with "HCLA" */
    HCL_REPORT_E_VERSION,      /* header version other than 1 and 2 */
    HCL_REPORT_E_REQUEST,      /* not made for an AK certificate: a request to the host */
    HCL_REPORT_E_STATUS,       /* status or reserved bytes are not zero */
    HCL_REPORT_E_DATA_VERSION, /* runtime data of a version other than 1 */
    HCL_REPORT_E_TYPE,         /* a hardware report of another kind, VBS for example */
    HCL_REPORT_E_HASH,         /* no known hash type */
    HCL_REPORT_E_LENGTHS,      /* the lengths of the claims do not agree, or there are none */
};

/* HCL_REPORT_OK or a named no. */
_must_check_ int hcl_report_parse(ByteView bytes, HclReport *ret);
/* A word for each of the above, for error texts. */
const char *hcl_report_reason(int reason);

const char *hcl_report_type_name(HclReportType type); /* "SNP", "TDX" */
const char *hcl_hash_type_name(HclHashType type);     /* "SHA-256", … */
/* Bytes of such a hash: 32, 48 or 64. */
size_t hcl_hash_size(HclHashType type);
/* REPORT_DATA of the hardware report, 64 bytes; borrowed. */
ByteView hcl_report_data(const HclReport *report);
