/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A verifier's directory from nothing: keys, CA and leaf, configuration, starter policy, and the
 * trust file for agents. Never touches one that has something in it.
 */
#pragma once

#include "format/finding.h"

#define INIT_SIMULATED_ROOTS_MAX 8

typedef struct InitOptions {
    const char *directory;
    const char *url;    /* where agents reach it */
    const char *listen; /* NULL: from the URL */
    const char
        *simulated_roots[INIT_SIMULATED_ROOTS_MAX]; /* 96 hex digits, or a certificate file */
    size_t n_simulated_roots;
} InitOptions;

enum { INIT_OK, INIT_E_REFUSED };

/*
 * Makes the directory (its parent must exist). INIT_E_REFUSED: nothing was written, and FINDINGS
 * say why. Negative errno.
 */
_must_check_ int init_directory(const InitOptions *options, Findings *findings);
