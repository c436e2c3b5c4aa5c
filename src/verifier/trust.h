/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verifier-trust.json: all that an agent must know of this verifier, public parts only. Made from
 * the files of the directory, so that `trust` after a change says what `init` would have said.
 */
#pragma once

#include "base/bytes.h"
#include "crypto/key.h"
#include "format/finding.h"

#define TRUST_FILE "verifier-trust.json"

enum { TRUST_OK, TRUST_E_INVALID };

/* JSON text. TRUST_E_INVALID: FINDINGS say which file is at fault. -ENOMEM, -EIO. */
_must_check_ int trust_text(const char *directory, Findings *findings, Bytes *ret);
/* The same into DIRECTORY's own file. Negative errno. */
_must_check_ int trust_write(const char *directory, Findings *findings);
/*
 * Does DIRECTORY's own file, as it is there, call KEY the next release key? One that cannot be read
 * does not. -ENOMEM.
 */
_must_check_ int trust_has_next(const char *directory, const Key *key, bool *ret);
