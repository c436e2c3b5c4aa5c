/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of approvals. Their files are approval-store.c's.
 */
#include "agent/approvals.h"

#include "agent/verdict.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

void approvals_done(Approvals *approvals)
{
    for (size_t i = 0; i < approvals->n_items; i++) {
        free(approvals->items[i].gate);
        closep(&approvals->items[i].fd);
    }
    approvals->n_items = 0;
}

bool approval_is_file(const GateApproval *approval)
{
    return approval->kind == GATE_KIND_VERIFIER && !approval->once;
}

void approvals_take_once(Approvals *approvals, Approvals *to)
{
    size_t n_left = 0;

    approvals_done(to);
    for (size_t i = 0; i < approvals->n_items; i++) {
        const GateApproval item = approvals->items[i];
        if (item.once)
            to->items[to->n_items++] = item;
        else
            approvals->items[n_left++] = item;
    }
    approvals->n_items = n_left;
}

/* ITEM, with a copy of GATE. */
static int add(Approvals *approvals, const char *gate, const GateApproval *item)
{
    char *copy = strdup(gate);

    if (!copy)
        return -ENOMEM;
    approvals->items[approvals->n_items] = *item;
    approvals->items[approvals->n_items++].gate = copy;
    return APPROVALS_OK;
}

/* What the kernel hides from everybody can neither be read nor sealed: its size is all there is. */
static bool is_of_data_keys(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == APPROVAL_DATA_KEYS_SIZE;
}

static bool fits(const AnswerApproval *approval, int fd)
{
    switch (approval->kind) {
    case GATE_KIND_VERIFIER:
        return fd_is_sealed(fd, APPROVAL_FILE_MAX);
    case GATE_KIND_REWRAP:
    case GATE_KIND_KEY_RELEASE:
        return is_of_data_keys(fd);
    case GATE_KIND_PCR:
    case N_GATE_KINDS:
        break;
    }
    return false;
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
        if (at == answer->n_fds || !fits(approval, fds[at]))
            return APPROVALS_E_DESCRIPTOR;
        if (approval->expires_boottime_usec <= now)
            continue;
        GateApproval item = { .kind = approval->kind,
                              .once = approval->once,
                              .expires_boottime_usec = approval->expires_boottime_usec,
                              .fd = fds[at] };
        int r = add(approvals, approval->gate, &item);
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
        if (!approval_is_file(approval))
            continue;
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
    GateApproval approval = { .kind = GATE_KIND_VERIFIER, .fd = -EBADF };
    const char *gate;
    size_t i;
    json_t *item;

    if (!json_is_array(array) || json_array_size(array) > ANSWER_APPROVALS_MAX)
        return APPROVALS_E_MEMBER;
    json_array_foreach (array, i, item) {
        if (json_get_string(item, "gate", &gate) || !gate_name_is_valid(gate) ||
            json_get_u64(item, "expires_boottime_usec", &approval.expires_boottime_usec))
            return APPROVALS_E_MEMBER;
        int r = add(&approvals, gate, &approval);
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
