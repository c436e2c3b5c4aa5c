/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The offline half of a recovery key, from a file that a person brings.
 */
#pragma once

#include "crypto/key.h"

/*
 * Reads an unencrypted PEM of P-256 or P-384; "-" is standard input. Warns of a file that others
 * may read. 0, else an exit class with its complaint.
 */
_must_check_ int private_key_read(const char *path, Key **ret);
