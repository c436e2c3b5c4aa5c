/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The claims of a bundle, an EAT claims set (RFC 9711) in JSON: who asked, for what, with which
 * nonce, and what belongs together. Hashed as exact bytes, so emitted once and never re-made.
 */
#pragma once

#include "base/json.h"
#include "format/bundle.h"

#define CLAIMS_SIZE_MAX       16384 /* bytes of JSON */
#define CLAIMS_NONCE_MIN      8     /* bytes; EAT asks for 64 bits of entropy */
#define CLAIMS_NONCE_MAX      64    /* bytes; 86 characters of the 88 EAT allows */
#define CLAIMS_NONCE_TPM_SIZE 24    /* bytes: the one length with one parse of the approval */
#define CLAIMS_CREDENTIAL_MAX 64    /* bytes: the largest digest of a TPM */
#define CLAIMS_GATES_MAX      32
#define CLAIMS_TEXT_MAX       512 /* bytes of aud, swname, swversion */
#define CLAIMS_AK_SHA384_SIZE 48  /* bytes */

typedef enum EvidencePurpose {
    EVIDENCE_PURPOSE_ROUND,  /* for the verifier named in aud; has cnf, may have gates */
    EVIDENCE_PURPOSE_CALLER, /* for a D-Bus caller: no aud, no cnf, no gates, no credential */
} EvidencePurpose;

/* Owned. A zeroed struct is empty and valid. */
typedef struct EvidenceClaims {
    EvidencePurpose purpose;
    char *audience; /* the verifier's id; NULL for a caller */
    Bytes nonce;
    json_t *jwk;      /* response key, P-256; NULL for a caller */
    unsigned members; /* EVIDENCE_MEMBER_…: what belongs to the collection */
    uint8_t ak_sha384[CLAIMS_AK_SHA384_SIZE]; /* of TPMT_PUBLIC; with EVIDENCE_MEMBER_VTPM only */
    char **gates;                             /* n_gates owned names */
    size_t n_gates;
    Bytes nonce_tpm;  /* with gates only; size 0: none of them is the TPM's to open */
    Bytes credential; /* activated credential; size 0: the challenge brought none */
    char *swname;
    char *swversion;
} EvidenceClaims;

enum {
    CLAIMS_OK,
    CLAIMS_E_SIZE,      /* more than CLAIMS_SIZE_MAX bytes, or a text or list too long */
    CLAIMS_E_DEPTH,     /* nested deeper than 16 levels */
    CLAIMS_E_DUPLICATE, /* a member name twice in one object, or a list entry twice */
    CLAIMS_E_SYNTAX,    /* not JSON, or not an object */
    CLAIMS_E_PROFILE,   /* eat_profile is not ours */
    CLAIMS_E_PURPOSE,   /* neither round nor caller */
    CLAIMS_E_MISSING,   /* a required member is absent */
    CLAIMS_E_UNKNOWN,   /* a member, or an entry of members, that this version does not know */
    CLAIMS_E_UNWANTED,  /* a member that does not go with the purpose or with the others */
    CLAIMS_E_TYPE,      /* a member of the wrong JSON type */
    CLAIMS_E_ENCODING,  /* base64url with padding, a foreign character or trailing bits */
    CLAIMS_E_NONCE,     /* eat_nonce or nonce_tpm of a wrong size */
    CLAIMS_E_KEY,       /* cnf is not one P-256 public key for ECDH-ES+A256KW */
    CLAIMS_E_GATE,      /* not a gate name */
};

/* CLAIMS_OK or a named no, then with the member in RETERR (may be NULL); -ENOMEM. */
_must_check_ int evidence_claims_parse(ByteView json, EvidenceDetail *reterr, EvidenceClaims *ret);
/*
 * Compact JSON. swname and swversion are "attestd" and our version when NULL. -ENOMEM; -EINVAL when
 * what would be written is not what evidence_claims_parse() accepts.
 */
_must_check_ int evidence_claims_emit(const EvidenceClaims *claims, Bytes *ret);
/* A word for each of the above, for error texts. */
const char *evidence_claims_reason(int reason);

void evidence_claims_done(EvidenceClaims *claims);
#define _cleanup_evidence_claims_ _cleanup_(evidence_claims_done)
