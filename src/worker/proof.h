/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The evidence of one round, made step by step: keys of the TPM, credential, claims, hardware
 * report, quote, the whole as JSON, and our own verification of it. Each step adds to the answer's
 * findings and timings.
 */
#pragma once

#include "base/wipe.h"
#include "crypto/key.h"
#include "evidence/source-azure.h"
#include "worker/answer.h"
#include "worker/collect-client.h"

typedef struct RoundGates RoundGates; /* round-gates.h */

/* A key of the TPM to encrypt to: TPMT_PUBLIC, and what the attestation key says of it. */
typedef struct ProofTokenKey {
    Bytes public_area;
    Bytes attest;    /* TPMS_ATTEST */
    Bytes signature; /* TPMT_SIGNATURE */
} ProofTokenKey;

/* Owned: proof_done(). Begin with request and answer, which are borrowed. */
typedef struct Proof {
    const RoundRequest *request;
    WorkerAnswer *answer;
    Key *response_key;      /* P-256, lives only here; NULL for a caller */
    bool has_vtpm;          /* the request names a TPM */
    AzurePlatform platform; /* where the TPM is */
    bool is_azure;          /* the report is a paravisor's: member "hcl" instead of "cpu" */
    bool is_tpm_alone;      /* so it was configured: neither "hcl" nor "cpu" */
    Bytes ak_public;        /* TPMT_PUBLIC */
    Bytes ek_public;        /* TPMT_PUBLIC; empty unless a credential can help */
    Bytes ek_certificate;   /* DER */
    Bytes nonce;
    Bytes credential;  /* activated; empty: none */
    RoundGates *gates; /* NULL: none is asked for */
    Evidence evidence;
    bool wants_token_key;    /* the verifier asked for it */
    ProofTokenKey token_key; /* empty: not wanted */
    Bytes json;              /* the evidence as it is sent */
} Proof;

void proof_done(Proof *proof);
#define _cleanup_proof_ _cleanup_(proof_done)

enum {
    PROOF_OK,
    PROOF_E_FAILED, /* the answer's findings gained a failure */
};

/*
 * Learns the attestation key. Where it has no certificate and the endorsement key has one, that is
 * learned too: the verifier can then tie one to the other by a credential.
 */
_must_check_ int proof_identify(Proof *proof);
/* Has the TPM open the challenge's credential. */
_must_check_ int proof_activate(Proof *proof, ByteView credential_blob, ByteView secret);
/* Makes the response key, unless the evidence is for a caller. */
_must_check_ int proof_make_key(Proof *proof);
/* With nonce, keys and credential there: claims, report, logs, quote, JSON. */
_must_check_ int proof_collect(Proof *proof);
/* Verifies our own evidence; what it finds fails the round or, where so configured, warns. */
_must_check_ int proof_preflight(Proof *proof);
