/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RUNTIME/metrics/attestd.prom, for the textfile collector of the Prometheus node exporter. Counts
 * what publish tells, and writes when a turn of the loop has changed something. Nothing fails by
 * it.
 */
#pragma once

#include "agent/attempt.h"

#include <systemd/sd-event.h>

typedef struct Agent Agent;
typedef struct Metrics Metrics;

/* AGENT is borrowed, its event loop is there. A missing directory is logged. Negative errno. */
_must_check_ int metrics_new(const Agent *agent, Metrics **ret);
Metrics *metrics_free(Metrics *metrics);
DEFINE_CLEANUP(Metrics *, metrics_free);

/* All of them take NULL, which counts nothing. */

/* Something that metrics show has changed. */
void metrics_touch(Metrics *metrics);
/* A round ended; FINDING decided against it, or is NULL. */
void metrics_note_round(Metrics *metrics, AttemptResult result, const WorkerAnswer *answer,
                        const char *finding);
void metrics_note_released(Metrics *metrics);
void metrics_note_refused(Metrics *metrics, const char *finding);
void metrics_note_withdrawn(Metrics *metrics);
