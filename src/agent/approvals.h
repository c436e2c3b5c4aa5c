/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds gates open for a while: one file a gate in RUNTIME/approvals, 0600, copied there from
 * the round worker's descriptors and never looked into. The list of them is part of the verdict;
 * the files live and die with it.
 */
#pragma once

#include "base/clock.h"
#include "format/worker-answer.h"

#define APPROVAL_FILE_MAX 4096 /* bytes; a real one has some 600 */

typedef struct GateApproval {
    char *gate;
    uint64_t expires_boottime_usec; /* when to let go of it; the TPM decides */
    int fd;                         /* sealed memfd that is still to be stored; else -EBADF */
} GateApproval;

/* Owned: approvals_done(). Zeroed is empty. */
typedef struct Approvals {
    GateApproval items[ANSWER_APPROVALS_MAX];
    size_t n_items;
} Approvals;

void approvals_done(Approvals *approvals);

enum {
    APPROVALS_OK,
    APPROVALS_E_DESCRIPTOR, /* one of them is no sealed memfd of an approval's size */
    APPROVALS_E_MEMBER,     /* from_json: not what approvals_to_json() wrote */
};

/*
 * Those of ANSWER, whose descriptors are FDS; what is taken out of FDS is -EBADF there. What has
 * expired by NOW is left out. A named no or -ENOMEM.
 */
_must_check_ int approvals_from_answer(const WorkerAnswer *answer, int *fds, uint64_t now,
                                       Approvals *ret);

/* [{"gate", "expires_boottime_usec"}, …]; NULL: no memory. */
json_t *approvals_to_json(const Approvals *approvals);
_must_check_ int approvals_from_json(const json_t *array, Approvals *ret);

/* When the first of them ends, by the boot clock; 0: there is none. */
uint64_t approvals_first_end_usec(const Approvals *approvals);

/* The directory of the files. */
typedef struct ApprovalStore {
    int fd; /* -EBADF: not usable */
} ApprovalStore;

#define APPROVAL_STORE_INIT ((ApprovalStore){ .fd = -EBADF })

/* Makes RUNTIME_DIRECTORY/approvals where it is missing. Negative errno. */
_must_check_ int approval_store_open(const char *runtime_directory, ApprovalStore *ret);
void approval_store_done(ApprovalStore *store);

/*
 * Makes the files those of APPROVALS: stores what has a descriptor, keeps what a run before has
 * stored, wipes all others. An approval that cannot be stored, whose file is missing or that has
 * expired by NOW leaves the list. The first negative errno that was met; the rest is done all the
 * same.
 */
_must_check_ int approval_store_keep(ApprovalStore *store, Approvals *approvals, uint64_t now);

/* Overwrites and removes every file, whoever made it. Likewise. */
_must_check_ int approval_store_wipe(ApprovalStore *store);

/* Opens the file of GATE, to be read. The fd or negative errno. */
_must_check_ int approval_store_read(const ApprovalStore *store, const char *gate);
