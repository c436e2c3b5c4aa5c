/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks of the verb "probe", one function each.
 */
#pragma once

#include "evidence/source-tpm.h"
#include "worker/request.h"

#include "format/check-list.h"

/* How far a URL was got to. */
typedef enum ProbeReach {
    REACH_NOTHING, /* it cannot be resolved */
    REACH_NAME,    /* no connection */
    REACH_PEER,    /* no TLS */
    REACH_SERVER,  /* no challenge */
    REACH_ALL,
    N_REACHES,
} ProbeReach;

/* One URL and what stood in the way. */
typedef struct ProbeRoute {
    ProbeReach reach;
    Findings findings;
} ProbeRoute;

/* What the checks share. Owned: probe_done(). */
typedef struct Probe {
    const RoundRequest *request; /* borrowed */
    bool is_tpm_there;
    Vtpm *vtpm;        /* NULL: none, or not usable */
    EvidencePcrs pcrs; /* bank 0: not read */
    Findings ending;   /* certificates that will be over soon */
    ProbeRoute routes[REQUEST_LIST_MAX];
    size_t n_routes; /* of the request's URLs, once they were tried */
    bool has_clock_skew;
    int64_t clock_skew_sec; /* the verifier's Date minus our wall clock */
} Probe;

/* What is wrong goes to RET's findings. 0; negative errno. */
typedef int ProbeCheck(Probe *probe, Check *ret);

ProbeCheck probe_device, probe_tpm, probe_attestation_key, probe_pcr_bank, probe_event_log;
ProbeCheck probe_dns, probe_connection, probe_tls, probe_challenge, probe_clock;
