/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulated AMD chip for tests and the demo: its own root, intermediate and signing keys, kept in
 * a directory, and reports, certificates and tables in AMD's formats signed with them. The names in
 * the certificates are AMD's, so a verifier can tell it from AMD by the root's key and nothing
 * else.
 */
#pragma once

#include "base/bytes.h"

#define SIM_REPORT_SIZE 1184u /* bytes, SNP ABI ATTESTATION_REPORT */
#define SIM_SIGNED_SIZE 672u  /* bytes at the start of a report that the signature covers */

typedef enum SimProduct { SIM_MILAN, SIM_GENOA, SIM_TURIN } SimProduct;
typedef enum SimSigner { SIM_VCEK, SIM_VLEK } SimSigner;

/* The named no of the functions below; negative errno is a failure of ours. */
enum {
    SIM_OK,
    SIM_E_NAME,  /* no such report field, product or certificate set */
    SIM_E_VALUE, /* not a value for that field */
    SIM_E_KEYS,  /* the directory has no usable key or certificate */
};

/* Firmware version numbers; fmc exists on Turin only. */
typedef struct SimTcb {
    uint8_t fmc, boot_loader, tee, snp, microcode;
} SimTcb;

/* Every field of a report, decoded. key_info is the u32 at 0x48 as it stands. */
typedef struct SimReport {
    SimProduct product; /* decides the layout of the TCBs; not itself a field */
    uint32_t version;   /* 2, 3 or 5 */
    uint32_t guest_svn;
    uint64_t policy;
    uint8_t family_id[16];
    uint8_t image_id[16];
    uint32_t vmpl;
    uint32_t signature_algo; /* 1 = ECDSA P-384 with SHA-384 */
    SimTcb current_tcb, reported_tcb, committed_tcb, launch_tcb;
    uint64_t platform_info;
    uint32_t key_info; /* bit 0 AUTHOR_KEY_EN, bit 1 MASK_CHIP_KEY, bits 4:2 SIGNING_KEY */
    uint8_t report_data[64];
    uint8_t measurement[48];
    uint8_t host_data[32];
    uint8_t id_key_digest[48];
    uint8_t author_key_digest[48];
    uint8_t report_id[32];
    uint8_t report_id_ma[32];
    uint8_t cpuid_family, cpuid_model, cpuid_step; /* written from version 3 on */
    uint8_t chip_id[64];
    uint8_t current_build, current_minor, current_major;
    uint8_t committed_build, committed_minor, committed_major;
    uint64_t launch_mitigations, current_mitigations; /* written from version 5 on */
} SimReport;

/* What a VCEK or VLEK certificate says. Strings are borrowed. */
typedef struct SimLeaf {
    SimSigner signer;
    SimProduct product;
    SimTcb tcb;
    uint8_t hardware_id[64];
    size_t hardware_id_size;  /* bytes; 0 leaves the extension out */
    const char *csp_id;       /* NULL leaves the extension out */
    const char *product_name; /* NULL leaves the extension out */
    uint8_t struct_version;
    int64_t not_before, not_after; /* seconds since 1970 */
} SimLeaf;

/* Which certificates the host puts into the table of the extended report. */
typedef enum SimTableSet {
    SIM_TABLE_FULL,     /* VCEK or VLEK, ASK or ASVK, ARK */
    SIM_TABLE_LEAF,     /* VCEK or VLEK alone */
    SIM_TABLE_NONE,     /* no table: zero bytes */
    SIM_TABLE_PEM,      /* full, as PEM */
    SIM_TABLE_OVERSIZE, /* well-formed, but larger than the 16 KiB a guest can receive */
    SIM_TABLE_HOSTILE,  /* offsets and lengths that wrap or point outside, a GUID twice */
} SimTableSet;

typedef struct SimTableEntry {
    const uint8_t *guid; /* 16 bytes, in printed order */
    ByteView blob;
} SimTableEntry;

extern const uint8_t sim_guid_vcek[16], sim_guid_vlek[16], sim_guid_ask[16], sim_guid_ark[16],
    sim_guid_crl[16];

typedef struct SimChip SimChip;

/* How sim_chip_create() makes a chip; all zero gives Milan with a VCEK only. */
typedef struct SimChipOptions {
    SimProduct product;
    bool vlek;          /* also makes ASVK and VLEK; reports are then VLEK-signed by default */
    const char *csp_id; /* NULL: "CN=cc-lab.example" */
    const char
        *keys_from; /* directory whose ark.key, ask.key and asvk.key are copied; NULL: none */
} SimChipOptions;

/*
 * Makes DIRECTORY (0700) if need be, and in it every key and certificate that is missing: ark, ask,
 * vcek (with vlek also asvk, vlek) as NAME.key (PEM, 0600) and NAME.der, and chip.json. Keys that
 * are there are kept. An RSA key takes seconds. SIM_OK, SIM_E_KEYS; negative errno.
 */
_must_check_ int sim_chip_create(const char *directory, const SimChipOptions *options);
/* Loads what sim_chip_create() made. SIM_OK, SIM_E_KEYS; negative errno. */
_must_check_ int sim_chip_open(const char *directory, SimChip **ret);
SimChip *sim_chip_free(SimChip *chip);
DEFINE_CLEANUP(SimChip *, sim_chip_free);

SimProduct sim_chip_product(const SimChip *chip);
bool sim_chip_has_vlek(const SimChip *chip);
/* The key that signs by default: VLEK where there is one. */
SimSigner sim_chip_signer(const SimChip *chip);
/* DER, borrowed from CHIP. NAME: "ark", "ask", "asvk", "vcek", "vlek"; empty when it has none. */
ByteView sim_chip_certificate(const SimChip *chip, const char *name);
/* SHA-384 over the SubjectPublicKeyInfo of the ARK: the name under which a policy trusts this lab.
 */
_must_check_ int sim_chip_fingerprint(const SimChip *chip, uint8_t ret[static 48]);

/* "milan", "genoa", "turin". SIM_OK, SIM_E_NAME. */
_must_check_ int sim_product_from_string(const char *text, SimProduct *ret);
/* AMD's spelling: "Milan", "Genoa", "Turin". */
const char *sim_product_name(SimProduct product);

/* A correct report of this chip: version 3 (Turin: 5), production policy 0x30000, VMPL 0. */
void sim_report_default(const SimChip *chip, SimReport *ret);
/*
 * Sets one field by its name above. VALUE: hex for byte fields (a shorter one is refused), decimal
 * or 0x for numbers, "BOOT_LOADER.TEE.SNP.MICROCODE" or "FMC.BOOT_LOADER.TEE.SNP.MICROCODE" for
 * TCBs. Beside the fields: "tcb" (all four), "signing_key" (vcek, vlek, none or a number), "debug"
 * (yes, no: bit 19 of policy), "mask_chip_id" (yes: zero chip_id), "product". SIM_OK, SIM_E_NAME,
 * SIM_E_VALUE.
 */
_must_check_ int sim_report_set(SimReport *report, const char *name, const char *value);
/*
 * Encodes and signs with the key that key_info names; MASK_CHIP_KEY or another key leaves the
 * signature zero. SIM_OK, SIM_E_KEYS; negative errno.
 */
_must_check_ int sim_report_emit(const SimChip *chip, const SimReport *report,
                                 uint8_t ret[static SIM_REPORT_SIZE]);
/* Encodes without signing. */
void sim_report_encode(const SimReport *report, uint8_t ret[static SIM_REPORT_SIZE]);
/* Signs the bytes as they are, so that a test can change any byte first. As sim_report_emit(). */
_must_check_ int sim_report_sign(const SimChip *chip, SimSigner signer,
                                 uint8_t report[static SIM_REPORT_SIZE]);

/* What this chip's VCEK or VLEK says; a test changes it and has it issued anew. */
void sim_leaf_default(const SimChip *chip, SimSigner signer, SimLeaf *ret);
/* A certificate for the chip's VCEK or VLEK key, signed by ASK or ASVK. DER. SIM_OK, SIM_E_KEYS. */
_must_check_ int sim_leaf_issue(const SimChip *chip, const SimLeaf *leaf, Bytes *ret);
/*
 * A CRL by the ARK. REVOKED is "ask", "asvk" or NULL for an empty list; dates in seconds since
 * 1970. DER. SIM_OK, SIM_E_NAME, SIM_E_KEYS; negative errno.
 */
_must_check_ int sim_chip_crl(const SimChip *chip, const char *revoked, int64_t this_update,
                              int64_t next_update, Bytes *ret);

/* A certificate table: entries, the zero entry, then the blobs, each at an 8-byte boundary. */
_must_check_ int sim_table_emit(const SimTableEntry *entries, size_t n_entries, Bytes *ret);
/* "full", "vcek", "none", "pem", "oversize", "hostile". SIM_OK, SIM_E_NAME. */
_must_check_ int sim_table_set_from_string(const char *text, SimTableSet *ret);
/* The host's table for the key that signs. LEAF replaces the leaf certificate when not empty. */
_must_check_ int sim_chip_table(const SimChip *chip, SimTableSet set, SimSigner signer,
                                ByteView leaf, Bytes *ret);
