/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verifier.json: where to listen, who we say we are, and which files hold keys and policy. Strict:
 * an unknown member is an error. Written by init, read by every other verb.
 */
#pragma once

#include "base/json.h"
#include "format/finding.h"

#define CONFIG_FILE     "verifier.json"
#define CONFIG_SIZE_MAX ((size_t)64 << 10) /* bytes; the written one has 1 KiB */

#define CONFIG_TOKEN_LIFE_SEC  900 /* design: 15 minutes from the nonce's issue */
#define CONFIG_CONNECTIONS     256 /* a process; each may hold one body in memory */
#define CONFIG_TIMEOUT_SEC     30  /* silence on a connection */
#define CONFIG_PROCESSES_MAX   256
#define CONFIG_CONNECTIONS_MAX 4096

/* Texts are owned; file paths are joined with the directory. */
typedef struct VerifierConfig {
    char *listen;      /* ADDR:PORT, [ADDR]:PORT or unix:PATH */
    char *path_prefix; /* "" or "/some/path": what stands before /challenge */
    char *verifier_id; /* aud of claims */
    char *issuer;      /* iss of tokens */
    char *audience;    /* aud of tokens */
    char **urls;       /* where agents reach us; n_urls of them; for the trust file */
    size_t n_urls;
    uint64_t token_life_sec;
    uint64_t processes;   /* 0: one a processor */
    uint64_t connections; /* at most, in each process */
    uint64_t timeout_sec;
    char *policy;      /* path */
    char *token_key;   /* path, PEM */
    char *release_key; /* path, PEM */
    char *rewrap_key;  /* path, PEM; older ones stand beside it */
    char *nonce_key;   /* path, 32 or 64 bytes */
    char *tls_certificate;
    char *tls_key;
    char *tls_ca; /* for the trust file */
} VerifierConfig;

enum { CONFIG_OK, CONFIG_E_INVALID };

/*
 * Reads DIRECTORY/verifier.json. CONFIG_E_INVALID: FINDINGS has "verifier-config-invalid" with file
 * and JSON pointer as its subject. -ENOMEM.
 */
_must_check_ int config_load(const char *directory, Findings *findings, VerifierConfig **ret);
/* How the files of the directory are written: indented, a newline at the end. -ENOMEM. */
_must_check_ int json_for_people(const json_t *json, Bytes *ret);
VerifierConfig *config_free(VerifierConfig *config);
DEFINE_CLEANUP(VerifierConfig *, config_free);
