/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A verdict as it is held: the token, sealed and unread, the facts that came with it, and when it
 * ends. Made from a worker's answer or from what a run before left behind.
 */
#pragma once

#include "agent/approvals.h"
#include "config/config-value.h"
#include "format/worker-answer.h"

#include <errno.h>

#define VERDICT_TOKEN_MAX (64 * 1024) /* bytes; spec/endpoints 7.1 rule 1 */

/* Owned: verdict_done(). Begin with VERDICT_NONE. */
typedef struct Verdict {
    int token_fd; /* sealed memfd; -EBADF: no verdict */
    char *jti;    /* "" when the token has none */
    char *issuer;
    char *basis; /* config_basis() that it was obtained under */
    Texts evidence_kinds;
    json_t *claims; /* flat object */
    bool simulated;
    uint64_t expires_boottime_usec;
    uint64_t expires_realtime_usec;
    Approvals approvals; /* of the gates that it opens */
} Verdict;

#define VERDICT_NONE ((Verdict){ .token_fd = -EBADF })

void verdict_done(Verdict *verdict);
#define _cleanup_verdict_ _cleanup_(verdict_done)

enum {
    VERDICT_OK,
    VERDICT_E_TOKEN, /* no sealed memfd of a token's size */
    VERDICT_E_LIFE,  /* expired already, or lives longer than it says */
};

/*
 * Takes what ANSWER of ANSWER_OK with a token says. TOKEN_FD is taken on VERDICT_OK only. A named
 * no or -ENOMEM.
 */
_must_check_ int verdict_from_answer(const WorkerAnswer *answer, int token_fd, const Clock *clock,
                                     Verdict *ret);

/* {"jti", "issuer", "basis", "evidence_kinds", "claims", "simulated", "expires_…", "approvals"};
 * NULL: no memory. */
json_t *verdict_to_json(const Verdict *verdict);
/* Reads that, strictly; token and approvals themselves are apart. VERDICT_OK, VERDICT_E_TOKEN when
 * it is malformed. */
_must_check_ int verdict_from_json(const json_t *object, Verdict *ret);

/* Is FD a memfd sealed against every change, of 1 to LIMIT bytes? */
bool fd_is_sealed(int fd, size_t limit);
/* The same file with an offset of its own, read-only. The fd or negative errno. */
_must_check_ int fd_reopen(int fd);
