/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The anchor of every TDX chain: the key of Intel's SGX root CA, compiled in. Intel has issued the
 * certificate anew for the same key, so the key is what is believed, never the certificate.
 */
#pragma once

#include "verify/amd-roots.h"

#define INTEL_ROOT_SUBJECT "Intel SGX Root CA"

/* P-256, x and y big-endian. */
typedef struct IntelRoot {
    uint8_t x[32];
    uint8_t y[32];
    SpkiDigest digest; /* SHA-384 of the SubjectPublicKeyInfo */
} IntelRoot;

extern const IntelRoot intel_root;

/* Is it the fingerprint of Intel's root? */
bool intel_root_is_pinned(const SpkiDigest *digest);
