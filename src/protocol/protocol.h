/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A verifier client without a socket in sight: fed a reply, it returns the next step. One const
 * table a protocol; the table of tables is protocols.h.
 */
#pragma once

#include "base/bytes.h"
#include "base/macro.h"
#include "format/finding.h"

/* A request to make below the verifier's URL. Owned: protocol_request_done(). */
typedef struct ProtocolRequest {
    const char *method;       /* static */
    const char *path;         /* appended to the URL: "/challenge"; static, or the conversation's */
    const char *content_type; /* static */
    const char *accept;       /* static */
    Bytes body;
    size_t reply_limit; /* bytes */
} ProtocolRequest;

/* Borrowed. What a transport brought back, whatever its status. */
typedef struct ProtocolReply {
    unsigned status;
    const char *content_type; /* NULL: none */
    ByteView body;
} ProtocolReply;

/* What we tell the verifier when asking for a challenge, and how we ask. Borrowed; all may be
 * empty.
 */
typedef struct ProtocolIdentity {
    const char *attestation_type; /* of MAA: "AzureGuest"; NULL, "auto": as the report is */
    const char *api_version;      /* of MAA; NULL: what goes with the report */
    ByteView ak_public;           /* TPMT_PUBLIC */
    ByteView ek_public;           /* TPMT_PUBLIC */
    ByteView ek_certificate;      /* DER */
} ProtocolIdentity;

/* A fresh nonce. Owned: challenge_done(). */
typedef struct Challenge {
    Bytes nonce;
    Bytes token_keys;        /* JWK set that the verifier published, unchecked text; empty: none */
    Bytes credential_blob;   /* TPM2B_ID_OBJECT; empty: none */
    Bytes credential_secret; /* TPM2B_ENCRYPTED_SECRET; empty: none */
    bool wants_encryption_key; /* the token will be encrypted to a key of the TPM */
} Challenge;

typedef enum StepKind {
    STEP_SEND,            /* make step.request, feed its reply */
    STEP_NEED_EVIDENCE,   /* step.challenge is there; answer with ->submit() */
    STEP_TOKEN,           /* step.token: what the verifier calls a token; believe it after checks */
    STEP_SEALED_TOKEN,    /* step.sealed: a token encrypted to the key that was submitted */
    STEP_REFUSAL_CLAIMED, /* step.token: says no, if its signature holds; else the round failed */
    STEP_REFUSED, /* the verifier says no in the way its protocol documents, by TLS to it alone */
    STEP_BROKEN,  /* the findings say what was wrong; the round failed */
} StepKind;

/* AES-256-GCM under a key that is encrypted with RSA, PKCS #1 1.5. Owned: step_done(). */
typedef struct SealedToken {
    Bytes key;        /* encrypted */
    Bytes nonce;      /* 12 bytes */
    Bytes ciphertext; /* with the tag behind it */
} SealedToken;

#define SEALED_TOKEN_ASSOCIATED "Transport Key" /* authenticated beside it, without NUL */

/* Owned: step_done(). */
typedef struct Step {
    StepKind kind;
    ProtocolRequest request; /* STEP_SEND */
    Challenge challenge;     /* STEP_NEED_EVIDENCE */
    SealedToken sealed;      /* STEP_SEALED_TOKEN */
    Bytes token;             /* STEP_TOKEN, STEP_REFUSAL_CLAIMED: compact JWS, unchecked text */
    Bytes gates;             /* STEP_TOKEN: what came to open gates, exact bytes, unchecked; empty:
                                nothing did */
    Findings findings;       /* STEP_BROKEN: why, our own finding first; STEP_REFUSAL_CLAIMED: what
                                the verifier says it found, unsigned; STEP_REFUSED: why */
} Step;

/* A broken step with one failure, subject "verifier". -ENOMEM. */
_must_check_ int step_break(Step *step, const char *finding, const char *found, const char *wanted);

void challenge_done(Challenge *challenge);
#define _cleanup_challenge_ _cleanup_(challenge_done)
void step_done(Step *step);
#define _cleanup_step_ _cleanup_(step_done)

/* What there is to submit. Borrowed. */
typedef struct ProtocolEvidence {
    ByteView json; /* our evidence */
    /* A key of the TPM to encrypt to: TPMT_PUBLIC, and what the attestation key says of it,
     * TPMS_ATTEST and TPMT_SIGNATURE. Empty: none was wanted. */
    ByteView key_public;
    ByteView key_attest;
    ByteView key_signature;
    ByteView td_quote; /* of the TDREPORT in it, where a paravisor reports one; empty: none */
} ProtocolEvidence;

typedef struct Conversation Conversation; /* one round's talk; each protocol has its own */

/* What a token of the protocol says yes with. */
typedef enum TokenForm {
    TOKEN_FORM_EAR, /* submodules with trust vectors; names our key */
    TOKEN_FORM_MAA, /* Microsoft's claims; what was reported names our key */
} TokenForm;

typedef struct VerifierProtocol {
    const char *name;
    TokenForm token_form;
    const char *const *token_profiles; /* eat_profile of its tokens, NULL-terminated; NULL: any */
    bool sends_bearer;                 /* the API key goes into Authorization: Bearer */
    bool publishes_keys; /* where none are configured, those of the challenge are believed */
    bool opens_gates;    /* the verifier answers for gates of kind verifier and rewrap */
    /* Begins: the first step, normally STEP_SEND. -ENOMEM. */
    int (*begin)(const ProtocolIdentity *identity, Conversation **ret, Step *ret_step);
    /* The reply to the last STEP_SEND. -ENOMEM; -EPROTO when none was due. */
    int (*feed)(Conversation *conversation, const ProtocolReply *reply, Step *ret_step);
    /* The evidence after STEP_NEED_EVIDENCE: STEP_SEND, or STEP_BROKEN where it cannot be said in
     * this protocol. -ENOMEM; -EPROTO when none was due. */
    int (*submit)(Conversation *conversation, const ProtocolEvidence *evidence, Step *ret_step);
    Conversation *(*free)(Conversation *conversation);
} VerifierProtocol;
