/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON area of a LUKS2 header against the list of what is taken. Behind luks2-header.h.
 */
#pragma once

#include "base/json.h"
#include "format/luks2-header.h"

/*
 * Fills HEADER, whose copy_size is set, from METADATA. FOUND as in luks2_header_parse().
 * LUKS2_OK, _E_JSON, _E_CIPHER or _E_OUTSIDE; -ENOMEM.
 */
_must_check_ int luks2_metadata_read(json_t *metadata, char found[static LUKS2_FOUND_SIZE],
                                     Luks2Header *header);
