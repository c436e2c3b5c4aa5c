/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every kind of gate has in common; the rest is said by its row of gates.h.
 */
#include "secret/unlock.h"

#include "format/vtpm-root.h"
#include "secret/gate-table.h"
#include "tpm/tpm-seal.h"

#include <errno.h>

#define NO_ROOT "host" /* what a verdict says that says nothing of it */

const char *unlock_finding(int no)
{
    switch (no) {
    case UNLOCK_E_GATE:
        return "secret-no-approval";
    case UNLOCK_E_KIND:
        return "secret-gate-kind-changed";
    case UNLOCK_E_VTPM_ROOT:
        return "secret-vtpm-root-lower";
    case UNLOCK_E_AK:
        return "secret-key-changed";
    case UNLOCK_E_RELEASE_KEY:
        return "secret-release-key-changed";
    case UNLOCK_E_APPROVAL:
        return "secret-approval-malformed";
    case UNLOCK_E_EXPIRED:
        return "tpm-approval-expired";
    case UNLOCK_E_MALFORMED:
        return tpm_seal_finding(TPM_SEAL_E_MALFORMED);
    case UNLOCK_E_SHAPE:
        return tpm_seal_finding(TPM_SEAL_E_SHAPE);
    case UNLOCK_E_POLICY:
        return tpm_seal_finding(TPM_SEAL_E_POLICY);
    case UNLOCK_E_PCRS:
        return "secret-pcrs-moved";
    case UNLOCK_E_CAPPED:
        return "secret-capped";
    case UNLOCK_E_COUNTER:
        return "secret-version-lower";
    case UNLOCK_E_MOVING:
        return tpm_seal_finding(TPM_SEAL_E_MOVED);
    }
    return NULL;
}

bool unlock_needs_tpm(const SecretFile *file)
{
    return secret_gate(file->header.gate_kind)->needs_tpm;
}

/* A text that nobody knows ranks below everything. */
static int check_root(const SecretHeader *header, const char *vtpm_root)
{
    int given = vtpm_root_rank(vtpm_root ? vtpm_root : NO_ROOT);

    return given >= vtpm_root_rank(header->vtpm_root_minimum) ? UNLOCK_OK : UNLOCK_E_VTPM_ROOT;
}

int unlock_check(const SecretFile *file, const UnlockWith *with)
{
    int r = secret_gate(file->header.gate_kind)->check(file, with);

    return r == UNLOCK_OK ? check_root(&file->header, with->vtpm_root) : r;
}

int unlock_key(TpmContext *tpm, const SecretFile *file, const UnlockWith *with, TpmKey **parent,
               Secret **ret)
{
    const SecretGate *gate = secret_gate(file->header.gate_kind);
    const GateOpening opening = { .tpm = tpm, .file = file, .with = with, .parent = parent };

    if (gate->needs_tpm && !tpm)
        return -EINVAL;
    return gate->open(&opening, ret);
}
