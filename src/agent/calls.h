/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Method calls that wait for their answer: for the bus to say who calls, for polkit, for a round,
 * for evidence, for a secret. Bounded, so that no flood costs more than a fixed amount of memory
 * and no user can keep root out.
 */
#pragma once

#include "agent/agent.h"

#include <systemd/sd-bus.h>

#define CALLS_UNKNOWN_MAX 64 /* whose user is not known yet */
#define CALLS_SENDER_MAX  4  /* on one connection, user not known yet or not root */
#define CALLS_USER_MAX    8  /* of one user but root */
#define CALLS_USERS_MAX   32 /* of all users but root */
#define CALLS_ROOT_MAX    32
#define CALL_SECRETS_MAX  1024 /* names of one answer */
#define CALL_NONCE_MIN    8    /* bytes; RFC 9711 4.1 */
#define CALL_NONCE_MAX    64

typedef enum CallKind {
    CALL_ATTEST,
    CALL_EVIDENCE,
    CALL_TOKEN,
    CALL_SECRETS,
    CALL_OPEN,
    CALL_RELOAD,
} CallKind;

typedef struct Calls Calls;

/* AGENT is borrowed. -ENOMEM. */
_must_check_ int calls_new(Agent *agent, Calls **ret);
/* Answers those who still wait with agent-stopping. */
Calls *calls_free(Calls *calls);
DEFINE_CLEANUP(Calls *, calls_free);

/*
 * Lets MESSAGE wait its way through who, may and do. ARGUMENT is the nonce of CALL_EVIDENCE, the
 * secret's name, valid, of CALL_OPEN. Returns 1 when the answer comes later, or the negative errno
 * set in ERROR, as a method handler does.
 */
_must_check_ int calls_admit(Calls *calls, sd_bus_message *message, CallKind kind,
                             ByteView argument, sd_bus_error *error);

/* Answers everyone who waits for a round with the state. */
void calls_round_ended(Calls *calls);
