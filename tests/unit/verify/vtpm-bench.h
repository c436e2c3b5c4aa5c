/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine whose vTPM has an AK certificate, so that its registers count, and policies that
 * believe the certificate's root.
 */
#pragma once

#include "verify/appraise.h"

#include "lab.h"

#include <openssl/evp.h>

extern Lab *milan;
extern EVP_PKEY *root_pkey; /* of the root */
extern Bytes root_pem;      /* the root, as it stands in a JSON text */

/* Complete and good evidence of it; to be changed. */
LabOrder endorsed(void);
/* A policy with these members of "snp" or "tpm", ' for ". */
Policy *policy_with(const char *object, const char *members);
/* The same for "tpm", with the root. */
Policy *tpm_policy(const char *members);

/* FINDING NULL: the policy is satisfied. */
void check_verdict(const LabOrder *order, const Policy *policy, const char *finding);
/* The same for a boot and the members of a tpm_policy(). */
void check_tpm(const LabLog *log, const char *members, const char *finding);

/* main(): runs the tests with the bench made. */
int vtpm_bench_run(const Test *tests, size_t n_tests, int argc, char **argv);
