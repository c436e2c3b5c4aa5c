/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rank of what stands behind a vTPM.
 */
#include "format/vtpm-root.h"

#include <string.h>

int vtpm_root_rank(const char *text)
{
    static const struct {
        const char *text;
        int rank;
    } roots[] = { { "host", 0 }, { "certificate", 1 }, { "svsm", 2 }, { "paravisor", 2 } };

    for (size_t i = 0; text && i < ELEMENTSOF(roots); i++)
        if (strcmp(roots[i].text, text) == 0)
            return roots[i].rank;
    return -1;
}
