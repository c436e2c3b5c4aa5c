/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of the verbs "release", "wrapped" and "forget", in the manner of request.h. Those of
 * "seal": request-seal.h.
 */
#pragma once

#include "worker/request.h"

#define RELEASE_ASKERS_MAX    128 /* of one batch */
#define RELEASE_APPROVALS_MAX 16  /* gates of one batch; all of them fit MESSAGE_FDS_MAX */
#define WRAPPED_GATES_MAX     REQUEST_GATES_MAX

typedef struct ReleaseAsker {
    const char *name;  /* of the secret */
    const char *asker; /* "unit:db.service"; its connection was judged by attestd */
    bool as_memfd;     /* else a stream */
    int fd; /* borrowed: a connected stream socket, or an empty memfd that may be sealed */
} ReleaseAsker;

typedef struct ReleaseApproval {
    const char *gate;
    GateKind kind; /* gate_kind_has_round() */
    int fd;        /* borrowed: the approval's JSON, or data keys (secret/data-keys.h) */
} ReleaseApproval;

/* Owned: release_request_free(). */
typedef struct ReleaseRequest {
    json_t *json;
    EvidenceSettings evidence;
    const char *secrets_directory;
    const char *lock_directory;
    const char *vtpm_root; /* of the verdict in force */
    ReleaseAsker askers[RELEASE_ASKERS_MAX];
    size_t n_askers; /* 1 or more */
    ReleaseApproval approvals[RELEASE_APPROVALS_MAX];
    size_t n_approvals;
} ReleaseRequest;

/* Owned: wrapped_request_free(). */
typedef struct WrappedRequest {
    json_t *json;
    const char *secrets_directory;
    const char *gates[WRAPPED_GATES_MAX]; /* 1 or more */
    size_t n_gates;
} WrappedRequest;

/*
 * {"verb":"release","evidence":{…},"secrets_directory","lock_directory","vtpm_root","approvals":
 * [{"gate","kind"},…],"askers":[{"name","asker","as":"stream" or "memfd"},…],
 * "fds":["approval-GATE",…,"asker-0",…,"owner-authorization"?]}: first a descriptor for each
 * approval, each gate once, then one for each asker, both in the order of their lists.
 */
_must_check_ int release_request_parse(ByteView line, const FdList *given, ReleaseRequest **ret,
                                       const char **reterr_member);
ReleaseRequest *release_request_free(ReleaseRequest *request);
DEFINE_CLEANUP(ReleaseRequest *, release_request_free);

/* Owned: forget_request_free(). */
typedef struct ForgetRequest {
    json_t *json;
    const char *name; /* of a secret */
    EvidenceSettings evidence;
    const char *lock_directory;
} ForgetRequest;

/* {"verb":"wrapped","secrets_directory","gates":["vault",…]}; no descriptors. */
_must_check_ int wrapped_request_parse(ByteView line, const FdList *given, WrappedRequest **ret,
                                       const char **reterr_member);
WrappedRequest *wrapped_request_free(WrappedRequest *request);
DEFINE_CLEANUP(WrappedRequest *, wrapped_request_free);

/* {"verb":"forget","name","evidence":{…},"lock_directory","fds"?:["owner-authorization"]}. */
_must_check_ int forget_request_parse(ByteView line, const FdList *given, ForgetRequest **ret,
                                      const char **reterr_member);
ForgetRequest *forget_request_free(ForgetRequest *request);
DEFINE_CLEANUP(ForgetRequest *, forget_request_free);
