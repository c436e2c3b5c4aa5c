/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of one member of a JSON object as they travelled, for what is hashed as it stands.
 */
#pragma once

#include "base/bytes.h"

/*
 * The value of member NAME of the object that TEXT is, without the white space around it. TEXT must
 * have passed json_parse() (well-formed, no member twice); NAME is of letters, and a spelling of it
 * with escapes is not found. Empty when there is none. Borrows from TEXT.
 */
ByteView raw_member(ByteView text, const char *name);
