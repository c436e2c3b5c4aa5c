/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attestation results: the EAR claims of a token (draft-ietf-rats-ear) and their trust vectors
 * (draft-ietf-rats-ar4si-06), in either spelling, and the floor under what counts as a yes
 * (spec/endpoints 6.3).
 */
#pragma once

#include "base/json.h"

typedef enum EarTier {
    EAR_NONE,            /* no statement: 0, 1, -1 */
    EAR_AFFIRMING,       /* 2…31, -2…-32 */
    EAR_WARNING,         /* 32…95, -33…-96 */
    EAR_CONTRAINDICATED, /* 96…127, -97…-128 */
} EarTier;

typedef enum EarEntry {
    EAR_INSTANCE_IDENTITY,
    EAR_CONFIGURATION,
    EAR_EXECUTABLES,
    EAR_FILE_SYSTEM,
    EAR_HARDWARE,
    EAR_RUNTIME_OPAQUE,
    EAR_STORAGE_OPAQUE,
    EAR_SOURCED_DATA,
    EAR_N_ENTRIES,
} EarEntry;

typedef struct EarVector {
    int8_t value[EAR_N_ENTRIES]; /* AR4SI claim values; 0 where absent */
    bool present[EAR_N_ENTRIES];
    EarTier worst;     /* of all entries that say something, unknown names included */
    bool is_disturbed; /* an entry is 1 or -1: unknown elements, verifier malfunction */
} EarVector;

typedef struct EarSubmodule {
    const char *name; /* borrowed from the claims */
    EarTier status;
    EarVector vector;
    json_t *claims; /* the submodule's object, borrowed */
} EarSubmodule;

typedef enum EarSpelling { EAR_UNDERSCORE, EAR_DOTTED } EarSpelling;

#define EAR_SUBMODULES_MAX 16

/* Borrows from the claims it was read from. Zeroed is empty; nothing to release. */
typedef struct Ear {
    EarSpelling spelling;
    EarSubmodule submodules[EAR_SUBMODULES_MAX];
    size_t n_submodules;
    bool has_status; /* the top level has a status of its own */
    EarTier status;
} Ear;

enum {
    EAR_OK,
    EAR_E_MIXED,      /* both spellings in one token */
    EAR_E_SUBMODULES, /* submods missing, empty, too many, or a member that is no object */
    EAR_E_STATUS,     /* a submodule's status missing, or neither a tier name nor 0, 2, 32, 96 */
    EAR_E_VECTOR,     /* a vector that is no object of integers -128…127 */
};

/* Tier of an AR4SI claim value; values outside -128…127 are contraindicated. */
EarTier ear_tier(int64_t value);
const char *ear_tier_name(EarTier tier); /* "none", "affirming", "warning", "contraindicated" */
/* The value a tier has as a number in a status: 0, 2, 32, 96. */
int ear_tier_value(EarTier tier);
/* "hardware", as in the vector. */
const char *ear_entry_name(EarEntry entry);

/* Reads the EAR part of a token's claims. EAR_OK or a named no. */
_must_check_ int ear_parse(json_t *claims, Ear *ret);
const EarSubmodule *ear_find(const Ear *ear, const char *submodule);
/*
 * Is the status better than the worst entry of the vector allows? Entries of 0 say nothing; 1 and
 * -1 allow no "affirming".
 */
bool ear_is_too_good(EarTier status, const EarVector *vector);
/* The status a vector allows at best: what a verifier writes. All zero: EAR_NONE. */
EarTier ear_status_of(const EarVector *vector);
/* {"hardware":2,…} of the present entries, and the reverse of it. New reference; NULL: no memory.
 */
json_t *ear_vector_to_json(const EarVector *vector);
/* Sets one entry and keeps `worst` and `is_disturbed` true. */
void ear_vector_set(EarVector *vector, EarEntry entry, int8_t value);

/* The built-in floor (docs/threat-model.md): what a yes is at least. */
typedef struct EarFloor {
    const char *const *submodules; /* exactly these, NULL-terminated */
    const char *hardware;          /* this one must affirm `hardware`; NULL: none */
    const char *unendorsed;        /* this one may have status none; NULL: none */
} EarFloor;

enum {
    EAR_FLOOR_OK,
    EAR_FLOOR_E_SUBMODULES,    /* one missing or one too many */
    EAR_FLOOR_E_NOT_AFFIRMING, /* a status other than affirming */
    EAR_FLOOR_E_HARDWARE,      /* hardware absent or not affirming */
    EAR_FLOOR_E_TOO_GOOD,      /* a status better than its vector */
};

/*
 * EAR_FLOOR_OK or a named no; RETERR_SUBMODULE (may be NULL) then names the submodule, borrowed, ""
 * for the token as a whole.
 */
_must_check_ int ear_floor(const Ear *ear, const EarFloor *floor, const char **reterr_submodule);
/* Name of the finding for a no of ear_floor(): see the list in token.h. */
const char *ear_floor_reason_name(int reason);
