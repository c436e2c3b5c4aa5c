/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of approvals. Their files are approval-store.c's.
 */
#include "agent/approvals.h"

#include "agent/verdict.h"

#include <errno.h>
#include <string.h>

void approvals_done(Approvals *approvals)
{
    for (size_t i = 0; i < approvals->n_items; i++) {
        free(approvals->items[i].gate);
        closep(&approvals->items[i].fd);
    }
    approvals->n_items = 0;
}

static int add(Approvals *approvals, const char *gate, uint64_t expires_boottime_usec, int fd)
{
    char *copy = strdup(gate);

    if (!copy)
        return -ENOMEM;
    approvals->items[approvals->n_items++] =
        (GateApproval){ .gate = copy, .expires_boottime_usec = expires_boottime_usec, .fd = fd };
    return APPROVALS_OK;
}

/* The position of GATE's descriptor; n_fds when there is none. */
static size_t find_fd(const WorkerAnswer *answer, const char *gate)
{
    const size_t prefix = strlen(ANSWER_APPROVAL_PREFIX);
    size_t i = 0;

    while (i < answer->n_fds &&
           (strncmp(answer->fd_names[i], ANSWER_APPROVAL_PREFIX, prefix) != 0 ||
            strcmp(answer->fd_names[i] + prefix, gate) != 0))
        i++;
    return i;
}

static int take(const WorkerAnswer *answer, int *fds, uint64_t now, Approvals *approvals)
{
    for (size_t i = 0; i < answer->n_approvals; i++) {
        const AnswerApproval *approval = &answer->approvals[i];
        size_t at = find_fd(answer, approval->gate);
        if (at == answer->n_fds || !fd_is_sealed(fds[at], APPROVAL_FILE_MAX))
            return APPROVALS_E_DESCRIPTOR;
        if (approval->expires_boottime_usec <= now)
            continue;
        int r = add(approvals, approval->gate, approval->expires_boottime_usec, fds[at]);
        if (r < 0)
            return r;
        fds[at] = -EBADF;
    }
    return APPROVALS_OK;
}

int approvals_from_answer(const WorkerAnswer *answer, int *fds, uint64_t now, Approvals *ret)
{
    _cleanup_(approvals_done) Approvals approvals = { 0 };

    int r = take(answer, fds, now, &approvals);
    if (r == APPROVALS_OK)
        *ret = TAKE_STRUCT(approvals);
    return r;
}

json_t *approvals_to_json(const Approvals *approvals)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < approvals->n_items; i++) {
        const GateApproval *approval = &approvals->items[i];
        json_t *item =
            json_pack("{ss sI}", "gate", approval->gate, "expires_boottime_usec",
                      (json_int_t)MIN(approval->expires_boottime_usec, (uint64_t)INT64_MAX));
        if (json_array_append_new(array, item) < 0)
            return NULL;
    }
    return TAKE_PTR(array);
}

int approvals_from_json(const json_t *array, Approvals *ret)
{
    _cleanup_(approvals_done) Approvals approvals = { 0 };
    const char *gate;
    uint64_t expires;
    size_t i;
    json_t *item;

    if (!json_is_array(array) || json_array_size(array) > ANSWER_APPROVALS_MAX)
        return APPROVALS_E_MEMBER;
    json_array_foreach (array, i, item) {
        if (json_get_string(item, "gate", &gate) || !gate_name_is_valid(gate) ||
            json_get_u64(item, "expires_boottime_usec", &expires))
            return APPROVALS_E_MEMBER;
        int r = add(&approvals, gate, expires, -EBADF);
        if (r < 0)
            return r;
    }
    *ret = TAKE_STRUCT(approvals);
    return APPROVALS_OK;
}

uint64_t approvals_first_end_usec(const Approvals *approvals)
{
    uint64_t first = 0;

    for (size_t i = 0; i < approvals->n_items; i++) {
        uint64_t end = approvals->items[i].expires_boottime_usec;
        first = first == 0 ? end : MIN(first, end);
    }
    return first;
}
