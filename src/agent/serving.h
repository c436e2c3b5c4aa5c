/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Those who are let in, one batch after the other, to the release worker: who is due, the approvals
 * that it takes, what becomes of each; and the rounds that are begun for those behind gates that
 * are shut.
 */
#pragma once

#include "agent/agent.h"

typedef struct Serving Serving;

/* A batch has ended, and each of it is settled. Negative errno stops the daemon. */
typedef int ServingDone(void *userdata);

/* AGENT and WAITING are borrowed. -ENOMEM. */
_must_check_ int serving_new(Agent *agent, Waiting *waiting, ServingDone *done, void *userdata,
                             Serving **ret);
Serving *serving_free(Serving *serving);
DEFINE_CLEANUP(Serving *, serving_free);

/* As those of secrets.h. */
_must_check_ int serving_adopt(Serving *serving, Approvals *approvals);
void serving_expire(Serving *serving, Approvals *approvals);
_must_check_ int serving_withdraw(Serving *serving);

/* Is there something to serve with? */
bool serving_is_ready(const Serving *serving);
/* Would ASKING be in a batch that begins now? */
bool serving_is_due(const Serving *serving, const Asking *asking);
bool serving_is_under_way(const Serving *serving);
/* Begins with whoever is due, unless a batch is under way. Negative errno. */
_must_check_ int serving_begin(Serving *serving);
/* The worker could not be reached: when it is tried again; 0: whenever somebody is due. */
uint64_t serving_retry_boottime_usec(const Serving *serving);

/* When a round may be begun for somebody; USEC_INFINITY: nobody wants one. */
uint64_t serving_round_boottime_usec(const Serving *serving);
/* Begins it. Negative errno. */
_must_check_ int serving_begin_round(Serving *serving);

/* Refuses ASKING, and says so; FOUND may be NULL. See asking_refuse(). */
_must_check_ int turn_away(const Agent *agent, Asking *asking, const char *finding,
                           const char *found);
