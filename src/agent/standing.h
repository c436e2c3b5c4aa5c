/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the machine stands: what the bus shows, and what a run of the daemon leaves to the next one
 * of the same boot. Pure; the descriptor store is standing-store.
 */
#pragma once

#include "agent/lifecycle.h"
#include "agent/releases.h"
#include "agent/schedule.h"
#include "agent/verdict.h"

#define STANDING_RECORD_MAX (512 * 1024) /* bytes; RELEASES_MAX of the longest, and the rest */

/* What decided against the last round. Owned texts, NULL where it passed or none ran. */
typedef struct LastError {
    char *name;
    char *text;
    char *remedy;
} LastError;

/* Owned: standing_done(). Begin with STANDING_INIT. */
typedef struct Standing {
    State state;
    uint64_t since_boottime_usec;
    uint64_t last_round_boottime_usec; /* end of the last round; 0: none yet */
    LastError last_error;
    Findings findings; /* of the last round */
    Verdict verdict;   /* held in TRUSTED and RENEWING only */
    Releases releases; /* since a verdict is held */
    bool has_tpm_clock;
    AnswerTpmClock tpm_clock; /* of the last quote in this boot */
    char *tpm_clock_tcti;     /* that its TPM was reached by; owned; NULL: not known */
} Standing;

#define STANDING_INIT                                                                              \
    ((Standing){ .state = STATE_UNPROVEN, .verdict = VERDICT_NONE, .findings.source = "agent" })

void standing_done(Standing *standing);
#define _cleanup_standing_ _cleanup_(standing_done)

/* Takes the findings of a round that ended at NOW; last_error follows from them. -ENOMEM. */
_must_check_ int standing_note_round(Standing *standing, Findings *findings, uint64_t now);

/*
 * Whose record it is: only the same boot and verifier may go on with it, and only the settings that
 * its verdict was obtained under with that. Borrowed.
 */
typedef struct StandingOwner {
    const char *boot_id;
    const char *verifier;
    const char *issuer;
    const char *basis; /* config_basis() */
} StandingOwner;

/*
 * One JSON object, owned text. What the schedule plans goes with it; the token does not, but
 * TOKEN_INODE says which one belongs to it (0: none). NULL when out of memory.
 */
char *standing_encode(const Standing *standing, const Schedule *schedule,
                      const StandingOwner *owner, uint64_t token_inode);

enum {
    STANDING_OK,
    STANDING_E_MALFORMED, /* not such a record, or a torn one */
    STANDING_E_OWNER,     /* of another boot, verifier, or settings that a verdict rests on */
    STANDING_E_AHEAD,     /* of a later time of this boot: the machine was put back */
};

/*
 * Reads it back. The failures and the next round go into SCHEDULE; RET's verdict still lacks its
 * token. A named no or -ENOMEM; nothing is touched then, but for the releases of STANDING_E_OWNER
 * and STANDING_E_AHEAD where the boot is the same: they are still out.
 */
_must_check_ int standing_decode(ByteView record, const StandingOwner *owner, Schedule *schedule,
                                 Standing *ret, uint64_t *ret_token_inode);

/*
 * What a restored standing means for the lifecycle, by SCHEDULE's clocks: a verdict counts only
 * with its token and while it lasts, and is dropped else. A round that was running counts as
 * failed.
 */
Event standing_restore(Standing *standing, Schedule *schedule);
