/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The owner of everything attestd has, created and destroyed in order. agent_enter_state() in
 * agent.c is the only writer of the state.
 */
#pragma once

#include "agent/attempt.h"
#include "agent/passed-fds.h"
#include "agent/publish.h"
#include "agent/standing.h"
#include "agent/waiting.h"

#include <systemd/sd-event.h>

typedef struct Agent Agent;

typedef struct AgentOptions {
    const char *config_path;       /* read again on SIGHUP; copied */
    const char *runtime_directory; /* of the workers' sockets, locks and approvals; copied */
    const char *state_directory;   /* of the gates; copied */
} AgentOptions;

/* CONFIG is taken on success. Negative errno. */
_must_check_ int agent_new(const AgentOptions *options, Config *config, Agent **ret);
Agent *agent_free(Agent *agent);
DEFINE_CLEANUP(Agent *, agent_free);
/* Runs until told to end. 0, or negative errno. */
_must_check_ int agent_run(Agent *agent);

/* For its parts. All borrowed, valid until the next turn of the loop. */
sd_event *agent_event(const Agent *agent);
const Standing *agent_standing(const Agent *agent);
const Schedule *agent_schedule(const Agent *agent);
const Config *agent_config(const Agent *agent);
PublishContext agent_context(const Agent *agent);
const Gates *agent_gates(const Agent *agent);
const char *agent_runtime_directory(const Agent *agent);
size_t agent_n_waiting(const Agent *agent); /* for secrets */

enum {
    AGENT_OK,
    AGENT_E_LEAVING,  /* it is about to end */
    AGENT_E_SETTINGS, /* they cannot be used; those in force stay */
};

/* Reads configuration and gates again; FINDINGS gets what is wrong. Negative errno. */
_must_check_ int agent_reload(Agent *agent, Findings *findings);

/* A round, now: begins one, or joins the running one. Negative errno. */
_must_check_ int agent_request_round(Agent *agent);
/* Evidence over NONCE, apart from the lifecycle. See attempt_new(). */
_must_check_ int agent_collect_evidence(Agent *agent, ByteView nonce, AttemptDone *done,
                                        void *userdata, Attempt **ret);

/*
 * A caller of the bus, the user UID, asks for SECRET, a valid name: see secrets_open(). And it has
 * left.
 */
_must_check_ int agent_open_secret(Agent *agent, uid_t uid, const char *secret,
                                   AskingAnswer *answer, void *userdata, Asking **ret);
void agent_forget_asking(Agent *agent, Asking *asking);

/* A secret is given to an asker, to be withdrawn with the verdict. RELEASES_OK, _E_FULL, -ENOMEM.
 */
_must_check_ int agent_note_released(Agent *agent, const Release *release);
/* Leaves the standing as it is now to the next run. */
void agent_store_standing(Agent *agent);
