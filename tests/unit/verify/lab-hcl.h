/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of a machine under a paravisor, to order: an HCL report forged around a report of the
 * simulated chip, and a quote by the RSA key that it names.
 */
#pragma once

#include "format/hcl-report.h"

#include "lab.h"
#include "tdx-lab.h"

/* The measurement and ID key of the lab's paravisor, hex. */
#define LAB_PARAVISOR                                                                              \
    "9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a" \
    "9a9a"
#define LAB_ID_KEY                                                                                 \
    "7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b" \
    "7b7b"
/* What LabTd measures: MRTD, MRSEAM, hex. */
#define LAB_MRTD                                                                                   \
    "31313131313131313131313131313131313131313131313131313131313131313131313131313131313131313131" \
    "3131"
#define LAB_MR_SEAM                                                                                \
    "52525252525252525252525252525252525252525252525252525252525252525252525252525252525252525252" \
    "5252"
#define LAB_VM_ID "0f1e2d3c-1122-4a4b-8c9d-a1b2c3d4e5f6"

/* A TD in place of the guest of SEV-SNP; zeroes give a good one. */
typedef struct LabTd {
    const TdxLab *lab;   /* NULL: SEV-SNP */
    uint64_t attributes; /* beside SEPT_VE_DISABLE */
    uint8_t mrtd;        /* each byte; 0: that of LAB_MRTD */
    uint8_t module_svn;  /* first byte of TEE_TCB_SVN; 0: 5 */
    uint8_t owner;       /* each byte of MROWNER and its neighbours */
    bool no_quote;
    bool quote_of_another;    /* TDREPORT */
    bool other_report_data;   /* in the quote, by a key of the same enclave */
    bool damaged_quote;       /* one bit of its signature */
    bool damaged_report_hash; /* TEE_INFO_HASH */
} LabTd;

/* Zeroes give a complete and good one. */
typedef struct LabHclOrder {
    LabTd td;
    LabField fields[3]; /* of the report, beside measurement and ID key */
    const LabLog *log;  /* NULL: lab_log_boot() with nothing wrong */
    bool no_vtpm;
    bool with_cpu;           /* a report of its own beside it */
    bool is_tdx;             /* says that the report is a TDREPORT */
    bool no_certificates;    /* none in the endorsements */
    bool stale_user_data;    /* of another request */
    bool no_user_data;       /* as old paravisors leave it out */
    bool lower_case;         /* hex as OpenHCL writes it */
    bool other_ak_in_claims; /* HCLAkPub is another key */
    bool other_claims;       /* than REPORT_DATA is the hash of */
    bool other_name;         /* the TPM signs under another Name */
    uint32_t ak_attributes;  /* 0: LAB_AK_ATTRIBUTES */
    unsigned members;        /* announced; 0: those that are sent */
} LabHclOrder;

/* Makes the RSA keys on first use, which takes a moment; lab_hcl_done() frees them. Owned. */
Evidence lab_hcl_evidence(Lab *lab, const LabHclOrder *order);
void lab_hcl_done(void);
