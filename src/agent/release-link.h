/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One batch to the release worker: who asks for what, their connections, the approvals that are
 * held. The worker writes secrets into the connections; here only names and yes or no come by.
 */
#pragma once

#include "agent/approvals.h"
#include "agent/waiting.h"
#include "config/config.h"

/*
 * What became of the batch: RELEASED has one entry for each asker, in their order; or it is NULL
 * and ERROR says why, by a name of the catalogue or of the worker's. May free the link.
 */
typedef int ReleaseDone(const AnswerReleased *released, const char *error, void *userdata);

typedef struct ReleaseLink ReleaseLink;

typedef struct ReleaseBatch {
    const Config *config;
    const char *runtime_directory;
    const Approvals *approvals;
    const ApprovalStore *store;
    Asking *const *askings;
    size_t n_askings; /* 1 to WAITING_SLOTS */
} ReleaseBatch;

enum {
    RELEASE_LINK_OK,
    RELEASE_LINK_E_NO_APPROVAL, /* none of their files can be opened */
};

/*
 * Begins; DONE is called once, from the event loop and never from here, unless the link is freed
 * before. Nothing of BATCH is kept. A named no or negative errno.
 */
_must_check_ int release_link_new(sd_event *event, const ReleaseBatch *batch, ReleaseDone *done,
                                  void *userdata, ReleaseLink **ret);
ReleaseLink *release_link_free(ReleaseLink *link);
DEFINE_CLEANUP(ReleaseLink *, release_link_free);
