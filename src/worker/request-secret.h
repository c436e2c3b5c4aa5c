/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of the verbs "seal" and "release", in the manner of request.h.
 */
#pragma once

#include "crypto/key.h"
#include "secret/secret-file.h"
#include "worker/request.h"

#define RELEASE_ASKERS_MAX    128 /* of one batch */
#define RELEASE_APPROVALS_MAX 16  /* gates of one batch; all of them fit MESSAGE_FDS_MAX */

/* A gate file (docs/gates.md), as the request carries it. */
typedef struct GateSettings {
    const char *name;        /* borrowed */
    const char *kind;        /* "verifier", or one that this version does not have */
    const char *vtpm_root;   /* what stands behind this machine's vTPM, or NULL: nobody says */
    const char *vtpm_ca_pem; /* whom to believe "certificate" from, or NULL */
    Key *release_key;        /* P-256 */
    Key *next_release_key;   /* NULL: none */
} GateSettings;

/* Owned: seal_request_free(). Texts are borrowed from json. */
typedef struct SealRequest {
    json_t *json;
    const char *name;
    GateSettings gate;
    const char *who[SECRET_WHO_MAX];
    size_t n_who;
    bool accept_host_tpm;
    bool accept_unchecked_vtpm;
    EvidenceSettings evidence;
    const char *secrets_directory; /* absolute path */
    const char *lock_directory;    /* absolute path */
    int secret_fd;                 /* borrowed from the given FdList; read to its end */
} SealRequest;

typedef struct ReleaseAsker {
    const char *name;  /* of the secret */
    const char *asker; /* "unit:db.service"; its connection was judged by attestd */
    int fd;            /* borrowed: a connected stream socket */
} ReleaseAsker;

typedef struct ReleaseApproval {
    const char *gate;
    int fd; /* borrowed: the approval's JSON */
} ReleaseApproval;

/* Owned: release_request_free(). */
typedef struct ReleaseRequest {
    json_t *json;
    EvidenceSettings evidence;
    const char *secrets_directory;
    const char *lock_directory;
    ReleaseAsker askers[RELEASE_ASKERS_MAX];
    size_t n_askers; /* 1 or more */
    ReleaseApproval approvals[RELEASE_APPROVALS_MAX];
    size_t n_approvals;
} ReleaseRequest;

/*
 * {"verb":"seal","name","gate":{gate file},"who":[…],"accept_host_tpm",
 * "accept_unchecked_vtpm","evidence":{…},"secrets_directory","lock_directory","fds":["secret"]}. As
 * round_request_parse(); -EIO as well.
 */
_must_check_ int seal_request_parse(ByteView line, const FdList *given, SealRequest **ret,
                                    const char **reterr_member);
SealRequest *seal_request_free(SealRequest *request);
DEFINE_CLEANUP(SealRequest *, seal_request_free);

/*
 * {"verb":"release","evidence":{…},"secrets_directory","lock_directory","askers":[{"name","asker"},
 * …],"fds":["approval-GATE",…,"asker-0",…]}: first the approvals, each gate once, then a socket for
 * each asker, in the order of "askers".
 */
_must_check_ int release_request_parse(ByteView line, const FdList *given, ReleaseRequest **ret,
                                       const char **reterr_member);
ReleaseRequest *release_request_free(ReleaseRequest *request);
DEFINE_CLEANUP(ReleaseRequest *, release_request_free);
