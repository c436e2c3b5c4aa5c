/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside this folder only: what the writer and the reader of secret files share.
 */
#pragma once

#include "secret/secret-file.h"

#define SECRET_FORMAT    1          /* "attestd_secret" */
#define SECRET_GATE_KIND "verifier" /* docs/gates.md; others are to come */

/* The header JSON. As secret_file_parse(). */
_must_check_ int secret_header_parse(ByteView json, SecretHeader *ret, const char **reterr_member);
