/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening and closing a transaction, and what every command shares: patience and a named failure.
 */
#include "tpm/tpm-context.h"

#include "base/lock-file.h"
#include "tpm/tpm-owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#define DEVICE_PREFIX "device:"
#define SWTPM_PREFIX  "swtpm:"
#define TCTI_HANDLES  8 /* the device TCTI has one */

static _printf_(3, 4) void say(TpmFailure *failure, const char *finding, const char *format, ...)
{
    va_list arguments;

    failure->finding = finding;
    va_start(arguments, format);
    (void)vsnprintf(failure->text, sizeof(failure->text), format, arguments);
    va_end(arguments);
}

static void say_code(TpmFailure *failure, const char *command, TSS2_RC rc)
{
    /* Tss2_RC_Decode() answers in one static buffer: copied at once. */
    say(failure, tpm_reason(rc)->finding, "%s: %s (0x%x)", command, Tss2_RC_Decode(rc),
        (unsigned)rc);
}

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool tpm_tcti_is_allowed(const char *tcti)
{
    if (has_prefix(tcti, DEVICE_PREFIX))
        return tcti[strlen(DEVICE_PREFIX)] == '/';
    return has_prefix(tcti, SWTPM_PREFIX) && tcti[strlen(SWTPM_PREFIX)] != 0;
}

/* The TCTI says "I/O error" for all of this, so it is asked here first. */
static int check_device(const char *tcti, TpmFailure *failure)
{
    const char *path = tcti + strlen(DEVICE_PREFIX);

    if (!has_prefix(tcti, DEVICE_PREFIX) || access(path, R_OK | W_OK) == 0)
        return TPM_CONTEXT_OK;
    if (errno == ENOENT || errno == ENOTDIR)
        say(failure, "tpm-device-missing", "%s: %m", path);
    else if (errno == EACCES || errno == EPERM)
        say(failure, "tpm-device-denied", "%s: %m", path);
    else
        say(failure, "tpm-unreachable", "%s: %m", path);
    return TPM_CONTEXT_E_UNREACHABLE;
}

static int take_lock(const TpmContextOptions *options, TpmFailure *failure, int *ret_fd)
{
    uint64_t wait_usec = options->lock_wait_usec ? options->lock_wait_usec : TPM_LOCK_WAIT_USEC;

    if (!options->lock_directory)
        return TPM_CONTEXT_OK;

    int r = lock_file_take(options->lock_directory, "tpm.lock", wait_usec, ret_fd);
    if (r == LOCK_FILE_E_BUSY) {
        say(failure, "tpm-locked", "%s/tpm.lock", options->lock_directory);
        return TPM_CONTEXT_E_LOCKED;
    }
    if (r < 0)
        say(failure, r == -EMFILE || r == -ENFILE ? "tpm-lock-no-descriptor" : "tpm-lock-failed",
            "%s/tpm.lock: %s", options->lock_directory, strerror(-r));
    return r;
}

/* The device TCTI opens without O_CLOEXEC (tpm2-tss: src/tss2-tcti/tcti-device.c). */
static void close_on_exec(TSS2_TCTI_CONTEXT *tcti)
{
    TSS2_TCTI_POLL_HANDLE handles[TCTI_HANDLES];
    size_t n_handles = TCTI_HANDLES;

    if (Tss2_Tcti_GetPollHandles(tcti, handles, &n_handles) != TSS2_RC_SUCCESS)
        return;
    for (size_t i = 0; i < n_handles; i++)
        (void)fcntl(handles[i].fd, F_SETFD, FD_CLOEXEC);
}

static int open_esys(TpmContext *tpm, const char *tcti, TpmFailure *failure)
{
    const char *step = "opening the TCTI";

    TSS2_RC rc = Tss2_TctiLdr_Initialize(tcti, &tpm->tcti);
    if (rc == TSS2_RC_SUCCESS) {
        close_on_exec(tpm->tcti);
        step = "ESYS";
        rc = Esys_Initialize(&tpm->esys, tpm->tcti, NULL);
    }
    if (rc == TSS2_RC_SUCCESS)
        return TPM_CONTEXT_OK;
    say_code(failure, step, rc);
    failure->finding = "tpm-unreachable";
    return tpm_reason(rc)->error == -ENOMEM ? -ENOMEM : TPM_CONTEXT_E_UNREACHABLE;
}

int tpm_context_open(const TpmContextOptions *options, TpmFailure *ret_failure, TpmContext **ret)
{
    if (!tpm_tcti_is_allowed(options->tcti)) {
        say(ret_failure, "tpm-tcti-refused", "%s", options->tcti);
        return TPM_CONTEXT_E_TCTI;
    }
    if (setenv("TSS2_LOG", "all+NONE", 1) < 0)
        return -errno;

    int r = check_device(options->tcti, ret_failure);
    if (r != 0)
        return r;

    _cleanup_(tpm_context_freep) TpmContext *tpm = calloc(1, sizeof(*tpm));
    if (!tpm)
        return -ENOMEM;
    tpm->lock_fd = -EBADF;

    r = take_lock(options, ret_failure, &tpm->lock_fd);
    if (r != 0)
        return r;
    r = open_esys(tpm, options->tcti, ret_failure);
    if (r == TPM_CONTEXT_OK)
        r = tpm_owner_apply(tpm, &options->owner, ret_failure);
    if (r != 0)
        return r;
    *ret = TAKE_PTR(tpm);
    return TPM_CONTEXT_OK;
}

TpmContext *tpm_context_free(TpmContext *tpm)
{
    if (!tpm)
        return NULL;
    Esys_Finalize(&tpm->esys);
    Tss2_TctiLdr_Finalize(&tpm->tcti);
    closep(&tpm->lock_fd);
    free(tpm);
    return NULL;
}

bool tpm_retry(TpmPatience *patience, TSS2_RC rc)
{
    uint64_t pause_usec = tpm_patience_next(patience, rc);

    if (pause_usec == 0)
        return false;
    (void)usleep((useconds_t)pause_usec);
    return true;
}

int tpm_result(TpmContext *tpm, const char *command, TSS2_RC rc)
{
    if (rc == TSS2_RC_SUCCESS)
        return 0;
    say_code(&tpm->failure, command, rc);
    return tpm_reason(rc)->error;
}

void tpm_flush(TpmContext *tpm, ESYS_TR *handle)
{
    /* A session that its last command ended is "no such handle" here, which is as good. */
    if (*handle != ESYS_TR_NONE && Esys_FlushContext(tpm->esys, *handle) != TSS2_RC_SUCCESS)
        (void)Esys_TR_Close(tpm->esys, handle);
    *handle = ESYS_TR_NONE;
}

void tpm_close_handle(TpmContext *tpm, ESYS_TR *handle)
{
    if (*handle != ESYS_TR_NONE)
        (void)Esys_TR_Close(tpm->esys, handle);
    *handle = ESYS_TR_NONE;
}

int tpm_handle_exists(TpmContext *tpm, uint32_t handle)
{
    _cleanup_esys_ TPMS_CAPABILITY_DATA *data = NULL;
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    do
        rc = Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                TPM2_CAP_HANDLES, handle, 1, NULL, &data);
    while (tpm_retry(&patience, rc));

    int r = tpm_result(tpm, "TPM2_GetCapability", rc);
    if (r < 0)
        return r;
    /* The list begins at the first handle not below the one asked for. */
    if (data->data.handles.count == 0 || data->data.handles.handle[0] != handle)
        return TPM_HANDLE_E_ABSENT;
    return TPM_HANDLE_OK;
}
