/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What came of it: the verdict, every finding, and the claims. Whole when it is handed out and
 * never changed, so that threads may share one. Texts are borrowed from it, UTF-8, never NULL.
 */
#pragma once

#include <attest/declare.h>

#include <stdbool.h>
#include <stddef.h>

ATTEST_BEGIN_DECLS

/* Opaque. */
typedef struct attest_result attest_result;
/* Opaque, part of a result: what was found, what was wanted, and what to do. */
typedef struct attest_finding attest_finding;

/* Frees; NULL is welcome. Always NULL. */
ATTEST_API attest_result *attest_result_free(attest_result *result);

/*
 * What it is about: for a verdict "evidence", "snp", "quote", "event-log", "hcl", "tdx", "token";
 * for an inspection "snp-report", "snp-response", "snp-certificates", "evidence", "hcl-report",
 * "td-quote", "tpm-quote", "tpm-public", "tpm-signature", "event-log", "userspace-log", "pcrs",
 * "token", "jwks", "certificate", "public-key", "policy", "trust", or "" when nothing was
 * recognised; for policy.h "policy-explanation", "policy-baseline".
 */
ATTEST_API const char *attest_result_kind_name(const attest_result *result);

/* What the function returned that made it: ATTEST_PASS, ATTEST_E_FAIL, ATTEST_E_UNREADABLE. */
ATTEST_API int attest_result_verdict(const attest_result *result);

/*
 * All of it as compact JSON: of a verdict {"verdict": "pass" or "fail", "checks": [finding…],
 * "claims": {…}}; of an inspection {"kind": …, "content": {…}, "checks": [finding…]}; for
 * policy.h see there.
 */
ATTEST_API const char *attest_result_json(const attest_result *result);

ATTEST_API size_t attest_result_n_findings(const attest_result *result);
/* In the order they were made, from 0; NULL behind the last. */
ATTEST_API const attest_finding *attest_result_finding(const attest_result *result, size_t i);

/* Stable name, "snp-signature-invalid"; listed in the manual of attestctl. */
ATTEST_API const char *attest_finding_name(const attest_finding *finding);
/* What it is about: "cpu", "vtpm", "pcr 7". */
ATTEST_API const char *attest_finding_subject(const attest_finding *finding);
/* Does it decide against the evidence? Else it is a warning. */
ATTEST_API bool attest_finding_decides(const attest_finding *finding);
/* May be empty. */
ATTEST_API const char *attest_finding_found(const attest_finding *finding);
/* May be empty. */
ATTEST_API const char *attest_finding_wanted(const attest_finding *finding);
/* What to do about it, a sentence. */
ATTEST_API const char *attest_finding_remedy(const attest_finding *finding);
/* Who says so: "libattest". */
ATTEST_API const char *attest_finding_source(const attest_finding *finding);

ATTEST_END_DECLS
