/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent tells journal and service manager. The one place that knows message IDs and
 * STATUS= texts. Tokens and nonces never come here.
 */
#pragma once

#include "agent/attempt.h"
#include "agent/standing.h"
#include "config/config.h"

/* What every message carries. Borrowed; NULL texts are left out. */
typedef struct PublishContext {
    const Standing *standing;
    const Schedule *schedule;
    const char *verifier;
    uint64_t n_rounds; /* since the daemon started */
} PublishContext;

/* The standing went from OLD to what it is now, by EVENT. */
void publish_state(const PublishContext *context, State old, Event event);
/* STATUS= for systemctl: state, until when, what is next. */
void publish_status(const PublishContext *context);
/*
 * The last round ended with RESULT: its refusal or failure, whose findings are in the standing, and
 * a clock of the verifier's that differs much from ours.
 */
void publish_round(const PublishContext *context, AttemptResult result, const WorkerAnswer *answer);
void publish_expired(const PublishContext *context);
/* A run before left a standing that was taken over (FOUND NULL), or thrown away because of FOUND.
 */
void publish_restored(const PublishContext *context, const char *found);

void publish_config_errors(const Findings *findings);
void publish_reloaded(const PublishContext *context);

/* Handed to a caller on the bus. */
void publish_evidence_given(const PublishContext *context, uint32_t uid);
void publish_token_given(const PublishContext *context, uint32_t uid);
void publish_bus_lost(const char *reason);

/* READY=1, RELOADING=1 … READY=1, STOPPING=1. */
void publish_ready(void);
void publish_reloading(void);
void publish_stopping(void);
