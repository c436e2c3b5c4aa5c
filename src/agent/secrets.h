/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks for a secret, who waits, who is served, who is refused and why; and the approvals that
 * serving takes. A secret itself never comes here.
 */
#pragma once

#include "agent/agent.h"

#define SECRETS_ASKER_MAX   8   /* of one unit, volume or user that may wait */
#define SECRETS_WAITING_MAX 112 /* of all; the other slots of the store are for refusals */

typedef struct Secrets Secrets;

/*
 * Takes socket and record out of PASSED; AGENT is borrowed. A machine on which nobody can be let in
 * is logged, and nobody is. -ENOMEM or another errno of the loop.
 */
_must_check_ int secrets_new(Agent *agent, PassedFds *passed, Secrets **ret);
enum {
    SECRETS_OK,
    SECRETS_E_MANY,    /* too many of this asker, or of all */
    SECRETS_E_LEAVING, /* the daemon ends */
};

/*
 * Lets ASKER, a user of the bus, ask as connections do; ANSWER comes from the event loop and never
 * from here, unless RET is forgotten before. A named no or negative errno.
 */
_must_check_ int secrets_open(Secrets *secrets, const Asker *asker, AskingAnswer *answer,
                              void *userdata, Asking **ret);
/* The caller has left: no answer. */
void secrets_forget(Secrets *secrets, Asking *asking);

/* Takes the connections that the run before left. Negative errno. */
_must_check_ int secrets_resume(Secrets *secrets, PassedFds *passed);
Secrets *secrets_free(Secrets *secrets);
DEFINE_CLEANUP(Secrets *, secrets_free);

/*
 * A verdict is held: its APPROVALS become files, and whoever waits is tried with them. Those that
 * cannot be had leave the list, and so do those for once: whoever waits now is served with them.
 * Negative errno: some could not be stored.
 */
_must_check_ int secrets_adopt(Secrets *secrets, Approvals *approvals);
/* What has expired of APPROVALS goes, file and all. */
void secrets_expire(Secrets *secrets, Approvals *approvals);
/* How many wait, or are being served. */
size_t secrets_n_waiting(const Secrets *secrets);
/* No verdict is held any more: no approval, and nobody is being served. Negative errno. */
_must_check_ int secrets_withdraw(Secrets *secrets);

/* Standing or settings have changed: serves and refuses whom it concerns. Negative errno. */
_must_check_ int secrets_consider(Secrets *secrets);

/* Nobody new is let in or served from now on. Negative errno. */
_must_check_ int secrets_freeze(Secrets *secrets);
/*
 * Ends the loop when nobody needs it any more: KEEPS leaves those who wait to the next run, else
 * all are refused first. Negative errno.
 */
_must_check_ int secrets_leave(Secrets *secrets, bool keeps);
