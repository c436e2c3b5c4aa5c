/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A secret from attestd, for who runs attestctl: a sealed memfd over D-Bus.
 */
#pragma once

#include "crypto/digest.h"

/*
 * Asks attestd for the secret NAME, which may take as long as WaitSec= says; RET is its descriptor
 * at offset 0, to be closed; RET_HEADER SHA-256 of the header that was authentic. 0, else an exit
 * class with its complaint.
 */
_must_check_ int open_secret(const char *name, Digest *ret_header, int *ret);
