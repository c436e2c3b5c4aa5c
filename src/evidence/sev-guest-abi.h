/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ioctl interface of /dev/sev-guest as numbers and layouts. Our own, since distributions we
 * build on have kernel headers without it (include/uapi/linux/sev-guest.h, Linux 6.12).
 */
#pragma once

#include "base/macro.h"

#include <sys/ioctl.h>

#define SEV_GUEST_MESSAGE_VERSION 1

/* struct snp_guest_request_ioctl; exitinfo2 was called fw_err before Linux 6.3. */
typedef struct SevGuestRequest {
    uint8_t msg_version;
    uint8_t padding[7];
    uint64_t req_data;  /* address */
    uint64_t resp_data; /* address */
    uint64_t exitinfo2; /* low half firmware error, high half error of the host */
} SevGuestRequest;

/* struct snp_report_req = MSG_REPORT_REQ */
typedef struct SevReportRequest {
    uint8_t user_data[64];
    uint32_t vmpl;
    uint8_t reserved[28];
} SevReportRequest;

/* struct snp_ext_report_req */
typedef struct SevExtendedReportRequest {
    SevReportRequest data;
    uint64_t certs_address;
    uint32_t certs_len; /* in: bytes offered; out, with SEV_HOST_INVALID_LEN: bytes wanted */
    uint32_t padding;
} SevExtendedReportRequest;

_Static_assert(sizeof(SevGuestRequest) == 32, "struct snp_guest_request_ioctl");
_Static_assert(offsetof(SevGuestRequest, exitinfo2) == 24, "struct snp_guest_request_ioctl");
_Static_assert(sizeof(SevReportRequest) == 96, "struct snp_report_req");
_Static_assert(sizeof(SevExtendedReportRequest) == 112, "struct snp_ext_report_req");
_Static_assert(offsetof(SevExtendedReportRequest, certs_len) == 104, "struct snp_ext_report_req");

#define SEV_GET_REPORT          _IOWR('S', 0x0, SevGuestRequest)
#define SEV_GET_EXTENDED_REPORT _IOWR('S', 0x2, SevGuestRequest)

_Static_assert(SEV_GET_REPORT == 0xc0205300, "SNP_GET_REPORT");
_Static_assert(SEV_GET_EXTENDED_REPORT == 0xc0205302, "SNP_GET_EXT_REPORT");

#define SEV_CERTS_LIMIT 0x4000u /* bytes, SEV_FW_BLOB_MAX_SIZE: more is EINVAL */
#define SEV_PAGE_SIZE   0x1000u

/* High half of exitinfo2 (GHCB specification, SNP Guest Request). */
enum { SEV_HOST_INVALID_LEN = 1, SEV_HOST_BUSY = 2 };
