/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of a machine under a paravisor, to order: an HCL report forged around a report of the
 * simulated chip, and a quote by the RSA key that it names.
 */
#pragma once

#include "format/hcl-report.h"

#include "lab.h"

/* The measurement and ID key of the lab's paravisor, hex. */
#define LAB_PARAVISOR                                                                              \
    "9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a" \
    "9a9a"
#define LAB_ID_KEY                                                                                 \
    "7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b7b" \
    "7b7b"
#define LAB_VM_ID "0f1e2d3c-1122-4a4b-8c9d-a1b2c3d4e5f6"

/* Zeroes give a complete and good one. */
typedef struct LabHclOrder {
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
