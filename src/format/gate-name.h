/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a gate may be called: it is a part of what is signed, of a file's name and of a
 * descriptor's.
 */
#pragma once

#include "base/macro.h"

#define GATE_NAME_LIMIT 63 /* characters */

/* [a-z0-9][a-z0-9-]{0,62}; NAME may be NULL. */
bool gate_name_is_valid(const char *name);
