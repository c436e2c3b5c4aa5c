/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What systemd says of units, read only, over the system bus.
 */
#pragma once

#include "base/json.h"

#include <systemd/sd-bus.h>

typedef struct DoctorManager DoctorManager;

/*
 * BUS is borrowed. -ESRCH when no systemd is on it; other negative errno. A systemd that has once
 * not answered in time is not waited for again: -ETIMEDOUT of all that is asked behind that.
 */
_must_check_ int doctor_manager_new(sd_bus *bus, DoctorManager **ret);
DoctorManager *doctor_manager_free(DoctorManager *manager);
DEFINE_CLEANUP(DoctorManager *, doctor_manager_free);

/* The leading number of its version: 252; 0: it says none. Negative errno. */
_must_check_ int doctor_manager_version(DoctorManager *manager);

/* What is asked of one unit. Owned: doctor_unit_done(). */
typedef struct DoctorUnit {
    char *load_state;    /* "loaded", "not-found", "masked", … */
    char *active_state;  /* "active", "inactive", "failed", … */
    char *file_state;    /* "enabled", "static", … */
    json_t *bound_by;    /* of others that are loaded */
    json_t *binds_to;    /* lists of names */
    json_t *wanted_by;   /* WantedBy= and RequiredBy= of others */
    json_t *credentials; /* [[ID, PATH], …]; empty of what is no service */
} DoctorUnit;

void doctor_unit_done(DoctorUnit *unit);
#define _cleanup_doctor_unit_ _cleanup_(doctor_unit_done)

/* Negative errno. */
_must_check_ int doctor_manager_unit(DoctorManager *manager, const char *name, DoctorUnit *ret);
/*
 * Who asks at the socket PATH, of the services that are loaded: [[UNIT, SECRET], …]. Negative
 * errno.
 */
_must_check_ int doctor_manager_askers(DoctorManager *manager, const char *path, json_t **ret);
/* Is TEXT in LIST? */
bool doctor_list_has(const json_t *list, const char *text);
