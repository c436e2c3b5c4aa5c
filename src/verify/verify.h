/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public entry: evidence, policy and time in, every finding and the believed facts out. Runs,
 * in this order: claims, bindings, genuineness, root of the vTPM, replay, facts, appraisal. Pure:
 * no I/O, no clock, nothing fetched.
 */
#pragma once

#include "verify/policy.h"
#include "verify/trust-vector.h"

#include "base/bytes.h"
#include "base/json.h"
#include "format/bundle.h"
#include "format/evidence-claims.h"
#include "format/finding.h"

struct Appraisal;

/*
 * What was proven, for those who draw more from it than the facts: policy is not asked, and what is
 * genuine but was made for other claims is not among it. Borrowed, for one call.
 */
typedef struct Believed {
    const struct GenuineSnp *snp;  /* made for these claims; NULL: no such report; so below */
    const struct GenuineTdx *tdx;  /* likewise */
    const struct GenuineTpm *tpm;  /* a quote over these claims by the key that they name */
    const struct ReplayedLog *log; /* whose events are of registers that were quoted so */
    const struct BootFacts *boot;
    const struct Appraisal *appraisal; /* the verdict, all but finished: findings are in order */
} Believed;

/* What is needed to judge. Everything is borrowed for the call. */
typedef struct VerifyInput {
    const Evidence *evidence;
    const Policy *policy; /* NULL: genuineness, bindings and replay only (pre-flight) */
    ByteView nonce;       /* decoded bytes that eat_nonce must be; .data NULL: not judged */
    const char *audience; /* what aud must be; NULL: not judged */
    bool caller_allowed;  /* is evidence of purpose "caller" welcome? */
    int64_t now_sec;      /* wall clock, seconds since 1970, for certificate validity */

    const AmdRoots *roots; /* NULL: AMD's keys are made ready for this call */

    /* Roots accepted as simulated, besides those the policy lists. */
    const SpkiDigest *simulated_roots;
    size_t n_simulated_roots;

    /* Certificates and CRLs from elsewhere (cache, KDS, configuration), DER. Hints, like those in
     * the evidence: each is believed only through a chain to a root. */
    const ByteView *certificates;
    size_t n_certificates;
    const ByteView *crls;
    size_t n_crls;

    /* Roots of AK and EK certificates where there is no policy to name them; NULL: none. */
    const CertificateList *vtpm_roots;

    /* Likewise the paravisors that are believed. */
    const PolicyParavisor *paravisors;
    size_t n_paravisors;

    /* The secret that the challenge wrapped for exactly the EK and the AK Name of this evidence;
     * .data NULL: no such challenge. */
    ByteView credential;

    /* Without a policy to say so: is a quote of a vTPM enough, with no hardware behind it? */
    bool hardware_unneeded;

    /* Sees what is believed before it is let go of; NULL: nobody asks. 0, or a negative errno that
     * verify_evidence() then returns. */
    int (*on_believed)(const Believed *believed, void *userdata);
    void *userdata;

    const char *source; /* of the findings: "worker", "verifier"; static text */
} VerifyInput;

/* One submodule of the result. */
typedef struct SubmoduleAppraisal {
    bool present; /* was the member sent? */
    TrustTier status;
    TrustVector vector;
    json_t *facts; /* flat object; of what is genuine and bound to these claims only, and nothing
                    * that identifies chip or machine; NULL: there is none */
} SubmoduleAppraisal;

typedef struct Appraisal {
    Findings findings;
    /* Contraindicated as soon as there is one failure; none when a submodule says none and nothing
     * is worse: so for every vTPM of the host. */
    TrustTier status;
    SubmoduleAppraisal cpu;
    SubmoduleAppraisal vtpm;
    Hardware hardware; /* by what was sent, genuine or not */
    VtpmRoot vtpm_root;
    bool simulated;   /* the hardware chain ends in a root listed as simulated */
    json_t *identity; /* "chip_id", "report_id", "ak_name", "vm_id", …: for gates and logs, never a
                         token */
    Bytes ak_name;    /* TPM Name of the AK that the claims name; empty unless its quote is good */
    bool has_claims;  /* could the claims be read? Then: */
    EvidenceClaims claims; /* as sent: nonce, response key (jwk), gates asked for, nonce_tpm */
} Appraisal;

enum {
    VERIFY_OK,        /* no failure among the findings */
    VERIFY_E_REFUSED, /* at least one; RET is set all the same */
};

/*
 * Judges. RET is owned and set for both VERIFY_OK and VERIFY_E_REFUSED; untouched on our own
 * failure (negative errno). The evidence must have passed bundle parsing.
 */
_must_check_ int verify_evidence(const VerifyInput *input, Appraisal **ret);
Appraisal *appraisal_free(Appraisal *appraisal);
DEFINE_CLEANUP(Appraisal *, appraisal_free);
