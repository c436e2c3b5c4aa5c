/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside this folder only: one secret on its way into a file. seal.c leads; what the TPM has to
 * tell is found by sealing-pcrs.c and sealing-counter.c, and sealing-key.c puts the data key where
 * the gate's kind wants it.
 */
#pragma once

#include "evidence/source-tpm.h"
#include "secret/store.h"
#include "tpm/tpm-counter.h"
#include "tpm/tpm-key.h"
#include "worker/answer.h"
#include "worker/request-seal.h"

/* Which counter the file that is there was sealed with, and which the new one gets. */
typedef struct SealingCounter {
    bool has_old; /* as the old file says: which of several, and a count that was never made */
    uint32_t old_index;
    uint64_t old_value; /* ahead of the counter, where sealing was cut short */
    bool has_new;       /* as the header says, which goes into the file */
    SecretCounter ours;
    bool is_new; /* defined here: to be removed when nothing was stored */
} SealingCounter;

typedef struct Sealing {
    const SealRequest *request;
    WorkerAnswer *answer;
    Bytes buffer; /* one byte more than the largest secret; wiped */
    ByteView secret;
    SecretStore *store;
    Vtpm *vtpm;     /* NULL: this gate needs no TPM */
    TpmKey *parent; /* of vtpm */
    SecretHeader header;
    SealingCounter counter;
} Sealing;

enum { SEAL_OK, SEAL_E_FAILED /* the answer's findings say why */ };

/* Adds the failure NAME. SEAL_E_FAILED; -ENOMEM. */
_must_check_ int sealing_fail(Sealing *sealing, const char *name, const char *found);
/* The failure that R, a no or an errno of the TPM storey, is. As above; negative errno. */
_must_check_ int sealing_fail_tpm(Sealing *sealing, int r);

/* What the request's gate is about: registers to come, and registers as they are. */
_must_check_ int sealing_read_pcrs(Sealing *sealing);

/* Has the counter, in the header, count one further than every file that was sealed before. */
_must_check_ int sealing_take_counter(Sealing *sealing);
/*
 * After the new file is stored: from here on older ones open no more. What cannot be done is a
 * warning, since the new file is good all the same. -ENOMEM.
 */
_must_check_ int sealing_settle_counter(Sealing *sealing);
/* After nothing was stored: leaves the TPM as it was. */
void sealing_drop_counter(Sealing *sealing);

/* Does the data key of this gate, or what it is bound to, come from the TPM? */
bool sealing_needs_tpm(const SealRequest *request);
/*
 * Puts DATA_KEY where the gate opens it: into RET, with the header's policy, or wrapped into the
 * header; and into the header for recovery, where the gate has a key for that.
 */
_must_check_ int sealing_protect_key(Sealing *sealing, const Secret *data_key, SecretFile *ret);
