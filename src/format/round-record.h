/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept of a round that is over, as JSON, both directions: why it began, what came of it,
 * how long each step took, every finding. Names, counts and times; texts pass redact_opaque(), so
 * that no key, token or chip's identity can be in them. Pure; files are the callers' matter.
 */
#pragma once

#include "format/worker-answer.h"

#define ROUND_RECORDS_KEPT 32                   /* rounds; some hours of renewals by the defaults */
#define ROUND_RECORD_MAX   (48 * 1024)          /* bytes of one record */
#define ROUND_NUMBER_MAX   UINT64_C(9999999999) /* ten digits, as in the name of its file */

#define ROUND_TEXT_MAX     64  /* bytes of a name: a verifier's section, a version */
#define ROUND_FINDINGS_MAX 24  /* findings of one record */
#define ROUND_FINDING_TEXT 200 /* bytes of each of their texts */

/* Why a round began. Names: round_reason_name(). */
typedef enum RoundReason {
    ROUND_STARTED,       /* attestd started */
    ROUND_RENEWAL,       /* a verdict is renewed before it ends */
    ROUND_RETRY,         /* the round before failed */
    ROUND_AFTER_REFUSAL, /* the round before was refused */
    ROUND_EXPIRED,       /* the verdict ended */
    ROUND_REQUESTED,     /* somebody asked: Attest(), or a gate that opens on demand */
    ROUND_CLOCK_SET,     /* the wall clock was set, or the machine resumed */
    ROUND_SNAPSHOT,      /* the machine was restored from a snapshot */
    ROUND_SETTINGS,      /* the configuration was read again */
    N_ROUND_REASONS,
} RoundReason;

typedef enum RoundResult {
    ROUND_PASSED,
    ROUND_REFUSED, /* by a verifier, signed */
    ROUND_FAILED,  /* anything else */
    N_ROUND_RESULTS,
} RoundResult;

/* Owned: round_record_done(). Begin with ROUND_RECORD_INIT. Texts are never NULL in a whole one. */
typedef struct RoundRecord {
    uint64_t number; /* from 1, over restarts and boots */
    char *version;   /* of attestd */
    char *boot;      /* tells boots apart and nothing else; "": not known */
    RoundReason reason;
    RoundResult result;
    char *verifier; /* name of its section */
    char *protocol;
    char *before; /* the state in which it began … */
    char *after;  /* … and the one that it led to */
    uint64_t begun_boottime_usec;
    uint64_t begun_realtime_usec;
    uint64_t ended_boottime_usec;
    uint64_t ended_realtime_usec;
    uint64_t expires_realtime_usec;    /* of the verdict that is held then; 0: none */
    uint64_t next_round_realtime_usec; /* 0: none is planned */
    uint64_t n_failures;               /* in a row, this one included */
    uint64_t retry_after_sec;          /* as the verifier asked; 0: it did not */
    uint64_t n_approvals;              /* gates that it opened */
    bool simulated;
    bool has_clock_skew;
    int64_t clock_skew_sec; /* the verifier's clock minus ours */
    char *evidence_kinds[ANSWER_KINDS_MAX];
    size_t n_evidence_kinds;
    uint64_t timings_usec[N_TIMINGS]; /* USEC_INFINITY: not measured */
    Findings findings;
    uint64_t n_left_out; /* findings beyond ROUND_FINDINGS_MAX */
} RoundRecord;

#define ROUND_RECORD_INIT ((RoundRecord){ .timings_usec = { [0 ... N_TIMINGS - 1] = UINT64_MAX } })

void round_record_done(RoundRecord *record);
#define _cleanup_round_record_ _cleanup_(round_record_done)

/* "started" …; "passed", "refused", "failed". Static text. */
const char *round_reason_name(RoundReason reason);
const char *round_result_name(RoundResult result);

/*
 * Copies FINDINGS: bounded, every text without what could open or identify. What decided is never
 * among those left out. -ENOMEM.
 */
_must_check_ int round_record_take_findings(RoundRecord *record, const Findings *findings);

/* As JSON, for one that shows it; NULL: no memory. */
json_t *round_record_to_json(const RoundRecord *record);
/* The same as text with a line feed, owned, of at most ROUND_RECORD_MAX bytes; NULL: no memory. */
char *round_record_encode(const RoundRecord *record);

enum {
    ROUND_RECORD_OK,
    ROUND_RECORD_E_MALFORMED, /* not such a record, a torn one, or of another version */
};

/* Reads that, strictly. RET untouched unless ROUND_RECORD_OK. A named no or -ENOMEM. */
_must_check_ int round_record_decode(ByteView text, RoundRecord *ret);

/* "17.json" of round 17, into OUT. */
#define ROUND_FILE_NAME_SIZE 24
void round_file_name(uint64_t number, char out[static ROUND_FILE_NAME_SIZE]);
/* The number in such a name; 0: it is none. */
uint64_t round_file_number(const char *name);
