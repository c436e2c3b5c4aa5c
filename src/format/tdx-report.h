/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TDREPORT, what the TDX module says to its own machine, as fields (Intel TDX Module ABI,
 * TDREPORT_STRUCT). Its MAC can be judged on that machine only; whether the two hashes inside agree
 * with what they are over is tdx-report-digests.h in verify.
 */
#pragma once

#include "base/reader.h"

#define TDX_REPORT_SIZE 1024

/* Offsets, for those who build reports. Integers are little-endian. */
enum {
    TDX_REPORT_OFFSET_TYPE = 0x000,          /* 4 */
    TDX_REPORT_OFFSET_CPU_SVN = 0x010,       /* 16 */
    TDX_REPORT_OFFSET_TCB_INFO_HASH = 0x020, /* 48 */
    TDX_REPORT_OFFSET_TD_INFO_HASH = 0x050,  /* 48 */
    TDX_REPORT_OFFSET_REPORT_DATA = 0x080,   /* 64 */
    TDX_REPORT_OFFSET_MAC = 0x0e0,           /* 32 */
    TDX_REPORT_OFFSET_TCB_INFO = 0x100,      /* 239 */
    TDX_REPORT_OFFSET_TD_INFO = 0x200,       /* 512 */
    TDX_REPORT_OFFSET_RTMR = 0x2d0,          /* 4 times 48 */
    TDX_REPORT_OFFSET_SERVTD_HASH = 0x390,   /* 48 */
};
#define TDX_REPORT_TCB_INFO_SIZE 239
#define TDX_REPORT_TD_INFO_SIZE  512

#define TDX_REGISTER_SIZE 48 /* SHA-384: MRTD, each RTMR and the other measurements */
#define TDX_RTMR_COUNT    4

/* TDATTRIBUTES */
#define TDX_ATTRIBUTE_DEBUG           (UINT64_C(1) << 0) /* the host may look in and change things */
#define TDX_ATTRIBUTE_SEPT_VE_DISABLE (UINT64_C(1) << 28)
#define TDX_ATTRIBUTE_MIGRATABLE      (UINT64_C(1) << 29) /* a migration TD may move it */
#define TDX_ATTRIBUTE_PKS             (UINT64_C(1) << 30)
#define TDX_ATTRIBUTE_KL              (UINT64_C(1) << 31)
#define TDX_ATTRIBUTE_PERFMON         (UINT64_C(1) << 63)
/* Group TUD: with any of these, debugging or a kind of profiling, Intel calls the TD untrusted. */
#define TDX_ATTRIBUTES_UNDER_DEBUG UINT64_C(0xff)

/* The part that says which TD it is; the same bytes in a TDREPORT and in a quote. */
typedef struct TdxTdInfo {
    uint64_t attributes; /* TDX_ATTRIBUTE_… */
    uint64_t xfam;
    uint8_t mr_td[TDX_REGISTER_SIZE]; /* of the firmware, when the TD was built */
    uint8_t mr_config_id[TDX_REGISTER_SIZE];
    uint8_t mr_owner[TDX_REGISTER_SIZE];
    uint8_t mr_owner_config[TDX_REGISTER_SIZE];
    uint8_t rtmr[TDX_RTMR_COUNT][TDX_REGISTER_SIZE];
} TdxTdInfo;

/* Reads it where READER stands. */
void tdx_td_info_read(Reader *reader, TdxTdInfo *out);

typedef struct TdxReport {
    uint8_t raw[TDX_REPORT_SIZE]; /* as received */
    uint8_t version;              /* of the layout: 0 or 1 (TDX 1.5) */
    uint8_t cpu_svn[16];
    uint8_t tcb_info_hash[TDX_REGISTER_SIZE];
    uint8_t td_info_hash[TDX_REGISTER_SIZE];
    uint8_t report_data[64];
    uint8_t tee_tcb_svn[16];
    uint8_t mr_seam[TDX_REGISTER_SIZE];
    uint8_t mr_signer_seam[TDX_REGISTER_SIZE];
    uint64_t seam_attributes;
    TdxTdInfo td;
    uint8_t servtd_hash[TDX_REGISTER_SIZE];
} TdxReport;

enum {
    TDX_REPORT_OK,
    TDX_REPORT_E_SIZE,    /* not TDX_REPORT_SIZE bytes */
    TDX_REPORT_E_TYPE,    /* not type 0x81, subtype 0: a report of something else */
    TDX_REPORT_E_VERSION, /* above 1 */
};

/* A word for each of the above, for error texts. */
const char *tdx_report_reason(int reason);

/* TDX_REPORT_OK or a named no. */
_must_check_ int tdx_report_parse(ByteView bytes, TdxReport *ret);
/* What TEE_TCB_INFO_HASH and TEE_INFO_HASH are over. Borrowed from REPORT. */
ByteView tdx_report_tcb_info(const TdxReport *report);
ByteView tdx_report_td_info(const TdxReport *report);
