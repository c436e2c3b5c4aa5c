/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hardware, TPM and logs, as far as they can be looked at without asking the hardware for a report.
 */
#include "base/file.h"
#include "evidence/sources.h"
#include "format/tpm-alg.h"
#include "tpm/tpm-owner.h"
#include "tpm/tpm-pcr.h"
#include "verify/replay.h"
#include "worker/probe-check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOCK_WAIT_USEC (UINT64_C(10) * 1000 * 1000) /* a round holds it for less */

#define SKIP_NO_TPM     "TCTI=none: this machine is said to have no TPM"
#define SKIP_TPM_FAILED "the TPM is not usable so far"

static bool has_tpm(const Probe *probe)
{
    return strcmp(probe->request->evidence.tcti, "none") != 0;
}

/*
 * Only attest-collect has the capability that entries of configfs-tsm take, and with it opens a
 * device that is root's alone, where no rule of udev has given it to us.
 */
static bool is_for_collect(const Findings *findings)
{
    const Finding *failure = findings_first_failure(findings);

    return failure && geteuid() != 0 &&
           (strcmp(failure->name, "tsm-directory-denied") == 0 ||
            strcmp(failure->name, "snp-device-denied") == 0);
}

/* Is SOURCE usable? Why not is in FINDINGS. */
static int try_source(const Probe *probe, const EvidenceSource *source, Findings *findings,
                      bool *ret)
{
    const EvidenceSettings *evidence = &probe->request->evidence;
    const SourceSettings settings = {
        .device = evidence->device,
        .configfs_directory = evidence->configfs_directory,
        .vmpl_file = SOURCE_VMPL_FILE_DEFAULT,
    };

    int r = source->probe(&settings, findings);
    if (r < 0)
        return r;
    *ret = r == SOURCE_OK || is_for_collect(findings);
    return 0;
}

/* Those passed over before one is found are as they should be. */
static int find_source(Probe *probe, Check *ret, bool *ret_found)
{
    const char *choice = probe->request->evidence.source;
    const EvidenceSource *source;

    for (size_t i = 0; (source = source_at(i)) && !*ret_found; i++) {
        _cleanup_findings_ Findings why = { 0 };
        if (strcmp(choice, "auto") != 0 && strcmp(choice, source->name) != 0)
            continue;
        int r = try_source(probe, source, &why, ret_found);
        if (r == 0 && *ret_found) {
            findings_done(&ret->findings);
            r = check_say(ret, "%s is there and may be used", source->name);
        } else if (r == 0) {
            r = findings_move(&ret->findings, &why);
        }
        if (r < 0)
            return r;
    }
    return 0;
}

enum { DETECT_OK, DETECT_E_TPM /* it cannot be asked; FINDINGS says why */ };

static int detect(const Probe *probe, Findings *findings, AzurePlatform *ret)
{
    const TpmContextOptions options = {
        .tcti = probe->request->evidence.tcti,
        .lock_directory = probe->request->lock_directory,
        .lock_wait_usec = LOCK_WAIT_USEC,
    };
    _cleanup_(tpm_context_freep) TpmContext *tpm = NULL;
    TpmFailure failure = { 0 };

    int r = has_tpm(probe) ? tpm_context_open(&options, &failure, &tpm) : 0;
    if (r == TPM_CONTEXT_OK) {
        r = azure_detect(tpm, &probe->request->evidence.azure, AZURE_DMI_DIRECTORY, ret);
        if (tpm)
            failure = tpm->failure;
    }
    if (r == DETECT_OK || r == -ENOMEM)
        return r;
    r = findings_add(findings, failure.finding ? failure.finding : "tpm-unreachable", "vtpm",
                     FINDING_FAILURE, failure.text, NULL);
    return r < 0 ? r : DETECT_E_TPM;
}

/* Only that the report is there: reading it would make another. */
static int find_paravisor(Probe *probe, Check *ret, bool *ret_found)
{
    const EvidenceSettings *evidence = &probe->request->evidence;
    AzurePlatform platform;

    if (strcmp(evidence->source, "auto") != 0 && strcmp(evidence->source, "azure") != 0)
        return 0;
    int r = detect(probe, &ret->findings, &platform);
    if (r != DETECT_OK)
        return MIN(r, 0);
    *ret_found = platform == AZURE_CONFIDENTIAL;
    if (*ret_found)
        return check_say(ret, "azure is there, with its report in NV index 0x%08x",
                         (unsigned)evidence->azure.report);
    return findings_add(&ret->findings, azure_platform_finding(platform), "cpu", FINDING_FAILURE,
                        NULL, NULL);
}

int probe_device(Probe *probe, Check *ret)
{
    bool is_found = false;

    if (strcmp(probe->request->evidence.source, "tpm") == 0)
        return has_tpm(probe)
                   ? check_skip(ret, "Source=tpm: no hardware is asked to vouch for this machine")
                   : findings_add(&ret->findings, "source-tpm-without-tpm", "cpu", FINDING_FAILURE,
                                  probe->request->evidence.tcti, NULL);
    int r = find_paravisor(probe, ret, &is_found);
    if (r == 0 && !is_found)
        r = find_source(probe, ret, &is_found);
    if (r < 0 || is_found || strcmp(probe->request->evidence.source, "azure") == 0)
        return r;
    /* Each of them is why, and none alone is. */
    for (size_t i = 0; i < ret->findings.n_items; i++)
        ret->findings.items[i].result = FINDING_WARNING;
    return findings_add(&ret->findings, "evidence-no-source", "cpu", FINDING_FAILURE, NULL,
                        probe->request->evidence.source);
}

/* A machine attests without its owner; sealing, counters and a paravisor's report may need it. */
static int note_owner(TpmContext *tpm, Check *ret)
{
    int r = tpm_owner_check(tpm);

    if (r != -EACCES)
        return r == -ENOMEM ? r : 0;
    return findings_add(&ret->findings, tpm->failure.finding, "vtpm", FINDING_WARNING,
                        tpm->failure.text, NULL);
}

int probe_tpm(Probe *probe, Check *ret)
{
    const TpmContextOptions options = {
        .tcti = probe->request->evidence.tcti,
        .lock_directory = probe->request->lock_directory,
        .lock_wait_usec = LOCK_WAIT_USEC,
        .owner = probe->request->evidence.owner,
    };
    _cleanup_(tpm_context_freep) TpmContext *tpm = NULL;
    TpmFailure failure = { 0 };

    if (!has_tpm(probe))
        return check_skip(ret, SKIP_NO_TPM);
    int r = tpm_context_open(&options, &failure, &tpm);
    if (r == -ENOMEM)
        return r;
    if (r != TPM_CONTEXT_OK)
        return findings_add(&ret->findings, failure.finding ? failure.finding : "tpm-unreachable",
                            "vtpm", FINDING_FAILURE, failure.text, NULL);
    probe->is_tpm_there = true;
    r = note_owner(tpm, ret);
    return r < 0 ? r : check_say(ret, "it answers (%s)", options.tcti);
}

int probe_attestation_key(Probe *probe, Check *ret)
{
    const EvidenceSettings *evidence = &probe->request->evidence;
    const VtpmSettings settings = {
        .tcti = evidence->tcti,
        .lock_directory = probe->request->lock_directory,
        .attestation_key = evidence->attestation_key,
        .pcr_bank = evidence->pcr_bank,
        .pcr_mask = evidence->pcrs,
        .azure = &evidence->azure,
        .owner = evidence->owner,
    };

    if (!probe->is_tpm_there)
        return check_skip(ret, has_tpm(probe) ? SKIP_TPM_FAILED : SKIP_NO_TPM);
    int r = vtpm_open(&settings, &ret->findings, &probe->vtpm);
    if (r != VTPM_OK)
        return MIN(r, 0);
    return check_say(ret, "restricted and fixed to this TPM, %s",
                     vtpm_ak_certificate(probe->vtpm).size > 0 ? "with a certificate"
                                                               : "without a certificate");
}

/* Reads the registers that are quoted. A named no of tpm-pcr.h or negative errno. */
static int read_registers(Probe *probe)
{
    const TpmSelection selection = { .bank =
                                         tpm_alg_hash_by_name(probe->request->evidence.pcr_bank),
                                     .pcrs = probe->request->evidence.pcrs };
    TpmContext *tpm = vtpm_context(probe->vtpm);

    int r = tpm_pcr_check_bank(tpm, selection);
    return r ? r : tpm_pcr_read(tpm, selection, &probe->pcrs);
}

int probe_pcr_bank(Probe *probe, Check *ret)
{
    static const char *const names[] = {
        [TPM_PCR_E_BANK_UNKNOWN] = "tpm-bank-unknown",
        [TPM_PCR_E_BANK_INACTIVE] = "tpm-bank-inactive",
        [TPM_PCR_E_SELECTION] = "tpm-pcr-selection-invalid",
        [TPM_PCR_E_INCOMPLETE] = "tpm-bank-inactive",
    };
    const char *bank = probe->request->evidence.pcr_bank;

    if (!probe->vtpm)
        return check_skip(ret, has_tpm(probe) ? SKIP_TPM_FAILED : SKIP_NO_TPM);
    int r = read_registers(probe);
    const TpmFailure *failure = &vtpm_context(probe->vtpm)->failure;
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        r = findings_add(&ret->findings, failure->finding ? failure->finding : "tpm-unreachable",
                         "vtpm", FINDING_FAILURE, failure->finding ? failure->text : strerror(-r),
                         NULL);
    else if (r > 0)
        r = findings_add(&ret->findings, names[r], bank, FINDING_FAILURE, NULL, NULL);
    else
        r = check_say(ret, "%s is active, all registers can be read", bank);
    /* Others want the TPM as well; what follows needs it no more. */
    probe->vtpm = vtpm_free(probe->vtpm);
    return r;
}

static int read_log(int fd, const char *name, Check *check, Bytes *ret)
{
    if (fd < 0)
        return 0;
    int r = fd_read_all(fd, EVENT_LOG_SIZE_MAX, ret);
    if (r == -ENOMEM || r == 0)
        return r;
    return findings_add(&check->findings,
                        r == -EFBIG ? "eventlog-too-large" : "eventlog-unreadable", name,
                        FINDING_FAILURE, strerror(-r), NULL);
}

static int replay_logs(Probe *probe, ByteView firmware, ByteView userspace, Check *check)
{
    const ReplayInput input = {
        .firmware_log = firmware,
        .userspace_log = userspace,
        .quoted = &probe->pcrs,
    };
    _cleanup_(replayed_log_freep) ReplayedLog *log = NULL;

    int r = replay(&input, &check->findings, &log);
    if (r != REPLAY_OK)
        return MIN(r, 0);
    size_t n = 0;
    while (replayed_log_event(log, n))
        n++;
    return check_say(check, "%zu events give what stands in %d registers", n,
                     __builtin_popcount(replayed_log_proven(log)));
}

int probe_event_log(Probe *probe, Check *ret)
{
    const RoundRequest *request = probe->request;
    _cleanup_bytes_ Bytes firmware = { 0 }, userspace = { 0 };

    if (!has_tpm(probe))
        return check_skip(ret, SKIP_NO_TPM);
    if (request->event_log_fd < 0)
        return check_skip(ret, "no log was given");
    if (probe->pcrs.bank == 0)
        return check_skip(ret, "the registers could not be read");
    int r = read_log(request->event_log_fd, "eventlog", ret, &firmware);
    if (r == 0)
        r = read_log(request->userspace_log_fd, "eventlog-userspace", ret, &userspace);
    if (r < 0 || ret->findings.n_items > 0)
        return r;
    return replay_logs(probe, VIEW(firmware), VIEW(userspace), ret);
}
