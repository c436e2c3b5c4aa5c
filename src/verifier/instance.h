/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that answering needs, loaded whole before a process serves: configuration, policy,
 * keys. A reload makes another one; nothing in it changes afterwards.
 */
#pragma once

#include "verifier/config.h"
#include "verifier/nonce.h"
#include "verifier/rewrap-keys.h"
#include "verifier/shared.h"

#include "base/clock.h"
#include "crypto/key.h"
#include "verify/policy.h"

typedef struct Instance {
    VerifierConfig *config;
    Policy *policy;
    Key *token_key;
    char *kid;        /* thumbprint of the above */
    char *jwks;       /* JSON text */
    Key *release_key; /* signs for gates and nothing else; NULL: the policy has none for it */
    RewrapKeys
        rewrap_keys; /* open data keys and nothing else; empty: the policy has no such gate */
    NonceKeys nonce_keys;
    AmdRoots *roots;       /* decoded once */
    Bytes tls_certificate; /* PEM */
    Bytes tls_key;         /* PEM */
    /* Of the TLS certificate, and of the CA where its file can be read; seconds since 1970. */
    int64_t tls_from_sec, tls_until_sec;
    int64_t ca_from_sec, ca_until_sec; /* 0: not known */
    Shared *shared;                    /* borrowed */
    const Clock *clock;                /* borrowed */
} Instance;

enum { INSTANCE_OK, INSTANCE_E_INVALID };

/* Warns of certificates that will end soon. -ENOMEM. */
_must_check_ int instance_note_ends(const Instance *instance, Findings *findings);

/*
 * Loads all of DIRECTORY. INSTANCE_E_INVALID: FINDINGS say which file and why. -ENOMEM, -EIO,
 * -EPERM when no memory may be locked.
 */
_must_check_ int instance_load(const char *directory, Shared *shared, Findings *findings,
                               Instance **ret);
Instance *instance_free(Instance *instance);
DEFINE_CLEANUP(Instance *, instance_free);

/* Reads one policy file. INSTANCE_E_INVALID: FINDINGS has "verifier-policy-invalid". -ENOMEM. */
_must_check_ int policy_load(const char *path, Findings *findings, Policy **ret);
/* Reads one key file; it must be a P-256 key pair. INSTANCE_E_INVALID as above. -ENOMEM, -EIO. */
_must_check_ int key_load(const char *path, Findings *findings, Key **ret);
/* Writes a fresh P-256 key pair to PATH, 0600. Negative errno. */
_must_check_ int key_write(const char *path);
