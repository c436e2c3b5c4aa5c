/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What came with a release request to open gates, read once for the whole batch.
 */
#pragma once

#include "secret/unlock.h"
#include "worker/request-secret.h"

/* In the order of the request. Owned: release_approvals_done(), which wipes. Zeroed is empty. */
typedef struct ReleaseApprovals {
    const ReleaseRequest *request;              /* borrowed */
    Approval approvals[RELEASE_APPROVALS_MAX];  /* gate NULL: of another kind, or unreadable */
    DataKeys *data_keys[RELEASE_APPROVALS_MAX]; /* NULL: of another kind, or unreadable */
} ReleaseApprovals;

void release_approvals_done(ReleaseApprovals *approvals);

/* What cannot be read is missed when its gate is needed. -ENOMEM. */
_must_check_ int release_approvals_read(const ReleaseRequest *request, ReleaseApprovals *ret);

enum { RELEASE_APPROVALS_OK, RELEASE_APPROVALS_E_UNREADABLE };

/* Puts what is held for GATE into RET; nothing is held: leaves both out. Borrowed. */
_must_check_ int release_approvals_find(const ReleaseApprovals *approvals, const char *gate,
                                        UnlockWith *ret);
