/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gate files, NAME.json in the directory of gates (docs/gates.md): what attestctl writes, what
 * attestd asks the verifier to open, what a secret is sealed to. Whether a release key is a point
 * of the curve is for those to say who have the arithmetic.
 */
#pragma once

#include "base/json.h"

#define GATE_FILE_MAX    (16 * 1024) /* bytes; real ones have some 500, and a CA's some 2000 */
#define GATE_VTPM_CA_MAX (12 * 1024) /* bytes of PEM; fits a gate file */

/* Owned: gate_file_done(). Zeroed is empty. */
typedef struct GateFile {
    char *name;
    char *verifier;           /* verifier_id whose gate it is */
    json_t *release_key;      /* public P-256 JWK: kty, crv, x, y and no others */
    json_t *next_release_key; /* the same; NULL: none */
    char *vtpm_root;          /* what must stand behind the vTPM; NULL: not stated */
    char *vtpm_ca_pem;        /* who certified it, with vtpm_root "certificate"; NULL: not stated */
} GateFile;

void gate_file_done(GateFile *gate);
#define _cleanup_gate_file_ _cleanup_(gate_file_done)

enum {
    GATE_FILE_OK,
    GATE_FILE_E_JSON,        /* not one bounded JSON object without duplicates */
    GATE_FILE_E_FORMAT,      /* "attestd_gate" is not 1 */
    GATE_FILE_E_UNKNOWN,     /* a member that is not known */
    GATE_FILE_E_NAME,        /* not the name of the file, or no name of a gate at all */
    GATE_FILE_E_KIND,        /* of another kind than "verifier" */
    GATE_FILE_E_VERIFIER,    /* no verifier, or one that cannot be printed */
    GATE_FILE_E_RELEASE_KEY, /* a key is missing, private, or not of the shape of P-256 */
    GATE_FILE_E_VTPM_ROOT,   /* vtpm_root is nothing that stands behind a vTPM */
    GATE_FILE_E_VTPM_CA,     /* vtpm_ca_pem is no PEM text of certificates, or too long */
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
 * The members of JWK that make a public P-256 key, as a new reference. JWK may be NULL.
 * GATE_FILE_OK, GATE_FILE_E_RELEASE_KEY, -ENOMEM.
 */
_must_check_ int gate_release_key(const json_t *jwk, json_t **ret);
/* One of "host", "certificate", "svsm", "paravisor". */
bool gate_vtpm_root_is_valid(const char *text);
/* One certificate in PEM or more, by its looks: at most GATE_VTPM_CA_MAX bytes of text. */
bool gate_vtpm_ca_is_valid(const char *text);
