/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A swtpm of a test's own: private directory under /tmp (the path of a Unix socket is short),
 * ended by its pid, and by the kernel when the test dies.
 */
#pragma once

#include "base/clock.h"
#include "testing.h"
#include "tpm/tpm-context.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

typedef struct Swtpm {
    char directory[32];
    char tcti[64];
    pid_t pid;
} Swtpm;

static inline void swtpm_skip_if_absent(void)
{
    if (system("command -v swtpm >/dev/null 2>&1") != 0) {
        (void)printf("skipped: no swtpm\n");
        exit(TEST_SKIP);
    }
}

static inline _noreturn_ void swtpm_exec(const Swtpm *swtpm)
{
    char state[64], server[64], control[80];
    int null = open("/dev/null", O_RDWR);

    (void)snprintf(state, sizeof(state), "dir=%s", swtpm->directory);
    (void)snprintf(server, sizeof(server), "type=unixio,path=%s/s", swtpm->directory);
    (void)snprintf(control, sizeof(control), "type=unixio,path=%s/s.ctrl", swtpm->directory);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(null, STDOUT_FILENO);
    (void)dup2(null, STDERR_FILENO);
    (void)execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state, "--server", server,
                 "--ctrl", control, "--flags", "not-need-init,startup-clear", (char *)NULL);
    _exit(127);
}

/* The data socket is there before the server answers. */
static inline void swtpm_await(const Swtpm *swtpm)
{
    const TpmContextOptions options = { .tcti = swtpm->tcti };
    uint64_t start = clock_boottime_usec(&clock_system);

    for (;;) {
        TpmContext *tpm = NULL;
        TpmFailure failure = { 0 };
        if (tpm_context_open(&options, &failure, &tpm) == TPM_CONTEXT_OK) {
            TSS2_RC rc = Esys_SelfTest(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, 1);
            tpm_context_free(tpm);
            if (rc == TSS2_RC_SUCCESS)
                return;
        }
        check(clock_boottime_usec(&clock_system) - start < 20 * USEC_PER_SEC);
        (void)usleep(5000);
    }
}

static inline void swtpm_run(Swtpm *swtpm)
{
    swtpm->pid = fork();
    check(swtpm->pid >= 0);
    if (swtpm->pid == 0)
        swtpm_exec(swtpm);
    swtpm_await(swtpm);
}

static inline Swtpm swtpm_start(void)
{
    Swtpm swtpm = { .directory = "/tmp/swtpm-XXXXXX" };

    swtpm_skip_if_absent();
    check(mkdtemp(swtpm.directory) != NULL);
    (void)snprintf(swtpm.tcti, sizeof(swtpm.tcti), "swtpm:path=%s/s", swtpm.directory);
    swtpm_run(&swtpm);
    return swtpm;
}

static inline void swtpm_end(Swtpm *swtpm)
{
    if (swtpm->pid > 0) {
        (void)kill(swtpm->pid, SIGTERM);
        check(waitpid(swtpm->pid, NULL, 0) == swtpm->pid);
    }
    swtpm->pid = 0;
}

/* A reset: what is not in NV is gone. */
static inline void swtpm_restart(Swtpm *swtpm)
{
    swtpm_end(swtpm);
    swtpm_run(swtpm);
}

static inline void swtpm_stop(Swtpm *swtpm)
{
    char command[64];

    swtpm_end(swtpm);
    (void)snprintf(command, sizeof(command), "rm -rf %s", swtpm->directory);
    check(system(command) == 0);
}

static inline TpmContext *swtpm_open(const Swtpm *swtpm)
{
    const TpmContextOptions options = { .tcti = swtpm->tcti };
    TpmFailure failure = { 0 };
    TpmContext *tpm = NULL;

    check_int(tpm_context_open(&options, &failure, &tpm), TPM_CONTEXT_OK);
    return tpm;
}

static inline size_t swtpm_count_handles(TpmContext *tpm, uint32_t first)
{
    _cleanup_esys_ TPMS_CAPABILITY_DATA *data = NULL;

    check_int(Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                 TPM2_CAP_HANDLES, first, 64, NULL, &data),
              TSS2_RC_SUCCESS);
    return data->data.handles.count;
}

/* Nothing of ours may stay loaded, whatever happened. */
static inline void swtpm_check_slots_free(const Swtpm *swtpm)
{
    TpmContext *tpm = swtpm_open(swtpm);

    check_int(swtpm_count_handles(tpm, 0x80000000), 0); /* objects */
    check_int(swtpm_count_handles(tpm, 0x02000000), 0); /* loaded sessions */
    check_int(swtpm_count_handles(tpm, 0x03000000), 0); /* saved sessions */
    tpm_context_free(tpm);
}

static inline void swtpm_define_nv(TpmContext *tpm, uint32_t index, ByteView bytes)
{
    const TPM2B_AUTH empty = { 0 };
    const TPM2B_NV_PUBLIC area = {
        .nvPublic = {
            .nvIndex = index,
            .nameAlg = TPM2_ALG_SHA256,
            .attributes = TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD | TPMA_NV_AUTHREAD,
            .dataSize = (uint16_t)bytes.size,
        },
    };
    ESYS_TR handle = ESYS_TR_NONE;

    check_int(Esys_NV_DefineSpace(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                  ESYS_TR_NONE, &empty, &area, &handle),
              TSS2_RC_SUCCESS);
    for (size_t offset = 0; offset < bytes.size;) {
        TPM2B_MAX_NV_BUFFER chunk = { .size = (uint16_t)MIN(bytes.size - offset, (size_t)512) };
        memcpy(chunk.buffer, bytes.data + offset, chunk.size);
        check_int(Esys_NV_Write(tpm->esys, ESYS_TR_RH_OWNER, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                ESYS_TR_NONE, &chunk, (uint16_t)offset),
                  TSS2_RC_SUCCESS);
        offset += chunk.size;
    }
    tpm_close_handle(tpm, &handle);
}

static inline void swtpm_persist(TpmContext *tpm, ESYS_TR key, uint32_t handle)
{
    ESYS_TR persistent = ESYS_TR_NONE;

    check_int(Esys_EvictControl(tpm->esys, ESYS_TR_RH_OWNER, key, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                ESYS_TR_NONE, handle, &persistent),
              TSS2_RC_SUCCESS);
    tpm_close_handle(tpm, &persistent);
}

static inline void swtpm_extend(TpmContext *tpm, unsigned pcr, uint8_t byte)
{
    TPML_DIGEST_VALUES values = { .count = 1, .digests[0].hashAlg = TPM2_ALG_SHA256 };

    memset(values.digests[0].digest.sha256, byte, TPM2_SHA256_DIGEST_SIZE);
    check_int(Esys_PCR_Extend(tpm->esys, ESYS_TR_PCR0 + pcr, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                              ESYS_TR_NONE, &values),
              TSS2_RC_SUCCESS);
}
