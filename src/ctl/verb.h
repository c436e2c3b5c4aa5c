/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs of attestctl; one file each, listed in main.c. A verb returns an exit class.
 */
#pragma once

#include "base/macro.h"

#define OPTION_FOR_MAX 32 /* --for options; as many names as a secret's header has room for */

typedef struct Options {
    const char *color;               /* --color=WHEN */
    const char *config;              /* --config=FILE */
    const char *gate;                /* --gate=NAME */
    const char *nonce;               /* --nonce=HEX */
    const char *out;                 /* --out=FILE */
    const char *runtime_directory;   /* --runtime-directory=DIR; never NULL */
    const char *state_directory;     /* --state-directory=DIR; never NULL */
    const char *timeout;             /* --timeout=SECONDS */
    const char *trust;               /* --trust=FILE */
    const char *vtpm_root;           /* --vtpm-root=WHAT */
    const char *worker;              /* --worker=FILE; never NULL */
    uint64_t timeout_usec;           /* of --timeout; USEC_INFINITY unless given */
    const char *who[OPTION_FOR_MAX]; /* --for=WHO … */
    size_t n_who;
    bool accept_host_tpm; /* --accept-host-tpm */
    bool json;            /* --json */
    char **arguments;     /* what follows the verb; NULL-terminated */
    size_t n_arguments;
} Options;

int verb_attest(const Options *options);
int verb_config(const Options *options);
int verb_evidence(const Options *options);
int verb_gate(const Options *options);
int verb_seal(const Options *options);
int verb_secrets(const Options *options);
int verb_status(const Options *options);
int verb_token(const Options *options);
int verb_version(const Options *options);
int verb_wait(const Options *options);
