/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random bytes for keys, nonces and names.
 */
#pragma once

#include "base/bytes.h"

/* Fills OUT with SIZE unpredictable bytes; fit for secrets. -EIO, OUT is then all zero. */
_must_check_ int random_fill(uint8_t *out, size_t size);
