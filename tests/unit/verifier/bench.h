/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A running verifier and a machine that attests to it, for whole rounds in one line.
 */
#pragma once

#include "lab.h"
#include "machine.h"

#include "token/token.h"

/* What the tests of one program share. */
typedef struct Bench {
    Lab lab;
    Machine machine;
    char verifier_id[64];
    const char *gates; /* items of the policy's "gates"; NULL: none */
} Bench;

extern Bench bench;

/* Any vTPM, the host's too. */
#define BENCH_TPM "{\"required\":false,\"roots\":[\"host\"]}"

/* Starts both, with a policy that the machine meets. */
void bench_start(void);
void bench_stop(void);

/*
 * Puts a policy in force and waits until it is. SNP and TPM are JSON objects; ROOT is the simulated
 * root in hex, "own" or NULL for none.
 */
void bench_policy(const char *snp, const char *tpm, const char *root);
/* The "snp" object that the machine meets. Static text. */
const char *bench_snp(void);

LabReply bench_submit(ByteView evidence);
/* One round with a fresh nonce unless ORDER has one; RET_NONCE (may be NULL) is owned. */
LabReply bench_round(MachineOrder order, char **ret_nonce);
LabReply bench_honest_round(char **ret_nonce);

/* Validates as the agent does: keys from the trust file, key of the claims, nonce. Owned. */
Token *bench_token(const char *text, const char *nonce);
/* The claims that are ours alone. */
const json_t *bench_ours(const Token *token);
/* A signed refusal, bound to NONCE, in which FINDING is a failure. */
void bench_check_refused(const LabReply *reply, const char *nonce, const char *finding);
