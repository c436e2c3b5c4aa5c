/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy session for the gates: the nonce a verifier approves, its signature turned into a ticket
 * that lasts, and the ticket used later by another process.
 */
#pragma once

#include "crypto/gate-policy.h"
#include "tpm/tpm-context.h"

/*
 * In its context, which it borrows and must not outlive. It may wait for the network for as long as
 * the round does; approvals count from its start.
 */
typedef struct TpmPolicy {
    TpmContext *tpm;
    ESYS_TR session;
    uint8_t nonce[GATE_NONCE_SIZE]; /* nonceTPM */
} TpmPolicy;

/* Flushes the session from the TPM. */
TpmPolicy *tpm_policy_free(TpmPolicy *policy);
DEFINE_CLEANUP(TpmPolicy *, tpm_policy_free);

/* What opens the gate until its time is over, for whoever has it and the TPM. Zeroed is empty. */
typedef struct TpmTicket {
    Bytes timeout;      /* TPM2B_TIMEOUT without its size; the TPM's own encoding */
    uint16_t tag;       /* TPM2_ST_AUTH_SIGNED */
    uint32_t hierarchy; /* TPM2_RH_OWNER */
    Bytes digest;       /* TPM2B_DIGEST without its size */
} TpmTicket;

#define TPM_TICKET_PART_MAX 64 /* bytes of timeout and of digest: what a TPM2B_DIGEST takes */

/* Wiped: a ticket opens what is sealed. */
void tpm_ticket_done(TpmTicket *ticket);
#define _cleanup_tpm_ticket_ _cleanup_(tpm_ticket_done)

/* Finding of each: tpm_policy_finding(). */
enum {
    TPM_POLICY_OK,
    TPM_POLICY_E_TOO_OLD,     /* TPM library before 1.38: its tickets cannot be relied on */
    TPM_POLICY_E_NONCE_SIZE,  /* nonceTPM has not GATE_NONCE_SIZE bytes */
    TPM_POLICY_E_MALFORMED,   /* policyRef, signature, Name or ticket of a wrong size or kind */
    TPM_POLICY_E_EXPIRATION,  /* the approval's expiration is not -3600 … -1 */
    TPM_POLICY_E_RELEASE_KEY, /* not P-256, or the TPM names it otherwise than we do */
    TPM_POLICY_E_REFUSED,     /* signed for another session, gate or machine, or by another key */
    TPM_POLICY_E_EXPIRED,     /* the approval's time is over */
    TPM_POLICY_E_NO_TICKET,   /* the TPM accepted it and gave no ticket of the owner hierarchy */
    TPM_POLICY_E_LOST,    /* ticket of an earlier start of the TPM, of another TPM, or altered */
    TPM_POLICY_E_FAILED,  /* what was approved is in no branch of the policy */
    TPM_POLICY_E_SESSION, /* the TPM was reset, or someone flushed the session */
    TPM_POLICY_E_PCRS,    /* registers have other values than wanted */
    TPM_POLICY_E_COUNTER, /* the counter is further than wanted, or another than was sealed to */
};

/*
 * The name in the catalogue for a no of this header. On every no, and every negative errno that the
 * TPM caused, tpm->failure has the same finding and the cause in words.
 */
const char *tpm_policy_finding(int no);

/* Opens a SHA-256 policy session with a nonce of our own. _OK, _E_TOO_OLD, _E_NONCE_SIZE. */
_must_check_ int tpm_policy_start(TpmContext *tpm, TpmPolicy **ret);

/* An approval as it came from the verifier. */
typedef struct TpmApproval {
    const Key *release_key;
    ByteView policy_ref;    /* computed here with gate_policy_ref(), not taken from a message */
    int64_t expiration_sec; /* as signed */
    ByteView signature;     /* r ‖ s */
} TpmApproval;

/*
 * PolicySigned over this session's nonce, with the release key loaded meanwhile (one object slot).
 * The TPM checks the signature. Named no or negative errno.
 */
_must_check_ int tpm_policy_sign(TpmPolicy *policy, const TpmApproval *approval, TpmTicket *ret);
/* Back to an empty policy; the nonce stays. Between two gates. _OK, _E_SESSION. */
_must_check_ int tpm_policy_restart(TpmPolicy *policy);
/*
 * PolicyTicket: as if the key of KEY_NAME had just signed POLICY_REF. _OK, _E_MALFORMED,
 * _E_EXPIRED, _E_LOST, _E_SESSION.
 */
_must_check_ int tpm_policy_present(TpmPolicy *policy, const TpmTicket *ticket, ByteView policy_ref,
                                    ByteView key_name);
/*
 * PolicyOR, for a secret sealed to the present and the next release key; in the order of
 * gate_policy_or(). _OK, _E_FAILED (the session is at neither), _E_SESSION.
 */
_must_check_ int tpm_policy_or(TpmPolicy *policy, const Digest *current, const Digest *next);
/*
 * PolicyNV: the counter at INDEX, whose Name is NAME, is at most MOST. _OK, _E_COUNTER, _E_SESSION.
 */
_must_check_ int tpm_policy_nv(TpmPolicy *policy, uint32_t index, ByteView name, uint64_t most);
/*
 * PolicyPCR: the registers have these values now. Comes last: any register that is extended from
 * here on spoils the session (tpm-seal.h). _OK, _E_MALFORMED, _E_PCRS, _E_SESSION.
 */
_must_check_ int tpm_policy_pcr(TpmPolicy *policy, const GatePcrs *pcrs);
/* PolicyGetDigest: what the session has come to. _OK, _E_SESSION. */
_must_check_ int tpm_policy_digest(TpmPolicy *policy, Digest *ret);
