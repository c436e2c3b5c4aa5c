/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wishes as data: the appraisal policy, parsed strictly from JSON (docs/policy.md describes every
 * member and what its absence means). Nothing here judges; appraise.h does.
 */
#pragma once

#include "verify/amd-roots.h"

#include "base/bytes.h"
#include "base/macro.h"
#include "crypto/certificate.h"
#include "format/bind-kind.h"
#include "format/gate-kind.h"

#define POLICY_SIZE_MAX  ((size_t)1 << 20) /* bytes of the file */
#define POLICY_ITEMS_MAX 1024              /* items of each list in it */

/* What a named no is about: a JSON pointer ("/snp/minimum_tcb/Milan/tee") and one line. */
typedef struct PolicyError {
    char path[192];
    char cause[192];
} PolicyError;

/* A list of byte strings. PRESENT tells an empty list (matches nothing) from none (not checked). */
typedef struct PolicyBytesList {
    bool present;
    Bytes *items;
    size_t n_items;
} PolicyBytesList;

typedef struct PolicyTextList {
    bool present;
    char **items;
    size_t n_items;
} PolicyTextList;

/* Bits that must be set and bits that must be clear; both 0: not checked. */
typedef struct PolicyMask {
    uint64_t required;
    uint64_t forbidden;
} PolicyMask;

/* A bound on the TCB of a product. A component that is not named is 0 in a minimum, 255 in a
 * maximum. */
typedef struct PolicyTcb {
    bool present;
    SnpTcb bound;
} PolicyTcb;

/* Bounds by product; when present, a product that is not named is refused. */
typedef struct PolicyTcbs {
    bool present;
    PolicyTcb products[SNP_PRODUCT_COUNT];
} PolicyTcbs;

/* What a launch measurement stands for (design: gates). */
typedef enum PolicyCovers {
    POLICY_COVERS_FIRMWARE,   /* the firmware; what it boots is another question */
    POLICY_COVERS_BOOT_CHAIN, /* kernel, initrd and command line as well */
} PolicyCovers;

typedef struct PolicyMeasurement {
    uint8_t value[48];
    PolicyCovers covers;
    char *name; /* or NULL */
} PolicyMeasurement;

/* The one with this VALUE of 48 bytes, or NULL. */
const PolicyMeasurement *policy_measurement_find(const PolicyMeasurement *measurements, size_t n,
                                                 const uint8_t value[48]);

typedef struct PolicySnp {
    bool present;                     /* is there the object? */
    unsigned products;                /* bit per SnpProduct; 0: any */
    unsigned report_versions;         /* bit per version; 0: any that can be parsed */
    PolicyTcbs minimum_tcb;           /* of REPORTED_TCB */
    PolicyTcbs maximum_tcb;           /* of REPORTED_TCB */
    PolicyTcbs minimum_committed_tcb; /* of COMMITTED_TCB */
    PolicyTcbs minimum_launch_tcb;    /* of LAUNCH_TCB */
    bool measurements_present;
    PolicyMeasurement *measurements;
    size_t n_measurements;
    bool debug;           /* allowed? */
    bool migration_agent; /* allowed? */
    bool smt;             /* allowed? true unless the policy says false */
    bool masked_chip_id;  /* is a VCEK report without CHIP_ID accepted? */
    unsigned vmpls;       /* bit per level; 1 (only level 0) by default */
    uint32_t minimum_guest_svn;
    uint32_t maximum_guest_svn;          /* UINT32_MAX: any */
    uint16_t minimum_abi;                /* major << 8 | minor, of POLICY */
    SnpFirmwareVersion minimum_firmware; /* of COMMITTED */
    SnpFirmwareVersion maximum_firmware; /* of CURRENT; 255.255.255: any */
    PolicyBytesList host_data;           /* 32 bytes each */
    PolicyBytesList family_ids;          /* 16 */
    PolicyBytesList image_ids;           /* 16 */
    PolicyBytesList id_key_digests;      /* 48 */
    PolicyBytesList author_key_digests;  /* 48; zeros: no author key */
    PolicyBytesList chip_ids;            /* 64 */
    PolicyMask platform_info;
    PolicyMask policy_bits;
    unsigned signing_keys; /* bit per SnpSigningKey; 0: either */
    PolicyTextList csp_ids;
    uint64_t minimum_mitigations; /* bits that must be set in both vectors */
} PolicySnp;

typedef struct PolicyTdx {
    bool present; /* is there the object? */
    bool measurements_present;
    PolicyMeasurement *measurements; /* of MRTD */
    size_t n_measurements;
    bool debug;      /* allowed? */
    bool migratable; /* allowed? */
    PolicyMask attributes;
    PolicyMask xfam;
    uint8_t minimum_tee_tcb_svn[16]; /* byte by byte */
    uint32_t minimum_qe_svn;         /* ISVSVN of the quoting enclave */
    PolicyBytesList mr_seams;        /* 48 bytes each, here and below */
    PolicyBytesList mr_config_ids;
    PolicyBytesList mr_owners;
    PolicyBytesList mr_owner_configs;
} PolicyTdx;

/* What vouches for a machine as a whole. The order is that of the names. */
typedef enum Hardware {
    HARDWARE_NONE, /* nothing: it shows a vTPM alone */
    HARDWARE_SNP,
    HARDWARE_TDX,
    HARDWARE_MAX,
} Hardware;

/* "none", "snp" or "tdx". */
const char *hardware_name(Hardware hardware);

/* What stands behind a vTPM (design 5). The order is that of the names, not of worth. */
typedef enum VtpmRoot {
    VTPM_ROOT_HOST, /* nothing that the hardware or a configured root vouches for */
    VTPM_ROOT_PARAVISOR,
    VTPM_ROOT_SVSM,
    VTPM_ROOT_CERTIFICATE,
    VTPM_ROOT_MAX,
} VtpmRoot;

/* "paravisor", "svsm", "certificate" or "host". */
const char *vtpm_root_name(VtpmRoot root);

typedef struct PolicyParavisor {
    Bytes measurement;   /* SEV-SNP: 48 bytes, or empty when it is named by its signer */
    Bytes id_key_digest; /* SEV-SNP: 48 bytes, or empty */
    Bytes mrtd;          /* TDX: 48 bytes, and the others empty */
} PolicyParavisor;

/* PCR has one of these values. */
typedef struct PolicyPcrRule {
    unsigned pcr;
    PolicyBytesList values;
} PolicyPcrRule;

/* A rule on the texts of the log that are proven by their digests. */
typedef struct PolicyLogRule {
    unsigned pcr;
    uint32_t type; /* TCG event type */
    char *text;
    bool contains; /* else equals */
    bool required; /* else no text of the PCR, of whatever type, may match */
} PolicyLogRule;

/* What the kernel's command line must be: one of EQUALS, with all of CONTAINS, none of EXCLUDES. */
typedef struct PolicyCommandLine {
    bool present;
    PolicyTextList equals;
    PolicyTextList contains; /* whole arguments */
    PolicyTextList excludes; /* any part */
} PolicyCommandLine;

/* Every event of PCR and type has one of these digests, and there is one. Other events of the PCR
 * must be separators, actions or words that are known. */
typedef struct PolicyEventRule {
    unsigned pcr;
    uint32_t type;
    PolicyBytesList digests;
} PolicyEventRule;

/* A unified kernel has this section with one of these contents. */
typedef struct PolicySection {
    char *name; /* ".linux" */
    PolicyBytesList digests;
} PolicySection;

/* ".", then up to 14 small letters and digits. */
bool policy_section_name_is_valid(const char *name);

typedef struct PolicyTpm {
    bool required;
    unsigned roots;                       /* bit per VtpmRoot */
    uint16_t bank;                        /* TPM_ALG_ID; 0: any but SHA-1 */
    uint32_t pcrs;                        /* bit per PCR; 0: whatever was quoted */
    CertificateList certificate_roots;    /* of AK and EK certificates */
    CertificateList ak_certificate_roots; /* of AK certificates alone */
    CertificateList ek_certificate_roots; /* of EK certificates alone */
    PolicyParavisor *paravisors;
    size_t n_paravisors;
    PolicyBytesList ak_names; /* TPM Names, 34 bytes each */
    PolicyPcrRule *rules;
    size_t n_rules;
    bool secure_boot;                    /* must be on? */
    PolicyBytesList secure_boot_signers; /* 32 bytes each: see boot-signers.h */
    PolicyLogRule *log;
    size_t n_log;
    PolicyEventRule *events;
    size_t n_events;
    PolicySection *sections;
    size_t n_sections;
    PolicyCommandLine command_line;
} PolicyTpm;

#define PCR_LOADERS  4  /* what the firmware started */
#define PCR_RULE_MAX 15 /* those above can be reset, or belong to a late launch */

/* Has it a rule that only a vTPM can satisfy? */
bool policy_tpm_has_rules(const PolicyTpm *tpm);

/* A lock that only the verifier's approval opens, and who may have it opened (docs/gates.md). */
typedef struct PolicyGate {
    char *name;
    GateKind kind;            /* verifier or rewrap */
    bool every_machine;       /* "*", written out; else: */
    PolicyBytesList machines; /* AK Names, 34 bytes each */
    uint32_t expiration_sec;  /* the longest life of an approval; 0: the policy does not say */
    bool ticket;              /* kind verifier: may an approval be kept? true by default */
    unsigned binds;           /* kind rewrap: BIND_BIT() of each that a blob must have; with fleet
                                 among them it may be bound to none; 0: any but fleet */
    unsigned hardware;        /* bit per Hardware; all but none unless the policy says */
    unsigned vtpm_roots;      /* bit per VtpmRoot; all but host unless the policy says */
} PolicyGate;

typedef struct Policy {
    char *id;
    unsigned hardware; /* bit per Hardware; SNP alone unless the policy says */
    PolicySnp snp;
    PolicyTdx tdx;
    PolicyTpm tpm;
    SpkiDigest *simulated_roots;
    size_t n_simulated_roots;
    PolicyGate *gates;
    size_t n_gates;
} Policy;

enum { POLICY_OK, POLICY_E_INVALID };

/*
 * Parses a policy file. POLICY_E_INVALID: RETERR says where and why (an unknown member is an
 * error; "comment", a string, is allowed in every object). -ENOMEM. RET is owned.
 */
_must_check_ int policy_parse(ByteView text, Policy **ret, PolicyError *reterr);
Policy *policy_free(Policy *policy);
DEFINE_CLEANUP(Policy *, policy_free);
