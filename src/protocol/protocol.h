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
    const char *path;         /* appended to the URL: "/challenge"; static */
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

/* What we tell the verifier when asking for a challenge. Borrowed; all may be empty. */
typedef struct ProtocolIdentity {
    ByteView ak_public;      /* TPMT_PUBLIC */
    ByteView ek_public;      /* TPMT_PUBLIC */
    ByteView ek_certificate; /* DER */
} ProtocolIdentity;

/* A fresh nonce. Owned: challenge_done(). */
typedef struct Challenge {
    Bytes nonce;
    Bytes credential_blob;   /* TPM2B_ID_OBJECT; empty: none */
    Bytes credential_secret; /* TPM2B_ENCRYPTED_SECRET; empty: none */
} Challenge;

typedef enum StepKind {
    STEP_SEND,            /* make step.request, feed its reply */
    STEP_NEED_EVIDENCE,   /* step.challenge is there; answer with ->submit() */
    STEP_TOKEN,           /* step.token: what the verifier calls a token; believe it after checks */
    STEP_REFUSAL_CLAIMED, /* step.token: says no, if its signature holds; else the round failed */
    STEP_BROKEN,          /* the findings say what was wrong; the round failed */
} StepKind;

/* Owned: step_done(). */
typedef struct Step {
    StepKind kind;
    ProtocolRequest request; /* STEP_SEND */
    Challenge challenge;     /* STEP_NEED_EVIDENCE */
    Bytes token;             /* STEP_TOKEN, STEP_REFUSAL_CLAIMED: compact JWS, unchecked text */
    Bytes gates;             /* STEP_TOKEN: what came to open gates, exact bytes, unchecked; empty:
                                nothing did */
    Findings findings;       /* STEP_BROKEN: why, our own finding first; STEP_REFUSAL_CLAIMED: what
                                the verifier says it found, unsigned */
} Step;

/* A broken step with one failure, subject "verifier". -ENOMEM. */
_must_check_ int step_break(Step *step, const char *finding, const char *found, const char *wanted);

void challenge_done(Challenge *challenge);
#define _cleanup_challenge_ _cleanup_(challenge_done)
void step_done(Step *step);
#define _cleanup_step_ _cleanup_(step_done)

typedef struct Conversation Conversation; /* one round's talk; each protocol has its own */

typedef struct VerifierProtocol {
    const char *name;
    const char *const *token_profiles; /* eat_profile of its tokens, NULL-terminated */
    bool sends_bearer;                 /* the API key goes into Authorization: Bearer */
    /* Begins: the first step, normally STEP_SEND. -ENOMEM. */
    int (*begin)(const ProtocolIdentity *identity, Conversation **ret, Step *ret_step);
    /* The reply to the last STEP_SEND. -ENOMEM; -EPROTO when none was due. */
    int (*feed)(Conversation *conversation, const ProtocolReply *reply, Step *ret_step);
    /* The evidence JSON after STEP_NEED_EVIDENCE. -ENOMEM; -EPROTO when none was due. */
    int (*submit)(Conversation *conversation, ByteView evidence, Step *ret_step);
    Conversation *(*free)(Conversation *conversation);
} VerifierProtocol;
