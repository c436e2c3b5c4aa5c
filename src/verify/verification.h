/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the steps of verify.h hand on to each other, and the step about the hardware. For the files
 * of one verification alone.
 */
#pragma once

#include "verify/boot-facts.h"
#include "verify/genuine-azure.h"
#include "verify/genuine-tpm.h"
#include "verify/verify.h"

typedef struct Verification {
    const VerifyInput *input;
    const AmdRoots *roots;
    Endorsements endorsements;
    GenuineAzure azure;
    bool has_azure;
    bool azure_names_ak; /* the paravisor's evidence, and it is of the key that quotes */
    GenuineSnp snp;
    bool has_snp;
    GenuineTdx tdx;
    bool has_tdx;
    bool cpu_is_bound; /* the one of these two that is there was made for these claims */
    GenuineTpm tpm;
    bool has_tpm;
    bool tpm_is_bound; /* the claims name its key */
    ReplayedLog *log;
    BootFacts boot;
    Findings whole; /* claims, and what the members are to each other */
    Findings cpu;
    Findings vtpm;
    Appraisal *appraisal;
} Verification;

/*
 * Which hardware vouches for the machine, is that what the policy takes, is its report genuine, is
 * it made for these claims, and is it what the policy wants? 0, -ENOMEM, -EIO.
 */
_must_check_ int verification_judge_hardware(Verification *v);
