/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TDX quote of version 4 or 5 as fields, nothing believed yet (Intel TDX DCAP Quoting Library API,
 * appendix A). Certification data must be what Intel's quoting enclave writes: its own report, and
 * in it the PCK chain as PEM.
 */
#pragma once

#include "format/tdx-report.h"

#define TDX_QUOTE_SIZE_MIN  1020        /* bytes; nothing shorter is one (an empty one is usual) */
#define TDX_QUOTE_SIZE_MAX  (128 << 10) /* bytes; Linux 6.12 has room for 8 KiB, later ones more */
#define TDX_QUOTE_CHAIN_MAX (64 << 10)  /* bytes of PEM; seen: under 4 KiB */

/* Offsets, for those who build quotes. Integers are little-endian. */
enum {
    TDX_QUOTE_OFFSET_VERSION = 0x00,   /* u16 */
    TDX_QUOTE_OFFSET_KEY_TYPE = 0x02,  /* u16 */
    TDX_QUOTE_OFFSET_TEE_TYPE = 0x04,  /* u32 */
    TDX_QUOTE_OFFSET_QE_VENDOR = 0x0c, /* 16 */
    TDX_QUOTE_OFFSET_USER_DATA = 0x1c, /* 20 */
    TDX_QUOTE_HEADER_SIZE = 0x30,      /* then, in version 5: u16 body type, u32 body size */
    TDX_QUOTE_DESCRIPTOR_SIZE = 6,
};
/* Inside the body. */
enum {
    TDX_BODY_OFFSET_TEE_TCB_SVN = 0x000,     /* 16 */
    TDX_BODY_OFFSET_MR_SEAM = 0x010,         /* 48 */
    TDX_BODY_OFFSET_MR_SIGNER_SEAM = 0x040,  /* 48 */
    TDX_BODY_OFFSET_SEAM_ATTRIBUTES = 0x070, /* u64 */
    TDX_BODY_OFFSET_TD_INFO = 0x078,         /* TdxTdInfo */
    TDX_BODY_OFFSET_RTMR = 0x148,            /* 4 times 48 */
    TDX_BODY_OFFSET_REPORT_DATA = 0x208,     /* 64 */
    TDX_BODY_OFFSET_TEE_TCB_SVN2 = 0x248,    /* 16, TDX 1.5 */
    TDX_BODY_OFFSET_MR_SERVICE_TD = 0x258,   /* 48, TDX 1.5 */
    TDX_BODY_1_0_SIZE = 584,
    TDX_BODY_1_5_SIZE = 648,
};
/* Inside the signature data, which follows the body and its own u32 size. */
enum {
    TDX_SIGNATURE_OFFSET_SIGNATURE = 0x000,    /* 64: r, s */
    TDX_SIGNATURE_OFFSET_KEY = 0x040,          /* 64: x, y */
    TDX_SIGNATURE_OFFSET_TYPE = 0x080,         /* u16, then u32 size */
    TDX_SIGNATURE_OFFSET_QE_REPORT = 0x086,    /* 384 */
    TDX_SIGNATURE_OFFSET_QE_SIGNATURE = 0x206, /* 64: r, s */
    TDX_SIGNATURE_OFFSET_QE_AUTH = 0x246, /* u16 size and bytes; then u16 type, u32 size, PEM */
};

#define TDX_QUOTE_KEY_P256      2 /* attestation key type: ECDSA with P-256 */
#define TDX_QUOTE_TEE_TDX       0x81
#define TDX_CERTIFICATION_CHAIN 5 /* certification data types: PEM chain, */
#define TDX_CERTIFICATION_QE    6 /* and report of the quoting enclave */
#define SGX_REPORT_SIZE         384

typedef enum TdxBodyType {
    TDX_BODY_1_0 = 2, /* all of version 4 */
    TDX_BODY_1_5 = 3,
} TdxBodyType;

/* Report of the quoting enclave (SGX REPORTBODY, Intel SDM volume 3D, 38.15). */
typedef struct SgxReport {
    uint8_t cpu_svn[16];
    uint32_t misc_select;
    uint64_t attributes; /* bit 1: DEBUG */
    uint64_t xfrm;
    uint8_t mr_enclave[32];
    uint8_t mr_signer[32];
    uint16_t isv_prod_id;
    uint16_t isv_svn;
    uint8_t report_data[64];
} SgxReport;

/* Borrows the bytes it was parsed from. */
typedef struct TdxQuote {
    uint16_t version;  /* 4 or 5 */
    uint16_t key_type; /* TDX_QUOTE_KEY_P256 */
    uint32_t tee_type; /* TDX_QUOTE_TEE_TDX */
    uint8_t qe_vendor_id[16];
    uint8_t user_data[20];
    TdxBodyType body_type;
    uint8_t tee_tcb_svn[16];
    uint8_t mr_seam[TDX_REGISTER_SIZE];        /* of the TDX module */
    uint8_t mr_signer_seam[TDX_REGISTER_SIZE]; /* zero: Intel's module */
    uint64_t seam_attributes;
    TdxTdInfo td;
    uint8_t report_data[64];
    uint8_t tee_tcb_svn2[16];                 /* TDX_BODY_1_5 only */
    uint8_t mr_service_td[TDX_REGISTER_SIZE]; /* TDX_BODY_1_5 only */

    ByteView signed_part; /* header, descriptor if there is one, body */
    uint32_t signature_data_size;
    uint16_t certification_type; /* TDX_CERTIFICATION_QE */
    uint16_t chain_type;         /* TDX_CERTIFICATION_CHAIN */
    ByteView signature;          /* r ‖ s, big-endian, by the attestation key */
    ByteView attestation_key;    /* x ‖ y, big-endian */
    ByteView qe_report;          /* signed by the PCK */
    SgxReport qe;                /* the same as fields */
    ByteView qe_signature;       /* r ‖ s, big-endian */
    ByteView qe_auth_data;
    ByteView chain;    /* PEM, without the NUL it may end in */
    ByteView trailing; /* behind the signature data, signed by nobody: padding, as a rule */
} TdxQuote;

enum {
    TDX_QUOTE_OK,
    TDX_QUOTE_E_EMPTY,              /* no bytes, or zeros only: the host's quote service failed */
    TDX_QUOTE_E_SIZE,               /* below TDX_QUOTE_SIZE_MIN or above TDX_QUOTE_SIZE_MAX */
    TDX_QUOTE_E_VERSION,            /* neither 4 nor 5 */
    TDX_QUOTE_E_TEE_TYPE,           /* a quote of something else, such as an SGX enclave */
    TDX_QUOTE_E_KEY_TYPE,           /* an attestation key other than P-256 */
    TDX_QUOTE_E_BODY_TYPE,          /* version 5 with a body that is neither TDX 1.0 nor 1.5 */
    TDX_QUOTE_E_BODY_SIZE,          /* not the size that goes with the body's type */
    TDX_QUOTE_E_TRUNCATED,          /* a part is longer than what is left for it */
    TDX_QUOTE_E_CERTIFICATION_TYPE, /* the key is not certified by a quoting enclave's report */
    TDX_QUOTE_E_CERTIFICATION_SIZE, /* certification data and signature data end apart */
    TDX_QUOTE_E_CHAIN_TYPE,         /* the PCK is not given as a PEM chain */
    TDX_QUOTE_E_CHAIN_SIZE,         /* chain empty, too long, or it and what holds it end apart */
};

/* A word for each of the above, for error texts. */
const char *tdx_quote_reason(int reason);

/* TDX_QUOTE_OK or a named no. Any bytes may follow: RET->trailing. */
_must_check_ int tdx_quote_parse(ByteView bytes, TdxQuote *ret);
/* Is nothing but zeros behind the signature data? */
bool tdx_quote_trailing_is_zero(const TdxQuote *quote);
