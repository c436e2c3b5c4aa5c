/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One TPM transaction: lock, TCTI, ESYS; closed in order. One transaction = open, work, flush,
 * close, within seconds; nothing is kept across network waits.
 */
#pragma once

#include "base/macro.h"
#include "tpm/tpm-owner-file.h"
#include "tpm/tpm-reason.h"

#include <tss2/tss2_esys.h>

/* Why the last command failed. */
typedef struct TpmFailure {
    const char *finding; /* name in the catalogue; NULL: nothing failed */
    char text[192];      /* "TPM2_Quote: tpm:warn(2.0): ... (0x921)"; never a secret */
} TpmFailure;

typedef struct TpmContext {
    ESYS_CONTEXT *esys;
    TSS2_TCTI_CONTEXT *tcti;
    int lock_fd;
    bool has_owner; /* the owner's commands use a value that is not empty (tpm-owner.h) */
    TpmFailure failure;
} TpmContext;

typedef struct TpmContextOptions {
    const char *tcti;           /* "device:/dev/tpmrm0" or "swtpm:path=..."; nothing else */
    const char *lock_directory; /* of tpm.lock; NULL: no lock (tests of a private TPM) */
    uint64_t lock_wait_usec;    /* 0: TPM_LOCK_WAIT_USEC */
    TpmOwner owner;
} TpmContextOptions;

#define TPM_LOCK_WAIT_USEC (UINT64_C(30) * 1000 * 1000) /* a transaction takes well under 10 s */

enum {
    TPM_CONTEXT_OK,
    TPM_CONTEXT_E_TCTI,        /* the string names another TCTI, or is malformed */
    TPM_CONTEXT_E_LOCKED,      /* another process kept tpm.lock all the time */
    TPM_CONTEXT_E_UNREACHABLE, /* missing, not permitted, or does not answer */
    TPM_CONTEXT_E_OWNER,       /* the file with the owner's authorisation holds none */
};

/*
 * Is TCTI one of the allowed forms? The loader passes the name to dlopen() and knows forms that run
 * commands, so nothing but "device:/absolute/path" and "swtpm:..." gets there.
 */
bool tpm_tcti_is_allowed(const char *tcti);

/*
 * Opens a transaction. Silences the TSS2 log of this process: it prints expected failures as errors
 * and, at its finer levels, secrets. A named no or negative errno comes with RET_FAILURE filled.
 */
_must_check_ int tpm_context_open(const TpmContextOptions *options, TpmFailure *ret_failure,
                                  TpmContext **ret);
TpmContext *tpm_context_free(TpmContext *tpm);
DEFINE_CLEANUP(TpmContext *, tpm_context_free);

/* Sleeps and returns true while COMMAND's RC is worth another try (tpm-reason.h). */
bool tpm_retry(TpmPatience *patience, TSS2_RC rc);
/*
 * 0, or the negative errno of RC; then tpm->failure says which COMMAND ("TPM2_Quote") and why.
 */
_must_check_ int tpm_result(TpmContext *tpm, const char *command, TSS2_RC rc);

/* Flushes a transient object or session; HANDLE becomes ESYS_TR_NONE. Nothing loaded is fine. */
void tpm_flush(TpmContext *tpm, ESYS_TR *handle);
/* Forgets a persistent object or NV index, which stays in the TPM. */
void tpm_close_handle(TpmContext *tpm, ESYS_TR *handle);

/* Is there an object or index at HANDLE (0x81..., 0x01...)? TPM_HANDLE_OK or a named no. */
enum { TPM_HANDLE_OK, TPM_HANDLE_E_ABSENT };
_must_check_ int tpm_handle_exists(TpmContext *tpm, uint32_t handle);

/* esys output memory, for _cleanup_(esys_freep). */
static inline void esys_freep(void *p)
{
    Esys_Free(*(void **)p);
}
#define _cleanup_esys_ _cleanup_(esys_freep)
