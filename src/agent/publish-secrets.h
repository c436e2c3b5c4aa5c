/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the journal is told about secrets: who got what under which token, who did not and why, what
 * was withdrawn. Names only; no secret, token or approval ever comes here.
 */
#pragma once

#include "agent/publish.h"

/* The worker wrote all of a secret to an asker. */
void publish_released(const PublishContext *context, const Release *release);
/* ASKER and SECRET are "" where nobody knows; FINDING is of the catalogue; FOUND may be NULL. */
void publish_asker_refused(const PublishContext *context, const char *asker, const char *secret,
                           const char *finding, const char *found);
/*
 * RELEASE was under the verdict that is let go of for FINDING (NULL: nothing was wrong), and ASKER
 * has it ("": it is not known who); and what that cannot take back.
 */
void publish_withdrawn(const PublishContext *context, const Release *release, const char *asker,
                       const char *finding);
/* What is to follow for RELEASE cannot be ordered: ERROR, a negative errno. */
void publish_loss_failed(const PublishContext *context, const Release *release, int error);
/* Nobody was served, and it will be tried again. */
void publish_release_failed(const char *finding);
/* Gate files that were passed over. */
void publish_gate_faults(const Findings *findings);
