/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A confidential VM as a verifier sees it: a simulated chip and, where swtpm is installed, a vTPM.
 * It makes whole evidence, honest or not.
 */
#pragma once

#include "testing.h"

#include "evidence/source-tpm.h"
#include "format/bundle.h"
#include "format/evidence-claims.h"
#include "sim-chip.h"

typedef struct Machine {
    SimChip *chip;
    bool has_tpm;
    VtpmSettings settings;
    void *swtpm; /* Swtpm */
} Machine;

/* DIRECTORY gets the chip's files. */
Machine machine_start(const char *directory);
void machine_stop(Machine *machine);

/* What the machine is told to send. Everything else is as an honest agent sends it. */
typedef struct MachineOrder {
    const char *nonce;    /* base64url, of the challenge */
    const char *audience; /* the verifier's id; NULL: evidence for a caller */
    bool without_tpm;
    const char *field, *value; /* a field of the report to set, as sim_report_set() takes it */
    ByteView credential_blob, credential_secret; /* to activate; empty: none */
    bool spoil_credential;                       /* another secret than the TPM gave out */
    void (*before_binding)(EvidenceClaims *claims);
    void (*spell_claims)(Bytes *claims); /* writes them anew: they are bound as they then stand */
    void (*after_binding)(Evidence *evidence);
} MachineOrder;

/* Evidence JSON; owned. */
Bytes machine_attest(const Machine *machine, const MachineOrder *order);
/* {"ak_public", "ek_public"} for a challenge; owned. */
Bytes machine_challenge_body(const Machine *machine);
/* The public response key that the claims carry; a new reference. */
json_t *machine_response_key(void);
/* The chip's root, and what it measures, as hex. */
void machine_root(const Machine *machine, char ret[static 97]);
void machine_measurement(const Machine *machine, char ret[static 97]);
