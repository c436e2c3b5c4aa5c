/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets in the clear, to standard output: what attestctl is asked for in so many words.
 */
#pragma once

#include "base/bytes.h"

/* The secret NAME as attestd gives it to who runs this. 0, else an exit class. */
_must_check_ int secret_reveal(const char *name);

/*
 * Writes BYTES to standard output as they are; a terminal gets a line feed behind them when they
 * have none. 0 or negative errno.
 */
_must_check_ int secret_write(ByteView bytes);
/* No core file, and no other process of this user, sees the memory of this one from now on. */
void secret_hide_memory(void);
