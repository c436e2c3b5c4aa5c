/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of gate names.
 */
#include "format/gate-name.h"

#include <string.h>

bool gate_name_is_valid(const char *name)
{
    if (!name || name[0] == '-' || name[0] == 0)
        return false;

    size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return name[size] == 0 && size <= GATE_NAME_LIMIT;
}
