/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks for a secret, who waits, who is served, who is refused and why; and the approvals that
 * serving takes. A secret itself never comes here.
 */
#pragma once

#include "agent/agent.h"

#define SECRETS_ASKER_MAX   8   /* connections of one unit or volume that may wait */
#define SECRETS_WAITING_MAX 112 /* of all; the other slots of the store are for refusals */

typedef struct Secrets Secrets;

/*
 * Takes socket and record out of PASSED; AGENT is borrowed. A machine on which nobody can be let in
 * is logged, and nobody is. -ENOMEM or another errno of the loop.
 */
_must_check_ int secrets_new(Agent *agent, PassedFds *passed, Secrets **ret);
/* Takes the connections that the run before left. Negative errno. */
_must_check_ int secrets_resume(Secrets *secrets, PassedFds *passed);
Secrets *secrets_free(Secrets *secrets);
DEFINE_CLEANUP(Secrets *, secrets_free);

/*
 * A verdict is held: its APPROVALS become files, and whoever waits is tried with them. Those that
 * cannot be had leave the list.
 */
void secrets_adopt(Secrets *secrets, Approvals *approvals);
/* What has expired of APPROVALS goes, file and all. */
void secrets_expire(Secrets *secrets, Approvals *approvals);
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
