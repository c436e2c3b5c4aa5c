/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds gates open for a while, as the round worker passed it and never looked into: one file
 * a gate in RUNTIME/approvals, 0600; or the descriptor alone, where it is a rewrap gate's data keys
 * or for once, which no later run and no file is to have. The list is part of the verdict; files
 * and descriptors live and die with it.
 */
#pragma once

#include "base/clock.h"
#include "format/worker-answer.h"

#define APPROVAL_FILE_MAX       4096 /* bytes; a real one has some 600 */
#define APPROVAL_DATA_KEYS_SIZE 4096 /* bytes, exactly: DATA_KEYS_SIZE of secret/data-keys.h */

typedef struct GateApproval {
    char *gate;
    GateKind kind;
    bool once;                      /* for those who wait now */
    uint64_t expires_boottime_usec; /* when to let go of it; the TPM decides */
    int fd; /* what is still to be stored, or never will be; -EBADF: it is in its file */
} GateApproval;

/* Does it live in a file? */
bool approval_is_file(const GateApproval *approval);

/* Owned: approvals_done(). Zeroed is empty. */
typedef struct Approvals {
    GateApproval items[ANSWER_APPROVALS_MAX];
    size_t n_items;
} Approvals;

void approvals_done(Approvals *approvals);

enum {
    APPROVALS_OK,
    APPROVALS_E_DESCRIPTOR, /* one of them is no sealed memfd, or not of the kind's size */
    APPROVALS_E_MEMBER,     /* from_json: not what approvals_to_json() wrote */
};

/*
 * Those of ANSWER, whose descriptors are FDS; what is taken out of FDS is -EBADF there. What has
 * expired by NOW is left out. A named no or -ENOMEM.
 */
_must_check_ int approvals_from_answer(const WorkerAnswer *answer, int *fds, uint64_t now,
                                       Approvals *ret);

/* Moves those that are for once from APPROVALS to TO, which is emptied before. */
void approvals_take_once(Approvals *approvals, Approvals *to);

/* Those in files: [{"gate", "expires_boottime_usec"}, …]; NULL: no memory. */
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
 * Makes the files those of APPROVALS that live in one: stores what has a descriptor, keeps what a
 * run before has stored, wipes all others. An approval that cannot be stored, whose file is missing
 * or that has expired by NOW leaves the list. The first negative errno that was met; the rest is
 * done all the same.
 */
_must_check_ int approval_store_keep(ApprovalStore *store, Approvals *approvals, uint64_t now);

/* Overwrites and removes every file, whoever made it. Likewise. */
_must_check_ int approval_store_wipe(ApprovalStore *store);

/* Opens the file of GATE, to be read. The fd or negative errno. */
_must_check_ int approval_store_read(const ApprovalStore *store, const char *gate);
/* APPROVAL for a worker: its file, or a copy of its descriptor. The fd or negative errno. */
_must_check_ int approval_open(const ApprovalStore *store, const GateApproval *approval);
