/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy that init writes: everything a careful operator asks for, with empty lists where only
 * the operator knows the answer. It refuses every machine until they are filled.
 */
#pragma once

#include "base/bytes.h"

#include <jansson.h>

/* JSON text for a person to edit. ROOTS is an array of hex texts, borrowed. -ENOMEM. */
_must_check_ int starter_policy(json_t *roots, Bytes *ret);
