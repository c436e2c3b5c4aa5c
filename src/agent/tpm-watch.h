/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which TPM a round asks, and which attestation key the machine was last trusted with.
 */
#pragma once

#include "config/config.h"
#include "config/key-record.h"

/* Owned: tpm_watch_done(). Zeroed is empty. */
typedef struct TpmWatch {
    char *state_directory;
    char boot_id[33];  /* hex; "": not known */
    char *tcti;        /* of the round that runs */
    char *place;       /* likewise: "TCTI AttestationKey" */
    KeyRecord trusted; /* name "": none is known */
    bool is_failing;   /* to write the record; said once */
} TpmWatch;

/* Reads the record, if there is one. -ENOMEM. */
_must_check_ int tpm_watch_open(const char *state_directory, TpmWatch *ret);
void tpm_watch_done(TpmWatch *watch);

/* A round begins with these settings, whatever they become while it runs. -ENOMEM. */
_must_check_ int tpm_watch_begin(TpmWatch *watch, const EvidenceConfig *evidence);

/* How the key that a round quoted with stands to the one of before. */
typedef enum KeyChange {
    KEY_IS_KNOWN,     /* the same, or nothing is known of this TPM */
    KEY_IS_NEW,       /* another than in the boot that it was last seen in */
    KEY_WAS_REPLACED, /* another than earlier in this boot */
} KeyChange;

KeyChange tpm_watch_compare(const TpmWatch *watch, const char *name);
/*
 * The round passed with the key NAME: what is kept follows. Negative errno when it could not be
 * written; what is in memory holds all the same.
 */
_must_check_ int tpm_watch_trust(TpmWatch *watch, const char *name);
