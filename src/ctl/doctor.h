/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the checks of attestctl doctor share. Each is a function and a row in doctor.c; it looks and
 * changes nothing, and fails only for want of memory.
 */
#pragma once

#include "config/config.h"
#include "ctl/doctor-manager.h"
#include "ctl/verb.h"
#include "ctl/worker-run.h"
#include "secret/store.h"

#include <systemd/sd-bus.h>

/* As whom attestd runs, and what we may do in its name. */
typedef struct DoctorUser {
    WorkerUser ids;
    char name[64];   /* "attestd", or its number */
    bool is_known;   /* there is such a user, or a state directory that tells */
    bool is_another; /* we are root, and it is not */
    bool may_act;    /* we are root, or it */
} DoctorUser;

/* One half of the worker's answer. */
typedef struct DoctorProbe {
    bool is_done;
    int reason; /* of worker_run_order(), or negative errno */
    WorkerAnswer answer;
} DoctorProbe;

/* Owned: doctor_done(). Begin with DOCTOR_INIT. */
typedef struct Doctor {
    const Options *options; /* borrowed */
    DoctorUser user;
    int root_fd; /* "/", or a tree of a test */

    Config *config;      /* what could be read of it, never NULL behind the check of it */
    bool is_config_good; /* its verifier is there and complete */
    Findings trust;      /* what the configuration says of trusted files */

    SecretList secrets;     /* empty when they cannot be read */
    bool has_secrets;       /* they have been read, whether or not there are any */
    sd_bus *bus;            /* NULL: cannot be reached */
    json_t *properties;     /* of attestd; NULL: it does not run */
    DoctorManager *manager; /* NULL: systemd does not run here */

    DoctorProbe machine, verifier;
} Doctor;

#define DOCTOR_INIT                                                                                \
    ((Doctor){ .root_fd = -EBADF,                                                                  \
               .machine.answer = WORKER_ANSWER_INIT,                                               \
               .verifier.answer = WORKER_ANSWER_INIT })

void doctor_done(Doctor *doctor);

/* Fills in what is found about CHECK. 0 or -ENOMEM. */
typedef int DoctorCheck(Doctor *doctor, Check *check);

/* doctor-config.c */
DoctorCheck doctor_config, doctor_trust;
/* doctor-state.c */
DoctorCheck doctor_user, doctor_state, doctor_gates, doctor_secrets;
/* doctor-probe.c */
DoctorCheck doctor_probe_machine, doctor_probe_verifier, doctor_event_log;
/* doctor-agent.c */
DoctorCheck doctor_agent, doctor_verdict, doctor_layers;
/* doctor-units.c */
DoctorCheck doctor_systemd, doctor_services, doctor_units;
/* doctor-system.c */
DoctorCheck doctor_crypttab, doctor_swap, doctor_kexec;

/* Is SECRET sealed, and for ASKER, "unit:NAME" or "volume:NAME", who asks for it? -ENOMEM. */
_must_check_ int doctor_judge_asker(const Doctor *doctor, const char *asker, const char *secret,
                                    Check *check);

/* What is wrong, about SUBJECT; FOUND and WANTED may be NULL. -ENOMEM. */
_must_check_ int doctor_no(Check *check, const char *name, const char *subject, const char *found,
                           const char *wanted);
/* What works, and leaves something open. -ENOMEM. */
_must_check_ int doctor_warn(Check *check, const char *name, const char *subject, const char *found,
                             const char *wanted);
