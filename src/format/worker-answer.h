/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one JSON object with which every worker answers, both directions (docs/architecture.md).
 * Pure: descriptors and sockets are the callers' matter. The reader distrusts the writer, since a
 * round worker has parsed bytes from the network.
 */
#pragma once

#include "format/bundle.h"
#include "format/check-list.h"
#include "format/finding.h"
#include "format/gate-kind.h"
#include "format/gate-name.h"
#include "format/on-loss.h"
#include "format/rewrap-list.h"

#define ANSWER_SIZE_MAX      (128 * 1024) /* bytes, the line feed included; fits 32 blobs */
#define ANSWER_APPROVALS_MAX 16           /* gates of one round */
#define ANSWER_FDS_MAX       (1 + ANSWER_APPROVALS_MAX) /* the token and an approval a gate */
#define ANSWER_KINDS_MAX     8
#define ANSWER_TEXT_MAX      2048 /* bytes of any one text; a URL is the longest */
#define ANSWER_FACTS_MAX     128  /* entries of AnswerToken.claims */
#define ANSWER_RELEASED_MAX  128  /* askers of one release */
#define ANSWER_WRAPPED_MAX   REWRAP_LIST_MAX

#define ANSWER_HEADER_SHA256_SIZE 32  /* bytes */
#define ANSWER_TPM_NAME_SIZE      133 /* a TPM Name of SHA-512 at most, in hex, with NUL */

typedef enum AnswerResult {
    ANSWER_OK,     /* proven, or collected */
    ANSWER_NO,     /* a refusal signed by the verifier */
    ANSWER_FAILED, /* anything else; withdraws nothing */
} AnswerResult;

/* Names on the wire: answer_timing_name(). */
typedef enum AnswerTiming {
    TIMING_CHALLENGE, /* asking the verifier for its nonce */
    TIMING_COLLECT,   /* everything the collect worker took, pacing included */
    TIMING_REPORT,    /* the hardware report alone; collect answers */
    TIMING_PACING,    /* waiting for the pause between two hardware reports */
    TIMING_QUOTE,     /* TPM work */
    TIMING_PREFLIGHT, /* verifying our own evidence */
    TIMING_SUBMIT,    /* sending it and waiting for the verifier */
    TIMING_TOKEN,     /* checking the token */
    TIMING_UNSEAL,    /* TPM work of seal and release */
    TIMING_TOTAL,
    N_TIMINGS,
} AnswerTiming;

/* What the agent needs of an accepted token; the token itself travels as a memfd. */
typedef struct AnswerToken {
    char *jti; /* "" when the token has none */
    char *issuer;
    char *kid; /* "" when the token has none */
    char *alg;
    uint64_t issued_sec;            /* iat, wall clock of the verifier */
    uint64_t expires_sec;           /* exp */
    uint64_t life_usec;             /* exp - iat */
    uint64_t expires_boottime_usec; /* boot time at which the challenge was sent + life */
    json_t *claims; /* flat object: name to string, integer, boolean or array of strings; owned */
} AnswerToken;

/* A gate that is open for a while. What opens it travels as the descriptor "approval-GATE". */
typedef struct AnswerApproval {
    char *gate;
    GateKind kind; /* verifier: an approval.h object; rewrap: data keys, secret/data-keys.h */
    uint64_t expires_boottime_usec; /* when to let go of it; the TPM decides */
    bool once; /* for those who wait now: never stored, wiped when they are served */
} AnswerApproval;

/* The TPM's clockInfo (TPM 2.0 Part 2, 10.11.1) in a quote of this round, before it is judged. */
typedef struct AnswerTpmClock {
    uint64_t clock_msec;
    uint32_t reset_count;
    uint32_t restart_count;
} AnswerTpmClock;

/* The attestation key that made it. */
typedef struct AnswerTpmKey {
    char name[ANSWER_TPM_NAME_SIZE]; /* TPM Name in hex; "": not known */
    bool is_forgotten;               /* by the paravisor's word the next boot has another */
} AnswerTpmKey;

/* What became of one asker. */
typedef struct AnswerReleased {
    bool ok;       /* every byte of the secret is in the asker's socket; else not one of ours is */
    char *finding; /* why not; NULL when ok */
    char *gate;    /* that was open; NULL unless ok, or where the worker does not say */
    uint64_t version; /* of the secret; 0 likewise */
    OnLoss on_loss;   /* what follows a lost verdict; ON_LOSS_KEEP unless ok */
    /* Of the secret's header, its exact bytes, which were found authentic; zeros unless ok. */
    uint8_t header_sha256[ANSWER_HEADER_SHA256_SIZE];
} AnswerReleased;

/* A secret behind a gate of kind rewrap, as the round takes it to the verifier. */
typedef struct AnswerWrapped {
    char *name;
    char *id; /* base64url of the secret's 16 bytes */
    uint64_t version;
    char *gate;
    char *jwe; /* jwe_text_is_valid() */
} AnswerWrapped;

/* Owned: worker_answer_done(). Begin with WORKER_ANSWER_INIT. */
typedef struct WorkerAnswer {
    AnswerResult result;
    char *error; /* name of the deciding finding; NULL when ok */
    Findings findings;
    uint64_t timings_usec[N_TIMINGS]; /* USEC_INFINITY: not measured, absent on the wire */
    char *fd_names[ANSWER_FDS_MAX];   /* of the descriptors passed, in their order */
    size_t n_fds;

    /* Answers of round. */
    char *evidence_kinds[ANSWER_KINDS_MAX];
    size_t n_evidence_kinds;
    char *verifier_url;       /* the URL that answered; NULL: none */
    uint64_t retry_after_sec; /* as the verifier asked, clamped; 0: absent */
    bool has_clock_skew;
    int64_t clock_skew_sec; /* the verifier's Date minus our wall clock */
    bool has_tpm_clock;
    AnswerTpmClock tpm_clock;
    AnswerTpmKey tpm_key;
    bool simulated;
    AnswerToken *token;                             /* NULL: none */
    AnswerApproval approvals[ANSWER_APPROVALS_MAX]; /* with a token only */
    size_t n_approvals;

    /* Answers of collect. */
    char *source;    /* "sev-guest"; NULL: none */
    EvidenceCpu cpu; /* provider NULL: none */

    /* Answers of seal. */
    char *secret_name;       /* of what was stored; NULL: nothing was */
    uint64_t secret_version; /* from 1 */

    /* Answers of release: one for each asker, in the order of the request. Owned array. */
    AnswerReleased *released;
    size_t n_released;

    /* Answers of wrapped. Owned array of at most ANSWER_WRAPPED_MAX. */
    AnswerWrapped *wrapped;
    size_t n_wrapped;

    /* Answers of probe, which are ok whatever was found. */
    CheckList checks;
} WorkerAnswer;

/* "approval-": what the name of an approval's descriptor begins with. */
#define ANSWER_APPROVAL_PREFIX "approval-"
/* Room for such a name, NUL included. */
#define ANSWER_APPROVAL_NAME_SIZE (sizeof(ANSWER_APPROVAL_PREFIX) + GATE_NAME_LIMIT)

#define WORKER_ANSWER_INIT                                                                         \
    ((WorkerAnswer){ .result = ANSWER_FAILED,                                                      \
                     .timings_usec = { [0 ... N_TIMINGS - 1] = UINT64_MAX } })

void worker_answer_done(WorkerAnswer *answer);
#define _cleanup_worker_answer_ _cleanup_(worker_answer_done)
AnswerToken *answer_token_free(AnswerToken *token);
DEFINE_CLEANUP(AnswerToken *, answer_token_free);

/* "ok", "no", "failed"; "challenge" … "total". Static text. */
const char *answer_result_name(AnswerResult result);
const char *answer_timing_name(AnswerTiming timing);

/*
 * May this stand among the claims of an AnswerToken? NAME of letters, digits, '.', '_' and '-';
 * VALUE an integer, a boolean, printable text, or a short list of such texts or of integers.
 */
bool answer_fact_is_valid(const char *name, const json_t *value);

/*
 * Sets result and error by the first failure among the findings: none is ANSWER_OK, else OTHERWISE
 * (ANSWER_NO or ANSWER_FAILED). -ENOMEM.
 */
_must_check_ int worker_answer_decide(WorkerAnswer *answer, AnswerResult otherwise);

/*
 * The object as one line, line feed included, owned text. Findings are left out from the end,
 * never the deciding one, until the line fits ANSWER_SIZE_MAX. -ENOMEM; -EMSGSIZE when it still
 * does not fit.
 */
_must_check_ int worker_answer_encode(const WorkerAnswer *answer, char **ret);

enum {
    WORKER_ANSWER_OK,
    WORKER_ANSWER_E_JSON,   /* not one bounded JSON object */
    WORKER_ANSWER_E_MEMBER, /* a member is unknown, missing, of a wrong type or out of range */
    WORKER_ANSWER_E_STATE, /* members contradict each other: ok with an error, a token of a no … */
};

/*
 * Reads what worker_answer_encode() wrote; the line feed may be there. Fails closed on every
 * unknown member. RET untouched on failure. A named no or -ENOMEM.
 */
_must_check_ int worker_answer_decode(ByteView line, WorkerAnswer *ret);
