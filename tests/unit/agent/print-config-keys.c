/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the table of settings, one a line: section, key, default (or "-"), separated by tabs.
 */
#include "config/config-table.h"

#include <stdio.h>

int main(void)
{
    for (size_t i = 0; i < n_config_keys; i++)
        (void)printf("%s\t%s\t%s\n", config_keys[i].section, config_keys[i].key,
                     config_keys[i].fallback ? config_keys[i].fallback : "-");
    return 0;
}
