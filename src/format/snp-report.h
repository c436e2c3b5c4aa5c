/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SEV-SNP attestation report as fields, nothing believed yet (SNP Firmware ABI, rev. 1.58,
 * 7.3 table "ATTESTATION_REPORT"). Only size and version are judged here; the rest is for verify.
 */
#pragma once

#include "base/bytes.h"

#define SNP_REPORT_SIZE   0x4a0 /* bytes, every version */
#define SNP_SIGNED_SIZE   0x2a0 /* bytes 0x000 to 0x29f are signed */
#define SNP_RESPONSE_SIZE 4000  /* struct snp_report_resp, linux/sev-guest.h */

/* Offsets of the fields, for those who build reports. Integers are little-endian. */
enum {
    SNP_OFFSET_VERSION = 0x000,            /* u32 */
    SNP_OFFSET_GUEST_SVN = 0x004,          /* u32 */
    SNP_OFFSET_POLICY = 0x008,             /* u64 */
    SNP_OFFSET_FAMILY_ID = 0x010,          /* 16 */
    SNP_OFFSET_IMAGE_ID = 0x020,           /* 16 */
    SNP_OFFSET_VMPL = 0x030,               /* u32 */
    SNP_OFFSET_SIGNATURE_ALGO = 0x034,     /* u32 */
    SNP_OFFSET_CURRENT_TCB = 0x038,        /* 8 */
    SNP_OFFSET_PLATFORM_INFO = 0x040,      /* u64 */
    SNP_OFFSET_KEY_INFO = 0x048,           /* u32 */
    SNP_OFFSET_REPORT_DATA = 0x050,        /* 64 */
    SNP_OFFSET_MEASUREMENT = 0x090,        /* 48 */
    SNP_OFFSET_HOST_DATA = 0x0c0,          /* 32 */
    SNP_OFFSET_ID_KEY_DIGEST = 0x0e0,      /* 48 */
    SNP_OFFSET_AUTHOR_KEY_DIGEST = 0x110,  /* 48 */
    SNP_OFFSET_REPORT_ID = 0x140,          /* 32 */
    SNP_OFFSET_REPORT_ID_MA = 0x160,       /* 32 */
    SNP_OFFSET_REPORTED_TCB = 0x180,       /* 8 */
    SNP_OFFSET_CPUID_FAMILY = 0x188,       /* u8, from version 3 */
    SNP_OFFSET_CPUID_MODEL = 0x189,        /* u8, from version 3 */
    SNP_OFFSET_CPUID_STEPPING = 0x18a,     /* u8, from version 3 */
    SNP_OFFSET_CHIP_ID = 0x1a0,            /* 64 */
    SNP_OFFSET_COMMITTED_TCB = 0x1e0,      /* 8 */
    SNP_OFFSET_CURRENT_BUILD = 0x1e8,      /* u8, then minor, then major */
    SNP_OFFSET_COMMITTED_BUILD = 0x1ec,    /* u8, then minor, then major */
    SNP_OFFSET_LAUNCH_TCB = 0x1f0,         /* 8 */
    SNP_OFFSET_LAUNCH_MIT_VECTOR = 0x1f8,  /* u64, from version 5 */
    SNP_OFFSET_CURRENT_MIT_VECTOR = 0x200, /* u64, from version 5 */
    SNP_OFFSET_SIGNATURE = 0x2a0,          /* R at +0, S at +72, both 72 bytes little-endian */
};

/* POLICY. SMT, MIGRATE_MA, DEBUG and CXL_ALLOW permit; the others restrict. */
#define SNP_POLICY_SMT                    (UINT64_C(1) << 16)
#define SNP_POLICY_RESERVED_ONE           (UINT64_C(1) << 17) /* always 1 */
#define SNP_POLICY_MIGRATE_MA             (UINT64_C(1) << 18)
#define SNP_POLICY_DEBUG                  (UINT64_C(1) << 19)
#define SNP_POLICY_SINGLE_SOCKET          (UINT64_C(1) << 20)
#define SNP_POLICY_CXL_ALLOW              (UINT64_C(1) << 21)
#define SNP_POLICY_MEM_AES_256_XTS        (UINT64_C(1) << 22)
#define SNP_POLICY_RAPL_DIS               (UINT64_C(1) << 23)
#define SNP_POLICY_CIPHERTEXT_HIDING_DRAM (UINT64_C(1) << 24)
#define SNP_POLICY_PAGE_SWAP_DISABLE      (UINT64_C(1) << 25)

/* PLATFORM_INFO */
#define SNP_PLATFORM_SMT_EN                    (UINT64_C(1) << 0)
#define SNP_PLATFORM_TSME_EN                   (UINT64_C(1) << 1)
#define SNP_PLATFORM_ECC_EN                    (UINT64_C(1) << 2)
#define SNP_PLATFORM_RAPL_DIS                  (UINT64_C(1) << 3)
#define SNP_PLATFORM_CIPHERTEXT_HIDING_DRAM_EN (UINT64_C(1) << 4)
#define SNP_PLATFORM_ALIAS_CHECK_COMPLETE      (UINT64_C(1) << 5)
#define SNP_PLATFORM_TIO_EN                    (UINT64_C(1) << 7)

/* Key info at 0x048 */
#define SNP_KEY_INFO_AUTHOR_KEY_EN     (UINT32_C(1) << 0)
#define SNP_KEY_INFO_MASK_CHIP_KEY     (UINT32_C(1) << 1)
#define SNP_KEY_INFO_SIGNING_KEY_SHIFT 2 /* three bits wide */

#define SNP_SIGNATURE_ECDSA_P384_SHA384 1 /* the one valid SIGNATURE_ALGO */
#define SNP_VMPL_MAX                    3 /* larger: asked for by the host, whose REPORT_DATA it is */
#define SNP_SCALAR_SIZE                 48 /* bytes of R and S on P-384 */

typedef enum SnpSigningKey {
    SNP_SIGNING_KEY_VCEK = 0,
    SNP_SIGNING_KEY_VLEK = 1,
    SNP_SIGNING_KEY_RESERVED = 2, /* 2 to 6 */
    SNP_SIGNING_KEY_NONE = 7,     /* the report is not signed */
} SnpSigningKey;

typedef enum SnpProduct {
    SNP_PRODUCT_UNKNOWN,
    SNP_PRODUCT_MILAN,
    SNP_PRODUCT_GENOA, /* also Bergamo and Siena */
    SNP_PRODUCT_TURIN,
} SnpProduct;

/* Which byte of TCB_VERSION means what: a matter of the CPU family, not of the report version. */
typedef enum SnpTcbLayout {
    SNP_TCB_LAYOUT_UNKNOWN,
    SNP_TCB_LAYOUT_LEGACY, /* family 19h: Milan, Genoa */
    SNP_TCB_LAYOUT_FMC,    /* family 1Ah, from Turin on */
} SnpTcbLayout;

typedef struct SnpTcbRaw {
    uint8_t bytes[8];
} SnpTcbRaw;

/* A TCB as components. Compared component by component, never as one number. */
typedef struct SnpTcb {
    bool has_fmc;
    uint8_t fmc; /* 0 unless has_fmc */
    uint8_t boot_loader;
    uint8_t tee;
    uint8_t snp;
    uint8_t microcode;
} SnpTcb;

typedef struct SnpFirmwareVersion {
    uint8_t major;
    uint8_t minor;
    uint8_t build;
} SnpFirmwareVersion;

typedef struct SnpReport {
    uint8_t raw[SNP_REPORT_SIZE]; /* as received; what the signature covers */
    uint32_t version;             /* 2 to 5; larger only with SNP_REPORT_ACCEPT_NEWER */
    uint32_t guest_svn;
    uint64_t policy; /* SNP_POLICY_… */
    uint8_t family_id[16];
    uint8_t image_id[16];
    uint32_t vmpl;
    uint32_t signature_algo;
    SnpTcbRaw current_tcb;
    uint64_t platform_info; /* SNP_PLATFORM_… */
    uint32_t key_info;      /* SNP_KEY_INFO_… */
    uint8_t report_data[64];
    uint8_t measurement[48];
    uint8_t host_data[32];
    uint8_t id_key_digest[48];
    uint8_t author_key_digest[48];
    uint8_t report_id[32];
    uint8_t report_id_ma[32]; /* all 0xff: no migration agent */
    SnpTcbRaw reported_tcb;   /* what the signing key is derived from */
    bool has_cpuid;           /* version >= 3 */
    uint8_t cpuid_family;     /* combined: base + extended */
    uint8_t cpuid_model;      /* combined */
    uint8_t cpuid_stepping;
    uint8_t chip_id[64]; /* all zero: masked by the host */
    SnpTcbRaw committed_tcb;
    SnpFirmwareVersion current_version;
    SnpFirmwareVersion committed_version;
    SnpTcbRaw launch_tcb;
    bool has_mitigations; /* version >= 5; without it nothing is known, which is not "none" */
    uint64_t launch_mitigations;
    uint64_t current_mitigations;
} SnpReport;

enum {
    SNP_REPORT_OK,
    SNP_REPORT_E_SIZE,          /* not SNP_REPORT_SIZE bytes */
    SNP_REPORT_E_EMPTY,         /* all zero: the firmware refused and said so elsewhere */
    SNP_REPORT_E_VERSION,       /* 0 or 1 */
    SNP_REPORT_E_VERSION_NEWER, /* above 5, and SNP_REPORT_ACCEPT_NEWER was not given */
};

/* Parse versions above 5 as version 5; the caller warns (report.version says so). */
#define SNP_REPORT_ACCEPT_NEWER 1U
/* Parse version 1 as version 2, to show it: no firmware in use makes one, so none is genuine. */
#define SNP_REPORT_ACCEPT_FIRST 2U
#define SNP_REPORT_VERSION_MAX  5 /* newest version this parser knows */

/* FLAGS: SNP_REPORT_ACCEPT_…. SNP_REPORT_OK or a named no above. */
_must_check_ int snp_report_parse(ByteView bytes, unsigned flags, SnpReport *ret);

/* The bytes the signature covers; borrowed from REPORT. */
ByteView snp_report_signed_part(const SnpReport *report);

enum {
    SNP_SIGNATURE_OK,
    SNP_SIGNATURE_E_ZERO,     /* R or S is zero: not signed */
    SNP_SIGNATURE_E_RANGE,    /* R or S is longer than 48 bytes */
    SNP_SIGNATURE_E_RESERVED, /* bytes behind S are not zero */
};
/* R and S as unsigned big-endian. SNP_SIGNATURE_OK or a named no. */
_must_check_ int snp_report_signature(const SnpReport *report, uint8_t ret_r[SNP_SCALAR_SIZE],
                                      uint8_t ret_s[SNP_SCALAR_SIZE]);

SnpSigningKey snp_report_signing_key(const SnpReport *report);
bool snp_report_chip_key_is_masked(const SnpReport *report);
bool snp_report_chip_id_is_masked(const SnpReport *report);
bool snp_report_has_migration_agent(const SnpReport *report);
/* Are all bytes and bits zero that this version reserves? Signed either way: worth a warning. */
bool snp_report_reserved_is_zero(const SnpReport *report);

/* From the CPUID bytes; SNP_PRODUCT_UNKNOWN for version 2 and for families and models not known. */
SnpProduct snp_report_product(const SnpReport *report);
/* A version 2 report whose CHIP_ID is 8 bytes and then zeros comes from Turin or later. */
bool snp_report_looks_like_turin(const SnpReport *report);
/*
 * From the CPU family; for version 2 from CHIP_ID, and SNP_TCB_LAYOUT_UNKNOWN when that is masked
 * (then the product of the verified chain decides).
 */
SnpTcbLayout snp_report_tcb_layout(const SnpReport *report);
SnpTcbLayout snp_product_tcb_layout(SnpProduct product);
/* "Milan", "Genoa", "Turin": as in AMD's certificates; "unknown". */
const char *snp_product_name(SnpProduct product);
/* By that name; SNP_PRODUCT_UNKNOWN for any other. */
SnpProduct snp_product_by_name(const char *name);

/* LAYOUT must be known; SNP_TCB_LAYOUT_UNKNOWN is read as legacy. */
SnpTcb snp_tcb_decode(SnpTcbRaw raw, SnpTcbLayout layout);
SnpTcbRaw snp_tcb_encode(const SnpTcb *tcb);
/* Are the bytes zero that LAYOUT reserves? */
bool snp_tcb_reserved_is_zero(SnpTcbRaw raw, SnpTcbLayout layout);
/* Every component of TCB >= that of MINIMUM. */
bool snp_tcb_is_at_least(const SnpTcb *tcb, const SnpTcb *minimum);
bool snp_tcb_is_equal(const SnpTcb *a, const SnpTcb *b);

/* Minimum firmware ABI the guest's owner asked for. */
uint8_t snp_policy_abi_major(uint64_t policy);
uint8_t snp_policy_abi_minor(uint64_t policy);
/* Negative, 0 or positive, as memcmp(). */
int snp_firmware_version_compare(SnpFirmwareVersion a, SnpFirmwareVersion b);

enum {
    SNP_RESPONSE_OK,
    SNP_RESPONSE_E_TRUNCATED, /* shorter than its header says */
    SNP_RESPONSE_E_STATUS,    /* the firmware refused; ret_status says why */
    SNP_RESPONSE_E_SIZE,      /* report_size is not SNP_REPORT_SIZE */
};
/*
 * MSG_REPORT_RSP (SNP Firmware ABI 7.3): the report inside the firmware's answer, borrowed. STATUS
 * is set whenever the header was there, also with SNP_RESPONSE_E_STATUS and SNP_RESPONSE_E_SIZE.
 */
_must_check_ int snp_response_parse(ByteView response, uint32_t *ret_status, ByteView *ret_report);
