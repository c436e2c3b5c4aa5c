/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header of a secret file: what is authenticated with the secret (docs/secrets.md). Which
 * members there are depends on the kind of gate. Nothing in it is believed before secret-cipher.h
 * has opened the file.
 */
#pragma once

#include "base/bytes.h"
#include "crypto/gate-policy.h"
#include "format/gate-kind.h"
#include "format/jwe-text.h"
#include "format/on-change.h"
#include "format/on-loss.h"
#include "secret/secret-name.h"

#define SECRET_HEADER_SIZE_MAX (16 * 1024)               /* bytes of the header JSON */
#define SECRET_WHO_MAX         32                        /* names that may ask */
#define SECRET_VERSION_MAX     ((UINT64_C(1) << 53) - 1) /* exact in every JSON reader */
#define SECRET_ID_SIZE         16
#define SECRET_TPM_NAME_SIZE   TPM_NAME_SIZE /* bytes */
#define SECRET_PCR_BANK        "sha256"
#define SECRET_CAP_PCR_MIN     8 /* what a refusal may extend: nothing that firmware measures to, */
#define SECRET_CAP_PCR_MAX     15 /* and nothing that can be reset without the TPM */

/* What it was sealed with so that an older file opens no more: PolicyNV. */
typedef struct SecretCounter {
    uint32_t index; /* of the TPM's NV memory, TPM_COUNTER_FIRST … */
    uint64_t value; /* the counter is at most there */
    uint8_t name[SECRET_TPM_NAME_SIZE];
} SecretCounter;

/* A zeroed struct is empty and valid. Owned: secret_header_done(). */
typedef struct SecretHeader {
    char *name;
    uint8_t id[SECRET_ID_SIZE]; /* random, made anew by every seal */
    uint64_t version;           /* from 1; each seal of the same name is one higher */
    char *gate;
    GateKind gate_kind;
    char *who[SECRET_WHO_MAX]; /* none: nobody may ask */
    size_t n_who;
    OnLoss on_loss;
    OnChange on_change;
    char *vtpm_root_minimum; /* what was known of the vTPM: "host", "certificate", "svsm", … */
    uint64_t created_sec;    /* wall clock */
    char *recovery;          /* compact JWE of the data key (recovery.h); NULL: none */

    /* Kinds verifier and pcr: */
    uint8_t parent_name[SECRET_TPM_NAME_SIZE]; /* of the machine's storage root key */
    bool has_counter;
    SecretCounter counter;

    /* Kind verifier: */
    uint8_t release_key_name[SECRET_TPM_NAME_SIZE];
    bool has_next_release_key; /* then the policy is PolicyOR(this one, next one) */
    uint8_t next_release_key_name[SECRET_TPM_NAME_SIZE];
    uint8_t ak_name[SECRET_TPM_NAME_SIZE]; /* of the machine it was sealed on */

    /*
     * Kind verifier: the register that a refusal extends, as it was when sealing; mask 0: none.
     * Kind pcr: the registers that must be as they are here.
     */
    GatePcrs pcrs;

    /* Kinds rewrap and key-release: */
    char *wrapped; /* compact JWE of the data key (rewrap.h) */
} SecretHeader;

void secret_header_done(SecretHeader *header);
#define _cleanup_secret_header_ _cleanup_(secret_header_done)

/* One of "host", "certificate", "svsm", "paravisor". */
bool secret_vtpm_root_is_valid(const char *text);

/* Header JSON, to be authenticated as it stands. -EINVAL: a member that would not be read again. */
_must_check_ int secret_header_emit(const SecretHeader *header, Bytes *ret);
