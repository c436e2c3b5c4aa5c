/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent tells journal and service manager. The one place that knows message IDs and
 * STATUS= texts. Tokens and nonces never come here.
 */
#pragma once

#include "agent/attempt.h"
#include "agent/clock-watch.h"
#include "agent/metrics.h"
#include "agent/standing.h"
#include "config/config.h"

/* What every message carries. Borrowed; NULL texts are left out. */
typedef struct PublishContext {
    const Standing *standing;
    const Schedule *schedule;
    const char *verifier;
    uint64_t round;   /* number of the last one that began; 0: none did */
    Metrics *metrics; /* that count what is told; NULL: none do */
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
/* The wall clock was set, or the machine slept: the next round comes early. */
void publish_clock_set(const PublishContext *context, const ClockChange *change);
/* The machine or its TPM is not where it was: FINDING of the catalogue, FOUND may be NULL. */
void publish_rewound(const PublishContext *context, const char *finding, const char *found);
/* A run before left a standing that was taken over (FOUND NULL), or thrown away because of FOUND.
 */
void publish_restored(const PublishContext *context, const char *found);

void publish_config_errors(const Findings *findings);
void publish_reloaded(const PublishContext *context);

/* Handed to a caller on the bus. */
void publish_evidence_given(const PublishContext *context, uint32_t uid);
void publish_token_given(const PublishContext *context, uint32_t uid);
void publish_bus_lost(const char *reason);
/* What is kept about rounds cannot be written: FINDING of the catalogue, ERROR a negative errno. */
void publish_unwritable(const char *finding, const char *subject, int error);

/* READY=1, RELOADING=1 … READY=1, STOPPING=1. */
void publish_ready(void);
void publish_reloading(void);
void publish_stopping(void);
