/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gate files, NAME.json in the directory of gates (docs/gates.md): what attestctl writes, what
 * attestd asks the verifier to open, what a secret is sealed to. Whether a release key is a point
 * of the curve is for those to say who have the arithmetic.
 */
#pragma once

#include "base/json.h"
#include "format/bind-kind.h"
#include "format/gate-kind.h"

#define GATE_FILE_MAX       (16 * 1024) /* bytes; real ones have some 500, and a CA's some 2000 */
#define GATE_CA_MAX         (12 * 1024) /* bytes of PEM; fits a gate file */
#define GATE_CAP_PCR_MIN    8           /* to 15: the boot's, and only a reset takes them back */
#define GATE_CAP_PCR_MAX    15
#define GATE_PCRS_ALL       0xffffU /* PCRs 0 to 15: of the others no change is noticed in time */
#define GATE_PARAVISORS_MAX 32      /* that a gate may list */

/* Owned: gate_file_done(). Zeroed is empty. */
typedef struct GateFile {
    char *name;
    GateKind kind;
    char *verifier; /* verifier_id whose gate it is; NULL with GATE_KIND_PCR, which has none */

    /* GATE_KIND_VERIFIER. */
    json_t *release_key;      /* public P-256 JWK: kty, crv, x, y and no others */
    json_t *next_release_key; /* the same; NULL: none */
    bool no_ticket;           /* opens within the round only: nothing is kept */
    unsigned cap_pcr;         /* what a refusal extends, to shut until a reset; 0: nothing */

    /* GATE_KIND_REWRAP. */
    json_t *rewrap_key; /* public P-256 JWK: kty, crv, x, y, kid and no others */
    unsigned binds;     /* BIND_BIT()s, bind_set_is_valid() */

    /* GATE_KIND_KEY_RELEASE. */
    char *key_url;      /* vault_key_url_is_valid() */
    json_t *key;        /* its public half: kty, crv, x, y; or kty, n, e; and no others */
    char *client_id;    /* of the identity that asks for it; NULL: the machine's only one */
    char *resource;     /* whom the access token is for; NULL: vault_resource() knows it */
    char *vault_ca_pem; /* who certified the vault; NULL: one of the system's roots */
    char *api_version;  /* NULL: VAULT_API_VERSION */

    /* GATE_KIND_PCR. */
    uint16_t pcr_bank; /* TPM_ALG_SHA256 */
    uint32_t pcrs;     /* bit n: PCR n; some of GATE_PCRS_ALL */

    /* Of every kind. */
    json_t *recovery_key; /* public P-256 or P-384 JWK: kty, crv, x, y; NULL: no recovery */
    char *vtpm_root;      /* what must stand behind the vTPM; NULL: not stated */
    char *vtpm_ca_pem;    /* who certified it, with vtpm_root "certificate"; NULL: not stated */
    json_t *paravisors;   /* with vtpm_root "paravisor": [{"measurement"?, "id_key_digest"?,
                             "mrtd"?}, …] in hexadecimal, to seal to; NULL: not stated */
} GateFile;

void gate_file_done(GateFile *gate);
#define _cleanup_gate_file_ _cleanup_(gate_file_done)

enum {
    GATE_FILE_OK,
    GATE_FILE_E_JSON,        /* not one bounded JSON object without duplicates */
    GATE_FILE_E_FORMAT,      /* "attestd_gate" is not 1 */
    GATE_FILE_E_UNKNOWN,     /* a member that is not known */
    GATE_FILE_E_NAME,        /* not the name of the file, or no name of a gate at all */
    GATE_FILE_E_KIND,        /* of a kind that is not known */
    GATE_FILE_E_OTHER_KIND,  /* a member that goes with another kind */
    GATE_FILE_E_VERIFIER,    /* no verifier, or one that cannot be printed */
    GATE_FILE_E_RELEASE_KEY, /* a key is missing, private, or not of the shape of P-256 */
    GATE_FILE_E_TICKET,      /* ticket is there and not false */
    GATE_FILE_E_CAP_PCR,     /* cap_pcr is not from 8 to 15 */
    GATE_FILE_E_REWRAP_KEY,  /* as a release key, or without kid */
    GATE_FILE_E_BIND,        /* bind is not a list as bind_set_is_valid() wants it */
    GATE_FILE_E_KEY_URL,     /* key_url is not vault_key_url_is_valid() */
    GATE_FILE_E_KEY,         /* key is missing, private, or none that data keys can be wrapped to */
    GATE_FILE_E_KEY_OCT,     /* key is a symmetric one: it has no public half */
    GATE_FILE_E_CLIENT_ID,   /* client_id is no UUID */
    GATE_FILE_E_RESOURCE,    /* resource is no URL; or is missing, and the host is not known */
    GATE_FILE_E_VAULT_CA,    /* vault_ca_pem is no PEM text of certificates, or too long */
    GATE_FILE_E_API_VERSION, /* api_version is none by its looks */
    GATE_FILE_E_PCRS,        /* no pcrs, twice one, one above 15, or another bank than sha256 */
    GATE_FILE_E_RECOVERY,    /* recovery_key is private, or not of the shape of P-256 or P-384 */
    GATE_FILE_E_VTPM_ROOT,   /* vtpm_root is nothing that stands behind a vTPM */
    GATE_FILE_E_VTPM_CA,     /* vtpm_ca_pem is no PEM text of certificates, or too long */
    GATE_FILE_E_PARAVISORS,  /* paravisors is no such list, or vtpm_root is another */
};

/* What was found, and what would have been right; static texts. */
const char *gate_file_reason(int reason);
const char *gate_file_wanted(int reason);

/* Parses the file of the gate NAME. Named no, -ENOMEM. */
_must_check_ int gate_file_parse(ByteView text, const char *name, GateFile *ret);
/* The object in such a file, a new reference; NULL when out of memory. */
json_t *gate_file_to_json(const GateFile *gate);
/* The file: indented, one line feed at its end. Owned; NULL when out of memory. */
char *gate_file_text(const GateFile *gate);

/*
 * The members of JWK that make a public key as the gate file has it, as a new reference. JWK may be
 * NULL. GATE_FILE_OK, GATE_FILE_E_RELEASE_KEY, …_REWRAP_KEY, …_RECOVERY; -ENOMEM.
 */
_must_check_ int gate_release_key(const json_t *jwk, json_t **ret);
_must_check_ int gate_rewrap_key(const json_t *jwk, json_t **ret);
_must_check_ int gate_recovery_key(const json_t *jwk, json_t **ret);
/*
 * The same of a vault's key, whose kty may be written "EC-HSM" or "RSA-HSM", as the vault does:
 * P-256, P-384, RSA of 2048 to 4096 bits. GATE_FILE_OK, GATE_FILE_E_KEY, …_KEY_OCT; -ENOMEM.
 */
_must_check_ int gate_vault_key(const json_t *jwk, json_t **ret);
/* A list of paravisors as the gate file has it, a new reference. …_PARAVISORS; -ENOMEM. */
_must_check_ int gate_paravisors(const json_t *list, json_t **ret);
/* One of "host", "certificate", "svsm", "paravisor": vtpm-root.h ranks them. */
bool gate_vtpm_root_is_valid(const char *text);
/* One certificate in PEM or more, by its looks: at most GATE_CA_MAX bytes of text. */
bool gate_ca_is_valid(const char *text);
