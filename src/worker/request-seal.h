/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request of the verb "seal", in the manner of request.h.
 */
#pragma once

#include "crypto/key.h"
#include "format/bind-kind.h"
#include "format/gate-file.h"
#include "format/on-change.h"
#include "format/on-loss.h"
#include "secret/secret-file.h"
#include "worker/request.h"

/* A gate file (docs/gates.md), as the request carries it, and its keys. Owned. */
typedef struct GateSettings {
    GateFile file;         /* read by gate_file_parse() */
    bool is_unknown;       /* a kind that this version does not have: file is empty */
    Key *release_key;      /* kind verifier: P-256 */
    Key *next_release_key; /* NULL: none */
    Key *rewrap_key;       /* kind rewrap: P-256 */
    Key *vault_key;        /* kind key-release: P-256, P-384, RSA of 2048 to 4096 bits */
    Key *recovery_key;     /* P-256 or P-384; NULL: none */
} GateSettings;

/* Owned: seal_request_free(). Texts are borrowed from json. */
typedef struct SealRequest {
    json_t *json;
    const char *name;
    GateSettings gate;
    const char *who[SECRET_WHO_MAX];
    size_t n_who;
    OnLoss on_loss;     /* absent: keep */
    OnChange on_change; /* absent: keep */
    bool rollback_counter;
    unsigned binds_given; /* kind rewrap: set of BindKind with a value below */
    uint8_t bind_values[N_BIND_KINDS][BIND_VALUE_MAX]; /* bind_kind_size() bytes each */
    GatePcrs pcrs; /* kind pcr: the values that are to come; the others are read */
    bool accept_host_tpm;
    bool accept_unchecked_vtpm;
    EvidenceSettings evidence;
    const char *secrets_directory; /* absolute path */
    const char *lock_directory;    /* absolute path */
    int secret_fd;                 /* borrowed from the given FdList; read to its end */
    int evidence_fd;               /* likewise: of this machine, for a caller; -EBADF: none */
    Bytes evidence_nonce;          /* that it was made for; owned; empty without it */
    uint8_t simulated_roots[REQUEST_LIST_MAX][SIMULATED_ROOT_LEN]; /* that it may end in */
    size_t n_simulated_roots;
} SealRequest;

/*
 * {"verb":"seal","name","gate":{gate file},"who":[…],"on_loss"?,"on_change"?,"rollback_counter",
 * "bind"?:{"chip-id":B64U,…},"pcr_values"?:{"4":HEX,…},"accept_host_tpm","accept_unchecked_vtpm",
 * "evidence":{…},"evidence_nonce"?,"simulated_roots"?,"secrets_directory","lock_directory",
 * "fds":["secret","evidence"?,"owner-authorization"?]}. "bind" has a value for each kind in the
 * gate's list but "ak-name", which the TPM is asked for; it is absent where that leaves none.
 * "pcr_values" may name PCRs of the gate alone. As round_request_parse(); -EIO as well.
 */
_must_check_ int seal_request_parse(ByteView line, const FdList *given, SealRequest **ret,
                                    const char **reterr_member);
SealRequest *seal_request_free(SealRequest *request);
DEFINE_CLEANUP(SealRequest *, seal_request_free);
