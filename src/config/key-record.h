/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which attestation key this machine was last trusted with: the file "attestation-key" in the state
 * directory. A vTPM that forgets, a clone and a restored machine are told by another one. Versions
 * before this file do not look at it.
 */
#pragma once

#include "format/worker-answer.h"

#define KEY_RECORD_FILE "attestation-key"

/* Owned: key_record_done(). Zeroed is empty. */
typedef struct KeyRecord {
    char *boot_id;                   /* of the boot it was last seen in, hex */
    char *tpm;                       /* where: "TCTI AttestationKey", as they were set */
    char name[ANSWER_TPM_NAME_SIZE]; /* of the key, hex */
} KeyRecord;

void key_record_done(KeyRecord *record);
#define _cleanup_key_record_ _cleanup_(key_record_done)

enum {
    KEY_RECORD_OK,
    KEY_RECORD_E_NONE, /* not there, or nothing that can be read as one */
};

/* The file's content, and back: owned text, NULL when out of memory. A named no or -ENOMEM. */
_must_check_ int key_record_parse(ByteView text, KeyRecord *ret);
char *key_record_text(const KeyRecord *record);
/* Reads the file, never through a link. A named no or -ENOMEM. */
_must_check_ int key_record_read(const char *state_directory, KeyRecord *ret);
/* Replaces it. Negative errno. */
_must_check_ int key_record_write(const char *state_directory, const KeyRecord *record);
