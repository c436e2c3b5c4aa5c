/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker is asked to do: settings already parsed by attestd, as one JSON line plus passed
 * descriptors. Unknown members, wrong types and values out of range are errors that name the
 * member; nothing has a second spelling.
 */
#pragma once

#include "base/json.h"
#include "crypto/key.h"
#include "evidence/source-azure.h"
#include "format/gate-kind.h"
#include "token/require.h"
#include "tpm/tpm-owner-file.h"
#include "worker/message.h"

#define REQUEST_SIZE_MAX       (256 * 1024) /* bytes, the line feed included */
#define REQUEST_LIST_MAX       16           /* URLs, pins, algorithms, simulated roots */
#define REQUEST_GATES_MAX      16           /* as many approvals as an answer can carry */
#define REQUEST_PEM_MAX        (128 * 1024) /* bytes of ca_pem */
#define REQUEST_NONCE_MIN      8            /* bytes; RFC 9711 4.1 */
#define REQUEST_NONCE_MAX      64           /* bytes; RFC 9711 4.1 */
#define REQUEST_PCR_MAX        23
#define REQUEST_SECRET_ID_SIZE 16
#define REQUEST_WRAPPED_MAX    32 /* wrapped data keys; the evidence's member takes no more */
#define REQUEST_OWNER          "owner-authorization" /* a descriptor: the TPM's owner's */
#define SIMULATED_ROOT_LEN     48 /* bytes, SHA-384 of an ARK's SubjectPublicKeyInfo */

/* [Evidence]. All text is borrowed from the request. */
typedef struct EvidenceSettings {
    const char *source;             /* "auto", "azure", "sev-guest", "configfs-tsm", "tpm" */
    const char *device;             /* absolute path */
    const char *configfs_directory; /* absolute path */
    const char *tcti;               /* "device:/dev/tpmrm0"; "none": this machine has no TPM */
    const char *attestation_key;    /* "auto", "template" or a persistent handle "0x81…" */
    const char *pcr_bank;           /* "sha256" or "sha384" */
    uint32_t pcrs;                  /* bit n: PCR n, 0 to 23 */
    const char *event_log;          /* absolute path; NULL: none (absent or "" on the wire) */
    const char *userspace_log;      /* absolute path; NULL: none (absent or "" on the wire) */
    bool preflight_enforce;         /* what pre-flight finds fails the round; else it warns */
    TpmOwner owner;                 /* the descriptor REQUEST_OWNER; borrowed */
    AzureIndices azure;             /* where a paravisor keeps its things; Azure's where absent */
    const char *metadata_url;       /* "http://169.254.169.254"; NULL: none ("" on the wire) */
    const char
        *kds_url; /* "https://kdsintf.amd.com", no slash at the end; NULL: AMD is not asked */
} EvidenceSettings;

/* [Verifier NAME]. Texts are borrowed from the request. */
typedef struct VerifierSettings {
    const char *name;
    const char *protocol;         /* "native", "maa" */
    const char *attestation_type; /* of MAA: "auto", "AzureGuest"; NULL: absent */
    const char *api_version;      /* of MAA; NULL: what goes with the report (absent) */
    const char *urls[REQUEST_LIST_MAX];
    size_t n_urls;                      /* 1 or more */
    const char *verifier_id;            /* aud of our claims */
    const char *ca_pem;                 /* NULL: the system's certificate authorities */
    const char *pins[REQUEST_LIST_MAX]; /* "sha256//BASE64" */
    size_t n_pins;
    const char *proxy; /* "": none; the environment's is never used */
    const char *issuer;
    const char *audience;
    const json_t *token_keys; /* JWK set; NULL: those that MAA publishes at its URL */
    const char *algorithms[REQUEST_LIST_MAX];
    size_t n_algorithms;          /* 1 or more */
    Require require[REQUIRE_MAX]; /* owned */
    size_t n_require;
    unsigned timeout_sec; /* of one exchange, 1 to 300 */
    unsigned leeway_sec;  /* 0 to 300 */
    bool accept_simulated;
    bool accept_host_tpm;
    uint8_t simulated_roots[REQUEST_LIST_MAX][SIMULATED_ROOT_LEN];
    size_t n_simulated_roots;
} VerifierSettings;

typedef enum RoundPurpose {
    PURPOSE_ROUND,  /* prove ourselves to the verifier */
    PURPOSE_CALLER, /* evidence over a caller's nonce; no network */
} RoundPurpose;

/* A gate that a round is to open. Texts are borrowed, the keys are owned. */
typedef struct RequestGate {
    const char *name;
    GateKind kind; /* gate_kind_has_round() */
    /* Of kind verifier: */
    Key *release_key;      /* who signs for it: public, P-256; NULL: no point of the curve */
    Key *next_release_key; /* who will; NULL: nobody named yet */
    bool without_ticket;   /* "ticket":false; its approval is for once */
    unsigned cap_pcr;      /* extended when the verifier refuses; 0: none, since it is 8 to 15 */
    /* Of kind key-release: */
    const char *key_url;      /* vault_key_url_is_valid() */
    Key *key;                 /* its public half: P-256, P-384, RSA; NULL: none of arithmetic */
    const char *client_id;    /* NULL: the machine's only identity */
    const char *resource;     /* whom the access token is for; never NULL */
    const char *vault_ca_pem; /* NULL: one of the system's roots */
    const char *api_version;  /* never NULL */
} RequestGate;

/* A data key that a verifier is asked to open; not looked into. Texts are borrowed. */
typedef struct RequestWrapped {
    const char *name; /* of the secret */
    uint8_t id[REQUEST_SECRET_ID_SIZE];
    uint64_t version; /* from 1 */
    const char *gate; /* gate_kind_is_wrapped(), among the gates of the request */
    const char *jwe;  /* jwe_text_is_valid() */
} RequestWrapped;

/* Owned: round_request_free(). Everything inside is borrowed from json or owned as said. */
typedef struct RoundRequest {
    json_t *json;
    RoundPurpose purpose;
    Bytes nonce; /* PURPOSE_CALLER only; owned */
    EvidenceSettings evidence;
    json_t *evidence_json;     /* the same, to hand on to the collect worker; borrowed */
    bool has_verifier;         /* always for PURPOSE_ROUND; may be absent for PURPOSE_CALLER */
    VerifierSettings verifier; /* valid when has_verifier */
    RequestGate gates[REQUEST_GATES_MAX]; /* PURPOSE_ROUND only */
    size_t n_gates;
    bool asks_no_gates; /* the verifier's protocol opens none; set by the round, not on the wire */
    RequestWrapped wrapped[REQUEST_WRAPPED_MAX];
    size_t n_wrapped;
    const char *collect_socket; /* absolute path of an AF_UNIX socket */
    const char *lock_directory; /* absolute path */
    int client_certificate_fd;  /* borrowed from the given FdList; -EBADF: none */
    int client_key_fd;
    int api_key_fd;
    /* Of probe alone, which may not open them itself; -EBADF: none. */
    int event_log_fd;
    int userspace_log_fd;
} RoundRequest;

enum {
    REQUEST_OK,
    REQUEST_E_JSON,        /* not one bounded JSON object */
    REQUEST_E_MEMBER,      /* a member is missing, of a wrong type or out of range */
    REQUEST_E_UNKNOWN,     /* a member is not known */
    REQUEST_E_DESCRIPTORS, /* passed descriptors and the list "fds" do not match */
};

const char *request_reason(int reason);

/*
 * {"verb":"round","purpose":"round","evidence":{…},"verifier":{…},"gates":[{"name",
 * "kind":"verifier","release_key","next_release_key"?,"ticket"?:false,"cap_pcr"?:8…15}, {"name",
 * "kind":"rewrap"} or {"name","kind":"key-release","key_url","key","client_id"?,"resource"?,
 * "vault_ca_pem"?,"api_version"?},…]?,"wrapped":[{"name","id","version","gate","jwe"},…]?,"collect_socket",
 * "lock_directory","fds":[…]}, or "purpose":"caller" with "nonce", without gates, perhaps without
 * "verifier". No secret's id and no gate's name twice.
 *
 * Parse one line. RETERR_MEMBER, when not NULL, receives the path of the offending member
 * ("verifier.urls"; for REQUEST_E_UNKNOWN of the object it is in), static text, on a named no only.
 * RET is untouched on failure. -ENOMEM or a named no.
 */
_must_check_ int round_request_parse(ByteView line, const FdList *given, RoundRequest **ret,
                                     const char **reterr_member);
/*
 * The same of {"verb":"probe","evidence":{…},"verifier"?:{…},"collect_socket","lock_directory",
 * "fds":[…]}, whose descriptors may be "eventlog" and "eventlog-userspace", too.
 */
_must_check_ int probe_request_parse(ByteView line, const FdList *given, RoundRequest **ret,
                                     const char **reterr_member);
RoundRequest *round_request_free(RoundRequest *request);
DEFINE_CLEANUP(RoundRequest *, round_request_free);
