/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From descriptors to tickets and data keys.
 */
#include "worker/release-approvals.h"

#include <errno.h>
#include <string.h>

void release_approvals_done(ReleaseApprovals *approvals)
{
    for (size_t i = 0; i < RELEASE_APPROVALS_MAX; i++) {
        approval_done(&approvals->approvals[i]);
        approvals->data_keys[i] = data_keys_free(approvals->data_keys[i]);
    }
}

/* At most SIZE bytes from the start, wherever who passed it left the offset. */
static ssize_t read_start(int fd, uint8_t *out, size_t size)
{
    size_t total = 0;
    ssize_t n;

    do {
        n = pread(fd, out + total, size - total, (off_t)total);
        total += n > 0 ? (size_t)n : 0;
    } while (n > 0 || (n < 0 && errno == EINTR));
    return n < 0 ? -errno : (ssize_t)total;
}

static int read_ticket(const ReleaseApproval *given, Approval *ret)
{
    _cleanup_approval_ Approval approval = { 0 };
    uint8_t json[APPROVAL_SIZE_MAX + 1];

    ssize_t size = read_start(given->fd, json, sizeof(json));
    int r = size < 0 ? (int)size : approval_parse((ByteView){ json, (size_t)size }, &approval);
    wipe(json, sizeof(json));
    if (r == APPROVAL_OK && strcmp(approval.gate, given->gate) == 0)
        *ret = TAKE_STRUCT(approval);
    return r;
}

int release_approvals_read(const ReleaseRequest *request, ReleaseApprovals *ret)
{
    ret->request = request;
    for (size_t i = 0; i < request->n_approvals; i++) {
        const ReleaseApproval *given = &request->approvals[i];
        int r = given->kind == GATE_KIND_VERIFIER ? read_ticket(given, &ret->approvals[i])
                                                  : data_keys_load(given->fd, &ret->data_keys[i]);
        if (r == -ENOMEM)
            return r;
    }
    return 0;
}

int release_approvals_find(const ReleaseApprovals *approvals, const char *gate, UnlockWith *ret)
{
    const ReleaseRequest *request = approvals->request;

    for (size_t i = 0; i < request->n_approvals; i++) {
        if (strcmp(request->approvals[i].gate, gate) != 0)
            continue;
        ret->approval = approvals->approvals[i].gate ? &approvals->approvals[i] : NULL;
        ret->data_keys = approvals->data_keys[i];
        return ret->approval || ret->data_keys ? RELEASE_APPROVALS_OK
                                               : RELEASE_APPROVALS_E_UNREADABLE;
    }
    return RELEASE_APPROVALS_OK;
}
