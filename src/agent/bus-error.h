/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of the catalogue as D-Bus errors: "no-verdict" is org.attestd.Error.NoVerdict.
 */
#pragma once

#include "base/macro.h"

#include <systemd/sd-bus.h>

#define BUS_ERROR_NAME_SIZE 128 /* bytes, NUL included */

/* A name that is none (it came from outside) becomes internal-error's. */
void bus_error_name(const char *finding_name, char out[static BUS_ERROR_NAME_SIZE]);
/* Sets ERROR from the catalogue; returns the negative errno to return from a handler. */
int bus_error_set(sd_bus_error *error, const char *finding_name);
/* Likewise, with what was found behind the text; FOUND may be NULL. */
int bus_error_set_found(sd_bus_error *error, const char *finding_name, const char *found);
