/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gates_grant() with wrapped data keys: a machine of which all is known asks a verifier that has
 * two rewrap keys.
 */
#pragma once

#include "blob-lab.h"
#include "gates-lab.h"

#define ANY   "{'name':'vault','kind':'rewrap','machines':['*']}"
#define FLEET "{'name':'vault','kind':'rewrap','machines':['*'],'binds':['fleet']}"

/* What the tests of one program share. */
typedef struct RewrapBench {
    Key *response_key; /* private */
    RewrapKeys keys;   /* the present one and one before it */
    BindFacts facts;   /* of the machine that asks */
    uint8_t nonce[56];
} RewrapBench;

extern RewrapBench bench;

void rewrap_bench_start(void);
void rewrap_bench_stop(void);

/* An affirming appraisal that asks for N gates; for "vault" alone. Owned. */
Appraisal *asks_for(const char *const *gates, size_t n);
Appraisal *asks_for_vault(void);

/* What one call of gates_grant() came to. */
typedef struct Outcome {
    Policy *policy;
    GatesGrant grant;
    json_t *gates; /* the answer */
} Outcome;

void outcome_done(Outcome *outcome);

/* POLICY: its gates, in single quotes. */
Outcome grant(const char *policy, Appraisal *appraisal, ByteView blobs);
/* The keys that were answered for GATE; NULL: it stays shut. */
const json_t *keys_of(const Outcome *outcome, const char *gate);

/* ORDER's blob, wrapped to the present key, is opened under POLICY. */
void check_opened(const char *policy, const BlobOrder *order);
/* No key in the answer; the machine learns one text about SUBJECT, the journal REASON. */
void check_list_closed(const char *policy, ByteView list, const char *subject, const char *reason);
/* The same for one blob, which is taken, and gate "vault". */
void check_blob_closed(const char *policy, char *blob, const char *reason);
void check_closed(const char *policy, const BlobOrder *order, const char *reason);

/* Each fact has bytes of its own: 0x41 and its kind; then one of BYTE. */
void know_all(void);
void set_fact(BindKind kind, uint8_t byte);
/* {'KIND':…} of bytes BYTE; static text. */
const char *bind_of(BindKind kind, uint8_t byte);
