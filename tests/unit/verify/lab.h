/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of verify need: vectors with what is expected of them, and evidence made to order
 * by a simulated chip, a software AK and a made-up boot, so that any one thing can be wrong.
 */
#pragma once

#include "base/encode.h"
#include "base/json.h"
#include "crypto/key.h"
#include "format/bundle.h"
#include "format/evidence-claims.h"
#include "format/finding.h"
#include "format/tpm-public.h"
#include "verify/verify.h"

#include "sim-chip.h"
#include "testing.h"

#define LAB_YEAR (INT64_C(365) * 24 * 3600)

/* The wall clock: a chip's certificates begin the day before it was made. */
int64_t lab_now(void);

/* expected/KIND__NAME.json, a new reference. */
json_t *lab_expected(const char *kind, const char *name);
/* The text at a path of names, "verification.cert.not_after"; aborts when it is not there. */
const char *lab_text(const json_t *json, const char *path);
/* RFC 3339 to seconds. */
int64_t lab_seconds(const char *timestamp);
/* The bytes of a hex text. */
Bytes lab_hex(const char *text);

void lab_put(Bytes *out, const void *data, size_t size);
void lab_put_be(Bytes *out, uint64_t value, size_t size);
void lab_put_le(Bytes *out, uint64_t value, size_t size);

/* Fails unless NAME is among FINDINGS (as a failure); prints what is there. */
void lab_check_failure(const Findings *findings, const char *name);
void lab_check_warning(const Findings *findings, const char *name);
void lab_check_no_failure(const Findings *findings);
void lab_print(const Findings *findings);

/* TPMT_PUBLIC of KEY with these attributes and its usual scheme with SHA-256. */
Bytes lab_tpm_public(const Key *key, uint32_t attributes);
#define LAB_AK_ATTRIBUTES                                                                          \
    (TPM_OBJECT_FIXED_TPM | TPM_OBJECT_FIXED_PARENT | TPM_OBJECT_SENSITIVE_DATA_ORIGIN |           \
     TPM_OBJECT_USER_WITH_AUTH | TPM_OBJECT_NO_DA | TPM_OBJECT_RESTRICTED | TPM_OBJECT_SIGN)
#define LAB_EK_ATTRIBUTES                                                                          \
    (TPM_OBJECT_FIXED_TPM | TPM_OBJECT_FIXED_PARENT | TPM_OBJECT_SENSITIVE_DATA_ORIGIN |           \
     TPM_OBJECT_ADMIN_WITH_POLICY | TPM_OBJECT_RESTRICTED | TPM_OBJECT_DECRYPT)
/* TPMT_SIGNATURE around a raw RSASSA-SHA256 signature, as Azure's tools leave it. */
Bytes lab_wrap_rsassa(ByteView signature);

/* A boot: a crypto-agile log with one bank, and the registers it leads to. */
typedef struct LabLog {
    Bytes bytes;
    DigestAlgorithm algorithm;
    size_t n_events;
    EvidencePcrs pcrs;
} LabLog;

void lab_log_begin(LabLog *log, DigestAlgorithm algorithm);
void lab_log_done(LabLog *log);
/* An event whose digest is over HASHED. */
void lab_log_event(LabLog *log, unsigned pcr, uint32_t type, ByteView data, ByteView hashed);
/* The digest is that of the data. */
void lab_log_plain(LabLog *log, unsigned pcr, uint32_t type, ByteView data);
void lab_log_text(LabLog *log, unsigned pcr, uint32_t type, const char *text);
/* What GRUB does: "LABELtext" with its NUL, measured without label and NUL. */
void lab_log_grub(LabLog *log, const char *label, const char *text);
/* An extension that no firmware logs. */
void lab_log_extend(LabLog *log, unsigned pcr, ByteView hashed);
void lab_log_variable(LabLog *log, uint32_t type, const uint8_t guid[16], const char *name,
                      ByteView data);

/* What to leave out or make wrong in lab_log_boot(). */
typedef struct LabBoot {
    bool secure_boot_off;
    bool no_authority;
    bool no_exit;
    const char *command_line; /* NULL: LAB_COMMAND_LINE */
    const char *application;  /* stands for the kernel's loader; NULL: "shim" */
} LabBoot;

#define LAB_COMMAND_LINE "/vmlinuz root=/dev/mapper/root roothash=0123 ro"

/* Firmware, Secure Boot, GRUB, ExitBootServices. */
void lab_log_boot(LabLog *log, const LabBoot *boot);

/* A report field to set before signing: name and value of sim_report_set(). */
typedef struct LabField {
    const char *name, *value;
} LabField;

typedef struct Lab Lab;

/* Evidence to order; zeroes give a complete and good one. */
typedef struct LabOrder {
    LabField fields[4];
    SimSigner signer;  /* whose certificate comes along */
    SimTableSet table; /* of certificates */
    ByteView leaf;     /* replaces VCEK or VLEK; empty: the chip's */
    bool no_cpu;       /* a vTPM alone */
    bool no_vtpm;
    bool no_log;
    const LabLog *log;      /* NULL: lab_log_boot() with nothing wrong */
    uint32_t ak_attributes; /* 0: LAB_AK_ATTRIBUTES */
    const Key *ak;          /* NULL: the lab's */
    EvidencePurpose purpose;
    ByteView credential; /* goes into the claims */
    ByteView ak_certificate, ek_certificate, ek_public;
    unsigned members; /* announced; 0: those that are sent */
    bool other_ak_in_claims;
    bool other_report_data;
    bool other_qualifying_data;
    ByteView userspace_log;
} LabOrder;

Lab *lab_new(SimProduct product, bool vlek);
Lab *lab_free(Lab *lab);
DEFINE_CLEANUP(Lab *, lab_free);
SimChip *lab_chip(const Lab *lab);
const Key *lab_ak(const Lab *lab);
SpkiDigest lab_root(const Lab *lab);

extern const uint8_t lab_nonce[32];
#define LAB_AUDIENCE "https://verifier.example"

/* The parts of it. Claims into EVIDENCE, whose ak_public they name. */
void lab_put_claims(Lab *lab, const LabOrder *order, Evidence *evidence);
/* TPMS_ATTEST of a quote of PCRS. */
Bytes lab_attest(const EvidencePcrs *pcrs, ByteView qualified_signer, ByteView qualifying_data);
/* Owned. */
Evidence lab_evidence(Lab *lab, const LabOrder *order);
/* What lab_verify() starts from: the lab's root, nonce, audience and time. Borrows. */
VerifyInput lab_input(const Lab *lab, const Evidence *evidence, const Policy *policy);
/* Judges it with the lab's root, nonce and audience at lab_now(). POLICY may be NULL. */
Appraisal *lab_verify(Lab *lab, const Evidence *evidence, const Policy *policy);
/* A policy from JSON text with ' for "; aborts when it is not one. */
Policy *lab_policy(const char *text);
