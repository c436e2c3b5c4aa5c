/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thing asked of the round worker and what became of it: a round, for which the release worker
 * is asked first where a gate wants its wrapped keys, or evidence for a caller. Turns every way in
 * which a worker can fail into a finding.
 */
#pragma once

#include "agent/gates.h"
#include "agent/verdict.h"
#include "config/config.h"

#include <systemd/sd-event.h>

#define ATTEMPT_EVIDENCE_MAX (4 * 1024 * 1024) /* bytes of an evidence JSON; design 5 */

typedef enum AttemptResult {
    ATTEMPT_PASSED,  /* the verdict, or the evidence, is there */
    ATTEMPT_REFUSED, /* a verifier's signed result says no; rounds only */
    ATTEMPT_FAILED,  /* anything else */
} AttemptResult;

/* Owned by the attempt; the handler may take verdict, evidence_fd, findings and basis. */
typedef struct AttemptOutcome {
    AttemptResult result;
    WorkerAnswer answer; /* ANSWER_FAILED with a finding of the agent where none came */
    Verdict verdict;     /* ATTEMPT_PASSED of a round */
    int evidence_fd;     /* ATTEMPT_PASSED for a caller, sealed; else -EBADF */
    char *basis;         /* config_basis() of the settings it ran with; NULL where it did not run */
} AttemptOutcome;

/* Negative errno stops the daemon. May free the attempt. */
typedef int AttemptDone(AttemptOutcome *outcome, void *userdata);

typedef struct Attempt Attempt;

typedef struct AttemptRequest {
    const Config *config;
    const Gates *gates; /* that a round asks for */
    const char *runtime_directory;
    const Clock *clock;
    ByteView nonce; /* empty: a round; else evidence for a caller over it */
} AttemptRequest;

/*
 * Begins; DONE is called once, from the event loop and never from here, unless the attempt is freed
 * before. Nothing of REQUEST is kept but the clock. Negative errno.
 */
_must_check_ int attempt_new(sd_event *event, const AttemptRequest *request, AttemptDone *done,
                             void *userdata, Attempt **ret);
Attempt *attempt_free(Attempt *attempt);
/*
 * Makes OUTCOME a failed one: what a verifier said under other settings is neither a yes nor a no
 * under these. -ENOMEM.
 */
_must_check_ int attempt_supersede(AttemptOutcome *outcome);
DEFINE_CLEANUP(Attempt *, attempt_free);
