/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One batch to the release worker: who asks for what, their connections or memfds, the approvals
 * that are held. The worker writes secrets into them; here only names and yes or no come by.
 */
#pragma once

#include "agent/approvals.h"
#include "agent/waiting.h"
#include "config/config.h"

/*
 * What became of the batch: ANSWER has one entry in released for each asker, in their order, and
 * findings that say more; or it is NULL and ERROR says why, by a name of the catalogue or of the
 * worker's. May free the link.
 */
typedef int ReleaseDone(const WorkerAnswer *answer, const char *error, void *userdata);
/* What the worker found about ASKING when it said FINDING; borrowed. NULL: nothing. */
const char *release_link_found(const WorkerAnswer *answer, const Asking *asking,
                               const char *finding);

typedef struct ReleaseLink ReleaseLink;

/* The finding for a reason of worker-link.h, where the worker is this one. Static text. */
const char *release_link_error(int reason);

typedef struct ReleaseBatch {
    const Config *config;
    const char *runtime_directory;
    const char *vtpm_root; /* of the verdict that is held */
    const Approvals *approvals;
    const Approvals *once; /* of other gates */
    const ApprovalStore *store;
    Asking *const *askings;
    size_t n_askings; /* 1 to WAITING_SLOTS, each prepared */
} ReleaseBatch;

/*
 * Begins; DONE is called once, from the event loop and never from here, unless the link is freed
 * before. Nothing of BATCH is kept. Negative errno.
 */
_must_check_ int release_link_new(sd_event *event, const ReleaseBatch *batch, ReleaseDone *done,
                                  void *userdata, ReleaseLink **ret);
ReleaseLink *release_link_free(ReleaseLink *link);
DEFINE_CLEANUP(ReleaseLink *, release_link_free);
