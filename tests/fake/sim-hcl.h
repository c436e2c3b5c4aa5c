/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report that a simulated Azure paravisor publishes: header, hardware report, runtime claims
 * (spec: azure 2). Every deviation that a test may ask for is a member of SimHcl.
 */
#pragma once

#include "sim-chip.h"

#define SIM_HCL_USER_DATA 64 /* bytes */
#define SIM_HCL_MODULUS   256

/* How the claims and the hash in the hardware report are spoiled. */
typedef struct SimHclFaults {
    bool wrong_hash;      /* REPORT_DATA is the hash of other claims */
    bool wrong_user_data; /* not what the guest wrote */
    bool no_user_data;    /* as the oldest paravisors */
    bool zero_ak;         /* it could not make its key */
    bool other_ak;        /* claims that name a key of nobody's */
    bool tdx;             /* a TDREPORT instead of a report of SEV-SNP */
} SimHclFaults;

/* What a report is made of. Borrowed. */
typedef struct SimHcl {
    const SimChip *chip;
    const SimReport *report;  /* fields; REPORT_DATA is filled in */
    uint32_t header_version;  /* 1 or 2 */
    bool upper_case;          /* hex of user-data and GUID: the closed paravisor's spelling */
    const uint8_t *ak, *ek;   /* moduli, SIM_HCL_MODULUS bytes each */
    const uint8_t *user_data; /* SIM_HCL_USER_DATA bytes */
    bool is_oldest;           /* one key, no user data: what fits an index of 2048 bytes */
    bool forgets;             /* the vTPM's state is not kept */
    SimHclFaults faults;
} SimHcl;

/* The report without padding. SIM_OK, SIM_E_KEYS; negative errno. */
_must_check_ int sim_hcl_emit(const SimHcl *hcl, Bytes *ret);
