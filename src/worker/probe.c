/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of checks, and the walk through it.
 */
#include "worker/probe.h"

#include "base/clock.h"
#include "worker/probe-check.h"

#include <errno.h>

typedef struct ProbeRow {
    const char *name;
    ProbeCheck *run;
} ProbeRow;

/* From what others rest on to what rests on them. */
static const ProbeRow machine_rows[] = {
    { "device", probe_device },
    { "tpm", probe_tpm },
    { "attestation-key", probe_attestation_key },
    { "pcr-bank", probe_pcr_bank },
    { "event-log", probe_event_log },
};

static const ProbeRow verifier_rows[] = {
    { "dns", probe_dns },     { "connection", probe_connection },
    { "tls", probe_tls },     { "challenge", probe_challenge },
    { "clock", probe_clock },
};

static void probe_done(Probe *probe)
{
    findings_done(&probe->ending);
    (void)vtpm_free(probe->vtpm);
    for (size_t i = 0; i < probe->n_routes; i++)
        findings_done(&probe->routes[i].findings);
}

static int run_rows(const ProbeRow *rows, size_t n_rows, const RoundRequest *request,
                    CheckList *checks)
{
    _cleanup_(probe_done) Probe probe = { .request = request };
    Check *check;

    for (size_t i = 0; i < n_rows; i++) {
        int r = check_list_add(checks, rows[i].name, NULL, &check);
        if (r == 0)
            r = rows[i].run(&probe, check);
        if (r < 0)
            return r;
    }
    return 0;
}

int probe_run(ByteView line, const FdList *given, WorkerAnswer *answer, FdList *fds)
{
    _cleanup_(round_request_freep) RoundRequest *request = NULL;
    uint64_t start = clock_boottime_usec(&clock_system);
    const char *member = NULL;

    (void)fds;
    int r = probe_request_parse(line, given, &request, &member);
    if (r < 0)
        return r;
    if (r != REQUEST_OK)
        return verb_refuse_request(answer, r, member);
    r = request->has_verifier
            ? run_rows(verifier_rows, ELEMENTSOF(verifier_rows), request, &answer->checks)
            : run_rows(machine_rows, ELEMENTSOF(machine_rows), request, &answer->checks);
    return r < 0 ? r : verb_conclude(answer, start);
}
